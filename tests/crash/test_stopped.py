"""The daemon stands still in the middle of its work (SIGSTOP), and goes on (SIGCONT)."""

import random
import signal
import threading

from judge import verdict
from ledger import Ledger
from scaffold import Daemon
from test_kill import PLAN, Load, all_ended, definition

STOPS = 10


def test_every_saga_ends_right_though_the_daemon_stood_still(tmp_path, sagad):
    dice = random.Random(7)
    with Ledger(7, slow_ms=50) as ledger, Load(200, "stop") as load:
        daemon = Daemon(tmp_path, services={"world": {"url": ledger.url}}, start=False)
        daemon.start()
        try:
            daemon.client.put_definition(definition())
            load.daemon_is_at(daemon.port)
            for _ in range(STOPS):
                ledger.after(dice.randrange(100), deadline_s=3)
                daemon.signal(signal.SIGSTOP)
                threading.Event().wait(dice.uniform(0.2, 1.5))  # Past time-outs of calls.
                daemon.signal(signal.SIGCONT)
            load.finish()
            ledger.calm()
            ended = all_ended(daemon)
            assert daemon.stop() == 0, daemon.lines
        finally:
            daemon.kill()
        rows = ledger.rows(tmp_path)
    assert load.refused == []
    assert set(ended) == load.acknowledged == set(load.ids)
    crimes = verdict(PLAN, rows, ended)
    assert crimes == [], "\n".join(crimes[:20])
    checked = sagad("verify", "--config", daemon.config_path)
    assert checked.code == 0, checked

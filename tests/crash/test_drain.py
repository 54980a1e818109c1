"""SIGTERM under load: what is under way ends, and nothing is sent twice or forgotten."""

import signal

from judge import verdict
from ledger import Ledger
from scaffold import Daemon
from test_kill import PLAN, Load, all_ended, definition


def test_drained_under_load_it_goes_on_after_the_next_start(tmp_path, sagad):
    with Ledger("drain", slow_ms=60) as ledger, Load(300, "d") as load:
        ledger.well()
        world = {"url": ledger.url, "maxConcurrent": 40}
        daemon = Daemon(tmp_path, services={"world": world})
        try:
            daemon.client.put_definition(definition())
            load.daemon_is_at(daemon.port)
            for _ in range(4):
                assert ledger.after(250, deadline_s=30) is not None
                load.daemon_is_at(None)
                daemon.signal(signal.SIGTERM)
                assert daemon.wait_exit() == 0, daemon.lines
                daemon.start()
                load.daemon_is_at(daemon.port)
            load.finish()
            ended = all_ended(daemon)
            assert daemon.stop() == 0
        finally:
            daemon.kill()
        rows = ledger.rows(tmp_path)
    assert set(ended) == load.acknowledged == set(load.ids)
    crimes = verdict(PLAN, rows, ended)
    assert crimes == [], "\n".join(crimes[:20])
    keys = [row["key"] for row in rows]
    assert len(keys) == len(set(keys))  # Nothing was cut, so nothing is repeated.
    assert {ended[i] for i in load.to_fail()} == {"compensated"}
    assert {ended[i] for i in set(load.ids) - set(load.to_fail())} == {"completed"}
    assert sagad("verify", "--config", daemon.config_path).code == 0

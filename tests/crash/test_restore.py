"""The restore drill: load, a backup in the middle of it, more load, kill -9, the disk is
gone, the backup comes back. The participant's ledger says whether the world is right.

What happened after the backup is unknown to the restored daemon and known to the ledger:
that is what must not do harm (S96).
"""

import os
import random
from collections import defaultdict

from ledger import Ledger
from scaffold import Client, Daemon
from test_kill import Load, all_ended, definition

SEED = int(os.environ.get("SAGAD_SEED", str(random.SystemRandom().randrange(10**6))))
SAGAS = 300
UNDONE = ("one", "left", "right", "three")
STEPS = UNDONE + ("four", "five")


def crimes(rows, ended):
    """Of keys: one effect each, one set of bytes each, none of another form. Of ends: what
    is compensated is net zero, what is completed was done and stays."""
    effects, bytes_of = defaultdict(int), defaultdict(set)
    for row in rows:
        name = "%s.%s.%s" % (row["saga"], row["step"], row["operation"])
        if row["key"] != name:
            yield "the key of %s is %r" % (name, row["key"])
        bytes_of[name].add((row["method"], row["path"], row["body"]))
        if row["result"] == "effect":
            effects[(row["saga"], row["step"], row["operation"])] += 1
    for name, forms in bytes_of.items():
        if len(forms) > 1:
            yield "%s was sent as %r" % (name, forms)
    for which, n in effects.items():
        if n > 1:
            yield "%r had its effect %d times" % (which, n)
    for saga, status in ended.items():
        for step in UNDONE if status == "compensated" else ():
            done = effects[(saga, step, "action")]
            if done and not effects[(saga, step, "compensation")]:
                yield "%s is compensated and '%s' was not taken back" % (saga, step)
        for step in STEPS if status == "completed" else ():
            if effects[(saga, step, "action")] != 1:
                yield "%s is completed and '%s' was not done" % (saga, step)
            if effects[(saga, step, "compensation")]:
                yield "%s is completed and '%s' was taken back" % (saga, step)


def lose_the_disk(daemon):
    daemon.kill()
    for ending in ("", "-wal", "-shm"):
        if os.path.exists(daemon.store_path + ending):
            os.unlink(daemon.store_path + ending)


def start_paused(daemon):
    daemon.launch()
    daemon.port = int(daemon.wait_log("listening")["address"].rsplit(":", 1)[1])
    daemon.client = Client(daemon.port)
    daemon.wait_log("recovered")
    assert daemon.client.get("/v1/info").json["restored"]["paused"] is True


def test_a_backup_from_the_middle_of_a_load_does_no_harm(tmp_path, sagad):
    print("SAGAD_SEED=%d" % SEED)
    (tmp_path / "d").mkdir(mode=0o700)
    target = str(tmp_path / "copy")
    with Ledger(SEED, slow_ms=60) as ledger, Load(SAGAS, "s%d" % SEED) as load:
        ledger.well()  # The loss is the only fault; the ledger's own are test_kill's.
        world = {"url": ledger.url, "maxConcurrent": 20}
        daemon = Daemon(tmp_path / "d", services={"world": world}, start=False)
        try:
            daemon.start()
            daemon.client.put_definition(definition())
            load.daemon_is_at(daemon.port)
            ledger.after(SAGAS, deadline_s=30)
            made = sagad("backup", "--config", daemon.config_path, target)
            assert made.code == 0, made
            ledger.after(2 * SAGAS, deadline_s=30)
            load.daemon_is_at(None)
            lose_the_disk(daemon)

            back = sagad("restore", "--config", daemon.config_path, target)
            assert back.code == 0, back
            start_paused(daemon)
            before = len(ledger.rows(tmp_path))
            left = daemon.client.get("/v1/sagas?paused=true&limit=500").json["items"]
            assert len(left) > SAGAS // 20
            assert len(ledger.rows(tmp_path)) == before
            go = daemon.client.ask("POST", "/v1/resume", {"reason": "the drill"})
            assert go.status == 200, go

            daemon.wait_ready()
            with Load(SAGAS, "s%d" % SEED) as again:  # Whoever is not sure asks again.
                again.daemon_is_at(daemon.port)
                again.finish()
            ended = all_ended(daemon)
            assert daemon.stop() == 0, daemon.lines
        finally:
            daemon.kill()
        rows = ledger.rows(tmp_path)
    assert again.refused == []
    assert set(ended) == set(load.ids)  # Those that were lost were started again.
    found = list(crimes(rows, ended))
    assert found == [], "\n".join(found[:20])
    repeats = [row for row in rows if row["result"] == "repeat"]
    assert len(repeats) > SAGAS // 20  # There was something to be forgotten.
    assert {ended[i] for i in load.to_fail()} == {"compensated"}
    assert sum(1 for status in ended.values() if status == "completed") == SAGAS // 2
    checked = sagad("verify", "--config", daemon.config_path)
    assert checked.code == 0, checked

"""Many sagas are left at a kill: the next start lets others in before it has them all.

The first commit of recovery is held (tests/failing), so that recovery stands still with
sagas left for as long as a test looks.
"""

import os
import re
import sqlite3
import threading

import pytest
import scaffold
from breaking import FAILING
from participant import Gate, Hang, Ok
from scaffold import eventually

LEFT = 2000  # More turns than the batch that is held and half of the next one take.
ONE = {
    "name": "one",
    "steps": [
        {"id": "a", "call": {"service": "s", "url": "/a/${ .input.n }", "timeout": "60s"},
         "compensate": {"service": "s", "url": "/undo/${ .input.n }"}},
    ],
}


def copy(path, saga_id, n):
    """So many more sagas m-1, m-2, ... with the rows of this one."""
    db = sqlite3.connect(path)
    for table, key in (("saga", "num"), ("saga_input", "saga"), ("journal", "saga")):
        columns = [row[1] for row in db.execute("PRAGMA table_info(%s)" % table)]
        columns = [c for c in columns if c != "seq"]
        made = [{key: "s.num + c", "id": "'m-' || c"}.get(c, "t." + c) for c in columns]
        db.execute(
            "WITH RECURSIVE r (c) AS (SELECT 1 UNION ALL SELECT c + 1 FROM r WHERE c < ?) "
            "INSERT INTO %s (%s) SELECT %s FROM saga AS s JOIN r JOIN %s AS t "
            "ON t.%s = s.num WHERE s.id = ? ORDER BY c, t.rowid"
            % (table, ", ".join(columns), ", ".join(made), table, key), (n, saga_id))
    db.execute("UPDATE saga_count SET n = n + ? WHERE status = 0", (n,))
    db.commit()
    db.close()


class Recovering:
    """A daemon whose recovery stands still until release()."""

    def __init__(self, make_daemon, participant, tmp_path, then=None, **config):
        self.fifo = str(tmp_path / "hold")
        os.mkfifo(self.fifo)
        self.threads, self.answers = [], {}
        participant.script("POST", "/a/0", Hang())
        self.daemon = make_daemon(services={"s": participant.url}, config=config)
        self.daemon.client.put_definition(ONE)
        self.daemon.client.start("one", {"n": 0}, id="first")
        participant.wait_for(1, "POST", "/a/0")
        self.daemon.kill()
        copy(self.daemon.store_path, "first", LEFT - 1)
        participant.script("POST", "/a/0", then or Ok())
        self.daemon.env["FAILPOINT_HOLD"] = self.fifo
        self.daemon.start()
        self.client = self.daemon.client

    def release(self):
        open(self.fifo, "w").close()
        for thread in self.threads:
            thread.join()

    def ask(self, name, *args, **kw):
        """It is answered after release() only: answers[name]."""
        def run():
            self.answers[name] = self.client.ask(*args, **kw)

        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()

    def start(self, saga_id):
        self.ask(saga_id, "POST", "/v1/sagas",
                 {"definition": "one", "id": saga_id, "input": {"n": 1}})

    def numbers(self, *names):
        """Of one look."""
        text = self.client.get("/metrics").body.decode()
        return [int(re.search(r"^sagad_%s (\d+)$" % name, text, re.M)[1]) for name in names]


@pytest.fixture
def recovering(make_daemon, participant, tmp_path, monkeypatch):
    monkeypatch.setattr(scaffold, "SAGAD", FAILING)
    return lambda **config: Recovering(make_daemon, participant, tmp_path, **config)


def test_a_start_is_let_in_while_sagas_are_left_to_take_up(recovering, participant):
    gate = participant.script("POST", "/a/1", Gate())
    world = recovering()
    world.start("new")
    eventually(lambda: world.numbers("sagas_started_total") == [1], "the start")
    started, left = world.numbers("sagas_started_total", "unrecovered_sagas")
    assert started == 1 and 0 < left < LEFT
    world.release()
    assert world.answers["new"].status == 202
    assert world.daemon.wait_log("recovered")["sagas"] == LEFT  # And not "new", too.
    assert world.numbers("unrecovered_sagas") == [0]
    gate.release()
    assert world.client.wait_status("new")["status"] == "completed"


def test_sagas_left_to_take_up_are_active(recovering):
    world = recovering(limits={"maxActiveSagas": LEFT + 1})
    world.start("last")
    eventually(lambda: world.numbers("sagas_started_total") == [1], "the start")
    refused = world.client.start("one", {"n": 1}, id="too-many")
    assert refused.status == 503 and refused.json["code"] == "overloaded"
    world.release()
    assert world.answers["last"].status == 202


def test_a_saga_that_is_not_taken_up_yet_can_be_cancelled(recovering):
    gate = Gate()  # None ends before the cancel, however late that comes.
    world = recovering(then=gate)
    last = "m-%d" % (LEFT - 1)
    world.ask("cancel", "POST", "/v1/sagas/%s/cancel" % last, {"reason": "changed my mind"})
    world.ask("again", "POST", "/v1/sagas",
              {"definition": "one", "id": "m-%d" % (LEFT - 2), "input": {"n": 0}})
    world.release()
    gate.release()
    assert world.answers["cancel"].status in (200, 202)
    assert world.answers["again"].headers["Idempotency-Replayed"] == "true"
    assert world.client.wait_status(last)["status"] == "compensated"
    turns = [t["event"] for t in world.client.journal(last)]
    assert turns.count("lost") == 1  # The call of before the kill, and no other.

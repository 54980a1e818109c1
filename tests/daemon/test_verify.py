"""`sagad verify`: every state is recomputed from its journal and compared."""

import fcntl
import os
import re
import sqlite3

import pytest

from participant import Ok, ResetAfter, Status

ORDER = {
    "name": "order",
    "steps": [
        {"id": "a", "call": {"service": "s", "url": "/a", "retry": {"delay": "1ms"}},
         "compensate": {"service": "s", "url": "/undo-a"}},
        {"id": "both", "parallel": [
            {"id": "b", "call": {"service": "s", "url": "/b"}, "compensate": None},
            {"id": "c", "optional": True, "compensate": None,
             "call": {"service": "s", "url": "/c", "retry": 1}}]},
        {"id": "d", "pivot": True,
         "call": {"service": "s", "url": "/d", "retry": 1, "body": "${ .steps.a.body }"}},
    ],
    "output": "${ .steps.d.body }",
}


@pytest.fixture
def stopped(make_daemon, participant):
    """A daemon that is stopped, with a saga of each ending and one that is stuck."""
    daemon = make_daemon(services={"s": participant.url})
    daemon.client.put_definition(ORDER)
    participant.script("POST", "/a", ResetAfter(), Status(503), Ok())
    assert daemon.client.start("order", wait=30).json["status"] == "completed"
    participant.script("POST", "/c", Status(400))
    participant.script("POST", "/d", Status(400))
    assert daemon.client.start("order", wait=30).json["status"] == "compensated"
    participant.script("POST", "/d", Status(503))
    for _ in range(3):
        assert daemon.client.start("order", wait=30).json["status"] == "stuck"
    sagas = daemon.client.get("/v1/sagas?status=stuck").json["items"]
    closed = daemon.client.act(sagas[0]["id"], "close", reason="by hand")
    assert closed.status == 200, closed
    participant.script("POST", "/d", Ok({"n": 19.90}))
    retried = daemon.client.act(sagas[1]["id"], "retry", step="d", reason="again")
    assert retried.status == 200, retried
    assert daemon.client.wait_status(sagas[1]["id"])["status"] == "completed"
    assert daemon.stop() == 0
    return daemon


def test_what_the_daemon_wrote_is_as_its_journals_say(stopped, sagad):
    for args in (["--config", stopped.config_path], ["--store", stopped.config["store"]]):
        result = sagad("verify", *args)
        assert result.code == 0, result
        counted = re.match(r"5 sagas, (\d+) turns recomputed: every state is as recorded",
                           result.out)
        assert int(counted.group(1)) > 20


def tamper(daemon, statement, *values):
    with sqlite3.connect(daemon.store_path) as db:
        assert db.execute(statement, values).rowcount == 1
    db.close()


def last_turn(daemon, offset=0):
    """(seq, turn, state, saga's id) of a row of the journal."""
    with sqlite3.connect(daemon.store_path) as db:
        row = db.execute(
            "SELECT j.seq, j.turn, j.state, s.id FROM journal j JOIN saga s"
            " ON s.num = j.saga ORDER BY j.seq DESC LIMIT 1 OFFSET ?", (offset,)
        ).fetchone()
    db.close()
    return row


def test_a_changed_state_is_found_and_named(stopped, sagad):
    seq, turn, state, saga = last_turn(stopped)
    changed = state[:-1] + bytes([state[-1] ^ 1])
    tamper(stopped, "UPDATE journal SET state = ? WHERE seq = ?", changed, seq)
    result = sagad("verify", "--config", stopped.config_path)
    assert result.code == 1, result
    assert "saga %s turn %d: recorded " % (saga, turn) in result.out
    assert "1 sagas differ" in result.out


@pytest.mark.parametrize("place, other", [("MAX", 1), ("MIN", 2)])
def test_an_event_that_cannot_happen_there_is_told(stopped, sagad, place, other):
    """The core takes it for a bug of its caller; a damaged file is none."""
    tamper(
        stopped,
        "UPDATE journal SET (event, data) = (SELECT event, data FROM journal"
        " WHERE turn = %d LIMIT 1) WHERE seq = (SELECT %s(seq) FROM journal)"
        % (other, place),
    )
    result = sagad("verify", "--store", stopped.config["store"])
    assert result.code == 1, result
    assert "its event cannot happen there" in result.out, result


def test_a_missing_turn_is_found(stopped, sagad):
    seq, turn, _, saga = last_turn(stopped, offset=1)
    tamper(stopped, "DELETE FROM journal WHERE seq = ?", seq)
    result = sagad("verify", "--config", stopped.config_path)
    assert result.code == 1, result
    assert saga in result.out


@pytest.mark.parametrize(
    "statement, broken_at",
    [
        ("UPDATE audit SET reason = 'of no account' WHERE seq = 2", 2),
        ("UPDATE audit SET at_ms = at_ms + 1 WHERE seq = 3", 3),
        ("DELETE FROM audit WHERE seq = 2", 2),
        ("DELETE FROM audit WHERE seq = 1", 1),
    ],
)
def test_an_audit_entry_changed_or_taken_out_by_hand_is_named(stopped, sagad, statement, broken_at):
    whole = sagad("verify", "--config", stopped.config_path)
    assert whole.code == 0 and "3 audit entries: the chain is whole" in whole.out
    tamper(stopped, statement)
    result = sagad("verify", "--config", stopped.config_path)
    assert result.code == 1, result
    assert "the chain breaks at entry %d\n" % broken_at in result.out
    assert "entry %d of the audit" % broken_at in result.err
    stopped.start()
    live = sagad("verify", "--config", stopped.config_path)
    assert live.code == 1 and "the chain breaks at entry %d\n" % broken_at in live.out


# ---- without a trace ------------------------------------------------------------------


def beside(path):
    """What lies in the folder: {name: (size, time of its last change)}."""
    folder = os.path.dirname(str(path))
    return {e.name: (e.stat().st_size, e.stat().st_mtime_ns) for e in os.scandir(folder)}


def test_a_backup_is_verified_where_it_lies_and_nothing_is_left_beside_it(
        stopped, sagad, tmp_path):
    folder = tmp_path / "a folder, 100% #1?"
    folder.mkdir()
    target = folder / "copy.db"
    assert sagad("backup", "--config", stopped.config_path, str(target)).code == 0
    os.chmod(target, 0o400)
    os.chmod(folder, 0o500)
    before = beside(target)
    assert list(before) == ["copy.db"]
    try:
        result = sagad("verify", "--store", "sqlite:%s" % target)
    finally:
        os.chmod(folder, 0o700)
    assert result.code == 0, result
    assert "5 sagas, " in result.out
    assert beside(target) == before


def test_a_database_at_rest_is_as_it_was_after_a_verify(stopped, sagad):
    before = beside(stopped.store_path)
    assert sagad("verify", "--config", stopped.config_path).code == 0
    assert beside(stopped.store_path) == before


def test_a_verify_makes_no_database(sagad, tmp_path):
    result = sagad("verify", "--store", "sqlite:%s" % (tmp_path / "none.db"))
    assert result.code == 1
    assert "there is no database at" in result.err
    assert list(tmp_path.iterdir()) == []


def test_a_verify_of_what_is_no_database_of_sagad_says_so(sagad, tmp_path):
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE t (x)")
    db.close()
    os.chmod(other, 0o600)
    before = beside(other)
    result = sagad("verify", "--store", "sqlite:%s" % other)
    assert result.code == 1
    assert "it is no database of sagad" in result.err
    other.write_text("no database at all, and long enough to have a header of one " * 4)
    assert sagad("verify", "--store", "sqlite:%s" % other).code == 1
    assert list(beside(other)) == list(before)


def test_what_a_killed_daemon_left_in_its_wal_is_verified_too(
        make_daemon, participant, sagad):
    daemon = make_daemon(services={"s": participant.url})
    daemon.client.put_definition(ORDER)
    assert daemon.client.start("order", wait=30).json["status"] == "completed"
    daemon.kill()
    assert os.path.getsize(daemon.store_path + "-wal") > 0
    result = sagad("verify", "--config", daemon.config_path)
    assert result.code == 0, result
    assert "1 sagas, " in result.out


def test_a_database_that_another_process_holds_is_not_verified_beside_it(stopped, sagad):
    with open(stopped.store_path + ".lock", "r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = sagad("verify", "--config", stopped.config_path)
    assert result.code == 1
    assert "is in use by another sagad" in result.err

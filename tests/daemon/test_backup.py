"""`sagad backup`, `sagad restore`, and an engine that starts paused (S96, S97)."""

import os
import resource
import signal
import sqlite3
import subprocess
import threading

import pytest

from conftest import SAGAD, Client, clean_environment, eventually
from participant import Hang

ORDER = {
    "name": "order",
    "defaults": {"call": {"timeout": "5s", "retry": {"delay": "1ms"}}},
    "steps": [
        {"id": "a", "call": {"service": "s", "url": "/a"},
         "compensate": {"service": "s", "url": "/undo-a"}},
        {"id": "go", "wait": {"signal": "go"}},
        {"id": "b", "call": {"service": "s", "url": "/b"},
         "compensate": {"service": "s", "url": "/undo-b"}},
        {"id": "c", "call": {"service": "s", "url": "/c"}, "compensate": None},
    ],
}


@pytest.fixture
def daemon(make_daemon, participant):
    made = make_daemon(services={"s": participant.url})
    made.client.put_definition(ORDER)
    return made


def ended(daemon, **more):
    """A saga that has completed."""
    saga = daemon.client.start("order", **more).json["id"]
    daemon.client.ask("POST", "/v1/sagas/%s/signals/go" % saga, {})
    assert daemon.client.wait_status(saga)["status"] == "completed"
    return saga


def waiting(daemon, **more):
    """A saga that waits for its signal, `a` done."""
    return daemon.client.start("order", waitFor="a", wait=30, **more).json["id"]


def backup(sagad, daemon, target, **kw):
    return sagad("backup", "--config", daemon.config_path, str(target), **kw)


def lose(daemon):
    """The disk with the database is gone."""
    daemon.kill()
    for ending in ("", "-wal", "-shm"):
        if os.path.exists(daemon.store_path + ending):
            os.unlink(daemon.store_path + ending)


def start_paused(daemon):
    """The daemon is up; not ready, as it is paused."""
    daemon.launch()
    daemon.port = int(daemon.wait_log("listening")["address"].rsplit(":", 1)[1])
    daemon.client = Client(daemon.port)
    eventually(
        lambda: "POST /v1/resume" in daemon.client.get("/readyz").json["detail"], "paused"
    )
    return daemon


def restore(sagad, daemon, target):
    result = sagad("restore", "--config", daemon.config_path, str(target))
    assert result.code == 0, result
    return start_paused(daemon)


def resume(daemon, reason="the participants were told"):
    answer = daemon.client.ask("POST", "/v1/resume", {"reason": reason})
    assert answer.status == 200, answer
    assert answer.json == {"status": "resumed"}
    daemon.wait_ready()


# ---- backup


def test_a_live_database_is_backed_up_and_the_copy_is_one_sound_file(
    daemon, sagad, tmp_path
):
    done, open_one = ended(daemon), waiting(daemon)
    target = tmp_path / "copy"
    result = backup(sagad, daemon, target)
    assert result.code == 0, result
    assert "2 sagas, " in result.out and "every state is as recorded" in result.out
    assert os.stat(target).st_mode & 0o777 == 0o600
    assert [name for name in os.listdir(tmp_path) if name.startswith("copy")] == ["copy"]
    with sqlite3.connect("file:%s?mode=ro" % target, uri=True) as db:
        assert {row[0] for row in db.execute("SELECT id FROM saga")} == {done, open_one}
        mark = db.execute("SELECT text FROM meta WHERE name = 'restored'").fetchone()
    db.close()
    assert mark[0].startswith("copy ")


def test_a_stopped_database_is_backed_up_too(daemon, sagad, tmp_path):
    ended(daemon)
    assert daemon.stop() == 0
    result = backup(sagad, daemon, tmp_path / "copy")
    assert result.code == 0, result
    assert "1 sagas, " in result.out


def test_an_existing_target_is_refused_and_left_alone(daemon, sagad, tmp_path):
    target = tmp_path / "precious"
    target.write_text("mine")
    result = backup(sagad, daemon, target)
    assert result.code == 1
    assert "precious is there already and is not overwritten" in result.err
    assert target.read_text() == "mine"


def test_a_target_in_no_folder_is_refused_in_words(daemon, sagad, tmp_path):
    result = backup(sagad, daemon, tmp_path / "none" / "copy")
    assert result.code == 1
    assert "the folder of the backup" in result.err


def test_backup_needs_a_target_and_a_database(daemon, sagad, tmp_path):
    assert sagad("backup", "--config", daemon.config_path).code == 2
    result = sagad("backup", "--store", "sqlite:%s/none.db" % tmp_path, "x", cwd=tmp_path)
    assert result.code == 1
    assert "there is no database at" in result.err
    assert not os.path.exists(tmp_path / "none.db")


def test_a_copy_whose_journals_do_not_fold_is_no_backup(daemon, sagad, tmp_path):
    ended(daemon)
    assert daemon.stop() == 0
    with sqlite3.connect(daemon.store_path) as db:
        row = db.execute("SELECT seq, state FROM journal ORDER BY seq DESC").fetchone()
        changed = row[1][:-1] + bytes([row[1][-1] ^ 1])
        db.execute("UPDATE journal SET state = ? WHERE seq = ?", (changed, row[0]))
    db.close()
    result = backup(sagad, daemon, tmp_path / "copy")
    assert result.code == 1
    assert "not as their journals say" in result.err
    assert not [name for name in os.listdir(tmp_path) if name.startswith("copy")]


def test_a_disk_that_fills_up_leaves_no_half_file(daemon, sagad, tmp_path):
    ended(daemon)
    assert daemon.stop() == 0
    size = os.path.getsize(daemon.store_path)

    def at_most():  # The kernel's word for a file that may not grow is another.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2))

    done = subprocess.run(
        [SAGAD, "backup", "--config", daemon.config_path, str(tmp_path / "copy")],
        capture_output=True, text=True, env=clean_environment(), preexec_fn=at_most,
    )
    assert done.returncode == 1, done
    assert "copy.part" in done.stderr
    assert not [name for name in os.listdir(tmp_path) if name.startswith("copy")]


def test_starts_are_acknowledged_while_a_large_database_is_copied(
    daemon, sagad, tmp_path
):
    big = {"pad": "x" * 500_000}
    for _ in range(40):
        waiting(daemon, input=big)
    codes, stop = [], threading.Event()

    def keep_starting():
        client = Client(daemon.port)
        while not stop.is_set():
            codes.append(client.start("order").status)

    starter = threading.Thread(target=keep_starting)
    starter.start()
    try:
        for i in range(3):
            before = len(codes)
            assert backup(sagad, daemon, tmp_path / ("copy%d" % i)).code == 0
            assert len(codes) > before
    finally:
        stop.set()
        starter.join()
    assert set(codes) == {202}


def test_a_client_that_goes_away_ends_its_backup(daemon, sagad, tmp_path):
    for _ in range(30):
        waiting(daemon, input={"pad": "x" * 500_000})
    asked = subprocess.Popen(
        [SAGAD, "backup", "--config", daemon.config_path, str(tmp_path / "one")],
        env=clean_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    asked.kill()
    asked.wait()
    result = backup(sagad, daemon, tmp_path / "two")  # Not held up by the first.
    assert result.code == 0, result
    assert not os.path.exists(tmp_path / "one")


# ---- restore


def test_a_database_is_never_overwritten(daemon, sagad, tmp_path):
    target = tmp_path / "copy"
    assert backup(sagad, daemon, target).code == 0
    result = sagad("restore", "--config", daemon.config_path, str(target))
    assert result.code == 1
    assert str(daemon.process.pid) in result.err
    assert daemon.stop() == 0
    result = sagad("restore", "--config", daemon.config_path, str(target))
    assert result.code == 1
    assert "is there already and is not overwritten" in result.err


def test_a_backup_that_was_verified_can_still_be_restored(daemon, sagad, tmp_path):
    done, target = ended(daemon), tmp_path / "copy"
    assert backup(sagad, daemon, target).code == 0
    result = sagad("verify", "--store", "sqlite:%s" % target)
    assert result.code == 0 and "1 sagas, " in result.out, result
    lose(daemon)
    restore(sagad, daemon, target)
    assert daemon.client.saga(done)["status"] == "completed"


def test_a_backup_with_changes_beside_it_is_not_restored(daemon, sagad, tmp_path):
    target = tmp_path / "copy"
    assert backup(sagad, daemon, target).code == 0
    (tmp_path / "copy-wal").write_bytes(b"x" * 32)
    lose(daemon)
    result = sagad("restore", "--config", daemon.config_path, str(target))
    assert result.code == 1 and "copy-wal holds changes" in result.err, result
    assert not os.path.exists(daemon.store_path)


def test_what_is_no_backup_is_not_restored(daemon, sagad, tmp_path):
    assert daemon.stop() == 0
    for name, content in (("empty", b""), ("text", b"hello" * 1000)):
        (tmp_path / name).write_bytes(content)
        result = sagad(
            "restore", "--store", "sqlite:%s/new.db" % tmp_path, str(tmp_path / name)
        )
        assert result.code == 1
        assert "is no backup of sagad" in result.err
    result = sagad("restore", "--store", "sqlite:%s/new.db" % tmp_path, daemon.store_path)
    assert result.code == 1 and "carries no backup's mark" in result.err
    assert not os.path.exists(tmp_path / "new.db")


def test_a_damaged_backup_is_not_restored(daemon, sagad, tmp_path):
    for _ in range(5):
        ended(daemon, input={"pad": "x" * 100_000})
    target = tmp_path / "copy"
    assert backup(sagad, daemon, target).code == 0
    lose(daemon)
    whole = target.read_bytes()
    target.write_bytes(whole[: len(whole) * 2 // 3])
    result = sagad("restore", "--config", daemon.config_path, str(target))
    assert result.code == 1, result
    assert not os.path.exists(daemon.store_path)
    assert not os.path.exists(daemon.store_path + ".restore-part")


def test_a_restored_database_starts_paused_and_says_so(
    daemon, participant, sagad, tmp_path
):
    done, open_one = ended(daemon), waiting(daemon)
    target = tmp_path / "copy"
    assert backup(sagad, daemon, target).code == 0
    lose(daemon)
    calls = len(participant.of())
    restore(sagad, daemon, target)

    info = daemon.client.get("/v1/info").json
    assert info["restored"]["paused"] is True
    assert info["restored"]["backupMadeAt"].endswith("Z")
    ready = daemon.client.get("/readyz?verbose")
    assert ready.status == 503
    assert "POST /v1/resume" in ready.json["detail"]
    assert ready.json["checks"]["restored"] == info["restored"]
    eventually(lambda: daemon.client.saga(open_one)["paused"], "paused")
    saga = daemon.client.saga(open_one)
    assert saga["why"].startswith("Paused: the database was restored from a backup")
    assert "POST /v1/resume" in saga["why"]
    assert daemon.client.journal(open_one)[-1]["event"] == "restored"
    assert daemon.client.saga(done)["status"] == "completed"
    assert daemon.client.journal(done)[-1]["event"] != "restored"
    refused = daemon.client.start("order")
    assert refused.status == 503 and refused.json["code"] == "store-unavailable"
    assert daemon.client.ask("POST", "/v1/sagas/%s/signals/go" % open_one, {}).status == 202
    assert len(participant.of()) == calls  # Nothing is called.

    resume(daemon)
    assert daemon.client.wait_status(open_one)["status"] == "completed"
    assert daemon.client.get("/v1/info").json["restored"] is None
    audit = daemon.client.get("/v1/audit?action=engine-resume").json["items"]
    assert [a["reason"] for a in audit] == ["the participants were told"]
    again = daemon.client.ask("POST", "/v1/resume", {"reason": "again"})
    assert again.status == 409 and again.json["code"] == "invalid-state"
    ended(daemon)


def test_sagactl_lets_it_go_on(daemon, sagad, ctl, tmp_path):
    open_one = daemon.client.start("order").json["id"]
    target = tmp_path / "copy"
    assert backup(sagad, daemon, target).code == 0
    lose(daemon)
    restore(sagad, daemon, target)
    eventually(lambda: daemon.client.saga(open_one)["paused"], "paused")
    without = ctl(daemon, "engine", "resume")
    assert without.code == 2 and "--reason" in without.err, without
    unasked = ctl(daemon, "engine", "resume", "--reason", "ledgers compared")
    assert unasked.code == 2 and "say --yes" in unasked.err, unasked
    done = ctl(daemon, "engine", "resume", "--reason", "ledgers compared", "--yes")
    assert done.code == 0 and done.out == "The engine goes on.\n", done
    eventually(lambda: not daemon.client.saga(open_one)["paused"], "resumed")
    again = ctl(daemon, "engine", "resume", "--reason", "again", "--yes")
    assert again.code == 4, again
    audit = daemon.client.get("/v1/audit?action=engine-resume").json["items"]
    assert [a["reason"] for a in audit] == ["ledgers compared"]


def test_resuming_needs_a_reason(daemon):
    assert daemon.client.ask("POST", "/v1/resume", {}).status == 422


def test_the_pause_outlives_a_restart_and_sagas_are_restored_once(
    daemon, sagad, tmp_path
):
    saga = waiting(daemon)
    assert backup(sagad, daemon, tmp_path / "copy").code == 0
    lose(daemon)
    restore(sagad, daemon, tmp_path / "copy")
    daemon.kill()
    start_paused(daemon)
    assert daemon.client.get("/readyz").status == 503
    resume(daemon)
    eventually(lambda: daemon.client.journal(saga)[-1]["event"] == "resume", "resumed")
    events = [turn["event"] for turn in daemon.client.journal(saga)]
    assert events.count("restored") == 1
    assert daemon.restart().client.get("/readyz").status == 200


def test_what_an_operator_had_paused_before_the_backup_stays_paused(
    daemon, sagad, tmp_path
):
    paused, other = waiting(daemon), waiting(daemon)
    assert daemon.client.act(paused, "pause", reason="mine").status == 200
    assert backup(sagad, daemon, tmp_path / "copy").code == 0
    lose(daemon)
    restore(sagad, daemon, tmp_path / "copy")
    resume(daemon)
    eventually(lambda: daemon.client.saga(other)["paused"] is False, "resumed")
    assert daemon.client.saga(paused)["paused"] is True
    assert "nothing new is sent until it is resumed" in daemon.client.saga(paused)["why"]


def test_one_resumed_alone_is_called_only_after_the_engine_is(
    daemon, participant, sagad, tmp_path
):
    saga = waiting(daemon)
    assert backup(sagad, daemon, tmp_path / "copy").code == 0
    lose(daemon)
    calls = len(participant.of())
    restore(sagad, daemon, tmp_path / "copy")
    assert daemon.client.act(saga, "resume", reason="this one").status == 200
    assert daemon.client.ask("POST", "/v1/sagas/%s/signals/go" % saga, {}).status == 202
    assert daemon.client.saga(saga)["steps"][2]["status"] == "queued"
    assert len(participant.of()) == calls
    resume(daemon)
    assert daemon.client.wait_status(saga)["status"] == "completed"


def test_what_looks_pending_is_compensated_after_a_restore(
    daemon, participant, sagad, tmp_path
):
    saga = waiting(daemon)  # In the backup `b` has not begun.
    assert backup(sagad, daemon, tmp_path / "copy").code == 0
    participant.script("POST", "/c", Hang())
    daemon.client.ask("POST", "/v1/sagas/%s/signals/go" % saga, {})
    eventually(lambda: len(participant.of("POST", "/c")) == 1, "c called")  # `b` is done.
    lose(daemon)
    restore(sagad, daemon, tmp_path / "copy")
    assert daemon.client.act(saga, "cancel", reason="taken back").status == 200
    resume(daemon)
    assert daemon.client.wait_status(saga)["status"] == "compensated"
    assert len(participant.of("POST", "/undo-b")) == 1
    assert len(participant.of("POST", "/undo-a")) == 1


@pytest.mark.parametrize("end", ["completed", "cancelled"])
def test_a_bulk_action_of_the_backup_waits_until_the_engine_is_resumed(
    daemon, sagad, tmp_path, end
):
    n = 300
    starts = [{"definition": "order"}] * n
    assert daemon.client.ask("POST", "/v1/sagas:batch", {"sagas": starts}).status == 207
    body = {"action": "pause", "filter": {"status": "running"}, "reason": "maintenance"}
    body["confirm"] = daemon.client.ask("POST", "/v1/bulk", body).json["confirm"]
    path = "/v1/bulk/" + daemon.client.ask("POST", "/v1/bulk", body).json["id"]
    daemon.stop()  # In the middle of it.
    assert backup(sagad, daemon, tmp_path / "b.db").code == 0
    lose(daemon)
    restore(sagad, daemon, tmp_path / "b.db")
    held = daemon.client.get(path).json
    assert (held["status"], held["total"]) == ("running", n)
    assert held["done"] < n
    assert daemon.client.get("/v1/stats").status == 200  # The engine has been round.
    assert daemon.client.get(path).json == held
    if end == "cancelled":
        assert daemon.client.ask("POST", path + "/cancel", {"reason": "no"}).status == 200
    resume(daemon)
    after = eventually(
        lambda: [b for b in [daemon.client.get(path).json] if b["status"] != "running"], "its end"
    )[0]
    assert after["status"] == end
    assert after["done"] == (held["done"] if end == "cancelled" else after["total"])


def test_numbers_of_lost_sagas_are_not_given_again(daemon, sagad, tmp_path):
    waiting(daemon)
    assert backup(sagad, daemon, tmp_path / "copy").code == 0
    lose(daemon)
    restore(sagad, daemon, tmp_path / "copy")
    resume(daemon)
    daemon.restart()
    new = waiting(daemon)
    with sqlite3.connect("file:%s?mode=ro" % daemon.store_path, uri=True) as db:
        num = db.execute("SELECT num FROM saga WHERE id = ?", (new,)).fetchone()[0]
    db.close()
    assert num > 2**32


def test_verify_of_a_live_database_goes_through_its_daemon(daemon, sagad):
    ended(daemon)
    result = sagad("verify", "--config", daemon.config_path)
    assert result.code == 0, result
    assert "1 sagas, " in result.out and "every state is as recorded" in result.out

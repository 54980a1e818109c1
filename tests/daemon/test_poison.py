"""Poison (S54): a saga in whose turns the daemon dies three times running is put aside."""

import os

import pytest

import conftest
from conftest import SAGAD, Client, eventually
from participant import Hang, Status

FAILING = os.path.join(os.path.dirname(SAGAD), "sagad_failing")
TWO = {
    "name": "two",
    "steps": [
        {"id": "a", "call": {"service": "s", "url": "/a/${ .input.n }", "timeout": "60s"},
         "compensate": {"service": "s", "url": "/undo/${ .input.n }"}},
        {"id": "b", "call": {"service": "s", "url": "/b/${ .input.n }"},
         "compensate": None},
    ],
}


@pytest.fixture
def daemon(make_daemon, participant, monkeypatch):
    """Sagas bad, with the number 0, and good, with 1, wait for the answers of `a`."""
    monkeypatch.setattr(conftest, "SAGAD", FAILING)
    made = make_daemon(services={"s": participant.url})
    made.client.put_definition(TWO)
    made.hangs = [Hang(), Hang()]
    for n, hang in enumerate(made.hangs):
        participant.script("POST", "/a/%d" % n, hang)
        made.client.start("two", {"n": n}, id=("bad", "good")[n])
        participant.wait_for(1, "POST", "/a/%d" % n)
    return made


def heal(participant):
    for n in range(2):
        participant.script("POST", "/a/%d" % n, Status(200, {"ok": True}))


def dies(daemon):
    """It starts and ends by itself."""
    daemon.write_config()
    daemon.launch()
    assert daemon.wait_exit() == -6, daemon.lines


def serve(daemon):
    daemon.write_config()
    daemon.launch()
    daemon.port = int(daemon.wait_log("listening")["address"].rsplit(":", 1)[1])
    daemon.client = Client(daemon.port)
    daemon.wait_ready()


def die_three_times(daemon, participant, failpoint="bad"):
    daemon.env["FAILPOINT_TURN"] = failpoint
    daemon.kill()  # The first death: calls are in flight, nobody is named.
    heal(participant)
    dies(daemon)
    dies(daemon)


def test_the_fourth_start_serves_all_the_others(daemon, participant):
    die_three_times(daemon, participant)
    serve(daemon)
    assert daemon.client.wait_status("good")["status"] == "completed"
    bad = daemon.client.wait_status("bad", "stuck")
    assert bad["why"].startswith("Stuck (poison): the daemon ended three times running")
    assert "retry" in bad["actions"]
    assert daemon.client.journal("bad")[-1]["event"] == "poisoned"
    told = [x for x in daemon.lines if x and "it is poison" in x["msg"]]
    assert [x["sagaId"] for x in told] == ["bad"]


def test_poison_stays_aside_at_later_starts(daemon, participant):
    die_three_times(daemon, participant)
    for _ in range(2):
        serve(daemon)
        assert daemon.client.wait_status("bad", "stuck")["paused"] is False
        assert daemon.client.journal("bad")[-1]["event"] == "poisoned"
        assert daemon.stop() == 0


def test_an_operators_retry_lets_it_go_on(daemon, participant):
    die_three_times(daemon, participant)
    del daemon.env["FAILPOINT_TURN"]  # Repaired.
    serve(daemon)
    daemon.client.wait_status("bad", "stuck")
    assert daemon.client.act("bad", "retry", reason="repaired").status == 200
    assert daemon.client.wait_status("bad")["status"] == "completed"
    assert len(set(participant.keys("POST", "/a/0"))) == 1
    events = [turn["event"] for turn in daemon.client.journal("bad")]
    assert events[events.index("poisoned"):][:3] == ["poisoned", "retry", "lost"]


def test_poison_can_be_cancelled(daemon, participant):
    die_three_times(daemon, participant)
    del daemon.env["FAILPOINT_TURN"]
    serve(daemon)
    daemon.client.wait_status("bad", "stuck")
    assert daemon.client.act("bad", "cancel", reason="enough").status == 200
    assert daemon.client.wait_status("bad")["status"] == "compensated"
    assert len(participant.of("POST", "/undo/0")) == 1


def test_a_saga_that_cannot_even_be_marked_is_left_alone(daemon, participant):
    die_three_times(daemon, participant, failpoint="bad!")
    dies(daemon)  # While it is marked.
    serve(daemon)
    assert daemon.client.wait_status("good")["status"] == "completed"
    assert [x for x in daemon.lines if x and "left alone" in x["msg"]]


def test_being_killed_while_calls_are_in_flight_is_no_poison(daemon, participant):
    for n in range(1, 5):
        daemon.kill()
        serve(daemon)
        participant.wait_for(n + 1, "POST", "/a/0")
        participant.wait_for(n + 1, "POST", "/a/1")
    daemon.kill()
    heal(participant)
    serve(daemon)
    for saga in ("bad", "good"):
        assert daemon.client.wait_status(saga)["status"] == "completed"


def test_a_clean_stop_leaves_no_marker(daemon, participant):
    marker = daemon.store_path + ".turn"
    assert os.path.exists(marker)
    for hang in daemon.hangs:
        hang.release()
    eventually(lambda: daemon.client.saga("good")["status"] == "completed", "the end")
    assert daemon.stop() == 0
    assert not os.path.exists(marker)

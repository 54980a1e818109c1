"""orderingKey: one at a time for each key, in start order, over real sockets."""

import threading

import pytest

from participant import Gate, Ok, Status

ORDERED = {
    "name": "ordered",
    "orderingKey": "${ .input.customer }",
    "steps": [
        {
            "id": "work",
            "call": {
                "service": "shop",
                "url": "/work",
                "body": {"n": "${ .input.n }", "customer": "${ .input.customer }"},
            },
            "compensate": {"service": "shop", "url": "/unwork"},
        },
        {"id": "rest", "call": {"service": "shop", "url": "/rest"}, "compensate": None},
    ],
}


@pytest.fixture
def daemon(make_daemon, participant):
    made = make_daemon(services={"shop": participant.url})
    made.client.put_definition(ORDERED)
    return made


def start(daemon, saga_id, customer="a", n=0, **more):
    answer = daemon.client.start(
        "ordered", {"customer": customer, "n": n}, id=saga_id, **more
    )
    assert answer.status in (200, 202), answer
    return answer.json


def waits_for(saga, holder, key="a", stuck=""):
    return saga["why"] == (
        "Waiting for its turn: saga '%s' holds the ordering key '%s'%s." % (holder, key, stuck)
    )


def test_sagas_of_a_key_run_one_at_a_time_in_start_order(daemon, participant):
    for n in range(20):
        start(daemon, "s-%d" % n, "abc"[n % 3], n)
    for n in range(20):
        assert daemon.client.wait_status("s-%d" % n)["status"] == "completed"
    assert len(participant.of("POST", "/work")) == 20
    for key in "abc":
        own = [n for n in range(20) if "abc"[n % 3] == key]
        calls = [
            r.key
            for r in participant.of()
            if int(r.key.split(".")[0].split("-")[1]) in own
        ]
        wanted = [
            "s-%d.%s.action" % (n, step) for n in own for step in ("work", "rest")
        ]
        assert calls == wanted


def test_sagas_of_different_keys_run_side_by_side(daemon, participant):
    gate = participant.script("POST", "/work", Gate())
    for key in "abc":
        start(daemon, "s-" + key, key)
    participant.wait_for(3, "POST", "/work")
    gate.release()
    for key in "abc":
        assert daemon.client.wait_status("s-" + key)["status"] == "completed"


def test_a_waiting_saga_says_who_holds_the_key(daemon, participant):
    gate = participant.script("POST", "/work", Gate())
    start(daemon, "first")
    participant.wait_for(1, "POST", "/work")
    second = start(daemon, "second")
    assert second["status"] == "running"
    assert waits_for(second, "first"), second["why"]
    assert second["deadline"] is None
    assert waits_for(start(daemon, "third"), "first")
    gate.release()
    assert daemon.client.wait_status("third")["status"] == "completed"


def test_a_stuck_or_paused_saga_keeps_its_key(daemon, participant):
    participant.script("POST", "/rest", Status(400), Ok())
    participant.script("POST", "/unwork", Status(400), Ok())
    start(daemon, "first", wait=20)
    assert daemon.client.saga("first")["status"] == "stuck"
    stuck = "; it is stuck at 'work'"
    assert waits_for(start(daemon, "second"), "first", stuck=stuck)
    assert start(daemon, "other", "b", wait=20)["status"] == "completed"
    assert daemon.client.act("first", "pause").status == 200
    assert waits_for(daemon.client.saga("second"), "first", stuck=stuck)
    assert daemon.client.act("first", "resume").status == 200
    assert daemon.client.act("first", "retry").status == 200
    assert daemon.client.wait_status("first")["status"] == "compensated"
    assert daemon.client.wait_status("second")["status"] == "completed"


def test_cancelling_a_waiting_saga_ends_it_compensated(daemon, participant):
    gate = participant.script("POST", "/work", Gate())
    start(daemon, "first")
    participant.wait_for(1, "POST", "/work")
    start(daemon, "second")
    start(daemon, "third")
    assert daemon.client.act("second", "cancel", reason="no").status == 200
    assert daemon.client.saga("second")["status"] == "compensated"
    assert waits_for(daemon.client.saga("third"), "first")
    assert len(participant.of("POST", "/work")) == 1
    gate.release()
    assert daemon.client.wait_status("third")["status"] == "completed"
    assert participant.keys("POST", "/work") == ["first.work.action", "third.work.action"]


def test_a_cancelled_holder_passes_the_key_on_once_it_is_back(daemon, participant):
    gate = participant.script("POST", "/work", Gate())
    start(daemon, "first")
    participant.wait_for(1, "POST", "/work")
    start(daemon, "second")
    assert daemon.client.act("first", "cancel", reason="no").status == 200
    assert waits_for(daemon.client.saga("second"), "first")
    gate.release()
    assert daemon.client.wait_status("second")["status"] == "completed"
    assert daemon.client.saga("first")["status"] == "compensated"
    calls = [r.path for r in participant.of()]
    assert calls == ["/work", "/unwork", "/work", "/rest"]


def test_a_paused_waiting_saga_begins_when_it_is_resumed(daemon, participant):
    gate = participant.script("POST", "/work", Gate())
    start(daemon, "first")
    participant.wait_for(1, "POST", "/work")
    start(daemon, "second")
    start(daemon, "third")
    assert daemon.client.act("second", "pause").status == 200
    gate.release()
    daemon.client.wait_status("first")
    assert waits_for(daemon.client.saga("third"), "second")
    assert len(participant.of("POST", "/work")) == 1
    assert daemon.client.act("second", "resume").status == 200
    assert daemon.client.wait_status("third")["status"] == "completed"
    assert daemon.client.saga("second")["status"] == "completed"


def test_the_timeout_starts_when_the_turn_comes(make_daemon, participant):
    daemon = make_daemon(services={"shop": participant.url})
    daemon.client.put_definition(dict(ORDERED, timeout="1h"))
    gate = participant.script("POST", "/work", Gate())
    assert start(daemon, "first")["deadline"] is not None
    participant.wait_for(1, "POST", "/work")
    assert start(daemon, "second")["deadline"] is None
    gate.release()
    second = daemon.client.wait_status("second")
    assert second["status"] == "completed"
    assert second["deadline"] is not None
    assert second["deadline"] > second["startedAt"]


def test_a_key_that_cannot_be_made_refuses_the_start(daemon):
    answer = daemon.client.start("ordered", {"n": 1})
    assert answer.status == 422
    assert answer.json["code"] == "input-invalid"
    assert [e["code"] for e in answer.json["errors"]] == ["orderingKey"]


def test_versions_of_a_definition_share_their_lines(daemon, participant):
    gate = participant.script("POST", "/work", Gate())
    start(daemon, "old")
    participant.wait_for(1, "POST", "/work")
    daemon.client.put_definition(dict(ORDERED, description="another version"))
    assert waits_for(start(daemon, "new"), "old")
    gate.release()
    assert daemon.client.wait_status("new")["version"] == 2


def test_starts_at_the_same_moment_line_up(daemon, participant):
    threads = [
        threading.Thread(target=start, args=(daemon, "t-%d" % n, "same", n))
        for n in range(24)
    ]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for n in range(24):
        assert daemon.client.wait_status("t-%d" % n)["status"] == "completed"
    calls = [r.key.split(".") for r in participant.of()]
    assert [c[1] for c in calls] == ["work", "rest"] * 24
    assert all(a[0] == b[0] for a, b in zip(calls[::2], calls[1::2]))


@pytest.mark.parametrize("path", ["/work", "/rest"])
def test_a_line_goes_on_in_order_after_a_kill(make_daemon, participant, sagad, path):
    daemon = make_daemon(services={"shop": participant.url})
    daemon.client.put_definition(ORDERED)
    participant.script("POST", path, Gate(), Ok())
    for n in range(6):
        start(daemon, "s-%d" % n, "ab"[n % 2], n)
    participant.wait_for(1, "POST", path)
    daemon.kill()
    daemon.start()
    for n in range(6):
        assert daemon.client.wait_status("s-%d" % n)["status"] == "completed"
    for key in (0, 1):
        first = []
        for request in participant.of("POST", "/work"):
            n = int(request.key.split(".")[0][2:])
            if n % 2 == key and n not in first:
                first.append(n)
        assert first == [key, key + 2, key + 4]
    daemon.stop()
    checked = sagad("verify", "--config", daemon.config_path)
    assert checked.code == 0, checked

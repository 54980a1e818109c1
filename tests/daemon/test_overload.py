"""As many sagas as maxActiveSagas allows: new ones are refused, by the door without the
engine from the second on, and everything else is answered as ever."""

import time

import pytest
from participant import Gate

PAY = {
    "name": "pay",
    "steps": [{"id": "a", "call": {"service": "s", "url": "/a"}, "compensate": None}],
    "input": {"schema": {"type": "object", "properties": {"n": {"type": "integer"}}}},
}
KEYED = dict(PAY, name="keyed", key="${ .input.n }", unique=True)


@pytest.fixture
def full(make_daemon, participant):
    """Two may be active and are, behind full.gate; the engine has refused a third."""
    daemon = make_daemon(services={"s": participant.url},
                         config={"limits": {"maxActiveSagas": 2}})
    daemon.client.put_definition(PAY)
    daemon.client.put_definition(KEYED)
    assert daemon.client.start("pay", id="ended", wait=20).status == 200
    assert daemon.client.start("pay", id="purged", wait=20).status == 200
    assert daemon.client.ask("DELETE", "/v1/sagas/purged").status == 204
    daemon.client.daemon = daemon
    daemon.client.gate = participant.script("POST", "/a", Gate())
    key = {"Idempotency-Key": '"k"'}
    assert daemon.client.start("keyed", {"n": 7}, headers=key).status == 202
    assert daemon.client.start("pay", id="open").status == 202
    assert daemon.client.start("pay").status == 503
    return daemon.client


def test_new_starts_are_refused_alike_by_engine_and_door(full):
    answers = [full.start("pay", id="new-%d" % n) for n in range(3)]
    assert [a.status for a in answers] == [503] * 3
    assert {a.headers["Retry-After"] for a in answers} == {answers[0].headers["Retry-After"]}
    assert {a.json["code"] for a in answers} == {"overloaded"}
    assert {a.json["detail"] for a in answers} == {
        "There are as many active sagas as maxActiveSagas allows (2)"}


@pytest.mark.parametrize("again", ["ended", "open"])
def test_a_start_is_answered_again_by_its_id(full, again):
    answer = full.start("pay", id=again)
    assert answer.status in (200, 202)
    assert answer.headers["Idempotency-Replayed"] == "true"


def test_a_start_is_answered_again_by_its_keys(full):
    by_unique = full.start("keyed", {"n": 7})
    by_key = full.start("keyed", {"n": 7}, headers={"Idempotency-Key": '"k"'})
    assert by_unique.status == by_key.status == 202
    assert by_unique.json["id"] == by_key.json["id"]


def test_what_is_wrong_with_a_start_is_said_first(full):
    assert full.start("pay", id="purged").json["code"] == "purged"
    assert full.start("pay", {"n": "x"}).json["code"] == "input-invalid"
    assert full.start("pay", {"n": "x"}, id="new").json["code"] == "input-invalid"
    assert full.start("nothing").json["code"] == "not-found"
    assert full.ask("POST", "/v1/definitions/pay/pause", {"reason": "r"}).status == 200
    assert full.start("pay").json["code"] == "invalid-state"


def test_whoever_hears_of_an_end_may_start_another(make_daemon, participant):
    daemon = make_daemon(services={"s": participant.url},
                         config={"limits": {"maxActiveSagas": 1}})
    daemon.client.put_definition(PAY)
    for n in range(10):
        gate = participant.script("POST", "/a", Gate())
        assert daemon.client.start("pay", id="s-%d" % n).status == 202
        assert [daemon.client.start("pay").status for _ in range(2)] == [503, 503]
        gate.release()
        daemon.client.wait_status("s-%d" % n)


def test_the_log_is_not_filled_with_refusals(full):
    begun = time.monotonic()
    for n in range(50):
        assert full.start("pay", id="new-%d" % n).status == 503
    seconds = time.monotonic() - begun
    full.gate.release()
    full.daemon.stop()  # The log is complete.
    said = [x for x in full.daemon.lines if x and x["msg"] == "request refused"]
    assert 1 <= len(said) <= seconds + 2  # The fixture's own is one.
    assert sum(1 + x["leftOut"] for x in said) <= 51

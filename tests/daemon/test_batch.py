"""Many starts in one request: each as if it had come alone, all in one commit."""

import pytest
from api_contract import Contract
from participant import Ok

DEFINITION = {
    "name": "order",
    "input": {
        "schema": {
            "type": "object",
            "required": ["orderId"],
            "properties": {"orderId": {"type": "string"}},
        }
    },
    "key": "${ .input.orderId }",
    "unique": True,
    "steps": [
        {
            "id": "pay",
            "call": {"service": "billing", "method": "POST", "url": "/charges", "body": {}},
            "compensate": None,
        }
    ],
}


@pytest.fixture
def daemon(make_daemon, participant):
    participant.script("POST", "/charges", Ok({"id": "ch_1"}, status=201))
    daemon = make_daemon(services={"billing": participant.url})
    daemon.client.put_definition(DEFINITION)
    return daemon


def order(number, **more):
    return {"definition": "order", "input": {"orderId": "o-%s" % number}, **more}


def send(daemon, sagas, **headers):
    answer = daemon.client.ask("POST", "/v1/sagas:batch", {"sagas": sagas}, headers)
    return Contract(daemon.client).check("POST", "/v1/sagas:batch", answer)


def test_a_thousand_sagas_are_started_by_one_request_in_its_order(daemon):
    answer = send(daemon, [order(i, id="s-%d" % i) for i in range(1000)])
    assert answer.status == 207
    items = answer.json["items"]
    assert [i["saga"]["id"] for i in items] == ["s-%d" % i for i in range(1000)]
    assert {i["status"] for i in items} == {202}
    for i in (0, 500, 999):
        assert daemon.client.wait_status("s-%d" % i)["status"] == "completed"


def test_what_is_wrong_with_one_does_not_hold_up_the_others(daemon):
    answer = send(
        daemon,
        [
            order(1, id="a"),
            {"definition": "order", "input": {}},
            {"definition": "nothing", "input": {}},
            7,
            order(2, id="b", extra=1),
            order(3, id="c", waitFor="pay"),
            order(4, id="d"),
        ],
    )
    items = answer.json["items"]
    assert [i["status"] for i in items] == [202, 422, 404, 422, 422, 422, 202]
    assert items[1]["problem"]["errors"][0]["pointer"].startswith("/input")
    assert items[2]["problem"]["code"] == "not-found"
    assert items[4]["problem"]["errors"][0]["code"] == "unknown-member"
    assert items[0]["saga"]["id"] == "a" and items[6]["saga"]["id"] == "d"
    listed = daemon.client.get("/v1/sagas").json["items"]
    assert sorted(s["id"] for s in listed) == ["a", "d"]


def test_one_id_twice_is_one_saga_and_one_key_for_two_is_a_conflict(daemon):
    answer = send(daemon, [order(1, id="a"), order(1, id="a"), order(2, id="a")])
    first, second, third = answer.json["items"]
    assert first["saga"]["id"] == second["saga"]["id"] == "a"
    assert third["status"] == 409 and third["problem"]["code"] == "key-conflict"
    assert third["problem"]["sagaId"] == "a"


def test_a_batch_repeated_with_its_key_starts_nothing_new(daemon, participant):
    sagas = [{"definition": "order", "input": {"orderId": "x-%d" % i}} for i in range(3)]
    key = {"Idempotency-Key": '"batch-1"'}
    first = send(daemon, sagas, **key).json["items"]
    again = send(daemon, sagas, **key).json["items"]
    assert [i["saga"]["id"] for i in first] == [i["saga"]["id"] for i in again]
    sagas[1] = {"definition": "order", "input": {"orderId": "other"}}
    statuses = [i["status"] for i in send(daemon, sagas, **key).json["items"]]
    assert statuses[1] == 422
    assert len(daemon.client.get("/v1/sagas").json["items"]) == 3


def test_nothing_that_can_be_started_is_answered_too(daemon):
    answer = send(daemon, [{"definition": "nothing"}])
    assert answer.status == 207
    assert answer.json["items"][0]["status"] == 404


@pytest.mark.parametrize("body", [{}, {"sagas": []}, {"sagas": {}}, {"sagas": [{}] * 1001}, {"sagas": [{}], "x": 1}])
def test_a_batch_is_an_array_of_one_to_a_thousand(daemon, body):
    answer = daemon.client.ask("POST", "/v1/sagas:batch", body)
    assert answer.status == 422 and answer.json["code"] == "input-invalid"


def test_a_batch_above_the_body_limit_is_413(daemon):
    answer = daemon.client.ask("POST", "/v1/sagas:batch", {"sagas": [order("x" * 1100000)]})
    assert answer.status == 413


def test_a_batch_is_there_after_a_kill(daemon):
    send(daemon, [order(i, id="s-%d" % i) for i in range(50)])
    daemon.kill()
    daemon.start()
    for i in range(50):
        assert daemon.client.wait_status("s-%d" % i)["status"] == "completed"

"""One order over real sockets: every way it can end (order.json)."""

import json

import pytest
from conftest import eventually
from orders import BACKWARD, KEYS, Shop, order_definition, order_input
from orders import statuses, step_of, told
from participant import Echo, Gate, Hang, Ok, ResetAfter, ResetBefore, Status

SHIPPING_IMPATIENT = {
    "timeout": "150ms",
    "retry": {"maxAttempts": 2, "delay": "10ms"},
}


@pytest.fixture
def shop(make_daemon, participant):
    return make_shop(make_daemon, participant)


def make_shop(make_daemon, participant, definition=None, config=None):
    services = {n: participant.url for n in ("payments", "inventory", "shipping", "mail")}
    participant.script("POST", "/charges", Ok({"id": "ch_1", "status": "paid"}, status=201))
    participant.script("PUT", "/reservations/*", Ok({"id": "r_1"}))
    participant.script("POST", "/shipments", Ok({"tracking": "t_1"}))
    return Shop(make_daemon(services=services, config=config), participant, definition)


def stuck_at_shipping(make_daemon, participant):
    definition = order_definition(shipment=SHIPPING_IMPATIENT)
    shop = make_shop(make_daemon, participant, definition)
    shop.script("POST", "/shipments", Hang())
    answer = shop.order()
    assert answer.status == 202, answer
    assert answer.json["status"] == "stuck"
    return shop, answer.json


# ---- forward ----------------------------------------------------------------------


def test_all_succeed(shop):
    answer = shop.order()
    saga = answer.json
    assert answer.status == 200
    assert answer.headers["Location"] == "/v1/sagas/" + saga["id"]
    assert answer.headers["Preference-Applied"] == "wait=20"
    assert answer.headers["Vary"] == "Prefer"
    assert saga["status"] == "completed"
    assert saga["key"] == "o-1"
    assert saga["why"] is None
    assert saga["actions"] == []
    assert set(statuses(saga).values()) == {"succeeded"}
    assert saga["output"] == {"chargeId": "ch_1", "tracking": "t_1"}
    assert step_of(saga, "payment")["output"] == {
        "status": 201,
        "body": {"id": "ch_1", "status": "paid"},
    }
    assert shop.operations(saga["id"]) == list(KEYS)
    assert told(shop.client.journal(saga["id"])) == [
        "started",
        "answered payment action succeeded",
        "answered stock action succeeded",
        "answered shipment action succeeded",
        "answered receipt action succeeded",
    ]


def test_the_turns_of_a_journal_have_no_gap_and_end_at_the_revision(shop):
    saga = shop.order().json
    turns = [t["turn"] for t in shop.client.journal(saga["id"])]
    assert turns == list(range(1, saga["revision"] + 1))


def test_a_call_is_rendered_from_the_answers_before_it(shop):
    shop.order()
    (shipment,) = shop.participant.of("POST", "/shipments")
    (receipt,) = shop.participant.of("POST", "/receipts")
    assert shipment.json == {"orderId": "o-1", "reservation": "r_1"}
    assert receipt.json == {"to": "c-1", "tracking": "t_1"}


def test_every_request_carries_the_headers_that_were_promised(shop):
    shop.script("POST", "/shipments", Status(422))
    saga = shop.order().json
    assert len(shop.participant.of()) == 5
    for request in shop.participant.of():
        operation = request.key.rpartition(".")[2]
        step = request.key.split(".")[-2]
        own = "%s.%s." % (saga["id"], step)
        assert request.header("Idempotency-Key") == '"%s"' % (own + operation)
        assert request.header("Saga-Id") == saga["id"]
        assert request.header("Saga-Step") == step
        assert request.header("Saga-Operation") == operation
        assert request.header("Saga-Attempt") == "1"
        assert request.header("Saga-Definition") == "order@1"
        assert request.header("Accept") == "application/json"
        assert request.header("User-Agent").startswith("sagad/")
        assert len(request.header("Saga-Deadline")) == 13  # Milliseconds.
        assert request.header("Saga-Deadline").isdigit()
        version, trace, span, flags = request.header("traceparent").split("-")
        assert (version, len(trace), len(span), flags) == ("00", 32, 16, "01")
        if operation == "compensation":
            assert request.header("Saga-Action-Key") == '"%saction"' % own
        else:
            assert request.header("Saga-Action-Key") is None
        if request.method == "DELETE":
            assert request.body == b""
            assert request.header("Content-Type") is None
        else:
            assert request.header("Content-Type") == "application/json"


def test_no_header_is_sent_twice(shop):
    shop.order()
    for request in shop.participant.of():
        names = [name.lower() for name, _ in request.headers]
        assert sorted(names) == sorted(set(names))
        assert "expect" not in names


def test_the_deadline_of_a_call_is_its_timeout_after_its_start(shop):
    shop.order()
    (charge,) = shop.participant.of("POST", "/charges")  # 10 s
    (shipment,) = shop.participant.of("POST", "/shipments")  # 30 s, begun later
    between = int(shipment.header("Saga-Deadline")) - int(charge.header("Saga-Deadline"))
    assert between >= 20000


def test_a_trace_goes_through(shop):
    trace = "0af7651916cd43dd8448eb211c80319c"
    saga = shop.order(
        headers={
            "traceparent": "00-%s-b7ad6b7169203331-01" % trace,
            "tracestate": "shop=1",
        }
    ).json
    assert saga["traceparent"] == "00-%s-b7ad6b7169203331-01" % trace
    for request in shop.participant.of():
        assert request.header("traceparent").split("-")[1] == trace
        assert request.header("traceparent").split("-")[2] != "b7ad6b7169203331"
        assert request.header("tracestate") == "shop=1"


def test_numbers_go_out_with_the_digits_they_came_in_with(shop):
    input = (
        '{"orderId":"o-1","customerId":"c","amount":19.99,"items":'
        '[9007199254740993,1.10,-0.0,1234567890123456789.5,1E+2,0.1]}'
    )
    body = '{"definition":"order","input":%s}' % input
    answer = shop.client.ask("POST", "/v1/sagas", body, {"Prefer": "wait=20"})
    assert answer.status == 200
    (charge,) = shop.participant.of("POST", "/charges")
    (stock,) = shop.participant.of("PUT", "/reservations/o-1")
    assert charge.body == b'{"reference":"o-1","customer":"c","amount":19.99}'
    assert stock.body == (
        b'{"items":[9007199254740993,1.10,-0.0,1234567890123456789.5,1E+2,0.1]}'
    )
    assert input.encode() in shop.client.get("/v1/sagas/" + answer.json["id"]).body


def test_numbers_of_an_answer_reach_the_next_request_as_they_came(shop):
    class Raw(Ok):
        def act(self, conn, request, answer):
            body = b'{"id":9007199254740993.10}'
            head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
            conn.sendall(head + body)

    shop.script("PUT", "/reservations/*", Raw())
    shop.order()
    (shipment,) = shop.participant.of("POST", "/shipments")
    assert shipment.body == b'{"orderId":"o-1","reservation":9007199254740993.10}'


def test_a_value_in_a_url_is_one_segment(shop):
    saga = shop.order("a/b c?d#é").json
    assert saga["status"] == "completed"
    paths = [r.path for r in shop.participant.of("PUT")]
    assert paths == ["/reservations/a%2Fb%20c%3Fd%23%C3%A9"]


def test_a_value_that_would_leave_its_place_in_the_url_stops_the_saga_unsent(shop):
    saga = shop.order("..").json
    assert saga["status"] == "stuck"
    assert statuses(saga)["stock"] == "stuck"
    assert shop.operations(saga["id"]) == ["payment.action"]
    assert shop.client.act(saga["id"], "cancel", reason="bad id").status == 200


# ---- refusals: the order goes back ---------------------------------------------------


def test_stock_refuses(shop):
    shop.script("PUT", "/reservations/*", Status(409, {"error": "sold out"}))
    saga = shop.order().json
    assert saga["status"] == "compensated"
    assert statuses(saga) == {
        "payment": "compensated",
        "stock": "rejected",
        "shipment": "pending",
        "receipt": "pending",
    }
    assert step_of(saga, "stock")["lastError"]["httpStatus"] == 409
    assert step_of(saga, "stock")["lastError"]["outcome"] == "rejected"
    assert saga["output"] is None
    assert shop.operations(saga["id"]) == [
        "payment.action",
        "stock.action",
        "payment.compensation",
    ]
    assert shop.net(saga["id"], "payment") == 0


def test_shipping_refuses(shop):
    shop.script("POST", "/shipments", Status(422, {"error": "too far"}))
    saga = shop.order().json
    assert saga["status"] == "compensated"
    assert statuses(saga) == {
        "payment": "compensated",
        "stock": "compensated",
        "shipment": "rejected",
        "receipt": "pending",
    }
    assert shop.operations(saga["id"]) == list(KEYS[:3] + BACKWARD)
    assert [shop.net(saga["id"], s) for s in ("payment", "stock", "shipment")] == [0, 0, 0]
    assert told(shop.client.journal(saga["id"]))[3:] == [
        "answered shipment action rejected",
        "answered stock compensation succeeded",
        "answered payment compensation succeeded",
    ]


def test_going_back_the_next_compensation_waits_for_the_one_before(shop):
    shop.script("POST", "/shipments", Status(422))
    gate = shop.script("DELETE", "/reservations/o-1", Gate())
    answer = shop.order(wait=None)
    assert answer.status == 202
    shop.participant.wait_for(1, "DELETE")
    saga = shop.client.saga(answer.json["id"])
    assert saga["status"] == "compensating"
    assert statuses(saga)["stock"] == "compensating"
    assert "compensation of 'stock'" in saga["why"]
    assert shop.participant.of("POST", "/refunds") == []
    gate.release()
    assert shop.client.wait_status(saga["id"])["status"] == "compensated"
    assert len(shop.participant.of("POST", "/refunds")) == 1


def test_a_declared_404_counts_as_taken_back(shop):
    shop.script("POST", "/shipments", Status(422))
    shop.script("DELETE", "/reservations/o-1", Status(404))
    assert shop.order().json["status"] == "compensated"


def test_a_404_that_nobody_declared_leaves_the_saga_stuck_going_back(shop):
    shop.script("PUT", "/reservations/*", Status(409))
    shop.script("POST", "/refunds", Status(404))
    saga = shop.order().json
    assert saga["status"] == "stuck"
    assert statuses(saga)["payment"] == "stuck"
    assert "going back" in saga["why"] and "payments answered 404" in saga["why"]
    assert sorted(saga["actions"]) == ["close", "pause", "resolve", "retry"]
    shop.script("POST", "/refunds", Ok())
    answer = shop.client.act(saga["id"], "retry", step="payment", reason="mended")
    assert answer.status == 200
    assert shop.client.wait_status(saga["id"])["status"] == "compensated"
    first, second = shop.participant.of("POST", "/refunds")
    assert (first.key, first.body) == (second.key, second.body)


def test_a_payment_that_is_declined_by_the_body_is_rejected(shop):
    shop.script("POST", "/charges", Ok({"status": "declined"}))
    saga = shop.order().json
    assert saga["status"] == "compensated"
    assert statuses(saga)["payment"] == "rejected"
    assert step_of(saga, "payment")["lastError"]["httpStatus"] == 200
    assert shop.operations(saga["id"]) == ["payment.action"]


def test_a_receipt_that_is_refused_is_ignored(shop):
    shop.script("POST", "/receipts", Status(400))
    saga = shop.order().json
    assert saga["status"] == "completed"
    assert statuses(saga)["receipt"] == "ignored"
    assert saga["output"] == {"chargeId": "ch_1", "tracking": "t_1"}
    assert shop.operations(saga["id"]) == list(KEYS)


# ---- doubt ---------------------------------------------------------------------------


def test_a_payment_that_never_answers_is_taken_back_all_the_same(make_daemon, participant):
    definition = order_definition(
        payment={"timeout": "150ms", "retry": {"maxAttempts": 3, "delay": "10ms"}}
    )
    shop = make_shop(make_daemon, participant, definition)
    shop.script("POST", "/charges", Hang())
    saga = shop.order().json
    assert saga["status"] == "compensated"
    assert statuses(saga)["payment"] == "compensated"
    assert step_of(saga, "payment")["attempts"] == 3
    assert shop.operations(saga["id"]) == ["payment.action", "payment.compensation"]
    assert shop.net(saga["id"], "payment") == 0
    calls = shop.client.get("/v1/sagas/%s/calls" % saga["id"]).json["items"]
    assert [c["outcome"] for c in calls] == ["unknown"] * 3 + ["succeeded"]
    assert [c["response"] for c in calls[:3]] == [None] * 3
    charges = participant.of("POST", "/charges")
    assert len(charges) == 3
    assert len({(r.key, r.body) for r in charges}) == 1
    assert [r.header("Saga-Attempt") for r in charges] == ["1", "2", "3"]
    (refund,) = participant.of("POST", "/refunds")
    assert refund.action_key == charges[0].key


def test_doubt_is_not_settled_by_a_later_refusal(make_daemon, participant):
    definition = order_definition(payment={"retry": {"maxAttempts": 3, "delay": "10ms"}})
    shop = make_shop(make_daemon, participant, definition)
    participant.dedups = False
    shop.script("POST", "/charges", ResetAfter(), Status(422))
    saga = shop.order().json
    assert saga["status"] == "compensated"
    assert statuses(saga)["payment"] == "compensated"
    assert shop.operations(saga["id"]) == ["payment.action", "payment.compensation"]


def test_a_payment_refused_at_once_is_not_refunded(shop):
    shop.script("POST", "/charges", Status(402))
    saga = shop.order().json
    assert saga["status"] == "compensated"
    assert shop.operations(saga["id"]) == ["payment.action"]


def test_an_answer_lost_on_the_way_is_asked_for_again_and_counts_once(
    make_daemon, participant
):
    definition = order_definition(payment={"retry": {"maxAttempts": 6, "delay": "10ms"}})
    shop = make_shop(make_daemon, participant, definition)
    charge = {"id": "ch_7"}
    shop.script(
        "POST", "/charges", ResetAfter(charge), ResetBefore(), Status(503), Ok(charge)
    )
    saga = shop.order().json
    assert saga["status"] == "completed"
    assert saga["output"]["chargeId"] == "ch_7"
    charges = participant.of("POST", "/charges")
    assert len({(r.key, r.body) for r in charges}) == 1
    assert shop.net(saga["id"], "payment") == 1
    assert participant.effects[charges[0].key] == 1


def test_shipping_times_out_stuck_at_the_pivot(make_daemon, participant):
    shop, saga = stuck_at_shipping(make_daemon, participant)
    assert statuses(saga) == {
        "payment": "succeeded",
        "stock": "succeeded",
        "shipment": "stuck",
        "receipt": "pending",
    }
    step = step_of(saga, "shipment")
    assert step["inDoubt"] is True
    assert step["attempts"] == 2
    assert "'shipment', the pivot" in saga["why"]
    assert "resolve it as applied or not-applied" in saga["why"]
    assert sorted(saga["actions"]) == ["cancel", "close", "pause", "resolve", "retry"]
    assert shop.operations(saga["id"]) == list(KEYS[:3])
    listed = shop.client.get("/v1/sagas?status=stuck&stuckStep=shipment").json["items"]
    assert [s["id"] for s in listed] == [saga["id"]]


def test_stuck_shipping_resolved_as_applied_completes(make_daemon, participant):
    shop, saga = stuck_at_shipping(make_daemon, participant)
    answer = shop.client.act(
        saga["id"],
        "resolve",
        step="shipment",
        outcome="applied",
        body={"tracking": "t_phone"},
        reason="the carrier says so",
    )
    assert answer.status == 200, answer
    saga = shop.client.wait_status(saga["id"])
    assert saga["status"] == "completed"
    assert saga["output"] == {"chargeId": "ch_1", "tracking": "t_phone"}
    assert step_of(saga, "shipment")["byHand"] is True
    assert shop.operations(saga["id"]) == list(KEYS)
    (resolved,) = [t for t in shop.client.journal(saga["id"]) if t["event"] == "resolve"]
    assert resolved["reason"] == "the carrier says so"
    assert resolved["outcome"] == "applied"
    assert resolved["actor"]


def test_stuck_shipping_resolved_as_not_applied_goes_back(make_daemon, participant):
    shop, saga = stuck_at_shipping(make_daemon, participant)
    answer = shop.client.act(
        saga["id"], "resolve", step="shipment", outcome="not-applied", reason="asked them"
    )
    assert answer.status == 200, answer
    saga = shop.client.wait_status(saga["id"])
    assert saga["status"] == "compensated"
    assert shop.operations(saga["id"]) == list(KEYS[:3] + BACKWARD)
    assert [shop.net(saga["id"], s) for s in ("payment", "stock")] == [0, 0]


def test_stuck_shipping_retried_completes_with_the_same_key(make_daemon, participant):
    shop, saga = stuck_at_shipping(make_daemon, participant)
    shop.script("POST", "/shipments", Ok({"tracking": "t_late"}))
    assert shop.client.act(saga["id"], "retry").status == 200
    assert shop.client.wait_status(saga["id"])["status"] == "completed"
    shipments = participant.of("POST", "/shipments")
    assert len({(r.key, r.body) for r in shipments}) == 1
    assert [r.header("Saga-Attempt") for r in shipments] == ["1", "2", "3"]


def test_repeats_carry_the_same_key_and_bytes_and_count_their_attempts(
    make_daemon, participant
):
    definition = order_definition(shipment={"retry": {"maxAttempts": 6, "delay": "10ms"}})
    shop = make_shop(make_daemon, participant, definition)
    shop.script("POST", "/shipments", Status(503), Status(500), Ok({"tracking": "t"}))
    saga = shop.order().json
    assert saga["status"] == "completed"
    shipments = participant.of("POST", "/shipments")
    assert [r.header("Saga-Attempt") for r in shipments] == ["1", "2", "3"]
    varying = ("saga-attempt", "saga-deadline", "traceparent")
    seen = {
        (r.method, r.path, r.body)
        + tuple(h for h in r.headers if h[0].lower() not in varying)
        for r in shipments
    }
    assert len(seen) == 1
    assert len({r.header("traceparent") for r in shipments}) == 3


def test_a_409_to_the_repeat_of_a_call_in_doubt_is_tried_again(make_daemon, participant):
    definition = order_definition(payment={"retry": {"maxAttempts": 6, "delay": "10ms"}})
    shop = make_shop(make_daemon, participant, definition)
    participant.dedups = False
    shop.script("POST", "/charges", Status(503), Status(409), Ok({"id": "ch_2"}))
    saga = shop.order().json
    assert saga["status"] == "completed"
    assert step_of(saga, "payment")["attempts"] == 3


# ---- what is told about it --------------------------------------------------------------


def test_the_calls_tell_requests_answers_and_times(shop):
    shop.script("POST", "/shipments", Status(422, {"error": "too far"}))
    saga = shop.order().json
    calls = shop.client.get("/v1/sagas/%s/calls" % saga["id"]).json
    assert calls["next"] is None
    told = [(c["n"], c["step"], c["operation"], c["outcome"]) for c in calls["items"]]
    assert told == [
        (1, "payment", "action", "succeeded"),
        (2, "stock", "action", "succeeded"),
        (3, "shipment", "action", "rejected"),
        (4, "stock", "compensation", "succeeded"),
        (5, "payment", "compensation", "succeeded"),
    ]
    payment, _, shipment = calls["items"][:3]
    assert payment["request"]["method"] == "POST"
    assert payment["request"]["url"] == shop.participant.url + "/charges"
    assert payment["request"]["body"]["customer"] == "[redacted]"
    assert payment["request"]["body"]["reference"] == "o-1"
    assert payment["response"]["status"] == 201
    assert payment["response"]["body"]["id"] == "ch_1"
    assert payment["response"]["bodyTruncated"] is False
    assert shipment["response"]["status"] == 422
    assert shipment["response"]["body"] == {"error": "too far"}
    assert set(payment["timings"]) == {"dns", "connect", "tls", "firstByte", "total"}
    one = shop.client.get("/v1/sagas/%s/calls/3" % saga["id"])
    assert one.status == 200
    assert one.json == shipment
    assert shop.client.get("/v1/sagas/%s/calls/6" % saga["id"]).status == 404


def test_a_call_is_shown_with_the_key_and_the_headers_it_was_sent_with(shop):
    shop.script("POST", "/shipments", Status(422, {"error": "too far"}))
    saga = shop.order().json
    calls = shop.client.get("/v1/sagas/%s/calls" % saga["id"]).json["items"]
    requests = shop.participant.of()
    assert len(calls) == len(requests) == 5
    for call, request in zip(calls, requests):
        for name, value in call["request"]["headers"].items():
            assert request.header(name) == value, (name, call)
        shown = set(call["request"]["headers"])
        assert {"Idempotency-Key", "Saga-Id", "Saga-Step", "Saga-Operation"} <= shown
        assert {"Saga-Attempt", "Saga-Definition"} <= shown
        assert ("Saga-Action-Key" in shown) == (call["operation"] == "compensation")


def test_what_is_redacted_is_nowhere_in_the_log(shop):
    shop.client.start("order", order_input(customerId="secret-customer"), wait=20)
    shop.daemon.stop()
    assert "secret-customer" not in json.dumps(shop.daemon.lines)


def test_why_names_the_answer_that_is_waited_for(shop):
    gate = shop.script("POST", "/charges", Gate(body={"id": "ch_1"}))
    saga = shop.order(wait=None).json
    assert saga["status"] == "running"
    assert saga["why"]
    shop.participant.wait_for(1, "POST", "/charges")
    saga = shop.client.saga(saga["id"])
    assert "answer of 'payment'" in saga["why"]
    assert statuses(saga)["payment"] == "running"
    assert sorted(saga["actions"]) == ["cancel", "pause"]
    gate.release()
    assert shop.client.wait_status(saga["id"])["status"] == "completed"


def test_why_of_a_backoff_names_delay_attempt_and_answer(make_daemon, participant):
    retry = {"maxAttempts": 6, "delay": "5m", "maxDelay": "5m", "jitter": 0}
    definition = order_definition(payment={"retry": retry})
    shop = make_shop(make_daemon, participant, definition)
    shop.script("POST", "/charges", Status(503), Ok({"id": "ch_1"}))
    saga = shop.order(wait=None).json
    shop.participant.wait_for(1, "POST", "/charges")
    saga = wait_step(shop, saga["id"], "payment", "backing-off")
    assert "attempt 2 of 6 of 'payment'" in saga["why"]
    assert "payments answered 503" in saga["why"]
    assert step_of(saga, "payment")["nextAttemptAt"] > saga["startedAt"]
    assert sorted(saga["actions"]) == ["cancel", "pause", "retry"]
    assert shop.client.act(saga["id"], "retry").status == 200
    assert shop.client.wait_status(saga["id"])["status"] == "completed"


def wait_step(shop, saga_id, step, status):
    """The saga once the step has that status; long polls, no sleeping."""
    etag = None
    for _ in range(200):
        headers = {}
        if etag is not None:
            headers = {"Prefer": "wait=5", "If-None-Match": etag}
        answer = shop.client.ask("GET", "/v1/sagas/" + saga_id, headers=headers)
        if answer.status == 200:
            etag = answer.headers["ETag"]
            if statuses(answer.json)[step] == status:
                return answer.json
    raise AssertionError("'%s' never became %s: %r" % (step, status, answer))


def test_an_answer_that_is_echoed_keeps_the_order_of_its_members(shop):
    shop.script("PUT", "/reservations/*", Echo())
    saga = shop.order().json
    assert step_of(saga, "stock")["output"]["body"] == {"items": [{"sku": "a", "qty": 1}]}


def test_a_conflict_keeps_no_ended_saga_in_memory(shop):
    def in_memory():
        return shop.client.get("/v1/stats").json["now"]["active"]

    assert shop.client.start("order", order_input(), wait=20, id="ended").status == 200
    eventually(lambda: in_memory() == 0, "nothing in memory")
    answer = shop.client.start("order", order_input("o-2"), id="ended")
    assert (answer.status, answer.json["code"]) == (409, "key-conflict")
    assert in_memory() == 0

"""What operators do to sagas that are under way, and races between them."""

import threading

import pytest
from conftest import eventually
from orders import BACKWARD, KEYS, SERVICES, Shop, order_definition, statuses, step_of, told
from participant import Gate, Hang, Ok, Status

REASON = {"reason": "an operator said so"}
ONLY_PAID = ["payment.action", "stock.action", "payment.compensation"]


@pytest.fixture
def make_shop(make_daemon, participant):
    def make(**steps):
        services = {name: participant.url for name in SERVICES}
        participant.script("POST", "/charges", Ok({"id": "ch_1"}, status=201))
        participant.script("POST", "/shipments", Ok({"tracking": "t_1"}))
        daemon = make_daemon(services=services)
        return Shop(daemon, participant, order_definition(**steps))

    return make


def at_gate(shop, method, path, **gate):
    """An order held at a call: (its id, the gate)."""
    held = shop.script(method, path, Gate(**gate))
    saga_id = shop.order(wait=None).json["id"]
    shop.participant.wait_for(1, method, path)
    return saga_id, held


def stuck_in_doubt(shop):
    shop.script("POST", "/shipments", Hang())
    saga = shop.order().json
    assert saga["status"] == "stuck"
    return saga["id"]


IMPATIENT = {"timeout": "100ms", "retry": 1}


# ---- cancel ---------------------------------------------------------------------------


def test_a_cancel_awaits_the_call_in_flight_and_takes_its_effect_back(make_shop):
    shop = make_shop()
    saga_id, gate = at_gate(shop, "PUT", "/reservations/o-1")
    answer = shop.client.act(saga_id, "cancel", **REASON)
    assert answer.status == 200
    assert answer.json["status"] == "compensating"
    assert statuses(answer.json)["stock"] == "running"
    assert shop.operations(saga_id) == ["payment.action", "stock.action"]
    gate.release()
    saga = shop.client.wait_status(saga_id)
    assert saga["status"] == "compensated"
    assert shop.operations(saga_id) == ["payment.action", "stock.action"] + list(BACKWARD)
    assert [shop.net(saga_id, s) for s in ("payment", "stock")] == [0, 0]
    assert told(shop.client.journal(saga_id))[2] == "cancel"


def test_a_cancel_of_a_call_that_is_then_refused_leaves_it_alone(make_shop):
    shop = make_shop()
    saga_id, gate = at_gate(shop, "PUT", "/reservations/o-1", status=409, applies=False)
    assert shop.client.act(saga_id, "cancel", **REASON).status == 200
    gate.release()
    assert shop.client.wait_status(saga_id)["status"] == "compensated"
    assert shop.operations(saga_id) == ONLY_PAID


def test_a_cancel_while_the_last_answer_never_comes_compensates_the_doubt(make_shop):
    shop = make_shop(stock={"timeout": "150ms"})
    shop.script("PUT", "/reservations/o-1", Hang())
    saga_id = shop.order(wait=None).json["id"]
    shop.participant.wait_for(1, "PUT")
    assert shop.client.act(saga_id, "cancel", **REASON).status == 200
    assert shop.client.wait_status(saga_id)["status"] == "compensated"
    assert len(shop.participant.of("PUT")) == 1  # Not retried any more (S23).
    assert shop.operations(saga_id) == ["payment.action", "stock.action"] + list(BACKWARD)


def test_a_cancel_while_backing_off_goes_back_at_once(make_shop):
    shop = make_shop(stock={"retry": {"delay": "5m", "maxDelay": "5m", "jitter": 0}})
    shop.script("PUT", "/reservations/o-1", Status(429))
    saga_id = shop.order(wait=None).json["id"]
    eventually(lambda: statuses(shop.client.saga(saga_id))["stock"] == "backing-off")
    assert shop.client.act(saga_id, "cancel", **REASON).status == 200
    assert shop.client.wait_status(saga_id)["status"] == "compensated"
    assert shop.operations(saga_id) == ONLY_PAID


def test_a_cancel_at_the_pivot_is_noted_and_done_when_the_pivot_is_refused(make_shop):
    shop = make_shop()
    saga_id, gate = at_gate(shop, "POST", "/shipments", status=422, applies=False)
    answer = shop.client.act(saga_id, "cancel", **REASON)
    assert answer.status == 202
    assert answer.json["noted"] is True
    assert answer.json["status"] == "running"
    assert "noted until the pivot settles" in answer.json["why"]
    gate.release()
    assert shop.client.wait_status(saga_id)["status"] == "compensated"
    assert shop.operations(saga_id) == list(KEYS[:3] + BACKWARD)


def test_a_cancel_noted_at_the_pivot_stops_its_retries_when_nothing_was_applied(make_shop):
    shop = make_shop()
    saga_id, gate = at_gate(shop, "POST", "/shipments", status=429, applies=False)
    assert shop.client.act(saga_id, "cancel", **REASON).status == 202
    gate.release()
    assert shop.client.wait_status(saga_id)["status"] == "compensated"
    assert len(shop.participant.of("POST", "/shipments")) == 1


def test_a_cancel_at_a_pivot_that_is_applied_came_too_late(make_shop):
    shop = make_shop()
    saga_id, gate = at_gate(shop, "POST", "/shipments")
    assert shop.client.act(saga_id, "cancel", **REASON).status == 202
    gate.release()
    assert shop.client.wait_status(saga_id)["status"] == "completed"
    settled = shop.client.journal(saga_id)[4]
    assert settled["detail"] == "the cancel came too late: the pivot was applied"


def test_a_cancel_after_the_pivot_is_409(make_shop):
    shop = make_shop()
    saga_id, gate = at_gate(shop, "POST", "/receipts")
    answer = shop.client.act(saga_id, "cancel", **REASON)
    assert answer.status == 409
    assert answer.json["code"] == "invalid-state"
    assert "cancel" not in answer.json["allowed"]
    gate.release()
    assert shop.client.wait_status(saga_id)["status"] == "completed"


def test_a_cancel_of_a_pivot_stuck_in_doubt_is_noted_until_it_is_resolved(make_shop):
    shop = make_shop(shipment=IMPATIENT)
    saga_id = stuck_in_doubt(shop)
    answer = shop.client.act(saga_id, "cancel", **REASON)
    assert answer.status == 202
    assert answer.json["status"] == "stuck"
    body = dict(REASON, step="shipment", outcome="not-applied")
    assert shop.client.act(saga_id, "resolve", **body).status == 200
    assert shop.client.wait_status(saga_id)["status"] == "compensated"


# ---- pause, retry, skip, resolve, close ---------------------------------------------------


def test_a_pause_lets_the_call_in_flight_end_and_sends_nothing_new(make_shop):
    shop = make_shop()
    saga_id, gate = at_gate(shop, "POST", "/charges", body={"id": "ch_1"}, status=201)
    paused = shop.client.act(saga_id, "pause", **REASON)
    assert paused.status == 200
    assert paused.json["why"].startswith("Paused by 'anonymous'")
    gate.release()
    eventually(lambda: statuses(shop.client.saga(saga_id))["payment"] == "succeeded")
    saga = shop.client.saga(saga_id)
    assert (saga["status"], saga["paused"]) == ("running", True)
    assert statuses(saga)["stock"] == "queued"
    assert "resume" in saga["actions"] and "pause" not in saga["actions"]
    assert shop.operations(saga_id) == ["payment.action"]
    listed = shop.client.get("/v1/sagas?paused=true").json["items"]
    assert [s["id"] for s in listed] == [saga_id]
    assert shop.client.act(saga_id, "resume").status == 200
    assert shop.client.wait_status(saga_id)["status"] == "completed"


def test_a_paused_saga_that_is_cancelled_goes_back_only_when_resumed(make_shop):
    shop = make_shop()
    saga_id, gate = at_gate(shop, "POST", "/charges", body={"id": "ch_1"}, status=201)
    shop.client.act(saga_id, "pause", **REASON)
    gate.release()
    eventually(lambda: statuses(shop.client.saga(saga_id))["payment"] == "succeeded")
    assert shop.client.act(saga_id, "cancel", **REASON).status == 200
    saga = shop.client.saga(saga_id)
    assert (saga["status"], saga["paused"]) == ("compensating", True)
    assert shop.participant.of("POST", "/refunds") == []
    assert shop.client.act(saga_id, "resume").status == 200
    assert shop.client.wait_status(saga_id)["status"] == "compensated"


def test_a_step_stuck_forward_is_skipped_with_an_output_by_hand(make_shop):
    shop = make_shop()
    saga = shop.order("..").json  # Cannot be a segment of a URL: stock is stuck.
    assert saga["status"] == "stuck"
    assert "skip" in saga["actions"]
    by_hand = {"step": "stock", "output": {"id": "r_hand"}, "reason": "by phone"}
    answer = shop.client.act(saga["id"], "skip", **by_hand)
    assert answer.status == 200, answer
    saga = shop.client.wait_status(saga["id"])
    assert saga["status"] == "completed"
    assert step_of(saga, "stock")["byHand"] is True
    (shipment,) = shop.participant.of("POST", "/shipments")
    assert shipment.json["reservation"] == "r_hand"


def test_the_pivot_cannot_be_skipped(make_shop):
    shop = make_shop(shipment=IMPATIENT)
    saga_id = stuck_in_doubt(shop)
    answer = shop.client.act(saga_id, "skip", step="shipment", output={}, **REASON)
    assert answer.status == 409
    assert answer.json["code"] == "invalid-state"


def test_a_compensation_resolved_as_applied_is_called_again(make_shop):
    shop = make_shop()
    shop.script("PUT", "/reservations/*", Status(409))
    shop.script("POST", "/refunds", Status(403), Ok())
    saga = shop.order().json
    assert saga["status"] == "stuck"
    body = dict(REASON, step="payment", outcome="applied")
    assert shop.client.act(saga["id"], "resolve", **body).status == 200
    assert shop.client.wait_status(saga["id"])["status"] == "compensated"
    assert len(shop.participant.of("POST", "/refunds")) == 2


def test_closed_it_is_resolved_and_its_key_is_free(make_shop):
    shop = make_shop(shipment=IMPATIENT)
    saga_id = stuck_in_doubt(shop)
    assert shop.order().json["id"] == saga_id  # Stuck, it holds the key.
    answer = shop.client.act(saga_id, "close", reason="settled by post")
    assert answer.status == 200
    assert answer.json["status"] == "resolved"
    shop.script("POST", "/shipments", Ok({"tracking": "t"}))
    again = shop.order()
    assert again.json["id"] != saga_id
    assert again.json["status"] == "completed"


def test_a_compensated_order_may_be_started_again_under_its_key(make_shop):
    shop = make_shop()
    shop.script("POST", "/shipments", Status(422), Ok({"tracking": "t"}))
    first, second = shop.order().json, shop.order().json
    assert (first["status"], second["status"]) == ("compensated", "completed")
    assert first["id"] != second["id"]


@pytest.mark.parametrize("action", ["retry", "cancel", "pause", "resume", "close"])
def test_nothing_can_be_done_to_a_saga_that_has_ended(make_shop, action):
    shop = make_shop()
    saga = shop.order().json
    answer = shop.client.act(saga["id"], action, **REASON)
    assert answer.status == 409
    assert answer.json["code"] == "invalid-state"
    assert answer.json["allowed"] == []
    assert shop.client.saga(saga["id"]) == saga


# ---- races ------------------------------------------------------------------------------------


def at_once(n, work):
    """work(i) from n threads; the results in order."""
    results = [None] * n
    ready = threading.Barrier(n)

    def run(i):
        ready.wait()
        results[i] = work(i)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_many_starts_under_one_idempotency_key_are_one_saga(make_shop):
    shop = make_shop()
    key = {"Idempotency-Key": '"once"'}
    answers = at_once(16, lambda i: shop.order(headers=key, wait=None))
    assert {a.status for a in answers} <= {200, 202, 409}
    assert {a.json["code"] for a in answers if a.status == 409} <= {"request-in-progress"}
    assert len({a.json["id"] for a in answers if a.status != 409}) == 1
    assert len(shop.client.get("/v1/sagas").json["items"]) == 1


def test_many_starts_under_one_unique_key_are_one_saga(make_shop):
    shop = make_shop()
    answers = at_once(16, lambda i: shop.order(wait=None))
    assert {a.status for a in answers} <= {200, 202}
    assert len({a.json["id"] for a in answers}) == 1
    fresh = [a for a in answers if a.headers.get("Idempotency-Replayed") is None]
    assert len(fresh) == 1


def test_many_starts_of_one_id_are_one_saga(make_shop):
    shop = make_shop()
    answers = at_once(16, lambda i: shop.order("o-%d" % (i % 2), wait=None, id="mine"))
    assert {a.status for a in answers} <= {200, 202, 409}
    assert {a.json["code"] for a in answers if a.status == 409} == {"key-conflict"}
    assert len(shop.client.get("/v1/sagas").json["items"]) == 1


def test_a_cancel_and_the_end_race_and_one_of_them_wins(make_shop):
    shop = make_shop()

    def race(i):
        saga_id = shop.order("o-%d" % i, wait=None).json["id"]
        return saga_id, shop.client.act(saga_id, "cancel", **REASON).status

    for saga_id, status in at_once(24, race):
        saga = shop.client.wait_status(saga_id)
        net = [shop.net(saga_id, s) for s in ("payment", "stock", "shipment")]
        if saga["status"] == "completed":
            assert status in (202, 409)
            assert net == [1, 1, 1]
        else:
            assert saga["status"] == "compensated"
            assert status in (200, 202)
            assert net == [0, 0, 0]


def test_of_two_actions_decided_on_one_revision_one_is_stale(make_shop):
    shop = make_shop(shipment=IMPATIENT)
    saga_id = stuck_in_doubt(shop)
    revision = shop.client.saga(saga_id)["revision"]

    def act(i):
        outcome = "applied" if i == 0 else "not-applied"
        body = dict(REASON, step="shipment", outcome=outcome, revision=revision)
        return shop.client.act(saga_id, "resolve", **body).status

    assert sorted(at_once(2, act)) == [200, 409]


def test_actions_offered_are_accepted_and_others_refused(make_shop):
    """Judge 24, at every stop of an order that gets stuck going back."""
    shop = make_shop()
    shop.script("PUT", "/reservations/*", Status(409))
    shop.script("POST", "/refunds", Status(403))
    bodies = {
        "retry": {},
        "skip": dict(REASON, step="payment", output={}),
        "resolve": dict(REASON, step="payment", outcome="not-applied"),
        "close": REASON,
        "cancel": REASON,
        "pause": {},
        "resume": {},
    }
    for n, action in enumerate(bodies):
        saga = shop.order("o-%d" % n).json
        assert saga["status"] == "stuck"
        answer = shop.client.act(saga["id"], action, **bodies[action])
        if action in saga["actions"]:
            assert answer.status in (200, 202), (action, answer)
        else:  # What would change nothing may say so.
            assert answer.status == 409 or answer.json["revision"] == saga["revision"]


def test_a_retry_of_one_step_repeats_the_call_that_gave_up(make_shop):
    shop = make_shop(shipment=IMPATIENT)
    saga_id = stuck_in_doubt(shop)
    shop.script("POST", "/shipments", Ok({"tracking": "t"}))
    assert shop.client.act(saga_id, "retry", step="payment").status == 409
    assert shop.client.act(saga_id, "retry", step="shipment").status == 200
    assert shop.client.wait_status(saga_id)["status"] == "completed"

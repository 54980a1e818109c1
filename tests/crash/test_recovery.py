"""What a saga was doing when the daemon was killed, it goes on doing (S9)."""

import http.client
import json
import time

import pytest
from orders import BACKWARD, KEYS, Shop, order_definition, order_input
from orders import statuses, step_of, told
from participant import Gate, Hang, Ok, Status
from scaffold import eventually

SLOW_RETRY = {"maxAttempts": 3, "delay": "5m", "maxDelay": "5m", "jitter": 0}


@pytest.fixture
def make_shop(make_daemon, participant):
    def make(service=None, **steps):
        one = dict(service or {}, url=participant.url)
        services = {n: one for n in ("payments", "inventory", "shipping", "mail")}
        participant.script("POST", "/charges", Ok({"id": "ch_1"}, status=201))
        return Shop(make_daemon(services=services), participant, order_definition(**steps))

    return make


def kill_and_start(shop):
    shop.daemon.kill()
    shop.daemon.start()
    shop.client = shop.daemon.client


def test_an_acknowledged_start_survives_a_kill_at_once(make_shop):
    shop = make_shop()
    for i in range(15):
        conn = http.client.HTTPConnection("127.0.0.1", shop.daemon.port, timeout=30)
        body = {"definition": "order", "id": "s-%d" % i}
        body["input"] = order_input("o-%d" % i)
        kind = {"Content-Type": "application/json"}
        conn.request("POST", "/v1/sagas", json.dumps(body), kind)
        answer = conn.getresponse()
        shop.daemon.process.kill()  # The status line was read, nothing else.
        assert answer.status == 202
        conn.close()
        kill_and_start(shop)
        assert shop.client.wait_status("s-%d" % i)["status"] == "completed"
        assert shop.net("s-%d" % i, "payment") == 1


def test_a_start_is_replayed_after_a_kill(make_shop):
    shop = make_shop()
    key = {"Idempotency-Key": '"k-1"'}
    first = shop.order(headers=key)
    kill_and_start(shop)
    again = shop.order(headers=key)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json["id"] == first.json["id"]
    assert len(shop.participant.of("POST", "/charges")) == 1


def test_a_call_in_flight_is_lost_and_sent_again_with_the_same_bytes(make_shop):
    shop = make_shop(payment={"retry": {"maxAttempts": 2, "delay": "10ms"}})
    shop.script("POST", "/charges", Hang(), Hang(), Hang(), Ok({"id": "ch_1"}))
    saga_id = shop.order(wait=None).json["id"]
    for n in (1, 2, 3):  # More kills than the policy has attempts: they cost none.
        shop.participant.wait_for(n, "POST", "/charges")
        kill_and_start(shop)
    saga = shop.client.wait_status(saga_id)
    assert saga["status"] == "completed"
    assert step_of(saga, "payment")["attempts"] == 4
    assert told(shop.client.journal(saga_id)).count("lost payment action unknown") == 3
    charges = shop.participant.of("POST", "/charges")
    assert len({(r.key, r.body) for r in charges}) == 1
    assert [r.header("Saga-Attempt") for r in charges] == ["1", "2", "3", "4"]
    assert shop.net(saga_id, "payment") == 1


def test_downtime_does_not_count_against_the_deadline(make_shop):
    shop = make_shop()
    shop.client.put_definition(dict(order_definition(), name="hurried", timeout="2s"))
    shop.script("POST", "/charges", Hang(), Ok({"id": "ch_1"}))
    started = shop.client.start("hurried", order_input(), id="h-1")
    assert started.status == 202, started
    shop.participant.wait_for(1, "POST", "/charges")
    shop.daemon.kill()
    overdue = time.time() + 2
    eventually(lambda: time.time() > overdue, "the deadline, with nobody there")
    shop.daemon.start()
    saga = shop.daemon.client.wait_status("h-1")
    assert saga["status"] == "completed"
    assert told(shop.daemon.client.journal("h-1")).count("lost payment action unknown") == 1


def test_a_lost_call_stays_in_doubt(make_shop):
    shop = make_shop()
    shop.participant.dedups = False
    shop.script("POST", "/charges", Hang(), Status(422))
    saga_id = shop.order(wait=None).json["id"]
    shop.participant.wait_for(1, "POST", "/charges")
    kill_and_start(shop)
    assert shop.client.wait_status(saga_id)["status"] == "compensated"
    assert shop.operations(saga_id) == ["payment.action", "payment.compensation"]
    assert shop.net(saga_id, "payment") == 0


def test_a_lost_compensation_is_sent_again(make_shop):
    shop = make_shop()
    shop.script("POST", "/shipments", Status(422))
    shop.script("DELETE", "/reservations/o-1", Hang(), Ok())
    saga_id = shop.order(wait=None).json["id"]
    shop.participant.wait_for(1, "DELETE")
    kill_and_start(shop)
    assert shop.client.wait_status(saga_id)["status"] == "compensated"
    first, second = shop.participant.of("DELETE")
    assert (first.key, first.action_key) == (second.key, second.action_key)
    assert shop.operations(saga_id) == list(KEYS[:3] + BACKWARD)


def test_a_backoff_goes_on_where_it_was(make_shop):
    shop = make_shop(payment={"retry": SLOW_RETRY})
    shop.script("POST", "/charges", Status(503), Ok({"id": "ch_1"}))
    saga_id = shop.order(wait=None).json["id"]

    def backing_off():
        saga = shop.client.saga(saga_id)
        return saga if statuses(saga)["payment"] == "backing-off" else None

    before = eventually(backing_off, "the backoff")
    kill_and_start(shop)
    after = shop.client.saga(saga_id)
    assert after["revision"] == before["revision"]
    assert step_of(after, "payment") == step_of(before, "payment")
    assert shop.client.act(saga_id, "retry").status == 200
    assert shop.client.wait_status(saga_id)["status"] == "completed"


def test_a_pause_is_kept(make_shop):
    shop = make_shop()
    gate = shop.script("POST", "/charges", Gate())
    saga_id = shop.order(wait=None).json["id"]
    shop.participant.wait_for(1, "POST", "/charges")
    assert shop.client.act(saga_id, "pause", reason="look first").status == 200
    gate.release()
    eventually(
        lambda: statuses(shop.client.saga(saga_id))["payment"] == "succeeded", "the charge"
    )
    kill_and_start(shop)
    saga = shop.client.saga(saga_id)
    assert saga["paused"] is True
    assert statuses(saga)["stock"] == "queued"
    assert shop.participant.of("PUT") == []
    assert shop.client.act(saga_id, "resume").status == 200
    assert shop.client.wait_status(saga_id)["status"] == "completed"


def test_a_stuck_saga_stays_stuck_and_can_be_resolved(make_shop):
    shop = make_shop(shipment={"timeout": "100ms", "retry": 1})
    shop.script("POST", "/shipments", Hang())
    saga = shop.order().json
    assert saga["status"] == "stuck"
    kill_and_start(shop)
    again = shop.client.saga(saga["id"])
    assert again == saga
    answer = shop.client.act(
        saga["id"], "resolve", step="shipment", outcome="not-applied", reason="asked"
    )
    assert answer.status == 200
    assert shop.client.wait_status(saga["id"])["status"] == "compensated"


def test_a_cancel_noted_at_the_pivot_is_kept(make_shop):
    shop = make_shop()
    shop.participant.dedups = False
    gate = shop.script("POST", "/shipments", Hang(), Gate(body={"tracking": "t"}))
    saga_id = shop.order(wait=None).json["id"]
    shop.participant.wait_for(1, "POST", "/shipments")
    assert shop.client.act(saga_id, "cancel", reason="changed my mind").status == 202
    kill_and_start(shop)
    shop.participant.wait_for(2, "POST", "/shipments")
    gate.release()
    assert shop.client.wait_status(saga_id)["status"] == "completed"
    assert any("too late" in t.get("detail", "") for t in shop.client.journal(saga_id))


def test_sagas_that_wait_for_a_place_get_it_after_a_kill(make_shop):
    shop = make_shop(service={"maxConcurrent": 1})
    shop.script("POST", "/charges", Hang(), Ok({"id": "ch_1"}))
    ids = [shop.order("o-%d" % i, wait=None).json["id"] for i in range(5)]
    shop.participant.wait_for(1, "POST", "/charges")
    assert "maxConcurrent" in shop.client.saga(ids[-1])["why"]
    kill_and_start(shop)
    for saga_id in ids:
        assert shop.client.wait_status(saga_id)["status"] == "completed"
    assert len(shop.participant.of("POST", "/charges")) == 6


def test_the_unique_key_is_kept(make_shop):
    shop = make_shop()
    first = shop.order().json
    kill_and_start(shop)
    again = shop.order()
    assert again.json["id"] == first["id"]
    assert again.headers["Idempotency-Replayed"] == "true"
    other = shop.client.start("order", order_input(amount=5))
    assert other.status == 409
    assert other.json["code"] == "key-conflict"


def test_what_is_on_disk_after_a_kill_is_as_the_journals_say(make_shop, sagad):
    shop = make_shop()
    shop.script("POST", "/shipments", Status(422))
    shop.script("DELETE", "/reservations/o-2", Hang())
    shop.order("o-1")
    shop.order("o-2", wait=None)
    shop.participant.wait_for(2, "DELETE")
    shop.daemon.kill()
    checked = sagad("verify", "--config", shop.daemon.config_path)
    assert checked.code == 0, checked

"""Webhooks over real sockets: what is told, to whom, signed how, and until when."""

import base64
import hashlib
import hmac
import json
import os
import re
import signal

import pytest
from conftest import ROOT, eventually
from orders import order_input
from participant import Gate, Hang, Ok, Status

KEY = b"a key for webhooks, 32 bytes ..."
SECRET = "whsec_" + base64.b64encode(KEY).decode()
LATER = "whsec_" + base64.b64encode(KEY[::-1]).decode()


def signature(request, key):
    """What Standard Webhooks 1.0 says the signature is."""
    signed = "%s.%s." % (request.header("webhook-id"), request.header("webhook-timestamp"))
    made = hmac.new(key, signed.encode() + request.body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(made).decode()


def told(requests):
    """["sagad.saga.completed", ...]"""
    return [r.json["type"] for r in requests]


def one_step(hooks, **more):
    """A definition of one step that can be taken back, and these webhooks."""
    made = {
        "name": "one",
        "key": "${ .input.id }",
        "steps": [
            {"id": "a", "call": "POST ${ .vars.shop }/a", "compensate": None},
            {
                "id": "b",
                "call": {"service": "shop", "url": "/b", "retry": 1},
                "compensate": None,
            },
        ],
        "output": {"id": "${ .input.id }"},
        "notify": hooks,
    }
    made["steps"][0] = {
        "id": "a",
        "call": {"service": "shop", "url": "/a"},
        "compensate": {"service": "shop", "url": "/undo-a"},
    }
    made.update(more)
    return made


@pytest.fixture
def make_shop(make_daemon, participant):
    """A daemon with the service `shop` and secrets; the receiver stands apart from it."""

    def make(hooks, receiver, config=None, **more):
        settings = {
            "vars": {"hooks": receiver.url},
            "egress": {"allow": ["127.0.0.1"]},
            "secrets": {"shop-webhook": {"env": "SHOP_WEBHOOK"}},
        }
        settings.update(config or {})
        daemon = make_daemon(
            services={"shop": participant.url},
            config=settings,
            env={"SHOP_WEBHOOK": SECRET},
        )
        daemon.client.put_definition(one_step(hooks, **more))
        return daemon

    return make


def start(daemon, name="s-1", status="completed"):
    daemon.client.start("one", {"id": name}, id=name)
    return daemon.client.wait_status(name, status)


def metric(daemon, outcome):
    text = daemon.client.get("/metrics").body.decode()
    found = re.search(r'^sagad_webhooks_total\{outcome="%s"\} (\d+)$' % outcome, text, re.M)
    return int(found.group(1))


HOOK = {"url": "${ .vars.hooks }/hook"}
SIGNED = {"url": "${ .vars.hooks }/hook", "secret": "shop-webhook"}


# ---- what is told ------------------------------------------------------------------


def test_the_sample_order_runs_as_it_is_written_and_its_shop_is_told(
    make_daemon, participant, make_participant
):
    with open(os.path.join(ROOT, "tests", "corpus", "samples", "order.json")) as f:
        definition = json.load(f)
    shop = make_participant()
    participant.script("POST", "/charges", Ok({"id": "ch_1", "status": "paid"}, status=201))
    participant.script("PUT", "/reservations/*", Ok({"id": "r_1"}))
    participant.script("POST", "/shipments", Ok({"tracking": "t_1"}))
    daemon = make_daemon(
        services={n: participant.url for n in ("payments", "inventory", "shipping", "mail")},
        config={
            "vars": {"shopUrl": shop.url},
            "egress": {"allow": ["127.0.0.1"]},
            "secrets": {"shop-webhook": {"env": "SHOP_WEBHOOK"}},
        },
        env={"SHOP_WEBHOOK": SECRET},
    )
    daemon.client.put_definition(definition)
    saga = daemon.client.start("order", order_input("o-77"), wait=20).json
    assert saga["status"] == "completed"
    (hook,) = shop.wait_for(1, "POST", "/webhooks/orders")
    assert hook.header("Content-Type") == "application/cloudevents+json"
    assert hook.header("User-Agent").startswith("sagad/")
    assert hook.header("Idempotency-Key") is None
    assert re.fullmatch("[0-9]{10}", hook.header("webhook-timestamp"))
    assert hook.header("webhook-signature") == signature(hook, KEY)
    assert re.fullmatch("msg_[0-9a-f]{32}", hook.header("webhook-id"))
    assert hook.json == {
        "specversion": "1.0",
        "id": hook.header("webhook-id"),
        "source": "/v1/sagas/" + saga["id"],
        "type": "sagad.saga.completed",
        "subject": saga["id"],
        "time": saga["endedAt"],
        "datacontenttype": "application/json",
        "data": {
            "id": saga["id"],
            "definition": "order",
            "version": 1,
            "key": "o-77",
            "status": "completed",
            "output": {"chargeId": "ch_1", "tracking": "t_1"},
        },
    }


def test_a_saga_taken_back_tells_what_turned_it_back(make_shop, participant, make_participant):
    receiver = make_participant()
    daemon = make_shop([HOOK], receiver)
    participant.script("POST", "/b", Status(422))
    start(daemon, status="compensated")
    (hook,) = receiver.wait_for(1, "POST", "/hook")
    assert hook.json["type"] == "sagad.saga.compensated"
    assert hook.json["data"]["status"] == "compensated"
    assert hook.json["data"]["output"] is None
    error = hook.json["data"]["error"]
    assert (error["step"], error["outcome"], error["status"]) == ("b", "rejected", 422)


def test_a_stuck_saga_tells_the_step_and_why(make_shop, participant, make_participant):
    receiver = make_participant()
    daemon = make_shop([HOOK], receiver)
    participant.script("POST", "/b", Status(422))
    participant.script("POST", "/undo-a", Status(404))
    start(daemon, status="stuck")
    (hook,) = receiver.wait_for(1, "POST", "/hook")
    assert hook.json["type"] == "sagad.saga.stuck"
    error = hook.json["data"]["error"]
    assert (error["step"], error["outcome"], error["status"]) == ("a", "rejected", 404)
    assert error["detail"]
    participant.script("POST", "/undo-a", Ok())
    assert daemon.client.act("s-1", "retry", reason="mended").status == 200
    first, second = receiver.wait_for(2, "POST", "/hook")
    assert told([first, second]) == ["sagad.saga.stuck", "sagad.saga.compensated"]
    assert first.header("webhook-id") != second.header("webhook-id")


def test_a_webhook_on_stuck_alone_tells_each_time_a_saga_gets_stuck(
    make_shop, participant, make_participant
):
    receiver = make_participant()
    daemon = make_shop([{"url": "${ .vars.hooks }/page", "on": ["stuck"]}], receiver)
    participant.script("POST", "/b", Status(422))
    participant.script("POST", "/undo-a", Status(404))
    start(daemon, status="stuck")
    receiver.wait_for(1, "POST", "/page")
    daemon.client.act("s-1", "retry", reason="again")
    first, second = receiver.wait_for(2, "POST", "/page")
    assert told([first, second]) == ["sagad.saga.stuck"] * 2
    assert first.header("webhook-id") != second.header("webhook-id")
    daemon.client.wait_status("s-1", "stuck")
    assert daemon.client.act("s-1", "close", reason="by hand").status == 200
    participant.script("POST", "/b", Ok())
    start(daemon, "s-2")
    eventually(lambda: metric(daemon, "delivered") == 2, "two webhooks")
    assert len(receiver.of()) == 2


def test_a_webhook_of_a_purged_saga_still_goes_out(make_shop, participant, make_participant):
    gone = make_participant()
    gone.stop()
    daemon = make_shop([HOOK], gone)
    saga = start(daemon)
    daemon.wait_log("a webhook will be tried again")
    assert daemon.client.ask("DELETE", "/v1/sagas/s-1").status == 204
    daemon.stop()
    receiver = make_participant(port=gone.port)
    daemon.start()
    (hook,) = receiver.wait_for(1, "POST", "/hook")
    assert (hook.json["subject"], hook.json["time"]) == ("s-1", saga["endedAt"])
    assert daemon.client.get("/v1/sagas/s-1").status == 410
    eventually(lambda: metric(daemon, "delivered") == 1, "delivered")


def test_a_webhook_tells_only_what_it_is_on(make_shop, participant, make_participant):
    receiver = make_participant()
    hooks = [
        {"url": "${ .vars.hooks }/good", "on": ["completed"]},
        {"url": "${ .vars.hooks }/bad", "on": ["compensated", "resolved"]},
        {"url": "${ .vars.hooks }/all/${ .input.id }/${ .saga.id }"},
    ]
    daemon = make_shop(hooks, receiver)
    start(daemon, "s-1")
    participant.script("POST", "/b", Status(422))
    start(daemon, "s-2", "compensated")
    participant.script("POST", "/undo-a", Status(404))
    start(daemon, "s-3", "stuck")
    assert daemon.client.act("s-3", "close", reason="by hand").status == 200
    eventually(lambda: metric(daemon, "delivered") == 6, "six webhooks")
    assert told(receiver.of("POST", "/good")) == ["sagad.saga.completed"]
    assert sorted(told(receiver.of("POST", "/bad"))) == [
        "sagad.saga.compensated",
        "sagad.saga.resolved",
    ]
    assert told(receiver.of("POST", "/all/s-1/s-1")) == ["sagad.saga.completed"]
    assert told(receiver.of("POST", "/all/s-2/s-2")) == ["sagad.saga.compensated"]
    assert told(receiver.of("POST", "/all/s-3/s-3")) == ["sagad.saga.stuck"]
    assert len({r.header("webhook-id") for r in receiver.of()}) == 6


def test_an_output_too_large_to_send_is_left_out(make_shop, participant, make_participant):
    receiver = make_participant()
    daemon = make_shop([HOOK], receiver, output={"all": "${ .input.text }"})
    text = "x" * (1024 * 1024 - 200)
    daemon.client.start("one", {"id": "s-1", "text": text}, id="s-1")
    daemon.client.wait_status("s-1")
    (hook,) = receiver.wait_for(1, "POST", "/hook")
    assert hook.json["data"]["output"] is None
    assert hook.json["data"]["outputOmitted"] is True


def test_a_webhook_whose_url_fails_is_journalled_and_the_others_go_out(
    make_shop, participant, make_participant
):
    receiver = make_participant()
    daemon = make_shop([{"url": "${ .vars.hooks }/${ .input.place }"}, HOOK], receiver)
    saga = start(daemon)
    assert saga["status"] == "completed"
    receiver.wait_for(1, "POST", "/hook")
    last = daemon.client.journal("s-1")[-1]
    assert "a webhook is not sent" in last["detail"]
    assert ".input.place" in last["detail"]
    assert len(receiver.of()) == 1
    assert daemon.stop() == 0


# ---- signatures ---------------------------------------------------------------------


def test_a_webhook_without_a_secret_is_not_signed(make_shop, participant, make_participant):
    receiver = make_participant()
    daemon = make_shop([HOOK], receiver)
    start(daemon)
    (hook,) = receiver.wait_for(1, "POST", "/hook")
    assert hook.header("webhook-signature") is None
    assert hook.header("webhook-id") == hook.json["id"]


def test_a_secret_that_a_reload_changed_signs_what_comes_after(
    make_shop, participant, make_participant, tmp_path
):
    receiver = make_participant()
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n")
    config = {"secrets": {"shop-webhook": {"file": str(path)}}}
    daemon = make_shop([SIGNED], receiver, config)
    start(daemon, "s-1")
    (first,) = receiver.wait_for(1, "POST", "/hook")
    assert first.header("webhook-signature") == signature(first, KEY)
    path.write_text(LATER + "\n")
    daemon.signal(signal.SIGHUP)
    daemon.wait_log("reloaded")
    start(daemon, "s-2")
    _, second = receiver.wait_for(2, "POST", "/hook")
    assert second.header("webhook-signature") == signature(second, KEY[::-1])


def test_a_secret_that_is_none_for_webhooks_never_makes_an_unsigned_one(
    make_shop, participant, make_participant
):
    receiver = make_participant()
    config = {"secrets": {"shop-webhook": {"env": "PATH"}}}
    daemon = make_shop([SIGNED], receiver, config)
    start(daemon)
    line = daemon.wait_log("a webhook will be tried again")
    assert "'shop-webhook'" in line["detail"]
    assert receiver.of() == []


def test_an_unknown_secret_refuses_the_definition(make_shop, participant, make_participant):
    daemon = make_shop([SIGNED], make_participant())
    hooks = [dict(SIGNED, secret="shop-webhok")]
    answer = daemon.client.ask("PUT", "/v1/definitions/one", one_step(hooks))
    assert answer.status == 422
    (error,) = answer.json["errors"]
    assert (error["code"], error["pointer"]) == ("unknown-secret", "/notify/0/secret")
    assert "shop-webhook" in error["detail"]


# ---- until it is delivered ------------------------------------------------------------


def test_what_is_not_taken_is_sent_again_with_its_id_and_bytes(
    make_shop, participant, make_participant
):
    receiver = make_participant()
    receiver.script("POST", "/hook", Status(500), Ok())
    daemon = make_shop([SIGNED], receiver)
    start(daemon)
    first, second = receiver.wait_for(2, "POST", "/hook")
    assert first.header("webhook-id") == second.header("webhook-id")
    assert first.body == second.body
    assert first.header("webhook-signature") == signature(first, KEY)
    assert second.header("webhook-signature") == signature(second, KEY)
    eventually(lambda: metric(daemon, "delivered") == 1, "delivered")
    assert metric(daemon, "retried") == 1


def test_a_receiver_that_says_when_is_told_then(make_shop, participant, make_participant):
    receiver = make_participant()
    receiver.script("POST", "/hook", Status(503, headers=[("Retry-After", "1")]), Ok())
    daemon = make_shop([HOOK], receiver)
    start(daemon)
    receiver.wait_for(2, "POST", "/hook")


def test_a_receiver_that_is_gone_is_told_no_more(make_shop, participant, make_participant):
    receiver = make_participant()
    receiver.script("POST", "/hook", Status(410), Ok())
    daemon = make_shop([HOOK], receiver)
    start(daemon, "s-1")
    eventually(lambda: metric(daemon, "given-up") == 1, "given up")
    daemon.restart()
    start(daemon, "s-2")
    eventually(lambda: metric(daemon, "delivered") == 1, "the next one")
    assert [r.json["subject"] for r in receiver.of()] == ["s-1", "s-2"]


def test_a_webhook_in_flight_at_a_kill_is_sent_again_with_its_id(
    make_shop, participant, make_participant
):
    receiver = make_participant()
    receiver.script("POST", "/hook", Hang(), Ok())
    daemon = make_shop([SIGNED], receiver)
    saga = start(daemon)
    receiver.wait_for(1, "POST", "/hook")
    daemon.kill()
    daemon.start()
    first, second = receiver.wait_for(2, "POST", "/hook")
    assert first.header("webhook-id") == second.header("webhook-id")
    assert first.body == second.body
    assert second.json["time"] == saga["endedAt"]
    assert second.header("webhook-signature") == signature(second, KEY)
    eventually(lambda: metric(daemon, "delivered") == 1, "delivered")
    daemon.restart()
    start(daemon, "s-2")
    third = receiver.wait_for(3, "POST", "/hook")[2]
    assert third.json["subject"] == "s-2"


def test_a_webhook_that_waits_at_a_kill_is_sent_by_the_next_start(
    make_shop, participant, make_participant
):
    gone = make_participant()
    gone.stop()
    daemon = make_shop([HOOK], gone)
    start(daemon)
    daemon.wait_log("a webhook will be tried again")
    daemon.kill()
    receiver = make_participant(port=gone.port)
    daemon.start()
    (hook,) = receiver.wait_for(1, "POST", "/hook")
    assert hook.json["subject"] == "s-1"


def test_a_receiver_that_hangs_keeps_up_neither_sagas_nor_other_receivers(
    make_shop, participant, make_participant
):
    dead, live = make_participant(), make_participant()
    dead.script("POST", "/hook", Hang())
    hooks = [HOOK, {"url": "${ .vars.live }/hook"}]
    config = {"vars": {"hooks": dead.url, "live": live.url}}
    daemon = make_shop(hooks, dead, config)
    names = ["s-%d" % i for i in range(30)]
    for name in names:
        daemon.client.start("one", {"id": name}, id=name)
    for name in names:
        daemon.client.wait_status(name)
    live.wait_for(30, "POST", "/hook")
    assert sorted(r.json["subject"] for r in live.of()) == sorted(names)
    assert len(dead.wait_for(8, "POST", "/hook")) == 8


def test_a_clean_stop_waits_for_webhooks_in_flight(make_shop, participant, make_participant):
    receiver = make_participant()
    gate = receiver.script("POST", "/hook", Gate())
    daemon = make_shop([HOOK], receiver)
    start(daemon)
    receiver.wait_for(1, "POST", "/hook")
    daemon.signal(signal.SIGTERM)
    daemon.wait_log("draining")
    gate.release()
    assert daemon.wait_exit() == 0
    daemon.start()
    start(daemon, "s-2")
    receiver.wait_for(2, "POST", "/hook")
    assert [r.json["subject"] for r in receiver.of()] == ["s-1", "s-2"]


# ---- where they may go ----------------------------------------------------------------


def test_a_host_that_the_configuration_does_not_allow_is_never_called(
    make_shop, participant, make_participant
):
    receiver = make_participant()
    daemon = make_shop([HOOK], receiver, {"egress": {"allow": []}})
    start(daemon)
    line = daemon.wait_log("a webhook will be tried again")
    assert "egress.allow" in line["detail"]
    assert line["sagaId"] == "s-1"
    assert receiver.of() == []


def test_a_webhook_to_a_services_base_url_goes_out_as_a_call_of_it(
    make_daemon, participant
):
    daemon = make_daemon(
        services={
            "shop": {"url": participant.url, "auth": {"bearer": {"secret": "token"}}}
        },
        config={
            "vars": {"hooks": participant.url + "/hooks"},
            "secrets": {"token": {"env": "SHOP_TOKEN"}},
        },
        env={"SHOP_TOKEN": "t-1"},
    )
    daemon.client.put_definition(one_step([{"url": "${ .vars.hooks }/orders?v=1"}]))
    start(daemon)
    (hook,) = participant.wait_for(1, "POST", "/hooks/orders")
    assert hook.path == "/hooks/orders?v=1"
    assert hook.header("Authorization") == "Bearer t-1"

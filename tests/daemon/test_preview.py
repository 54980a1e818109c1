"""A preview says what an action brings about, and then that is what happens."""

import datetime
import os
import pty
import sqlite3
import subprocess
import time

import pytest
from api_contract import Contract
from conftest import SAGACTL, Client, clean_environment, eventually, run
from orders import SERVICES, Shop, order_definition
from participant import Gate, Hang, Ok, Status

REASON = {"reason": "an operator said so"}
IMPATIENT = {"timeout": "100ms", "retry": 1}


@pytest.fixture
def make_shop(make_daemon, participant):
    def make(definition=None, **steps):
        services = {name: participant.url for name in SERVICES}
        participant.script("POST", "/charges", Ok({"id": "ch_1"}, status=201))
        participant.script("PUT", "/reservations/*", Ok({"id": "r_1"}))
        participant.script("POST", "/shipments", Ok({"tracking": "t_1"}))
        daemon = make_daemon(services=services)
        shop = Shop(daemon, participant, definition or order_definition(**steps))
        shop.contract = Contract(shop.client)
        return shop

    return make


def ask_preview(shop, saga_id, action, **body):
    path = "/v1/sagas/%s/%s" % (saga_id, action)
    answer = shop.client.ask("POST", path + "?preview=true", body)
    return shop.contract.check("POST", path, answer)


def preview(shop, saga_id, action, **body):
    answer = ask_preview(shop, saga_id, action, **body)
    assert answer.status == 200, answer
    return answer.json


def told(previewed):
    return [
        (x["step"], x["operation"], x["method"], x["url"], x["body"])
        for x in previewed["requests"]
    ]


def calls_after(shop, saga_id, n):
    """The attempts behind the first n, as a preview tells them."""
    items = shop.client.get("/v1/sagas/%s/calls" % saga_id).json["items"]
    return [
        (c["step"], c["operation"], c["request"]["method"], c["request"]["url"],
         c["request"]["body"])
        for c in items[n:]
    ]


def count_calls(shop, saga_id):
    return len(shop.client.get("/v1/sagas/%s/calls" % saga_id).json["items"])


def comes_true(shop, saga_id, action, body, before=lambda: None):
    """Preview, do it with the token, compare; the preview."""
    saga = shop.client.saga(saga_id)
    n = count_calls(shop, saga_id)
    said = preview(shop, saga_id, action, **body)
    assert shop.client.saga(saga_id) == saga  # Nothing has moved.
    assert count_calls(shop, saga_id) == n
    done = shop.client.act(saga_id, action, preview=said["preview"], **dict(body, **REASON))
    assert done.status in (200, 202), done
    before()
    ended = shop.client.wait_status(saga_id, said["endsIn"])
    assert ended["status"] == said["endsIn"]
    assert told(said) == calls_after(shop, saga_id, n)
    assert said["rest"] is None
    assert isinstance(said["worstCase"], int)
    return said


def stuck_in_doubt(shop):
    shop.script("POST", "/shipments", Hang(), Ok({"tracking": "t_1"}))
    saga = shop.order().json
    assert saga["status"] == "stuck"
    return saga["id"]


def stuck_in_compensation(shop):
    shop.script("PUT", "/reservations/*", Status(409))
    shop.script("POST", "/refunds", Status(403), Ok())
    saga = shop.order().json
    assert saga["status"] == "stuck"
    return saga["id"]


# ---- what is said comes true ------------------------------------------------------------


def test_a_cancel_with_a_call_in_flight_takes_back_what_was_said(make_shop):
    shop = make_shop()
    gate = shop.script("PUT", "/reservations/o-1", Gate())
    saga_id = shop.order(wait=None).json["id"]
    shop.participant.wait_for(1, "PUT")
    said = comes_true(shop, saga_id, "cancel", {}, before=gate.release)
    assert said["endsIn"] == "compensated"
    assert [x[:3] for x in told(said)] == [
        ("stock", "compensation", "DELETE"),
        ("payment", "compensation", "POST"),
    ]
    assert said["worstCase"] > 0


def test_a_retry_of_a_stuck_compensation_sends_it_again_and_ends_compensated(make_shop):
    shop = make_shop()
    said = comes_true(shop, stuck_in_compensation(shop), "retry", {"step": "payment"})
    assert said["endsIn"] == "compensated"
    assert [x[0] for x in told(said)] == ["payment"]


def test_a_compensation_resolved_as_not_applied_needs_no_request(make_shop):
    shop = make_shop()
    body = {"step": "payment", "outcome": "not-applied"}
    said = comes_true(shop, stuck_in_compensation(shop), "resolve", body)
    assert (said["endsIn"], said["requests"]) == ("compensated", [])


def test_a_pivot_resolved_as_applied_goes_on_with_the_answer_given(make_shop):
    shop = make_shop(shipment=IMPATIENT)
    body = {"step": "shipment", "outcome": "applied", "body": {"tracking": "by hand"}}
    said = comes_true(shop, stuck_in_doubt(shop), "resolve", body)
    assert said["endsIn"] == "completed"
    assert said["requests"][0]["body"] == {"to": "c-1", "tracking": "by hand"}
    assert "holes" not in said["requests"][0]


def test_a_pivot_resolved_as_not_applied_goes_back(make_shop):
    shop = make_shop(shipment=IMPATIENT)
    body = {"step": "shipment", "outcome": "not-applied"}
    said = comes_true(shop, stuck_in_doubt(shop), "resolve", body)
    assert said["endsIn"] == "compensated"
    assert [x[:2] for x in told(said)] == [
        ("stock", "compensation"),
        ("payment", "compensation"),
    ]


def test_closed_it_sends_nothing_and_is_resolved(make_shop):
    shop = make_shop(shipment=IMPATIENT)
    said = comes_true(shop, stuck_in_doubt(shop), "close", {})
    assert (said["endsIn"], said["requests"], said["worstCase"]) == ("resolved", [], 0)


def test_what_is_not_answered_yet_is_a_hole_and_what_is_skipped_is_known(make_shop):
    shop = make_shop()
    saga = shop.order("..").json  # Cannot be a segment of a URL: stock is stuck.
    said = preview(shop, saga["id"], "skip", step="stock", output={"id": "r_hand"})
    assert said["endsIn"] == "completed"
    shipment, receipt = said["requests"]
    assert shipment["body"] == {"orderId": "..", "reservation": "r_hand"}
    assert receipt["holes"] is True
    assert receipt["body"] == {"to": "c-1", "tracking": None}
    by_hand = dict(REASON, step="stock", output={"id": "r_hand"}, preview=said["preview"])
    assert shop.client.act(saga["id"], "skip", **by_hand).status == 200
    assert shop.client.wait_status(saga["id"])["status"] == said["endsIn"]
    assert [c[:4] for c in calls_after(shop, saga["id"], 1)] == [x[:4] for x in told(said)]


def test_a_url_that_needs_an_answer_is_shown_with_a_hole(make_shop):
    definition = order_definition()
    definition["steps"][3]["call"]["url"] = "/parcels/${ .steps.shipment.body.tracking }/mail"
    shop = make_shop(definition)
    saga = shop.order("..").json
    said = preview(shop, saga["id"], "skip", step="stock", output={"id": "r_hand"})
    assert said["requests"][1]["url"] == shop.participant.url + "/parcels/\u2026/mail"
    assert said["requests"][1]["body"] is None
    assert said["endsIn"] == "completed"


def test_a_retry_that_cannot_help_ends_stuck_and_says_why(make_shop):
    shop = make_shop()
    saga = shop.order("..").json
    said = preview(shop, saga["id"], "retry", step="stock")
    assert (said["endsIn"], said["requests"]) == ("stuck", [])
    assert said["rest"].startswith("'stock' is stuck: ")


def test_paused_it_rests_and_resumed_it_goes_on_as_said(make_shop):
    shop = make_shop()
    gate = shop.script("POST", "/charges", Gate(body={"id": "ch_1"}, status=201))
    saga_id = shop.order(wait=None).json["id"]
    shop.participant.wait_for(1, "POST", "/charges")
    said = preview(shop, saga_id, "pause")
    assert (said["requests"], said["endsIn"]) == ([], "running")
    assert said["rest"] == "it is paused"
    assert shop.client.act(saga_id, "pause").status == 200
    said = preview(shop, saga_id, "resume")
    assert [x["step"] for x in said["requests"]] == ["stock", "shipment", "receipt"]
    assert said["endsIn"] == "completed"
    assert shop.client.act(saga_id, "resume", preview=said["preview"]).status == 200
    gate.release()
    assert shop.client.wait_status(saga_id)["status"] == "completed"


def test_what_the_definition_redacts_is_not_shown(make_shop):
    definition = order_definition()
    definition["steps"][3]["call"]["redact"] = ["request.body.to"]
    shop = make_shop(definition)
    saga = shop.order("..").json
    said = preview(shop, saga["id"], "skip", step="stock", output={"id": "r"})
    assert said["requests"][1]["body"]["to"] == "[redacted]"


# ---- refused ------------------------------------------------------------------------------


def test_a_preview_is_refused_as_the_action_itself(make_shop):
    shop = make_shop()
    saga = shop.order().json
    answer = ask_preview(shop, saga["id"], "cancel")
    assert (answer.status, answer.json["code"]) == (409, "invalid-state")
    assert answer.json["allowed"] == []
    assert ask_preview(shop, "nobody", "cancel").status == 404
    wrong = shop.client.ask("POST", "/v1/sagas/%s/cancel?preview=yes" % saga["id"], {})
    assert wrong.status == 400


def test_a_call_in_flight_refuses_the_preview_of_its_retry(make_shop):
    shop = make_shop()
    gate = shop.script("PUT", "/reservations/o-1", Gate())
    saga_id = shop.order(wait=None).json["id"]
    shop.participant.wait_for(1, "PUT")
    answer = ask_preview(shop, saga_id, "retry", step="stock")
    assert (answer.status, answer.json["code"]) == (409, "call-in-flight")
    assert answer.json["endsAt"] is not None
    answer = ask_preview(shop, saga_id, "cancel", revision=1)
    assert (answer.status, answer.json["code"]) == (409, "stale-revision")
    gate.release()
    shop.client.wait_status(saga_id)


def test_a_token_is_stale_once_the_saga_has_moved(make_shop):
    shop = make_shop(shipment=IMPATIENT)
    saga_id = stuck_in_doubt(shop)
    said = preview(shop, saga_id, "cancel")
    assert shop.client.act(saga_id, "pause").status == 200
    path = "/v1/sagas/%s/cancel" % saga_id
    body = dict(REASON, preview=said["preview"])
    answer = shop.contract.check("POST", path, shop.client.ask("POST", path, body))
    assert (answer.status, answer.json["code"]) == (409, "preview-stale")
    assert shop.client.saga(saga_id)["status"] == "stuck"


def test_a_token_is_good_for_the_previewed_action_only(make_shop):
    shop = make_shop(shipment=IMPATIENT)
    saga_id = stuck_in_doubt(shop)
    applied = {"step": "shipment", "outcome": "applied", "body": {"tracking": "t"}}
    token = preview(shop, saga_id, "resolve", **applied)["preview"]
    others = [
        ("resolve", dict(applied, outcome="not-applied")),
        ("resolve", dict(applied, body={"tracking": "u"})),
        ("retry", {"step": "shipment"}),
        ("close", {}),
    ]
    for action, body in others:
        answer = shop.client.act(saga_id, action, preview=token, **dict(body, **REASON))
        assert (answer.status, answer.json["code"]) == (409, "preview-stale"), action
    closing = preview(shop, saga_id, "close")["preview"]
    answer = shop.client.act(saga_id, "cancel", preview=closing, **REASON)
    assert (answer.status, answer.json["code"]) == (409, "preview-stale")
    answer = shop.client.act(saga_id, "resolve", preview=token, **dict(applied, **REASON))
    assert answer.status == 200


def test_a_preview_asks_for_the_role_reader_and_the_action_for_operator(make_daemon):
    tokens = {}
    entries = []
    for role in ("reader", "operator"):
        made = run(SAGACTL, "token", "create", "--name", role, "--role", role, "-o", "json")
        tokens[role], entry = made.json["token"], made.json["config"]
        entries.append(entry)
    daemon = make_daemon(config={"tokens": entries})
    path = "/v1/sagas/nobody/cancel"
    reader, operator = (Client(daemon.port, tokens[r]) for r in ("reader", "operator"))
    assert reader.ask("POST", path + "?preview=true", {}).status == 404
    assert operator.ask("POST", path + "?preview=true", {}).status == 403
    for preview_is in ("", "?preview=false", "?preview=false&preview=true"):
        assert reader.ask("POST", path + preview_is, dict(REASON)).status == 403
        assert operator.ask("POST", path + preview_is, dict(REASON)).status == 404


# ---- waits, items, children -----------------------------------------------------------------

WAITS = {
    "name": "waits",
    "steps": [
        {"id": "nap", "wait": "2h"},
        {
            "id": "each",
            "forEach": {"in": "${ .input.ids }", "maxItems": 9},
            "call": {"service": "mail", "url": "/send/${ .item }"},
            "compensate": None,
        },
        {"id": "paid", "wait": {"signal": "paid"}},
        {"id": "end", "call": {"service": "mail", "url": "/end"}, "compensate": None},
    ],
}


def test_time_passes_items_are_shown_and_a_signal_is_not_taken_for_granted(make_shop):
    shop = make_shop(WAITS)
    saga_id = shop.client.start("waits", {"ids": ["a", "b"]}).json["id"]
    said = preview(shop, saga_id, "pause")
    assert said["rest"] == "it is paused"
    assert shop.client.act(saga_id, "pause").status == 200
    said = preview(shop, saga_id, "resume")
    assert [(x["item"], x["url"]) for x in said["requests"]] == [
        (0, shop.participant.url + "/send/a"),
        (1, shop.participant.url + "/send/b"),
    ]
    assert (said["endsIn"], said["rest"]) == (
        "running",
        "'paid' waits for the signal 'paid'",
    )
    assert said["worstCase"] >= 2 * 3600 * 1000 - 60000
    said = preview(shop, saga_id, "skip", step="nap", output={})
    assert said["endsIn"] == "running"


def test_children_are_shown_as_such_and_their_time_is_not_known(make_shop):
    child = {"name": "kid", "steps": [{"id": "w", "wait": "1h"}]}
    family = {
        "name": "family",
        "steps": [
            {"id": "hold", "wait": {"signal": "go"}},
            {"id": "kid", "saga": {"definition": "kid"}, "compensate": None},
        ],
    }
    shop = make_shop(child)
    shop.client.put_definition(family)
    saga_id = shop.client.start("family", {}).json["id"]
    said = preview(shop, saga_id, "skip", step="hold", output={})
    assert [(x["step"], x["operation"], x["method"]) for x in said["requests"]] == [
        ("kid", "action", None)
    ]
    assert (said["endsIn"], said["worstCase"]) == ("completed", None)


# ---- sagactl ------------------------------------------------------------------------------


def test_sagactl_shows_a_preview_and_does_nothing(make_shop, ctl):
    shop = make_shop()
    saga_id = stuck_in_compensation(shop)
    done = ctl(shop.daemon, "retry", saga_id, "--step", "payment", "--preview")
    assert done.code == 0, done
    assert "payment.compensation" in done.out and "POST %s/refunds" % shop.participant.url in done.out
    assert "ends in" in done.out and "compensated" in done.out
    told_all = ctl(shop.daemon, "close", saga_id, "--preview", "-o", "json")
    assert told_all.json["endsIn"] == "resolved"
    assert shop.client.saga(saga_id)["status"] == "stuck"
    assert ctl(shop.daemon, "close", saga_id, "--preview", "--wait").code == 2


def asked_on_a_terminal(shop, word, *args):
    """sagactl with a terminal for stdin and stderr: (exit code, what it showed)."""
    main, side = pty.openpty()
    env = clean_environment(SAGAD_SERVER="http://127.0.0.1:%d" % shop.daemon.port)
    process = subprocess.Popen(
        [SAGACTL, *args], stdin=side, stdout=subprocess.PIPE, stderr=side, env=env
    )
    os.close(side)
    shown = b""
    while b"[y/N]" not in shown:
        shown += os.read(main, 4096)
    os.write(main, word + b"\n")
    process.communicate(timeout=60)
    os.close(main)
    return process.returncode, shown.decode()


def test_sagactl_shows_the_preview_before_it_asks(make_shop):
    shop = make_shop()
    saga_id = stuck_in_compensation(shop)
    ask = ["resolve", saga_id, "--step", "payment", "--outcome", "applied"]
    ask += ["--reason", "I looked"]
    code, shown = asked_on_a_terminal(shop, b"n", *ask)
    assert code == 1
    assert "payment.compensation" in shown and "compensated" in shown
    assert shop.client.saga(saga_id)["status"] == "stuck"
    code, _ = asked_on_a_terminal(shop, b"y", *ask)
    assert code == 0
    assert shop.client.wait_status(saga_id)["status"] == "compensated"


# ---- after downtime ---------------------------------------------------------------------


@pytest.mark.parametrize("down, ends_in", [("0s", "compensated"), ("40m", "completed")])
def test_downtime_not_yet_credited_moves_the_deadline_that_is_foretold(
    make_daemon, participant, down, ends_in
):
    """S43: the saga's next event moves its deadline, and the action is that event."""
    call = {"service": "shop", "method": "POST", "url": "/a", "body": {}}
    call["retry"] = {"delay": "15m", "maxDelay": "15m"}
    daemon = make_daemon(services={"shop": participant.url})
    daemon.client.put_definition({
        "name": "slow",
        "timeout": "20m",
        "steps": [
            {"id": "a", "call": call, "compensate": None},
            {"id": "rest", "wait": "30m"},
        ],
    })
    participant.script("POST", "/a", Status(503), Ok())
    saga_id = daemon.client.start("slow").json["id"]
    eventually(
        lambda: daemon.client.saga(saga_id)["steps"][0]["status"] == "backing-off", "back-off"
    )
    before = daemon.client.saga(saga_id)
    daemon.stop()
    if down != "0s":  # Its end is to come: nobody waits for 40 minutes here.
        now = int(time.time() * 1000)
        store = sqlite3.connect(daemon.store_path)
        text = "%d-%d" % (now, now + 40 * 60 * 1000)
        assert store.execute(
            "UPDATE meta SET text = ? WHERE name = 'downtimes'", (text,)
        ).rowcount == 1
        store.commit()
        store.close()
    daemon.start()
    after = daemon.client.saga(saga_id)
    assert (after["revision"], after["deadline"]) == (before["revision"], before["deadline"])
    path = "/v1/sagas/%s/retry" % saga_id
    seen = daemon.client.ask("POST", path + "?preview=true", {})
    assert (seen.status, seen.json["endsIn"]) == (200, ends_in)
    answer = daemon.client.ask("POST", path, {"preview": seen.json["preview"]})
    assert answer.status == 200
    moved = moment(answer.json["deadline"]) - moment(before["deadline"])
    assert (moved > datetime.timedelta(minutes=30)) is (down != "0s")


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))

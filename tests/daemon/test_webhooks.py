"""What became of webhooks, and sending them again: lists, redelivery, audit, purge."""

import re

import pytest
from api_contract import Contract
from conftest import Client, eventually
from participant import Hang, Ok, Status
from test_api_tokens import make_token
from test_notify import HOOK, KEY, SIGNED, make_shop, one_step, signature, start

assert make_shop  # A fixture: used by name.

GONE = Status(410)
LATER = Status(503, headers=[("Retry-After", "3600")])


def read(daemon, path, client=None):
    return Contract(daemon.client).check("GET", path, (client or daemon.client).get(path))


def items(daemon, path, client=None):
    answer = read(daemon, path, client)
    assert answer.status == 200, answer
    return answer.json["items"]


def webhooks(daemon, saga="s-1"):
    return items(daemon, "/v1/sagas/%s/webhooks" % saga)


def only(daemon, status, saga="s-1"):
    """The saga's one webhook, once it has that status."""

    def found():
        hooks = webhooks(daemon, saga)
        return hooks[0] if [h["status"] for h in hooks] == [status] else None

    return eventually(found, "a webhook that is " + status)


def path_of(saga, webhook):
    return "/v1/sagas/%s/webhooks/%s/redeliver" % (saga, webhook)


def redeliver(daemon, webhook, saga="s-1", headers=None, client=None, **body):
    path = path_of(saga, webhook)
    answer = (client or daemon.client).ask("POST", path, body or None, headers)
    return Contract(daemon.client).check("POST", path, answer)


def refused(answer, status, code):
    assert (answer.status, answer.json["code"]) == (status, code), answer


def oldest_s(daemon):
    text = daemon.client.get("/metrics").body.decode()
    return float(re.search(r"^sagad_oldest_webhook_seconds (\S+)$", text, re.M).group(1))


# ---- lists ----------------------------------------------------------------------------


def test_what_became_of_each_webhook_is_shown_newest_first(
    make_shop, participant, make_participant
):
    receiver = make_participant()
    receiver.script("POST", "/gone", GONE)
    daemon = make_shop([HOOK, {"url": "${ .vars.hooks }/gone"}], receiver)
    saga = start(daemon)
    (taken,) = receiver.wait_for(1, "POST", "/hook")
    eventually(
        lambda: [h["status"] for h in webhooks(daemon)] == ["failed", "delivered"],
        "one failed and one delivered",
    )
    failed, delivered = webhooks(daemon)
    assert delivered == {
        "id": taken.header("webhook-id"),
        "saga": "s-1",
        "definition": "one",
        "type": "sagad.saga.completed",
        "url": receiver.url + "/hook",
        "status": "delivered",
        "attempts": 1,
        "createdAt": saga["endedAt"],
        "queuedAt": saga["endedAt"],
        "endedAt": delivered["endedAt"],
        "nextAttemptAt": None,
        "lastError": None,
    }
    assert delivered["endedAt"] >= delivered["createdAt"]
    assert failed["url"] == receiver.url + "/gone"
    assert failed["lastError"]["httpStatus"] == 410
    assert failed["lastError"]["detail"]
    assert failed["endedAt"] and failed["nextAttemptAt"] is None
    assert items(daemon, "/v1/webhooks") == [failed, delivered]
    assert items(daemon, "/v1/webhooks?status=failed") == [failed]
    assert items(daemon, "/v1/sagas/s-1/webhooks?status=delivered,waiting") == [delivered]
    daemon.restart()
    assert webhooks(daemon) == [failed, delivered]
    assert daemon.stop() == 0


def test_a_webhook_that_waits_says_why_and_until_when(
    make_shop, participant, make_participant
):
    receiver = make_participant()
    receiver.script("POST", "/hook", LATER)
    daemon = make_shop([HOOK], receiver)
    participant.script("POST", "/b", Status(422))
    participant.script("POST", "/undo-a", Status(404))
    start(daemon, status="stuck")
    hook = eventually(
        lambda: [h for h in webhooks(daemon) if h["attempts"] == 1], "one attempt"
    )[0]
    assert (hook["type"], hook["status"]) == ("sagad.saga.stuck", "waiting")
    assert hook["lastError"] == {"httpStatus": 503, "detail": "its receiver answered 503"}
    assert hook["nextAttemptAt"] > hook["createdAt"]
    assert hook["endedAt"] is None
    assert items(daemon, "/v1/webhooks?status=waiting") == [hook]
    eventually(lambda: oldest_s(daemon) > 0, "its age")


def test_webhooks_of_all_sagas_are_found_in_pages(make_shop, participant, make_participant):
    receiver, other = make_participant(), make_participant()
    receiver.script("POST", "/hook", GONE)
    other.script("POST", "/hook", GONE)
    hooks = [HOOK, {"url": "${ .vars.other }/hook"}]
    config = {"vars": {"hooks": receiver.url, "other": other.url}}
    daemon = make_shop(hooks, receiver, config)
    daemon.client.put_definition(one_step([HOOK], name="two"))
    for i in range(3):
        start(daemon, "s-%d" % i)
    daemon.client.start("two", {"id": "t-0"}, id="t-0")
    listed = eventually(
        lambda: len(items(daemon, "/v1/webhooks?status=failed")) == 7
        and items(daemon, "/v1/webhooks?status=failed"),
        "seven that failed",
    )
    assert [h["saga"] for h in listed] == ["t-0", "s-2", "s-2", "s-1", "s-1", "s-0", "s-0"]
    assert items(daemon, "/v1/webhooks?definition=two") == listed[:1]
    assert items(daemon, "/v1/webhooks?status=failed&origin=" + other.url) == [
        h for h in listed if h["url"] == other.url + "/hook"
    ]
    middle = listed[3]["createdAt"]
    assert items(daemon, "/v1/webhooks?createdAfter=" + middle) == [
        h for h in listed if h["createdAt"] > middle
    ]
    assert items(daemon, "/v1/webhooks?createdBefore=" + middle) == [
        h for h in listed if h["createdAt"] < middle
    ]
    for path in ("/v1/webhooks?limit=2&status=failed", "/v1/webhooks?limit=2&definition=one"):
        found, page = [], read(daemon, path).json
        while page["next"]:
            found += page["items"]
            page = read(daemon, path + "&cursor=" + page["next"]).json
        found += page["items"]
        assert found == [h for h in listed if "failed" in path or h["definition"] == "one"]
    for query in ("status=lost", "status=", "createdAfter=monday", "state=failed"):
        refused(read(daemon, "/v1/webhooks?" + query), 400, "invalid-request")
    refused(read(daemon, "/v1/sagas/s-9/webhooks"), 404, "not-found")


# ---- again ----------------------------------------------------------------------------


def test_a_failed_webhook_is_sent_again_with_its_id_and_body(
    make_shop, participant, make_participant
):
    receiver = make_participant()
    receiver.script("POST", "/hook", GONE, Ok())
    daemon = make_shop([SIGNED], receiver)
    start(daemon)
    failed = only(daemon, "failed")
    daemon.restart()
    answer = redeliver(daemon, failed["id"], reason="the shop is back")
    assert answer.status == 202
    queued = dict(
        failed,
        status="waiting",
        queuedAt=answer.json["queuedAt"],
        endedAt=None,
        nextAttemptAt=answer.json["queuedAt"],
    )
    assert answer.json == queued
    assert queued["queuedAt"] > failed["endedAt"]
    first, second = receiver.wait_for(2, "POST", "/hook")
    assert first.header("webhook-id") == second.header("webhook-id") == failed["id"]
    assert first.body == second.body
    assert second.header("webhook-timestamp") >= first.header("webhook-timestamp")
    assert second.header("webhook-signature") == signature(second, KEY)
    delivered = only(daemon, "delivered")
    assert (delivered["attempts"], delivered["lastError"]) == (2, None)
    assert delivered["createdAt"] == failed["createdAt"]
    assert items(daemon, "/v1/webhooks?status=failed") == []
    entry = daemon.client.get("/v1/audit?subject=s-1").json["items"][0]
    assert (entry["action"], entry["reason"]) == ("redeliver", "the shop is back")
    assert (entry["actor"], entry["turn"]) == ("anonymous", None)
    assert entry["time"] == delivered["queuedAt"] == queued["queuedAt"]


def test_a_delivered_webhook_can_be_sent_again(make_shop, participant, make_participant):
    receiver = make_participant()
    daemon = make_shop([HOOK], receiver)
    start(daemon)
    hook = only(daemon, "delivered")
    assert redeliver(daemon, hook["id"]).status == 202
    first, second = receiver.wait_for(2, "POST", "/hook")
    assert (first.header("webhook-id"), first.body) == (hook["id"], second.body)
    assert second.header("webhook-id") == hook["id"]
    eventually(lambda: only(daemon, "delivered")["attempts"] == 2, "two attempts")


def test_a_webhook_that_waits_is_hastened(make_shop, participant, make_participant):
    receiver = make_participant()
    receiver.script("POST", "/hook", LATER, Ok())
    daemon = make_shop([HOOK], receiver)
    start(daemon)
    daemon.wait_log("a webhook will be tried again")
    hook = only(daemon, "waiting")
    assert redeliver(daemon, hook["id"]).json["status"] == "waiting"
    receiver.wait_for(2, "POST", "/hook")
    assert only(daemon, "delivered")["attempts"] == 2
    assert oldest_s(daemon) == 0


def test_of_a_webhook_under_way_the_attempt_counts(make_shop, participant, make_participant):
    receiver = make_participant()
    receiver.script("POST", "/hook", Hang())
    daemon = make_shop([HOOK], receiver)
    start(daemon)
    receiver.wait_for(1, "POST", "/hook")
    hook = only(daemon, "waiting")
    assert redeliver(daemon, hook["id"]).status == 202
    daemon.kill()
    receiver.script("POST", "/hook", Ok())
    daemon.start()
    receiver.wait_for(2, "POST", "/hook")
    # The attempt that the kill took with it was in no row.
    assert only(daemon, "delivered")["attempts"] == 1


def test_a_webhook_sent_again_survives_a_kill(make_shop, participant, make_participant):
    receiver = make_participant()
    receiver.script("POST", "/hook", GONE, Hang(), Ok())
    daemon = make_shop([SIGNED], receiver)
    start(daemon)
    failed = only(daemon, "failed")
    assert redeliver(daemon, failed["id"]).status == 202
    receiver.wait_for(2, "POST", "/hook")
    daemon.kill()
    daemon.start()
    sent = receiver.wait_for(3, "POST", "/hook")
    assert {r.header("webhook-id") for r in sent} == {failed["id"]}
    assert sent[2].header("webhook-signature") == signature(sent[2], KEY)
    only(daemon, "delivered")
    (entry,) = daemon.client.get("/v1/audit?action=redeliver").json["items"]
    assert entry["subject"] == "s-1"


def test_one_key_sends_a_webhook_again_once(make_shop, participant, make_participant):
    receiver = make_participant()
    receiver.script("POST", "/hook", GONE, Ok())
    daemon = make_shop([HOOK], receiver)
    start(daemon)
    hook = only(daemon, "failed")
    key = {"Idempotency-Key": "k-1"}
    first = redeliver(daemon, hook["id"], headers=key, reason="r")
    only(daemon, "delivered")
    again = redeliver(daemon, hook["id"], headers=key, reason="r")
    assert (again.status, again.json) == (202, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    refused(
        redeliver(daemon, hook["id"], headers=key, reason="other"),
        422,
        "idempotency-key-reused",
    )
    start(daemon, "s-2")
    only(daemon, "delivered", "s-2")
    assert len(receiver.of("POST", "/hook")) == 3
    assert len(daemon.client.get("/v1/audit?action=redeliver").json["items"]) == 1


def test_what_is_not_there_is_not_sent_again(make_shop, participant, make_participant):
    receiver = make_participant()
    daemon = make_shop([HOOK], receiver)
    start(daemon, "s-1")
    start(daemon, "s-2")
    hook = only(daemon, "delivered", "s-1")
    only(daemon, "delivered", "s-2")
    refused(redeliver(daemon, "msg_0"), 404, "not-found")
    refused(redeliver(daemon, hook["id"], saga="s-9"), 404, "not-found")
    refused(redeliver(daemon, hook["id"], saga="s-2"), 404, "not-found")
    refused(redeliver(daemon, hook["id"], why="typo"), 422, "input-invalid")
    assert daemon.client.get("/v1/audit?action=redeliver").json["items"] == []
    assert len(receiver.of("POST", "/hook")) == 2


def test_webhooks_go_with_their_saga(make_shop, participant, make_participant):
    receiver = make_participant()
    receiver.script("POST", "/hook", Ok(), LATER, Ok())
    daemon = make_shop([HOOK], receiver)
    start(daemon, "s-1")
    delivered = only(daemon, "delivered", "s-1")
    start(daemon, "s-2")
    daemon.wait_log("a webhook will be tried again")
    waiting = only(daemon, "waiting", "s-2")
    for saga in ("s-1", "s-2"):
        assert daemon.client.ask("DELETE", "/v1/sagas/" + saga).status == 204
    for saga, hook in (("s-1", delivered), ("s-2", waiting)):
        refused(read(daemon, "/v1/sagas/%s/webhooks" % saga), 410, "purged")
        refused(redeliver(daemon, hook["id"], saga), 410, "purged")
    assert items(daemon, "/v1/webhooks") == []
    start(daemon, "s-3")
    only(daemon, "delivered", "s-3")
    assert daemon.stop() == 0


# ---- who may --------------------------------------------------------------------------


@pytest.fixture
def guarded(make_daemon, make_participant, participant):
    """A daemon with tokens, and a saga of each of two definitions whose webhook failed."""
    tokens, entries = {}, []
    for name, roles, definitions in (
        ("admin", ["admin"], ()),
        ("reader", ["reader"], ()),
        ("ours", ["operator", "reader"], ["one"]),
    ):
        tokens[name], entry = make_token(name, *roles, definitions=definitions)
        entries.append(entry)
    receiver = make_participant()
    receiver.script("POST", "/hook", GONE)
    daemon = make_daemon(
        services={"shop": participant.url},
        config={
            "vars": {"hooks": receiver.url},
            "egress": {"allow": ["127.0.0.1"]},
            "tokens": entries,
        },
    )
    daemon.by = {name: Client(daemon.port, token) for name, token in tokens.items()}
    daemon.client = daemon.by["admin"]
    for name, saga in (("two", "t-1"), ("one", "s-1")):
        daemon.client.put_definition(one_step([HOOK], name=name))
        assert daemon.client.start(name, {"id": saga}, id=saga).status == 202
        only(daemon, "failed", saga)
    return daemon


def test_only_operators_send_again_and_only_what_is_theirs(guarded):
    daemon = guarded
    (ours,), (other,) = webhooks(daemon, "s-1"), webhooks(daemon, "t-1")
    reader, limited = daemon.by["reader"], daemon.by["ours"]
    assert items(daemon, "/v1/webhooks", reader) == [ours, other]
    refused(redeliver(daemon, ours["id"], client=reader), 403, "forbidden")
    assert items(daemon, "/v1/webhooks", limited) == [ours]
    refused(redeliver(daemon, other["id"], "t-1", client=limited), 404, "not-found")
    refused(redeliver(daemon, other["id"], "s-1", client=limited), 404, "not-found")
    assert redeliver(daemon, ours["id"], client=limited).status == 202
    entry = daemon.client.get("/v1/audit?action=redeliver").json["items"][0]
    assert (entry["actor"], entry["subject"]) == ("ours", "s-1")

"""sagactl webhook: what became of them, one sent again, all that failed sent again."""

from types import SimpleNamespace

import pytest
from conftest import eventually
from participant import Ok, Status
from terminal import run_on_terminal
from test_notify import HOOK, make_shop, one_step, start

assert make_shop  # A fixture: used by name.


@pytest.fixture
def receiver(make_participant):
    return make_participant()


@pytest.fixture
def daemon(make_shop, receiver, participant):
    """Sagas s-1 and s-2 of `one`, t-1 of `two`; their webhooks have failed."""
    receiver.script("POST", "/hook", Status(410))
    daemon = make_shop([HOOK], receiver)
    daemon.client.put_definition(one_step([HOOK], name="two"))
    start(daemon, "s-1")
    start(daemon, "s-2")
    daemon.client.start("two", {"id": "t-1"}, id="t-1")
    eventually(lambda: len(ids(daemon, "failed")) == 3, "three that failed")
    return daemon


def listed(daemon, query=""):
    return daemon.client.get("/v1/webhooks" + query).json["items"]


def ids(daemon, status):
    return {h["id"] for h in listed(daemon, "?status=" + status)}


def test_webhooks_are_listed_of_a_saga_and_of_all(daemon, ctl):
    newest = listed(daemon)
    assert [h["saga"] for h in newest] == ["t-1", "s-2", "s-1"]
    shown = ctl(daemon, "webhook", "list", "s-1")
    assert (shown.code, shown.err) == (0, "")
    title, row = shown.out.splitlines()
    assert title.split() == "SAGA ID TYPE STATUS ATTEMPTS CREATED LAST ERROR".split()
    assert row.split()[:5] == ["s-1", newest[2]["id"], "sagad.saga.completed", "failed", "1"]
    assert newest[2]["lastError"]["detail"] in row
    assert newest[2]["url"] in ctl(daemon, "webhook", "list", "s-1", "-o", "wide").out
    assert ctl(daemon, "webhook", "list", "-o", "json").json["items"] == newest
    names = ctl(daemon, "webhook", "list", "--failed", "--definition", "one", "-o", "name")
    assert names.out.split() == [h["id"] for h in newest[1:]]
    assert ctl(daemon, "webhook", "list", "--waiting", "--delivered", "-o", "name").out == ""
    paged = ctl(daemon, "webhook", "list", "--limit", "1", "--all", "-o", "name")
    assert paged.out.split() == [h["id"] for h in newest]


def test_lists_of_webhooks_say_what_is_wrong(daemon, ctl):
    assert ctl(daemon, "webhook", "list", "s-9").code == 3
    both = ctl(daemon, "webhook", "list", "s-1", "--definition", "one")
    assert (both.code, "--failed" in both.err) == (2, True)
    assert ctl(daemon, "webhook", "list", "--status", "failed").code == 2
    assert ctl(daemon, "webhook", "list", "--created-after", "monday").code == 1


def test_one_webhook_is_sent_again(daemon, ctl, receiver):
    (hook,) = daemon.client.get("/v1/sagas/s-1/webhooks").json["items"]
    receiver.script("POST", "/hook", Ok())
    sent = ctl(daemon, "webhook", "redeliver", "s-1", hook["id"], "--reason", "back")
    assert (sent.code, sent.out) == (0, "")
    assert sent.err == "sagactl: %s is sent again\n" % hook["id"]
    eventually(lambda: ids(daemon, "delivered") == {hook["id"]}, "delivered")
    assert len(ids(daemon, "failed")) == 2
    again = ctl(daemon, "webhook", "redeliver", "s-1", hook["id"], "-o", "json")
    assert (again.json["id"], again.json["status"]) == (hook["id"], "waiting")
    reasons = [e["reason"] for e in daemon.client.get("/v1/audit?action=redeliver").json["items"]]
    assert reasons == [None, "back"]


def test_all_that_failed_are_sent_again(daemon, ctl, receiver):
    of_one = {h["id"] for h in listed(daemon, "?definition=one")}
    receiver.script("POST", "/hook", Ok())
    sent = ctl(daemon, "webhook", "redeliver", "--failed", "--definition", "one", "--yes",
               "--reason", "the shop is back", "-o", "name")
    assert sent.code == 0
    assert set(sent.out.split()) == of_one
    assert "2 webhooks are sent again" in sent.err
    eventually(lambda: ids(daemon, "delivered") == of_one, "two delivered")
    (entry, _) = daemon.client.get("/v1/audit?action=redeliver").json["items"]
    assert (entry["subject"], entry["reason"]) == ("s-1", "the shop is back")
    rest = ctl(daemon, "webhook", "redeliver", "t-1", "--failed", "--yes")
    assert (rest.code, rest.out) == (0, "")
    eventually(lambda: ids(daemon, "failed") == set(), "none failed")
    assert "0 webhooks" in ctl(daemon, "webhook", "redeliver", "--failed", "--yes").err


def test_what_fails_again_is_sent_once_by_one_command(daemon, ctl, receiver):
    sent = ctl(daemon, "webhook", "redeliver", "--failed", "--yes", "-o", "name")
    assert (sent.code, len(sent.out.split())) == (0, 3)
    eventually(lambda: [h["attempts"] for h in listed(daemon)] == [2, 2, 2], "two attempts")
    assert len(receiver.of("POST", "/hook")) == 6


def test_many_are_sent_again_only_when_somebody_says_yes(daemon, ctl):
    silent = ctl(daemon, "webhook", "redeliver", "--failed")
    assert (silent.code, "--yes" in silent.err) == (2, True)
    api = SimpleNamespace(url="http://127.0.0.1:%d" % daemon.port)
    code, shown = run_on_terminal(api, "webhook", "redeliver", "--failed", answer=b"n\n")
    assert (code, "nothing done" in shown) == (1, True)
    assert len(ids(daemon, "failed")) == 3
    assert daemon.client.get("/v1/audit?action=redeliver").json["items"] == []


def test_redeliver_says_what_is_wrong(daemon, ctl):
    (hook,) = daemon.client.get("/v1/sagas/s-1/webhooks").json["items"]
    assert ctl(daemon, "webhook", "redeliver").code == 2
    assert ctl(daemon, "webhook", "redeliver", "s-1").code == 2
    assert ctl(daemon, "webhook", "redeliver", "s-1", hook["id"], "--failed").code == 2
    assert ctl(daemon, "webhook", "redeliver", "s-1", "msg_0").code == 3
    assert ctl(daemon, "webhook", "redeliver", "s-2", hook["id"]).code == 3
    assert ctl(daemon, "webhook", "resend", "s-1").code == 2
    assert daemon.client.ask("DELETE", "/v1/sagas/s-1").status == 204
    gone = ctl(daemon, "webhook", "redeliver", "s-1", hook["id"])
    assert gone.code == ctl(daemon, "get", "s-1").code

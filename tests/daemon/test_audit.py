"""GET /v1/audit: who did what, when and why."""

import hashlib

import pytest
from api_contract import Contract
from participant import Gate

DEFINITION = {
    "name": "order",
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
    daemon = make_daemon(services={"billing": participant.url})
    daemon.client.put_definition(DEFINITION)
    return daemon


def audit(daemon, query=""):
    path = "/v1/audit" + query
    answer = daemon.client.get(path)
    assert answer.status == 200, answer
    return Contract(daemon.client).check("GET", path, answer).json


def told(page):
    return [(i["action"], i["subject"]) for i in page["items"]]


def pause(daemon, reason):
    body = {"reason": reason}
    return daemon.client.ask("POST", "/v1/services/billing/pause", body)


def test_what_was_done_is_told_newest_first_with_its_reason_and_request(daemon, participant):
    gate = participant.script("POST", "/charges", Gate())
    saga_id = daemon.client.start("order").json["id"]
    participant.wait_for(1, "POST")
    paused = daemon.client.act(saga_id, "pause", reason="let me look")
    done = pause(daemon, "maintenance")
    page = audit(daemon)
    assert told(page) == [("service-pause", "billing"), ("pause", saga_id), ("put", "order")]
    newest, act, _ = page["items"]
    assert newest["reason"] == "maintenance" and newest["turn"] is None
    assert newest["requestId"] == done.headers["X-Request-Id"]
    assert newest["actor"] == "anonymous"
    assert act["reason"] == "let me look"
    assert act["turn"] == paused.json["revision"]
    gate.release()


def text(value):
    if value is None:
        return b"-,"
    raw = str(value).encode()
    return b"%d:%s," % (len(raw), raw)


def entry_hash(e):
    """As docs/manual/audit.md tells a client."""
    members = ("previous", "seq", "time", "actor", "action", "subject", "turn", "reason", "requestId")
    parts = ["sagad-audit-1"] + [e[m] for m in members]
    return hashlib.blake2b(b"".join(map(text, parts)), digest_size=32).hexdigest()


def test_a_client_can_check_the_chain_from_the_pages(daemon, participant):
    gate = participant.script("POST", "/charges", Gate())
    saga_id = daemon.client.start("order").json["id"]
    participant.wait_for(1, "POST")
    daemon.client.act(saga_id, "pause", reason="le café brûle, \n\t\"vraiment\"")
    for i in range(4):
        pause(daemon, "%d" % i)
    daemon.kill()
    daemon.start()
    pause(daemon, "after a restart")
    entries, cursor = [], ""
    while cursor is not None:
        page = audit(daemon, "?limit=3" + cursor)
        entries += page["items"]
        cursor = "&cursor=" + page["next"] if page["next"] else None
    entries.reverse()
    assert [e["seq"] for e in entries] == list(range(1, 8))
    assert [e["previous"] for e in entries] == [None] + [e["hash"] for e in entries[:-1]]
    assert [e["hash"] for e in entries] == [entry_hash(e) for e in entries]
    gate.release()


def test_filters_are_anded(daemon):
    pause(daemon, "one")
    daemon.client.ask("POST", "/v1/services/billing/resume", {})
    pause(daemon, "two")
    found = audit(daemon, "?action=service-pause&subject=billing&actor=anonymous")
    assert [i["reason"] for i in found["items"]] == ["two", "one"]
    assert told(audit(daemon, "?subject=order")) == [("put", "order")]
    assert told(audit(daemon, "?actor=nobody")) == []


def test_pages_hang_together(daemon):
    for i in range(5):
        pause(daemon, "%d" % i)
    reasons, cursor = [], ""
    while cursor is not None:
        page = audit(daemon, "?action=service-pause&limit=2" + cursor)
        reasons += [i["reason"] for i in page["items"]]
        cursor = "&cursor=" + page["next"] if page["next"] else None
    assert reasons == ["4", "3", "2", "1", "0"]


def test_a_cursor_of_another_filter_and_an_unknown_parameter_are_400(daemon):
    pause(daemon, "a")
    pause(daemon, "b")
    cursor = audit(daemon, "?limit=1")["next"]
    assert daemon.client.get("/v1/audit?actor=x&cursor=" + cursor).status == 400
    assert daemon.client.get("/v1/audit?who=x").status == 400


def test_what_was_refused_is_not_in_it(daemon):
    assert daemon.client.ask("POST", "/v1/services/nobody/pause", {}).status == 404
    assert told(audit(daemon)) == [("put", "order")]


def test_the_audit_outlives_a_kill(daemon):
    pause(daemon, "before")
    daemon.kill()
    daemon.start()
    assert audit(daemon)["items"][0]["reason"] == "before"

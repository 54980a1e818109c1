"""What /calls and previews show of a request is what went out, and stays so."""

import signal

from conftest import eventually
from participant import Ok, ResetAfter, Status

LONG = {"maxAttempts": 5, "delay": "10m", "maxDelay": "10m", "jitter": 0}
FRAMING = {"host", "content-length", "connection"}


def definition(**call):
    made = {"service": "shop", "url": "/a?x=${ .input.x }", "body": {"n": 1}}
    return {"name": "d", "steps": [{"id": "a", "call": dict(made, **call),
                                    "compensate": {"service": "shop", "url": "/undo-a"}}]}


def calls_of(daemon, saga):
    return daemon.client.get("/v1/sagas/%s/calls" % saga).json["items"]


def reload(daemon):
    n = len(daemon.lines)
    daemon.write_config()
    daemon.signal(signal.SIGHUP)
    daemon.wait_log("reloaded", after=n)


def start(daemon, **more):
    answer = daemon.client.start("d", {"x": "1 2"}, **more)
    assert answer.status in (200, 202), answer
    return answer.json["id"]


def waits_for_a_retry(daemon, saga):
    eventually(lambda: daemon.client.saga(saga)["steps"][0]["status"] == "backing-off",
               "its attempt has ended")


# ---- as it went out ------------------------------------------------------------------


def test_a_call_is_shown_with_its_whole_url_and_every_header(
        make_daemon, participant, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hunter2\n")
    service = {"url": participant.url + "/base/",
               "auth": {"bearer": {"secret": "s"}},
               "headers": {"X-Tenant": "t-1", "X-Empty": "", "X-Hidden": {"secret": "s"}}}
    daemon = make_daemon(services={"shop": service},
                         config={"secrets": {"s": {"file": str(secret)}}})
    daemon.client.put_definition(definition(headers={"X-Own": "o", "X-Tenant": "mine"}))
    participant.script("POST", "/base/a", Status(422))
    traced = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    saga = start(daemon, headers={"traceparent": traced, "tracestate": "v=1"})
    daemon.client.wait_status(saga)
    calls = calls_of(daemon, saga)
    assert len(calls) == len(participant.requests) == 1
    for shown, seen in zip(calls, participant.requests):
        assert shown["request"]["url"] == participant.url + seen.path
        sent = {k.lower(): v for k, v in seen.headers if k.lower() not in FRAMING}
        assert sent["authorization"] == "Bearer hunter2" and sent["x-hidden"] == "hunter2"
        sent["authorization"] = sent["x-hidden"] = "[redacted]"
        assert {k.lower(): v for k, v in shown["request"]["headers"].items()} == sent
        assert shown["request"]["headers"]["X-Tenant"] == "t-1"
    assert "hunter2" not in daemon.client.get("/v1/sagas/%s/calls" % saga).body.decode()
    with open(daemon.store_path, "rb") as f:
        assert b"hunter2" not in f.read()


def test_where_an_attempt_went_is_shown_when_the_service_has_moved(
        make_daemon, make_participant):
    old, new = make_participant(), make_participant()
    daemon = make_daemon(services={"shop": old.url})
    daemon.client.put_definition(definition())
    first = start(daemon)
    daemon.client.wait_status(first)
    before = calls_of(daemon, first)
    daemon.config["services"]["shop"] = {"url": new.url, "headers": {"X-New": "1"}}
    reload(daemon)
    second = start(daemon)
    daemon.client.wait_status(second)
    assert calls_of(daemon, second)[0]["request"]["url"].startswith(new.url)
    assert calls_of(daemon, second)[0]["request"]["headers"]["X-New"] == "1"
    assert calls_of(daemon, first) == before
    daemon.restart()
    assert calls_of(daemon, first) == before


def test_the_capability_of_a_callback_is_not_shown(make_daemon, participant):
    daemon = make_daemon(services={"shop": participant.url})
    daemon.client.put_definition(definition(callback={"timeout": "1h"}))
    participant.script("POST", "/a", Status(202))
    saga = start(daemon)
    eventually(lambda: calls_of(daemon, saga)[0]["outcome"], "it was answered")
    (call,) = calls_of(daemon, saga)
    (seen,) = participant.requests
    token = seen.header("Saga-Callback").rsplit("/", 1)[1]
    assert call["request"]["headers"]["Saga-Callback"] == "[redacted]"
    assert token not in daemon.client.get("/v1/sagas/%s/calls" % saga).body.decode()


# ---- a call in doubt stays (S3) ------------------------------------------------------


def test_a_call_in_doubt_stays_with_the_base_url_it_was_sent_to(
        make_daemon, make_participant):
    old, new = make_participant(), make_participant()
    daemon = make_daemon(services={"shop": old.url})
    daemon.client.put_definition(definition(retry=LONG))
    old.script("POST", "/a", ResetAfter(), ResetAfter(), Ok())
    saga = start(daemon)
    waits_for_a_retry(daemon, saga)
    daemon.config["services"]["shop"]["url"] = new.url
    reload(daemon)
    assert daemon.client.act(saga, "retry", step="a").status == 200
    eventually(lambda: len(old.requests) == 2, "the second attempt")
    waits_for_a_retry(daemon, saga)
    daemon.restart()  # It is known from the journal then.
    said = daemon.client.ask("POST", "/v1/sagas/%s/retry?preview=true" % saga, {"step": "a"})
    assert [r["url"] for r in said.json["requests"]] == [old.url + "/a?x=1%202"]
    assert daemon.client.act(saga, "retry", step="a").status == 200
    assert daemon.client.wait_status(saga)["status"] == "completed"
    assert (len(old.requests), len(new.requests)) == (3, 0)
    assert [c["request"]["url"] for c in calls_of(daemon, saga)] == 3 * [old.url + "/a?x=1%202"]


def test_a_call_that_is_in_no_doubt_goes_where_the_service_is_now(
        make_daemon, make_participant):
    old, new = make_participant(), make_participant()
    daemon = make_daemon(services={"shop": old.url})
    daemon.client.put_definition(definition(retry=LONG))
    old.script("POST", "/a", Status(429))
    saga = start(daemon)
    waits_for_a_retry(daemon, saga)
    daemon.config["services"]["shop"]["url"] = new.url
    reload(daemon)
    assert daemon.client.act(saga, "retry", step="a").status == 200
    assert daemon.client.wait_status(saga)["status"] == "completed"
    assert (len(old.requests), len(new.requests)) == (1, 1)


def test_whether_a_call_was_applied_is_asked_where_it_was_sent_to(
        make_daemon, make_participant):
    old, new = make_participant(), make_participant()
    daemon = make_daemon(services={"shop": {"url": old.url, "keysKept": "1ms"}})
    made = definition(retry=LONG)
    made["steps"][0]["confirm"] = {"service": "shop", "url": "/find", "method": "GET"}
    daemon.client.put_definition(made)
    old.script("POST", "/a", ResetAfter())
    saga = start(daemon)
    waits_for_a_retry(daemon, saga)
    daemon.config["services"]["shop"]["url"] = new.url
    reload(daemon)
    assert daemon.client.act(saga, "retry", step="a").status == 200
    assert daemon.client.wait_status(saga)["status"] == "completed"
    assert [r.method for r in old.requests] == ["POST", "GET"] and new.requests == []


# ---- previews ------------------------------------------------------------------------


def test_a_preview_shows_whole_urls_and_headers(make_daemon, participant):
    daemon = make_daemon(services={
        "shop": participant.url,
        "mail": {"url": participant.url + "/mail", "headers": {"X-Tenant": "t"}}})
    made = definition(retry=1)
    made["steps"].append({"id": "b", "call": {"service": "mail", "url": "/b"},
                          "compensate": None})
    daemon.client.put_definition(made)
    participant.script("POST", "/a", Status(503))
    saga = start(daemon)
    daemon.client.wait_status(saga, "compensated")
    made["steps"][0]["pivot"] = True
    del made["steps"][0]["compensate"]
    daemon.client.put_definition(made)
    saga = start(daemon)
    daemon.client.wait_status(saga, "stuck")
    said = daemon.client.ask("POST", "/v1/sagas/%s/retry?preview=true" % saga, {"step": "a"})
    first, second = said.json["requests"]
    assert first["url"] == participant.url + "/a?x=1%202"
    assert second["url"] == participant.url + "/mail/b"
    assert second["headers"] == {
        "Idempotency-Key": '"%s.b.action"' % saga,
        "Saga-Id": saga,
        "Saga-Step": "b",
        "Saga-Operation": "action",
        "Saga-Attempt": "1",
        "Saga-Deadline": "\u2026",
        "Saga-Definition": "d@2",
        "traceparent": "\u2026",
        "X-Tenant": "t",
        "Accept": "application/json",
        "User-Agent": calls_of(daemon, saga)[0]["request"]["headers"]["User-Agent"],
    }

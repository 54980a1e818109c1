"""sagactl asks before what no other command takes back, and acts unasked on --yes only."""

import pytest

from conftest import eventually
from participant import Ok
from scripted_api import Reply, ScriptedApi
from terminal import run_on_terminal

SAGA = {"id": "s-1", "definition": "order", "version": 1, "status": "compensating",
        "revision": 2, "why": "It goes back.", "steps": [], "actions": []}
PREVIEW = {"preview": "token-1", "requests": [], "endsIn": "compensated", "worstCase": 1000}
WHY = ("--reason", "looked it up")
GRAVE = {
    "skip": ("POST", "/v1/sagas/s-1/skip",
             ["skip", "s-1", "--step", "a", "--output", "{}", *WHY]),
    "resolve": ("POST", "/v1/sagas/s-1/resolve",
                ["resolve", "s-1", "--step", "a", "--outcome", "applied", *WHY]),
    "close": ("POST", "/v1/sagas/s-1/close", ["close", "s-1", *WHY]),
    "cancel": ("POST", "/v1/sagas/s-1/cancel", ["cancel", "s-1", *WHY]),
    "purge": ("DELETE", "/v1/sagas/s-1", ["purge", "s-1", *WHY]),
    "engine resume": ("POST", "/v1/resume", ["engine", "resume", *WHY]),
}
HARMLESS = ("retry", "pause", "resume")


@pytest.fixture
def api():
    with ScriptedApi() as api:
        for method, path, args in GRAVE.values():
            api.on(method, path, answer_for)
        for action in HARMLESS:
            api.on("POST", "/v1/sagas/s-1/" + action, answer_for)
        yield api


def answer_for(request):
    if request.method == "DELETE":
        return Reply(None, 204)
    return Reply(PREVIEW if request.query.get("preview") == "true" else SAGA)


def done(api, method, path):
    """The requests that act, not those that only look."""
    return [r for r in api.of(method, path) if "preview" not in r.query]


@pytest.mark.parametrize("command", GRAVE)
def test_where_nobody_can_be_asked_nothing_is_sent_without_yes(api, ctl, command):
    _, _, args = GRAVE[command]
    result = ctl(api, *args)
    assert result.code == 2, result
    assert "say --yes" in result.err
    assert result.out == ""
    assert api.requests == []


@pytest.mark.parametrize("command", GRAVE)
def test_yes_acts_unasked(api, ctl, command):
    method, path, args = GRAVE[command]
    result = ctl(api, *args, "--yes")
    assert result.code == 0, result
    assert "[y/N]" not in result.err
    assert len(done(api, method, path)) == 1


@pytest.mark.parametrize("command", GRAVE)
def test_a_person_is_asked_and_no_means_no(api, command):
    method, path, args = GRAVE[command]
    for answer in (b"n\n", b"\n"):
        code, shown = run_on_terminal(api, *args, answer=answer)
        assert code == 1, shown
        assert "[y/N]" in shown and "nothing done" in shown
    assert done(api, method, path) == []
    code, shown = run_on_terminal(api, *args, answer=b"y\n")
    assert code == 0, shown
    assert len(done(api, method, path)) == 1


@pytest.mark.parametrize("command", ("skip", "resolve", "close", "cancel"))
def test_what_a_person_saw_is_what_is_done(api, command):
    method, path, args = GRAVE[command]
    code, shown = run_on_terminal(api, *args, answer=b"y\n")
    assert (code, "ends in: compensated" in shown) == (0, True), shown
    assert done(api, method, path)[0].json["preview"] == "token-1"


@pytest.mark.parametrize("action", HARMLESS)
def test_what_can_be_taken_back_asks_nobody(api, ctl, action):
    assert ctl(api, action, "s-1").code == 0
    code, shown = run_on_terminal(api, action, "s-1")
    assert (code, "[y/N]" in shown) == (0, False), shown
    assert len(done(api, "POST", "/v1/sagas/s-1/" + action)) == 2


@pytest.mark.parametrize("command", ("skip", "resolve", "close", "cancel"))
def test_a_preview_needs_no_yes(api, ctl, command):
    method, path, args = GRAVE[command]
    result = ctl(api, *args, "--preview")
    assert result.code == 0, result
    assert done(api, method, path) == []


@pytest.mark.parametrize("command", [*GRAVE, "bulk"])
def test_the_help_of_each_says_that_it_asks(ctl, command):
    said = " ".join(ctl(None, "help", *command.split()).out.split())
    assert "--yes does not ask, and has to be said where there is no terminal" in said


# ---- purge ----------------------------------------------------------------------------


ORDER = {"name": "order", "steps": [
    {"id": "pay", "call": {"service": "billing", "url": "/charges"}, "compensate": None}]}


def test_purge_deletes_what_has_ended_and_the_audit_keeps_the_reason(
        make_daemon, participant, ctl):
    participant.script("POST", "/charges", Ok({}))
    daemon = make_daemon(services={"billing": participant.url})
    daemon.client.put_definition(ORDER)
    saga_id = daemon.client.start("order").json["id"]
    daemon.client.wait_status(saga_id)
    why = "asked to be forgotten: §17 & more?"
    result = ctl(daemon, "purge", saga_id, "--yes", "--reason", why)
    assert (result.code, result.out) == (0, "purged\n"), result
    assert daemon.client.get("/v1/sagas/" + saga_id).status == 410
    entry = daemon.client.get("/v1/audit?action=purge").json["items"][0]
    assert (entry["subject"], entry["reason"]) == (saga_id, why)
    assert ctl(daemon, "purge", saga_id, "--yes").code == 3
    assert ctl(daemon, "audit", "verify").code == 0


def test_purge_of_a_saga_that_goes_on_is_4(make_daemon, participant, ctl):
    daemon = make_daemon(services={"billing": participant.url})
    daemon.client.put_definition(dict(ORDER, steps=[{"id": "w", "wait": "1h"}]))
    saga_id = daemon.client.start("order").json["id"]
    eventually(lambda: daemon.client.saga(saga_id)["steps"][0]["status"] == "waiting")
    result = ctl(daemon, "purge", saga_id, "--yes")
    assert result.code == 4, result
    assert daemon.client.saga(saga_id)["status"] == "running"


def test_purge_prints_the_id_where_names_are_wanted_and_no_json(api, ctl):
    assert ctl(api, "purge", "s-1", "--yes", "-o", "name").out == "s-1\n"
    assert ctl(api, "purge", "s-1", "--yes", "-o", "json").out == ""
    assert api.of("DELETE", "/v1/sagas/s-1")[0].query == {}

"""What sagactl makes of answers: a scripted server says them, so that each can be had."""

import hashlib
import signal
import subprocess

import pytest

from conftest import SAGACTL, clean_environment
from scripted_api import Reply, ScriptedApi, Stream
from terminal import run_on_terminal


@pytest.fixture
def api():
    with ScriptedApi() as api:
        yield api


def saga(status="running", revision=1, why=None, **more):
    return Reply(dict({"id": "s-1", "definition": "order", "version": 1, "status": status,
                       "revision": revision, "why": why, "steps": [], "actions": []}, **more),
                 ETag='W/"r%d"' % revision)


def turn(n, **more):
    return dict({"turn": n, "time": "2026-01-01T00:00:0%d.000Z" % n, "event": "answered"},
                **more)


# ---- watch ------------------------------------------------------------------------


def test_watch_tells_each_turn_of_the_stream_and_ends_with_the_saga(api, ctl):
    api.on("GET", "/v1/sagas/s-1", saga("completed", 2))
    api.on("GET", "/v1/sagas/s-1/journal", Stream(
        (1, "turn", turn(1, event="started")),
        (2, "turn", turn(2, step="pay", item=3, operation="action", outcome="succeeded")),
        (2, "end", {}), is_held=True))
    result = ctl(api, "watch", "s-1")
    assert result.code == 0, result
    lines = [line.split() for line in result.out.splitlines()]
    assert lines == [
        ["2026-01-01T00:00:01.000Z", "1", "started"],
        ["2026-01-01T00:00:02.000Z", "2", "answered", "pay[3].action", "succeeded"],
    ]
    assert api.of("GET", "/v1/sagas/s-1/journal")[0].headers["Accept"] == "text/event-stream"


@pytest.mark.parametrize("status, code", [("completed", 0), ("resolved", 1),
                                          ("compensated", 8), ("stuck", 9)])
def test_watch_ends_with_the_codes_of_wait(api, ctl, status, code):
    why = "shipping refused it." if status == "stuck" else None
    api.on("GET", "/v1/sagas/s-1", saga(status, 1, why))
    api.on("GET", "/v1/sagas/s-1/journal", Stream((1, "turn", turn(1)), is_held=True))
    result = ctl(api, "watch", "s-1")
    assert result.code == code, result
    assert status in result.err
    assert ("shipping refused it." in result.out) == (status == "stuck")


def test_watch_says_once_why_it_rests(api, ctl):
    resting = saga("running", 2, "Waiting for the signal 'paid'.")
    api.on("GET", "/v1/sagas/s-1", resting, resting, resting, saga("completed", 3))
    api.on("GET", "/v1/sagas/s-1/journal",
           Stream((1, "turn", turn(1)), (2, "turn", turn(2))),
           Stream((3, "turn", turn(3)), (3, "end", {})))
    result = ctl(api, "watch", "s-1")
    assert result.code == 0, result
    assert result.out.count("running: Waiting for the signal 'paid'.") == 1


def test_watch_goes_on_behind_the_last_turn_when_the_stream_breaks(api, ctl):
    api.on("GET", "/v1/sagas/s-1", saga("running", 2), saga("running", 2),
           saga("completed", 2))
    api.on("GET", "/v1/sagas/s-1/journal", Stream((1, "turn", turn(1))),
           Stream((1, "turn", turn(1)), (2, "turn", turn(2)), (2, "end", {})))
    result = ctl(api, "watch", "s-1", "-o", "name")
    assert (result.code, result.out) == (0, "1\n2\n")
    asked = api.of("GET", "/v1/sagas/s-1/journal")
    assert [r.headers.get("Last-Event-ID") for r in asked] == [None, "1"]


def test_watch_reads_pages_where_the_server_does_not_stream(api, ctl):
    api.on("GET", "/v1/sagas/s-1", saga("running", 2), saga("completed", 3))
    api.on("GET", "/v1/sagas/s-1/journal",
           Reply({"items": [], "next": None}),  # The question for a stream.
           Reply({"items": [turn(1)], "next": "c"}),
           Reply({"items": [turn(2)], "next": None}),
           Reply({"items": [turn(2), turn(3)], "next": None}))
    result = ctl(api, "watch", "s-1", "-o", "name")
    assert (result.code, result.out) == (0, "1\n2\n3\n")
    assert [r.query.get("cursor") for r in api.of("GET", "/v1/sagas/s-1/journal")] == [
        None, None, "c", "c"]


def test_ctrl_c_ends_the_watching_and_not_the_saga(api):
    api.on("GET", "/v1/sagas/s-1", saga("running", 1, "Waiting."))
    api.on("GET", "/v1/sagas/s-1/journal", Stream((1, "turn", turn(1)), is_held=True))
    process = subprocess.Popen([SAGACTL, "watch", "s-1"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE,
                               env=clean_environment(SAGAD_SERVER=api.url))
    assert b"2026" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"saga s-1 goes on" in err


def test_watch_of_what_is_not_there_is_3(api, ctl):
    assert ctl(api, "watch", "nothing").code == 3


# ---- bulk -------------------------------------------------------------------------

FILTER = ["--status", "stuck,compensating", "--definition", "order", "--stuck-operation",
          "action", "--error", "503", "--label", "team=core", "--started-after",
          "2026-01-01T00:00:00Z"]
FOUND = {"count": 3, "sample": ["s-1", "s-2"], "confirm": "c0ffee"}


def bulk(status="completed", done=3, failed=0, items=(), **more):
    return Reply(dict({"id": "b-1", "action": "retry", "filter": {}, "status": status,
                       "total": 3, "done": done, "failed": failed,
                       "items": list(items)}, **more))


@pytest.fixture
def bulks(api):
    api.on("POST", "/v1/bulk", Reply(FOUND),
           Reply({"id": "b-1"}, 202, Location="/v1/bulk/b-1"))
    api.on("GET", "/v1/bulk/b-1", bulk("running", 1), bulk())
    return api


def test_bulk_asks_with_the_lists_filter_and_then_confirms(bulks, ctl):
    result = ctl(bulks, "bulk", "retry", *FILTER, "--reason", "it is up", "--yes")
    assert result.code == 0, result
    assert "3 of 3 done, 0 failed" in result.out
    asked, confirmed = [r.json for r in bulks.of("POST", "/v1/bulk")]
    assert asked == {
        "action": "retry", "reason": "it is up",
        "filter": {"status": "stuck,compensating", "definition": "order",
                   "stuckOperation": "action", "error": "503", "label.team": "core",
                   "startedAfter": "2026-01-01T00:00:00Z"}}
    assert confirmed == dict(asked, confirm="c0ffee")


def test_bulk_with_failures_is_1_and_says_them_by_code(bulks, ctl):
    items = [{"id": "s-1", "status": "running", "code": None},
             {"id": "s-2", "status": "stuck", "code": "invalid-state"}]
    late = [{"id": "s-3", "status": "stuck", "code": "invalid-state"}]
    bulks.on("GET", "/v1/bulk/b-1", bulk(done=1, failed=2, items=items, next="n"),
             bulk(done=1, failed=2, items=items, next="n"),
             bulk(done=1, failed=2, items=late, next=None))
    result = ctl(bulks, "bulk", "retry", *FILTER, "--reason", "x", "--yes")
    assert result.code == 1, result
    assert "1 of 3 done, 2 failed" in result.out
    assert result.out.splitlines()[1].split() == ["2", "invalid-state", "s-2,", "s-3"]


def test_bulk_that_was_cancelled_is_1(bulks, ctl):
    bulks.on("GET", "/v1/bulk/b-1", bulk("cancelled", 1))
    result = ctl(bulks, "bulk", "retry", *FILTER, "--reason", "x", "--yes")
    assert result.code == 1
    assert "cancelled" in result.out


def test_bulk_preview_shows_and_does_nothing(bulks, ctl):
    result = ctl(bulks, "bulk", "retry", *FILTER, "--reason", "x", "--preview")
    assert result.code == 0
    assert "3 sagas" in result.out and "s-2" in result.out
    assert len(bulks.of("POST", "/v1/bulk")) == 1


def test_bulk_of_nothing_is_0_and_does_nothing(bulks, ctl):
    bulks.on("POST", "/v1/bulk", Reply({"count": 0, "sample": [], "confirm": "x"}))
    result = ctl(bulks, "bulk", "retry", *FILTER, "--reason", "x", "--yes")
    assert result.code == 0
    assert "nothing done" in result.err
    assert len(bulks.of("POST", "/v1/bulk")) == 1


def test_bulk_asks_a_person(bulks):
    code, shown = run_on_terminal(bulks, "bulk", "retry", *FILTER, "--reason", "x",
                                  answer=b"n\n")
    assert code == 1, shown
    assert "retry 3 sagas? [y/N]" in shown and "s-1" in shown
    assert len(bulks.of("POST", "/v1/bulk")) == 1
    bulks.on("POST", "/v1/bulk", Reply(FOUND), Reply({"id": "b-1"}, 202))
    code, shown = run_on_terminal(bulks, "bulk", "retry", *FILTER, "--reason", "x",
                                  answer=b"y\n")
    assert code == 0, shown
    assert "3 of 3, 0 failed" in shown  # Its progress.


def test_ctrl_c_leaves_the_bulk_action_running(bulks):
    bulks.on("GET", "/v1/bulk/b-1", bulk("running", 1))
    process = subprocess.Popen(
        [SAGACTL, "bulk", "retry", *FILTER, "--reason", "x", "--yes"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=clean_environment(SAGAD_SERVER=bulks.url))
    bulks.wait_for(1, "GET", "/v1/bulk/b-1")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"b-1 runs on" in err and b"bulk cancel b-1" in err


@pytest.mark.parametrize("args, sentence", [
    (["retry", "--reason", "x", "--yes"], "a filter"),
    (["retry", "--status", "stuck", "--yes"], "--reason"),
    (["retry", "--status", "stuck", "--reason", "x"], "--yes"),
    (["retri", "--status", "stuck", "--reason", "x", "--yes"], "did you mean 'retry'"),
])
def test_bulk_used_wrongly_is_2(api, ctl, args, sentence):
    result = ctl(api, "bulk", *args)
    assert result.code == 2
    assert sentence in result.err
    assert api.requests == []


def test_bulk_actions_are_listed_shown_and_cancelled(bulks, ctl):
    bulks.on("GET", "/v1/bulk", Reply({"items": [bulk().body], "next": None}))
    bulks.on("POST", "/v1/bulk/b-1/cancel", bulk("cancelled", 1))
    assert ctl(bulks, "bulk", "list", "-o", "name").out == "b-1\n"
    assert "b-1" in ctl(bulks, "bulk", "list").out
    shown = ctl(bulks, "bulk", "show", "b-1", "-o", "json")
    assert shown.json["id"] == "b-1"
    assert "cancelled" in ctl(bulks, "bulk", "cancel", "b-1", "--reason", "enough").out
    assert bulks.of("POST", "/v1/bulk/b-1/cancel")[0].json == {"reason": "enough"}


# ---- audit ------------------------------------------------------------------------


def text(value):
    if value is None:
        return b"-,"
    raw = str(value).encode()
    return b"%d:%s," % (len(raw), raw)


def entry_hash(e):
    parts = ["sagad-audit-1"] + [e[m] for m in (
        "previous", "seq", "time", "actor", "action", "subject", "turn", "reason", "requestId")]
    return hashlib.blake2b(b"".join(map(text, parts)), digest_size=32).hexdigest()


def chain(n):
    """n entries, newest first, as docs/manual/audit.md says."""
    entries, previous = [], None
    for seq in range(1, n + 1):
        e = {"seq": seq, "time": "2026-01-02T03:04:05.006Z", "actor": "ann", "action": "retry",
             "subject": "s-%d" % seq, "turn": seq if seq % 2 else None,
             "reason": "größer" if seq % 3 else None, "requestId": "r", "previous": previous}
        e["hash"] = previous = entry_hash(e)
        entries.insert(0, e)
    return entries


def serve(api, entries):
    half = len(entries) // 2
    api.on("GET", "/v1/audit", lambda r: Reply(
        {"items": entries[half:], "next": None} if r.query.get("cursor") == "c"
        else {"items": entries[:half], "next": "c"}))


def test_audit_verify_walks_all_pages_of_a_whole_chain(api, ctl):
    entries = chain(7)
    serve(api, entries)
    result = ctl(api, "audit", "verify", "--known", "3=" + entries[4]["hash"])
    assert result.code == 0, result
    assert result.out == "7 entries, the chain is whole; newest: 7=%s\n" % entries[0]["hash"]
    assert len(api.of("GET", "/v1/audit")) == 2


def forge(e, **more):
    e.update(more)
    e["hash"] = entry_hash(e)


@pytest.mark.parametrize("damage, sentence", [
    (lambda es: es[2].update(actor="bob"), "entry 5: its hash is not that of what it says"),
    (lambda es: forge(es[2], actor="bob"), "entry 5: the entry behind it names another hash"),
    (lambda es: es.pop(3), "entry 3: the numbers have a gap"),
    (lambda es: es.pop(), "entry 1: the entries up to this one are not there"),
    (lambda es: es.pop(0), "entry 7: it was known, and is not there"),
])
def test_audit_verify_finds_each_kind_of_damage_and_is_1(api, ctl, damage, sentence):
    entries = chain(7)
    known = "7=" + entries[0]["hash"]
    damage(entries)
    serve(api, entries)
    result = ctl(api, "audit", "verify", "--known", known)
    assert result.code == 1, result
    assert sentence in result.out


# ---- stuck, stats -----------------------------------------------------------------


def test_stuck_shows_groups(api, ctl):
    group = {"definition": "order", "step": "ship", "operation": "action",
             "outcome": "rejected", "count": 12, "oldest": "2026-01-01T00:00:00.000Z",
             "error": "shipping answered 400", "sagas": ["s-1"]}
    api.on("GET", "/v1/stuck", Reply({"items": [group], "next": None}))
    result = ctl(api, "stuck")
    assert result.code == 0
    assert result.out.splitlines()[1].split()[:5] == ["order", "ship", "action", "rejected", "12"]
    assert "s-1" in ctl(api, "stuck", "-o", "wide").out
    assert ctl(api, "stuck", "-o", "jsonl").json == group


STATS = {
    "window": "1h", "step": "10s", "from": "2026-01-01T00:00:00.000Z",
    "to": "2026-01-01T00:00:20.000Z",
    "now": {"sagas": {"running": 4, "stuck": 1}, "active": 5, "callsInFlight": 2,
            "callsQueued": 0},
    "points": [{"at": "2026-01-01T00:00:00.000Z", "started": 20, "completed": 10,
                "compensated": 0, "resolved": 0, "stuck": 1, "turns": 40, "calls": 30,
                "callsSucceeded": 28, "callsRejected": 1, "callsUnsent": 0, "callsUnknown": 1},
               {"at": "2026-01-01T00:00:10.000Z", "started": 40, "completed": 20}]}


def test_stats_says_sums_and_rates(api, ctl):
    api.on("GET", "/v1/stats", Reply(STATS))
    result = ctl(api, "stats", "--window", "30m", "--every", "5s")
    assert result.code == 0
    rows = {line.split()[0]: line.split()[1:] for line in result.out.splitlines() if line}
    assert rows["started"] == ["60", "3.00", "2.00"]
    assert rows["running"] == ["4"]
    assert api.of("GET", "/v1/stats")[0].query == {"window": "30m", "step": "5s"}
    assert "▁" not in result.out
    assert ctl(api, "stats", "-o", "json").json == STATS


def test_stats_draws_on_a_terminal(api):
    api.on("GET", "/v1/stats", Reply(STATS))
    code, shown = run_on_terminal(api, "stats")
    assert code == 0
    assert "▅█" in shown


def test_stats_watch_goes_on_until_ctrl_c(api):
    api.on("GET", "/v1/stats", Reply(STATS))
    process = subprocess.Popen([SAGACTL, "stats", "--watch"], stdout=subprocess.PIPE,
                               env=clean_environment(SAGAD_SERVER=api.url))
    api.wait_for(2, "GET", "/v1/stats")
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130


# ---- problems ---------------------------------------------------------------------


@pytest.mark.parametrize("status, code, exit_code, hint", [
    (400, "invalid-request", 1, ""),
    (401, "unauthorized", 5, "SAGAD_TOKEN"),
    (403, "forbidden", 5, "token create"),
    (404, "not-found", 3, "sagactl list"),
    (405, "method-not-allowed", 1, "older"),
    (409, "invalid-state", 4, "possible now: retry"),
    (409, "stale-revision", 4, "sagactl get"),
    (409, "preview-stale", 4, "--preview"),
    (409, "call-in-flight", 4, "try again"),
    (410, "purged", 3, "audit"),
    (412, "precondition-failed", 4, "look again"),
    (413, "body-too-large", 10, "maxBody"),
    (422, "input-invalid", 10, "definition get"),
    (422, "idempotency-key-reused", 4, "another"),
    (429, "rate-limited", 1, "try again in 7 s"),
    (503, "overloaded", 1, "try again in 7 s"),
])
def test_a_problem_is_a_sentence_a_code_and_what_to_try(api, ctl, status, code, exit_code,
                                                         hint):
    api.on("GET", "/v1/sagas/s-1", Reply(
        {"title": "T", "status": status, "code": code, "detail": "It cannot be.",
         "allowed": ["retry"] if code == "invalid-state" else []}, status, Retry_After="7"))
    result = ctl(api, "get", "s-1")
    assert result.code == exit_code, result
    assert "sagactl: It cannot be.\n" in result.err
    assert hint in result.err
    assert result.out == ""


def test_an_answer_that_is_not_of_sagad_is_1(api, ctl):
    api.on("GET", "/v1/sagas/s-1", Reply(["?"], 500))
    result = ctl(api, "get", "s-1")
    assert result.code == 1
    assert "500" in result.err

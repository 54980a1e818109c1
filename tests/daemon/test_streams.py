"""Streams: a saga's journal and everybody's events, live; resume, gap, filters, the end."""

import datetime
import http.client
import resource
import signal
import sqlite3
import threading

import pytest
from api_contract import Contract
from conftest import Client, eventually
from events import Stream
from participant import Gate, Ok, Status
from test_api_tokens import make_token

STEP = {
    "id": "pay",
    "call": {"service": "shop", "method": "POST", "url": "/pay", "body": {}},
    "compensate": None,
}
TWO = [STEP, dict(STEP, id="ship", call=dict(STEP["call"], url="/ship"))]
ORDER = {"name": "order", "key": "k-${.input.n}", "steps": TWO}
TRIP = {"name": "trip", "steps": [STEP]}
STREAMS = 1024  # LIMIT_API_STREAMS


@pytest.fixture
def daemon(make_daemon, participant):
    daemon = make_daemon(services={"shop": participant.url})
    daemon.shop = participant
    daemon.client.put_definition(ORDER)
    daemon.client.put_definition(TRIP)
    return daemon


def journal(daemon, saga_id, **more):
    return Stream(daemon.port, "/v1/sagas/%s/journal" % saga_id, **more)


def events(daemon, query="", **more):
    """A stream that stands: what is committed from here on comes."""
    stream = Stream(daemon.port, "/v1/events" + query, **more)
    assert stream.status == 200
    stream.comment()
    return stream


def started(daemon, definition="order", n=1, **more):
    answer = daemon.client.start(definition, {"n": n}, **more)
    assert answer.status in (200, 202), answer
    return answer.json["id"]


def finished(daemon, definition="order", **more):
    saga_id = started(daemon, definition, **more)
    daemon.client.wait_status(saga_id)
    return saga_id


def is_final(event):
    return event.data["status"] in ("completed", "compensated", "resolved")


# ---- a saga's journal ----------------------------------------------------------------


def test_a_finished_sagas_stream_is_its_journal_and_an_end(daemon):
    saga_id = finished(daemon)
    with journal(daemon, saga_id) as stream:
        assert stream.status == 200
        assert stream.headers["Content-Type"] == "text/event-stream"
        assert stream.headers["Cache-Control"] == "no-store"
        seen = stream.rest()
    pages = daemon.client.journal(saga_id)
    assert [e.data for e in seen[:-1]] == pages
    assert [e.id for e in seen[:-1]] == [str(entry["turn"]) for entry in pages]
    assert {e.name for e in seen[:-1]} == {"turn"}
    last = {"sagaId": saga_id, "status": "completed", "revision": pages[-1]["turn"]}
    assert (seen[-1].name, seen[-1].data) == ("end", last)


def test_a_saga_is_followed_while_it_goes_on(daemon):
    gate = Gate()
    daemon.shop.script("POST", "/ship", gate)
    saga_id = started(daemon)
    with journal(daemon, saga_id) as stream:
        stream.until(lambda e: e.data.get("step") == "pay" and e.data["event"] == "answered")
        gate.release()
        assert [e.name for e in stream.rest()] == ["turn", "end"]


def test_a_stream_goes_on_after_the_turn_it_is_told(daemon):
    saga_id = finished(daemon)
    turns = [str(entry["turn"]) for entry in daemon.client.journal(saga_id)]
    for i, turn in enumerate(turns):
        with journal(daemon, saga_id, last=turn) as stream:
            assert [e.id for e in stream.rest()[:-1]] == turns[i + 1 :]


def test_a_long_journal_comes_whole_and_in_order(daemon):
    daemon.shop.script("POST", "/pay", Gate())
    saga_id = started(daemon)
    for _ in range(300):
        assert daemon.client.act(saga_id, "pause", reason="r" * 200).status == 200
        assert daemon.client.act(saga_id, "resume", reason="r" * 200).status == 200
    pages = daemon.client.journal(saga_id)
    assert len(pages) > 600
    with journal(daemon, saga_id) as stream:
        assert [stream.next().data for _ in pages] == pages


def test_what_cannot_be_streamed_is_a_problem_as_ever(daemon):
    with journal(daemon, "nothing") as stream:
        assert (stream.status, stream.json()["code"]) == (404, "not-found")
    saga_id = finished(daemon)
    with journal(daemon, saga_id, last="yesterday") as stream:
        assert (stream.status, stream.json()["code"]) == (400, "invalid-request")
    with Stream(daemon.port, "/v1/sagas/%s/journal?limit=5" % saga_id) as stream:
        assert stream.status == 400
    with Stream(daemon.port, "/v1/events?label.a=b") as stream:
        assert stream.status == 400
    with Stream(daemon.port, "/v1/events?status=odd") as stream:
        assert stream.status == 400


def test_pages_are_what_they_were_for_who_does_not_ask_for_a_stream(daemon):
    saga_id = finished(daemon)
    path = "/v1/sagas/%s/journal" % saga_id
    for accept in ("application/json", "*/*", "text/event-streams"):
        answer = Contract(daemon.client).check("GET", path, daemon.client.get(path, Accept=accept))
        assert answer.headers["Content-Type"] == "application/json"
    with Stream(daemon.port, path, accept="text/html, Text/Event-Stream;q=0.9") as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"


def test_head_says_what_get_would_and_holds_nothing(daemon):
    saga_id = finished(daemon)
    for path in ("/v1/events", "/v1/sagas/%s/journal" % saga_id):
        for _ in range(3):
            answer = daemon.client.ask("HEAD", path, headers={"Accept": "text/event-stream"})
            assert (answer.status, answer.body) == (200, b"")
            assert answer.headers["Content-Type"] == "text/event-stream"


# ---- everybody's events ----------------------------------------------------------------


def test_every_turn_is_an_event_and_agrees_with_the_journal(daemon):
    with events(daemon) as stream:
        saga_id = finished(daemon, n=7)
        seen = stream.until(is_final)
    assert {e.name for e in seen} == {"saga"}
    assert [int(e.id) for e in seen] == sorted({int(e.id) for e in seen})
    entries = daemon.client.journal(saga_id)
    told = [(e.data["revision"], e.data["event"], e.data["step"], e.data["at"]) for e in seen]
    assert told == [(j["turn"], j["event"], j.get("step"), j["time"]) for j in entries]
    first = {"sagaId": saga_id, "definition": "order", "version": 1, "key": "k-7"}
    first.update(status="running", paused=False, revision=1, event="started", step=None)
    first["at"] = entries[0]["time"]
    assert seen[0].data == first


def test_filters_choose_by_definition_status_and_saga(daemon):
    with events(daemon, "?definition=trip,other") as trips, events(
        daemon, "?status=completed"
    ) as ends, events(daemon, "?saga=mine") as mine:
        order = finished(daemon)
        trip = finished(daemon, "trip")
        own = finished(daemon, "trip", id="mine")
        assert {e.data["sagaId"] for e in trips.until(is_final)} == {trip}
        assert [ends.next().data["sagaId"] for _ in range(3)] == [order, trip, own]
        assert {e.data["sagaId"] for e in mine.until(is_final)} == {"mine"}


def test_nobody_needs_to_ask_for_the_type(daemon):
    with events(daemon, accept="*/*") as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"


def test_a_client_that_comes_back_misses_nothing_while_it_is_kept(daemon):
    with events(daemon) as stream:
        finished(daemon)
        seen = stream.until(is_final)
    finished(daemon, "trip")
    with Stream(daemon.port, "/v1/events", last=seen[0].id) as stream:
        again = stream.until(is_final)
        assert again == seen[1:]
        assert {e.data["definition"] for e in stream.until(is_final)} == {"trip"}


def test_an_id_that_is_not_kept_is_a_gap_and_then_it_goes_on(daemon):
    with events(daemon) as stream:
        finished(daemon)
        known = int(stream.until(is_final)[0].id)
    for last in ("1", str(known + 1), str(known + 10**9)):
        with Stream(daemon.port, "/v1/events", last=last) as stream:
            gap = stream.next()
            assert (gap.name, gap.data["after"]) == ("gap", int(last))
            assert gap.data["until"] == int(gap.id)
            finished(daemon, "trip")
            assert {e.data["definition"] for e in stream.until(is_final)} == {"trip"}


def test_ids_of_before_a_restart_are_a_gap(daemon):
    with events(daemon) as stream:
        finished(daemon)
        last = stream.until(is_final)[-1].id
    daemon.restart()
    with Stream(daemon.port, "/v1/events", last=last) as stream:
        gap = stream.next()
        assert gap.name == "gap"
        assert int(gap.id) > int(last)


def test_what_is_not_committed_is_not_told(daemon):
    """A stranger holds the database's lock; the daemon dies while its commit waits for it."""
    with events(daemon) as stream:
        first = finished(daemon)
        stream.until(is_final)
        stranger = sqlite3.connect(daemon.store_path, isolation_level=None)
        stranger.execute("BEGIN IMMEDIATE")
        start = threading.Thread(target=refused_start, args=(daemon,))
        start.start()
        # The turn has been made, and its batch handed over.
        eventually(lambda: daemon.client.get("/v1/stats").json["now"]["active"] == 1, "a turn")
        assert daemon.client.get("/v1/stats").status == 200
        daemon.signal(signal.SIGKILL)
        daemon.wait_exit()
        start.join()
        stranger.close()
        assert cut_off(stream) == b""
    daemon.start()
    sagas = daemon.client.get("/v1/sagas").json["items"]
    assert [s["id"] for s in sagas] == [first]


def refused_start(daemon):
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        daemon.client.start("order", {"n": 9})


def cut_off(stream):
    """What came until the peer died."""
    got = b""
    try:
        while True:
            piece = stream.response.read1()
            if piece == b"":
                return got
            got += piece
    except (ConnectionError, http.client.IncompleteRead):
        return got


# ---- who may see what -----------------------------------------------------------------


@pytest.fixture
def guarded(make_daemon, participant):
    tokens, entries = {}, []
    for name, roles, definitions in (
        ("admin", ["admin"], []),
        ("trips", ["reader"], ["trip"]),
        ("starter", ["starter"], []),
    ):
        tokens[name], entry = make_token(name, *roles, definitions=definitions)
        entries.append(entry)
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=4)
    tokens["soon"], entry = make_token("soon", "reader", expires="2031-01-01T00:00:00Z")
    entry["expires"] = soon.strftime("%Y-%m-%dT%H:%M:%SZ")
    entries.append(entry)
    # make_daemon's readiness probe needs no token.
    daemon = make_daemon(services={"shop": participant.url}, config={"tokens": entries})
    daemon.tokens = tokens
    daemon.client = Client(daemon.port, tokens["admin"])
    daemon.client.put_definition(ORDER)
    daemon.client.put_definition(TRIP)
    return daemon


def test_a_token_for_some_definitions_sees_their_events_only(guarded):
    with events(guarded, token=guarded.tokens["trips"]) as stream, events(
        guarded, "?definition=order", token=guarded.tokens["trips"]
    ) as none:
        finished(guarded)
        trip = finished(guarded, "trip")
        assert {e.data["sagaId"] for e in stream.until(is_final)} == {trip}
        guarded.stop()
        assert none.rest() == []


def test_streams_ask_for_a_reader(guarded):
    for path in ("/v1/events", "/v1/sagas/any/journal"):
        for token, status in ((None, 401), ("sgd_wrong", 401), (guarded.tokens["starter"], 403)):
            with Stream(guarded.port, path, token=token) as stream:
                assert stream.status == status
                assert stream.headers["Content-Type"] == "application/problem+json"


def test_a_stream_ends_with_its_token(guarded):
    with events(guarded, token=guarded.tokens["soon"]) as stream:
        assert stream.rest() == []


def test_a_stream_ends_when_a_reload_takes_its_token(guarded):
    with events(guarded, token=guarded.tokens["trips"]) as stream:
        guarded.config["tokens"] = [t for t in guarded.config["tokens"] if t["name"] != "trips"]
        guarded.write_config()
        guarded.signal(1)
        guarded.wait_log("reloaded")
        finished(guarded, "trip")
        assert stream.rest() == []


# ---- the end, the slow, the many ----------------------------------------------------------


def test_draining_ends_streams_as_answers_end(daemon):
    daemon.shop.script("POST", "/pay", Status(503))
    saga_id = started(daemon)
    with events(daemon) as all_of_them, journal(daemon, saga_id) as one:
        one.next()
        assert daemon.stop() == 0
        all_of_them.rest()
        assert "end" not in {e.name for e in one.rest()}


def test_a_client_that_does_not_read_holds_up_nobody_and_not_the_end(daemon):
    with events(daemon) as slow, events(daemon) as quick:
        for i in range(5):
            items = [{"definition": "trip", "input": {}} for _ in range(1000)]
            answer = daemon.client.ask("POST", "/v1/sagas:batch", {"sagas": items})
            assert answer.status == 207
        ids = {item["saga"]["id"] for item in answer.json["items"]}
        for saga_id in ids:
            daemon.client.wait_status(saga_id)
        last = finished(daemon)
        quick.until(lambda e: e.data.get("sagaId") == last and is_final(e))
        assert daemon.stop() == 0
        assert slow.next() is not None


def test_a_client_that_reads_too_slowly_is_told_of_the_gap_and_goes_on(daemon):
    """More than the feed, the daemon's buffer and the sockets' hold, before it reads on."""
    nothing = dict(STEP, when="${ false }")
    daemon.client.put_definition({"name": "idle", "key": "${ .input.k }", "steps": [nothing]})
    with events(daemon) as slow:
        key = "k" * 500
        items = [{"definition": "idle", "input": {"k": key}} for _ in range(1000)]
        for _ in range(20):
            assert daemon.client.ask("POST", "/v1/sagas:batch", {"sagas": items}).status == 207
        before = slow.until(lambda e: e.name == "gap")
        gap = before.pop()
        assert {e.name for e in before} == {"saga"}
        assert gap.data == {"after": int(before[-1].id), "until": int(gap.id)}
        assert gap.data["until"] > gap.data["after"]
        sagas = {e.data["sagaId"] for e in before}
        assert len(sagas) < 20000
        last = finished(daemon)
        after = slow.until(lambda e: e.data.get("sagaId") == last and is_final(e))
        assert all(int(e.id) > gap.data["until"] for e in after)
    # Nothing of the one saga whose turns were overwritten is missing in its journal.
    with journal(daemon, before[-1].data["sagaId"]) as one:
        assert one.rest()[-1].name == "end"


def test_a_client_that_vanished_frees_its_place(daemon, many_files):
    streams = [events(daemon) for _ in range(STREAMS)]
    try:
        with Stream(daemon.port, "/v1/events") as one_more:
            assert (one_more.status, one_more.json()["code"]) == (503, "overloaded")
            assert one_more.headers["Retry-After"]
        streams.pop().close()
        streams.pop().vanish()

        def there_is_room():
            with Stream(daemon.port, "/v1/events") as one_more:
                return one_more.status == 200

        eventually(there_is_room, "a free place")
        saga_id = finished(daemon)
        assert {e.data["sagaId"] for e in streams[500].until(is_final)} == {saga_id}
        assert daemon.stop() == 0
        assert all(s.rest() is not None for s in streams)
    finally:
        for stream in streams:
            stream.close()


def test_a_quiet_stream_says_now_and_then_that_it_stands(daemon):
    with events(daemon) as stream:
        stream.comment()
        saga_id = finished(daemon)
        assert {e.data["sagaId"] for e in stream.until(is_final)} == {saga_id}


@pytest.fixture
def many_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# ---- what happened when --------------------------------------------------------------------


def stats(daemon, query=""):
    path = "/v1/stats" + query
    return Contract(daemon.client).check("GET", path, daemon.client.get(path))


def sums(answer):
    points = answer.json["points"]
    return {k: sum(p[k] for p in points) for k in points[0] if k != "at"}


def test_counts_add_up_with_what_was_done(daemon):
    daemon.shop.script("POST", "/ship", Ok(), Status(409), Status(503), Ok())
    ids = [finished(daemon) for _ in range(3)]
    answer = stats(daemon)
    outcomes = [c["outcome"] for i in ids for c in daemon.client.get("/v1/sagas/%s/calls" % i).json["items"]]
    turns = sum(len(daemon.client.journal(i)) for i in ids)
    expected = {"started": 3, "completed": 2, "compensated": 1, "resolved": 0, "stuck": 0}
    expected.update(turns=turns, calls=len(outcomes))
    for outcome in ("succeeded", "rejected", "unsent", "unknown"):
        expected["calls" + outcome.capitalize()] = outcomes.count(outcome)
    assert outcomes.count("unknown") == 1
    assert outcomes.count("rejected") == 1
    assert sums(answer) == expected
    now = answer.json["now"]
    assert now["sagas"] == dict.fromkeys(("running", "compensating", "stuck", "resolved"), 0) | {
        "completed": 2,
        "compensated": 1,
    }
    assert (now["callsInFlight"], now["callsQueued"]) == (0, 0)


def test_becoming_stuck_and_being_resolved_are_counted(daemon):
    daemon.client.put_definition({"name": "sticks", "steps": [
        dict(STEP, compensate={"service": "shop", "url": "/back", "retry": {"maxAttempts": 1}}),
        dict(STEP, id="ship", call=dict(STEP["call"], url="/ship")),
    ]})
    daemon.shop.script("POST", "/ship", Status(409))
    daemon.shop.script("POST", "/back", Status(409))
    saga_id = started(daemon, "sticks")
    daemon.client.wait_status(saga_id, "stuck")
    answer = stats(daemon, "?window=10m&step=1m")
    assert (sums(answer)["stuck"], answer.json["now"]["sagas"]["stuck"]) == (1, 1)
    assert daemon.client.act(saga_id, "close", reason="by hand").status == 200
    assert sums(stats(daemon, "?window=24h&step=1h"))["resolved"] == 1


def test_points_are_steps_of_the_clock_the_oldest_first(daemon):
    answer = stats(daemon, "?window=60s&step=1s").json
    assert (answer["window"], answer["step"]) == ("60s", "1s")
    times = [p["at"] for p in answer["points"]]
    assert times == sorted(times)
    assert len(times) <= 60
    assert all(t.endswith(".000Z") for t in times)
    assert answer["from"] <= answer["to"]
    assert times[-1] <= answer["to"]


@pytest.mark.parametrize(
    "query",
    ["?window=0s", "?window=25h", "?step=500ms", "?step=2h&window=4h", "?window=soon", "?step=",
     "?window=15s&step=10s", "?window=2h&step=30s", "?window=5s&step=10s", "?since=1h"],
)  # fmt: skip
def test_what_cannot_be_counted_is_refused_with_what_can(daemon, query):
    assert stats(daemon, query).status == 400

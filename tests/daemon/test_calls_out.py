"""Calls on the wire: what answers mean, when they are tried again, who waits for whom."""

import json

import pytest
from conftest import eventually
from orders import statuses, step_of
from participant import (
    Close,
    CutBody,
    CutHeaders,
    Garbage,
    Gate,
    Hang,
    Ok,
    ResetAfter,
    ResetBefore,
    Slow,
    Status,
)

QUICK = {"maxAttempts": 3, "delay": "10ms", "maxDelay": "20ms"}
LATER = {"maxAttempts": 3, "delay": "5m", "maxDelay": "5m", "jitter": 0}


def step(name, retry=QUICK, undo=True, service="world", **call):
    made = {"service": service, "url": "/" + name, "body": {"is": name}, "retry": retry}
    made.update(call)
    undoing = {"service": service, "url": "/undo-" + name, "retry": QUICK}
    return {"id": name, "call": made, "compensate": undoing if undo else None}


def definition(*steps, **more):
    return dict({"name": "d", "steps": list(steps)}, **more)


class World:
    def __init__(self, daemon, participant):
        self.daemon, self.client, self.participant = daemon, daemon.client, participant
        self.script, self.of = participant.script, participant.of

    def run(self, *steps, wait=20, **more):
        self.client.put_definition(definition(*steps, **more))
        return self.client.start("d", wait=wait).json

    def calls(self, saga):
        return self.client.get("/v1/sagas/%s/calls" % saga["id"]).json["items"]

    def paths(self):
        return [r.path for r in self.of()]


@pytest.fixture
def make_world(make_daemon, participant):
    def make(service=None, config=None, **services):
        world = dict({"url": participant.url}, **(service or {}))
        return World(
            make_daemon(services=dict(services, world=world), config=config), participant
        )

    return make


@pytest.fixture
def world(make_world):
    return make_world()


# ---- what an answer means -----------------------------------------------------------


@pytest.mark.parametrize("status", [300, 302, 307, 400, 403, 404, 410, 418, 422, 501, 505])
def test_a_refusal_is_not_repeated(world, status):
    world.script("POST", "/a", Status(status))
    saga = world.run(step("a"))
    assert saga["status"] == "compensated"
    assert statuses(saga) == {"a": "rejected"}
    assert world.paths() == ["/a"]


@pytest.mark.parametrize("status", [401, 407, 408, 425, 429, 500, 502, 503, 504, 599])
def test_a_passing_trouble_is_repeated(world, status):
    world.script("POST", "/a", Status(status), Ok())
    saga = world.run(step("a"))
    assert saga["status"] == "completed"
    assert world.paths() == ["/a", "/a"]


@pytest.mark.parametrize(
    "status,settled",
    [(401, "rejected"), (407, "rejected"), (408, "compensated"), (503, "compensated")],
)
def test_only_some_troubles_leave_doubt(world, status, settled):
    world.script("POST", "/a", Status(status))
    saga = world.run(step("a"))
    assert statuses(saga) == {"a": settled}
    assert len(world.of("POST", "/a")) == 3
    assert len(world.of("POST", "/undo-a")) == (settled == "compensated")


@pytest.mark.parametrize(
    "fault",
    [Close, CutBody, CutHeaders, Garbage, ResetAfter, ResetBefore],
    ids=lambda fault: fault.__name__,
)
def test_a_broken_answer_leaves_doubt(world, fault):
    world.script("POST", "/a", fault(), Status(422))
    world.participant.dedups = False
    saga = world.run(step("a"))
    assert world.calls(saga)[0]["outcome"] == "unknown"
    assert statuses(saga) == {"a": "compensated"}
    assert world.of("POST", "/a")[0].key == world.of("POST", "/a")[-1].key


def test_what_libcurl_sends_twice_by_itself_leaves_doubt(world):
    """A kept connection dies under the request: libcurl repeats a POST unasked (S11)."""
    world.script("POST", "/b", Close(), Status(422))
    world.participant.dedups = False
    saga = world.run(step("a"), step("b"))
    assert statuses(saga) == {"a": "compensated", "b": "compensated"}
    assert world.calls(saga)[1]["outcome"] == "unknown"
    assert len(world.of("POST", "/undo-b")) == 1


def test_an_answer_that_takes_too_long_leaves_doubt(world):
    world.script("POST", "/a", Slow(60), Ok())
    saga = world.run(step("a", timeout="200ms"))
    assert saga["status"] == "completed"
    assert [c["outcome"] for c in world.calls(saga)] == ["unknown", "succeeded"]


def test_an_answer_that_is_not_json_is_unknown_only_where_it_is_read(world):
    class Text(Ok):
        def act(self, conn, request, answer):
            conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")

    world.script("POST", "/a", Text())
    world.script("POST", "/b", Text())
    reader = step("c", body="${ .steps.b.body.id }")
    saga = world.run(step("a"), step("b", undo=False), reader)
    assert [c["outcome"] for c in world.calls(saga)][:2] == ["succeeded", "unknown"]
    assert len(world.of("POST", "/b")) == 3


def test_a_redirect_is_not_followed(world):
    elsewhere = (("Location", world.participant.url + "/elsewhere"),)
    world.script("POST", "/a", Status(302, headers=elsewhere))
    saga = world.run(step("a"))
    assert saga["status"] == "compensated"
    assert world.paths() == ["/a"]


def test_statuses_of_the_definition_beat_the_defaults(world):
    world.script("POST", "/a", Status(409, {"id": 1}))
    world.script("POST", "/b", Status(404), Ok())
    world.script("POST", "/c", Status(503))
    saga = world.run(
        step("a", statuses={"success": [409]}),
        step("b", statuses={"retryable": [404]}),
        step("c", statuses={"rejected": ["5xx"]}),
    )
    assert statuses(saga) == {"a": "compensated", "b": "compensated", "c": "rejected"}
    assert world.paths() == ["/a", "/b", "/b", "/c", "/undo-b", "/undo-a"]


# ---- when it is tried again -------------------------------------------------------------


def test_retry_after_is_waited_out(world):
    world.script("POST", "/a", Status(429, headers=(("Retry-After", "1"),)), Ok())
    saga = world.run(step("a"))
    assert saga["status"] == "completed"
    first, second = world.of("POST", "/a")
    assert second.at - first.at >= 1.0


def test_a_429_costs_no_attempt(world):
    world.script("POST", "/a", Status(429), Status(429), Status(429), Ok())
    saga = world.run(step("a", retry=dict(QUICK, maxAttempts=1)))
    assert saga["status"] == "completed"
    assert step_of(saga, "a")["attempts"] == 4


def test_retry_after_beyond_the_time_there_is_ends_the_call_at_once(world):
    world.script("POST", "/a", Status(429, headers=(("Retry-After", "3600"),)))
    saga = world.run(step("a", retry=dict(QUICK, maxElapsed="10m")))
    assert saga["status"] == "compensated"
    assert statuses(saga) == {"a": "rejected"}
    assert world.paths() == ["/a"]


def test_nobody_listening_is_unsent_costs_no_attempt_and_passes(
    make_participant, make_daemon
):
    away = make_participant()
    port = away.port
    away.stop()
    daemon = make_daemon(services={"world": "http://127.0.0.1:%d" % port})
    daemon.client.put_definition(definition(step("a", retry=dict(QUICK, maxAttempts=1))))
    saga_id = daemon.client.start("d").json["id"]

    def unsent():
        calls = daemon.client.get("/v1/sagas/%s/calls" % saga_id).json["items"]
        return len(calls) >= 3 and {c["outcome"] for c in calls} == {"unsent"}

    eventually(unsent)
    back = make_participant(port=port)
    saga = daemon.client.wait_status(saga_id)
    assert saga["status"] == "completed"
    assert len(back.of("POST", "/a")) == 1
    assert step_of(saga, "a")["attempts"] > 3


def test_what_was_never_sent_is_not_taken_back(make_participant, make_daemon):
    away = make_participant()
    away.stop()
    daemon = make_daemon(services={"world": away.url})
    brief = dict(QUICK, maxElapsed="100ms")
    daemon.client.put_definition(definition(step("a", retry=brief)))
    saga = daemon.client.start("d", wait=20).json
    assert saga["status"] == "compensated"
    assert statuses(saga) == {"a": "unsent"}


# ---- where it may go ----------------------------------------------------------------------


def absolute(url, **retry):
    call = {"url": url, "retry": dict(QUICK, maxElapsed="50ms", **retry)}
    return {"id": "a", "call": call, "compensate": None}


def test_a_definition_with_an_absolute_url_needs_a_list_of_what_is_allowed(world):
    made = definition(absolute(world.participant.url + "/a"))
    answer = world.client.ask("PUT", "/v1/definitions/d", made)
    assert answer.status == 422
    assert answer.json["errors"][0]["pointer"] == "/steps/0/call/url"


def test_an_address_that_is_not_allowed_is_never_called(make_world):
    world = make_world(config={"egress": {"allow": ["127.0.0.1"]}})
    world.client.put_definition(definition(absolute(world.participant.url + "/a")))
    world.daemon.config["egress"]["allow"] = ["127.0.0.2"]
    world.client = world.daemon.restart().client
    saga = world.client.start("d", wait=20).json
    assert saga["status"] == "compensated"
    assert statuses(saga) == {"a": "unsent"}
    assert "allow" in step_of(saga, "a")["lastError"]["detail"]
    assert {c["outcome"] for c in world.calls(saga)} == {"unsent"}
    assert world.of() == []


def test_an_address_that_is_allowed_is_called(make_world):
    world = make_world(config={"egress": {"allow": ["127.0.0.1"]}})
    saga = world.run(absolute(world.participant.url + "/a"))
    assert saga["status"] == "completed"
    assert world.paths() == ["/a"]


def test_headers_and_the_secret_of_a_service_are_sent_and_not_shown(make_world, tmp_path):
    secret = tmp_path / "token"
    secret.write_text("s3cret-token\n")
    world = make_world(
        service={
            "headers": {"X-Shop": "east"},
            "auth": {"bearer": {"secret": "t"}},
        },
        config={"secrets": {"t": {"file": str(secret)}}},
    )
    saga = world.run(step("a"))
    (request,) = world.of()
    assert request.header("Authorization") == "Bearer s3cret-token"
    assert request.header("X-Shop") == "east"
    shown = json.dumps(world.calls(saga)) + json.dumps(world.client.saga(saga["id"]))
    assert "s3cret" not in shown
    world.daemon.stop()
    assert "s3cret" not in json.dumps(world.daemon.lines)


# ---- who waits for whom -------------------------------------------------------------------------


def service_of(world, name):
    items = world.client.get("/v1/services").json["items"]
    return [s for s in items if s["name"] == name][0]


def test_no_more_calls_than_max_concurrent(make_world):
    world = make_world(service={"maxConcurrent": 2})
    gate = world.script("POST", "/a", Gate())
    world.client.put_definition(definition(step("a")))
    ids = [world.client.start("d").json["id"] for _ in range(6)]
    world.participant.wait_for(2)
    eventually(lambda: service_of(world, "world")["queued"] == 4)
    assert service_of(world, "world")["inFlight"] == 2
    assert len(world.of()) == 2
    waiting = world.client.saga(ids[-1])
    assert statuses(waiting) == {"a": "queued"}
    assert "maxConcurrent" in waiting["why"] and "'world'" in waiting["why"]
    gate.release()
    for saga_id in ids:
        assert world.client.wait_status(saga_id)["status"] == "completed"
    assert len(world.of()) == 6


def test_a_service_that_hangs_does_not_hold_up_another(make_world, make_participant):
    dead = make_participant()
    hang = dead.script("POST", "/slow", Hang())
    world = make_world(dead={"url": dead.url, "maxConcurrent": 3})
    slow = dict(definition(step("slow", service="dead")), name="slow")
    world.client.put_definition(slow)
    held = [world.client.start("slow").json["id"] for _ in range(20)]
    dead.wait_for(3)
    assert world.run(step("a"))["status"] == "completed"
    assert len(dead.of()) == 3
    hang.release()
    for saga_id in held:
        assert world.client.wait_status(saga_id)["status"] == "completed"


def test_a_service_whose_calls_all_hang_leaves_places_for_the_others(
    make_world, make_participant
):
    dead = make_participant()
    hang = dead.script("POST", "/slow", Hang())
    world = make_world(
        dead={"url": dead.url, "maxConcurrent": 100},
        config={"limits": {"maxCallsInFlight": 8}},
    )
    slow = dict(definition(step("slow", service="dead")), name="slow")
    world.client.put_definition(slow)
    held = [world.client.start("slow").json["id"] for _ in range(40)]
    dead.wait_for(6)
    world.client.put_definition(definition(step("a")))
    quick = world.client.start("d").json["id"]
    assert world.client.wait_status(quick)["status"] == "completed"
    assert service_of(world, "dead")["inFlight"] == 6
    assert service_of(world, "dead")["queued"] == 34
    hang.release()
    for saga_id in held:
        assert world.client.wait_status(saga_id)["status"] == "completed"


def test_branches_are_called_side_by_side(world):
    gates = [world.script("POST", path, Gate()) for path in ("/a", "/b", "/c")]
    branches = {"id": "all", "parallel": [step("a"), step("b"), step("c")]}
    saga = world.run(branches, step("after"), wait=None)
    world.participant.wait_for(3)
    assert world.of("POST", "/after") == []
    for gate in gates:
        gate.release()
    saga = world.client.wait_status(saga["id"])
    assert saga["status"] == "completed"
    assert sorted(world.paths()[:3]) == ["/a", "/b", "/c"]
    assert world.paths()[3:] == ["/after"]


def test_when_a_branch_fails_the_others_are_awaited_before_anything_goes_back(world):
    gate = world.script("POST", "/b", Gate())
    world.script("POST", "/c", Status(422))
    branches = {"id": "all", "parallel": [step("a"), step("b"), step("c")]}
    saga = world.run(step("first"), branches, step("after"), wait=None)
    world.participant.wait_for(4)
    eventually(lambda: world.client.saga(saga["id"])["status"] == "compensating")
    eventually(lambda: statuses(world.client.saga(saga["id"]))["a"] == "succeeded")
    assert not [p for p in world.paths() if p.startswith("/undo")]
    gate.release()
    saga = world.client.wait_status(saga["id"])
    assert saga["status"] == "compensated"
    undone = world.paths()[4:]
    assert sorted(undone[:2]) == ["/undo-a", "/undo-b"]
    assert undone[2:] == ["/undo-first"]


def test_branches_go_back_side_by_side(world):
    gates = [world.script("POST", path, Gate()) for path in ("/undo-a", "/undo-b")]
    world.script("POST", "/after", Status(422))
    branches = {"id": "all", "parallel": [step("a"), step("b")]}
    saga = world.run(branches, step("after"), wait=None)
    world.participant.wait_for(5)
    assert sorted(world.paths()[3:]) == ["/undo-a", "/undo-b"]
    for gate in gates:
        gate.release()
    assert world.client.wait_status(saga["id"])["status"] == "compensated"


def test_a_branch_of_several_steps_is_a_sequence(world):
    world.script("POST", "/c", Status(422))
    branch = {"id": "branch", "steps": [step("a"), step("b"), step("c")]}
    saga = world.run({"id": "all", "parallel": [branch, step("z")]})
    assert saga["status"] == "compensated"
    order = [p for p in world.paths() if not p.endswith("z")]
    assert order == ["/a", "/b", "/c", "/undo-b", "/undo-a"]


# ---- optional, when, deadlines ------------------------------------------------------------------


def test_an_optional_step_in_doubt_is_taken_back_if_the_saga_later_goes_back(world):
    world.script("POST", "/extra", Hang())
    world.script("POST", "/after", Status(422))
    extra = dict(step("extra", timeout="100ms", retry=1), optional=True)
    saga = world.run(step("a"), extra, step("after"))
    assert saga["status"] == "compensated"
    assert world.paths() == ["/a", "/extra", "/after", "/undo-extra", "/undo-a"]


def test_an_optional_step_that_was_refused_is_not_taken_back(world):
    world.script("POST", "/extra", Status(422))
    world.script("POST", "/after", Status(422))
    saga = world.run(step("a"), dict(step("extra"), optional=True), step("after"))
    assert statuses(saga) == {"a": "compensated", "extra": "ignored", "after": "rejected"}
    assert world.paths() == ["/a", "/extra", "/after", "/undo-a"]


def test_when_decides_whether_a_step_is_called(world):
    when = dict(step("extra"), when="${ .input.extra }")
    last = step("last", body={"extra": "${ .steps.extra.body.id // \"none\" }"})
    world.client.put_definition(definition(step("a"), when, last))
    saga = world.client.start("d", {"extra": False}, wait=20).json
    assert statuses(saga)["extra"] == "skipped"
    assert world.of("POST", "/last")[0].json == {"extra": "none"}
    saga = world.client.start("d", {"extra": True}, wait=20).json
    assert statuses(saga)["extra"] == "succeeded"


def test_a_condition_that_fails_stops_the_saga_before_the_call(world):
    saga = world.run(step("a"), dict(step("b"), when="${ .input.x + {} + 1 }"))
    assert saga["status"] == "stuck"
    assert world.paths() == ["/a"]
    assert "'b'" in saga["why"]


def test_the_deadline_turns_a_saga_back(world):
    world.script("POST", "/b", Status(503))
    saga = world.run(
        step("a"), step("b", retry=dict(LATER, maxElapsed="1h")), timeout="300ms"
    )
    assert saga["status"] == "compensated"
    assert statuses(saga) == {"a": "compensated", "b": "compensated"}
    events = [t["event"] for t in world.client.journal(saga["id"])]
    assert events.count("deadline") == 1
    assert saga["deadline"] > saga["startedAt"]


def test_the_deadline_awaits_the_call_in_flight(world):
    gate = world.script("POST", "/b", Gate())
    saga = world.run(step("a"), step("b"), step("c"), timeout="300ms", wait=None)
    eventually(lambda: world.client.saga(saga["id"])["status"] == "compensating")
    assert world.paths() == ["/a", "/b"]
    gate.release()
    assert world.client.wait_status(saga["id"])["status"] == "compensated"
    assert world.paths() == ["/a", "/b", "/undo-b", "/undo-a"]


def test_the_deadline_does_not_turn_back_what_has_passed_its_pivot(world):
    gate = world.script("POST", "/after", Gate())
    pivot = dict(step("p"), pivot=True)
    del pivot["compensate"]
    after = step("after", undo=False)
    saga = world.run(step("a"), pivot, after, timeout="200ms", wait=None)
    world.participant.wait_for(1, "POST", "/after")
    eventually(lambda: "deadline" in world.client.saga(saga["id"])["why"])
    gate.release()
    assert world.client.wait_status(saga["id"])["status"] == "completed"


def test_compensations_have_time_after_the_deadline(world):
    world.script("POST", "/b", Hang())
    world.script("POST", "/undo-a", *([Status(503)] * 2), Ok())
    saga = world.run(
        step("a"), step("b", timeout="400ms", retry=1), timeout="300ms"
    )
    assert saga["status"] == "compensated"
    assert len(world.of("POST", "/undo-a")) == 3


def test_a_compensation_may_read_why_the_saga_went_back(world):
    first = step("a")
    because = {"because": "${ .error.step }", "status": "${ .error.status }"}
    first["compensate"]["body"] = because
    world.script("POST", "/b", Status(422))
    saga = world.run(first, step("b"))
    assert saga["status"] == "compensated"
    (undo,) = world.of("POST", "/undo-a")
    assert undo.json == {"because": "b", "status": 422}


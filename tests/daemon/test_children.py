"""Sagas that are steps of others (S33), over real sockets."""

import pytest

from conftest import eventually
from participant import Gate, Ok, Status


def call(path, **more):
    return dict({"service": "shop", "url": path}, **more)


def step(name, undo=True, **more):
    made = {"id": name, "call": call("/" + name)}
    made["compensate"] = call("/un" + name) if undo else None
    made.update(more)
    return made


CHILD = {
    "name": "child",
    "steps": [step("take"), step("pack")],
    "output": {"taken": "${ .steps.take.body }", "for": "${ .input.who }"},
}


def parent(*after, name="parent", input={"who": "${ .input.who }"}, **sub):
    saga = {"definition": "child"}
    if input is not None:
        saga["input"] = input
    made = {"id": "sub", "saga": saga}
    made.update(sub)
    return {
        "name": name,
        "steps": [step("before"), made, *after],
        "output": "${ .steps.sub }",
    }


@pytest.fixture
def daemon(make_daemon, participant):
    return make_daemon(services={"shop": participant.url})


def put(daemon, *definitions):
    for definition in definitions:
        daemon.client.put_definition(definition)


def step_of(saga, name):
    return next(s for s in saga["steps"] if s["id"] == name)


def wait_child(daemon, child, *statuses):
    """The child once it exists and has one of the statuses."""
    eventually(lambda: daemon.client.get("/v1/sagas/" + child).status == 200, child)
    return daemon.client.wait_status(child, *statuses)


def paths(participant):
    return [r.path for r in participant.of()]


# ---- forward ------------------------------------------------------------------------


def test_a_child_runs_and_its_output_is_the_steps_body(daemon, participant):
    put(daemon, CHILD, parent(step("after")))
    participant.script("POST", "/take", Ok({"id": 7}))
    saga = daemon.client.start("parent", {"who": "ann"}, id="p-1", wait=20).json
    assert saga["status"] == "completed"
    assert saga["output"]["outcome"] == "succeeded"
    assert saga["output"]["body"] == {"taken": {"id": 7}, "for": "ann"}
    assert paths(participant) == ["/before", "/take", "/pack", "/after"]
    assert step_of(saga, "sub")["child"] == "p-1.sub"
    child = daemon.client.saga("p-1.sub")
    assert child["status"] == "completed"
    assert child["input"] == {"who": "ann"}
    assert participant.keys("POST", "/take") == ["p-1.sub.take.action"]


def test_a_child_without_input_gets_an_empty_object(daemon):
    put(daemon, dict(CHILD, output=None), parent(input=None))
    assert daemon.client.start("parent", id="p", wait=20).json["status"] == "completed"
    assert daemon.client.saga("p.sub")["input"] == {}


def test_an_input_that_does_not_fit_leaves_the_parent_stuck(daemon, participant):
    schema = {"type": "object", "required": ["who"], "properties": {"who": {"type": "string"}}}
    put(daemon, dict(CHILD, input={"schema": schema}), parent())
    saga = daemon.client.start("parent", {"who": 3}, id="p", wait=20).json
    assert saga["status"] == "stuck"
    assert "does not fit the schema of the child 'child'" in saga["why"]
    assert daemon.client.get("/v1/sagas/p.sub").status == 404
    assert daemon.client.act("p", "cancel", reason="no").status == 200
    assert daemon.client.wait_status("p")["status"] == "compensated"
    assert paths(participant) == ["/before", "/unbefore"]


def test_a_child_is_the_version_that_was_current_when_its_parent_was_stored(daemon):
    put(daemon, CHILD, parent())
    put(daemon, dict(CHILD, output="new"), parent(name="later"))
    daemon.client.start("parent", {"who": "x"}, id="old", wait=20)
    daemon.client.start("later", {"who": "x"}, id="new", wait=20)
    assert daemon.client.saga("old.sub")["version"] == 1
    assert daemon.client.saga("new.sub")["version"] == 2
    stored = daemon.client.get("/v1/definitions/parent/versions/1").json
    assert stored["children"] == {"child": 1}
    daemon.restart()
    daemon.client.start("parent", {"who": "x"}, id="again", wait=20)
    assert daemon.client.saga("again.sub")["version"] == 1


def test_a_long_id_becomes_a_hash(daemon):
    put(daemon, CHILD, parent())
    saga_id = "x" * 126
    saga = daemon.client.start("parent", {"who": "x"}, id=saga_id, wait=20).json
    assert saga["status"] == "completed"
    child = step_of(daemon.client.saga(saga_id), "sub")["child"]
    assert child.startswith("child-") and len(child) == 70
    assert daemon.client.saga(child)["status"] == "completed"


def test_an_id_that_somebody_took_becomes_a_hash(daemon):
    put(daemon, CHILD, parent())
    daemon.client.start("child", {"who": "y"}, id="p.sub", wait=20)
    saga = daemon.client.start("parent", {"who": "x"}, id="p", wait=20).json
    assert saga["status"] == "completed"
    assert step_of(saga, "sub")["child"].startswith("child-")
    assert daemon.client.saga("p.sub")["input"] == {"who": "y"}


# ---- refused, stuck -----------------------------------------------------------------


def test_a_child_that_went_back_rejects_the_step_and_says_why(daemon, participant):
    put(daemon, CHILD, parent(step("after")))
    participant.script("POST", "/pack", Status(400))
    saga = daemon.client.start("parent", {"who": "x"}, id="p", wait=20).json
    assert saga["status"] == "compensated"
    assert paths(participant) == ["/before", "/take", "/pack", "/untake", "/unbefore"]
    sub = step_of(saga, "sub")
    assert sub["status"] == "rejected"
    detail = sub["lastError"]["detail"]
    assert detail.startswith(
        "the child saga 'p.sub' was compensated: 'pack' rejected (400)"
    ), detail


def test_an_optional_child_that_went_back_is_ignored(daemon, participant):
    optional = parent(step("after"), optional=True)
    put(daemon, CHILD, dict(optional, output="${ .steps.sub.outcome }"))
    participant.script("POST", "/pack", Status(400))
    saga = daemon.client.start("parent", {"who": "x"}, id="p", wait=20).json
    assert saga["status"] == "completed"
    assert step_of(saga, "sub")["status"] == "ignored"


def test_the_parent_of_a_stuck_child_waits_and_names_it(daemon, participant):
    put(daemon, CHILD, parent())
    participant.script("POST", "/pack", Status(400))
    participant.script("POST", "/untake", Status(400))
    daemon.client.start("parent", {"who": "x"}, id="p")
    wait_child(daemon, "p.sub", "stuck")
    saga = daemon.client.saga("p")
    assert saga["status"] == "running"
    assert saga["why"] == (
        "Waiting for the child saga 'p.sub' of 'sub' to end; it is stuck at 'take'."
    )
    participant.script("POST", "/untake", Ok())
    assert daemon.client.act("p.sub", "retry").status == 200
    assert daemon.client.wait_status("p")["status"] == "compensated"


def test_a_child_resolved_by_hand_leaves_the_step_to_a_person(daemon, participant):
    put(daemon, CHILD, parent(step("after")))
    participant.script("POST", "/pack", Status(400))
    participant.script("POST", "/untake", Status(400))
    daemon.client.start("parent", {"who": "x"}, id="p")
    wait_child(daemon, "p.sub", "stuck")
    assert daemon.client.act("p.sub", "close", reason="by phone").status == 200
    saga = daemon.client.wait_status("p", "stuck")
    assert "the child saga 'p.sub' was resolved by hand" in saga["why"]
    answer = daemon.client.act(
        "p", "resolve", step="sub", outcome="applied", body={"by": "hand"}, reason="ok"
    )
    assert answer.status == 200, answer
    saga = daemon.client.wait_status("p")
    assert saga["status"] == "completed"
    assert saga["output"]["body"] == {"by": "hand"}


def test_a_child_settled_by_hand_is_not_taken_back_by_itself(daemon, participant):
    put(daemon, CHILD, dict(parent(step("after")), output=None))
    participant.script("POST", "/pack", Status(400))
    participant.script("POST", "/untake", Status(400))
    participant.script("POST", "/after", Status(400))
    daemon.client.start("parent", {"who": "x"}, id="p")
    wait_child(daemon, "p.sub", "stuck")
    assert daemon.client.act("p.sub", "close", reason="by phone").status == 200
    daemon.client.wait_status("p", "stuck")
    assert daemon.client.act("p", "skip", step="sub", output=1, reason="ok").status == 200
    saga = daemon.client.wait_status("p", "stuck")
    assert "going back at the compensation of 'sub'" in saga["why"]
    assert "the child saga 'p.sub' is resolved" in saga["why"]
    assert len(participant.of("POST", "/untake")) == 1
    answer = daemon.client.act(
        "p", "resolve", step="sub", outcome="not-applied", reason="it is settled"
    )
    assert answer.status == 200, answer
    assert daemon.client.wait_status("p")["status"] == "compensated"
    assert len(participant.of("POST", "/unbefore")) == 1


def test_a_unique_key_held_by_another_saga_rejects_the_step(daemon, participant):
    unique = dict(CHILD, key="${ .input.who }", unique=True)
    put(daemon, unique, parent())
    gate = participant.script("POST", "/take", Gate())
    daemon.client.start("child", {"who": "x"}, id="other")
    participant.wait_for(1, "POST", "/take")
    saga = daemon.client.start("parent", {"who": "x"}, id="p", wait=20).json
    assert saga["status"] == "compensated"
    sub = step_of(saga, "sub")
    assert sub["lastError"]["detail"] == (
        "no child saga: 'other' holds the key 'x' of 'child'"
    )
    assert "child" not in sub
    gate.release()
    assert daemon.client.wait_status("other")["status"] == "completed"


# ---- going back ---------------------------------------------------------------------


def test_a_parent_that_turns_back_cancels_its_child_and_awaits_its_end(
    daemon, participant
):
    put(daemon, CHILD, parent())
    gate = participant.script("POST", "/pack", Gate())
    daemon.client.start("parent", {"who": "x"}, id="p")
    participant.wait_for(1, "POST", "/pack")
    assert daemon.client.act("p", "cancel", reason="no").status == 200
    assert daemon.client.saga("p.sub")["status"] == "compensating"
    assert "to go back" in daemon.client.saga("p")["why"]
    assert participant.of("POST", "/unbefore") == []
    gate.release()
    assert daemon.client.wait_status("p")["status"] == "compensated"
    assert paths(participant)[3:] == ["/unpack", "/untake", "/unbefore"]
    assert daemon.client.saga("p.sub")["status"] == "compensated"
    cancel = [t for t in daemon.client.journal("p.sub") if t["event"] == "cancel"]
    assert cancel[0]["reason"] == "the parent saga 'p' goes back"


def test_a_completed_child_is_taken_back_by_its_parent(daemon, participant):
    put(daemon, CHILD, parent(step("after")))
    participant.script("POST", "/after", Status(400))
    saga = daemon.client.start("parent", {"who": "x"}, id="p", wait=20).json
    assert saga["status"] == "compensated"
    assert paths(participant) == [
        "/before", "/take", "/pack", "/after", "/unpack", "/untake", "/unbefore",
    ]  # fmt: skip
    child = daemon.client.saga("p.sub")
    assert child["status"] == "compensated"
    assert step_of(saga, "sub")["status"] == "compensated"


def test_only_its_parent_takes_a_completed_child_back(daemon):
    put(daemon, CHILD, parent())
    daemon.client.start("parent", {"who": "x"}, id="p", wait=20)
    assert daemon.client.act("p.sub", "cancel", reason="no").status == 409


def test_a_steps_own_compensate_takes_the_place_of_taking_the_child_back(
    daemon, participant
):
    own = call("/unsub", body={"who": "${ .steps.sub.body.for }"})
    put(daemon, CHILD, parent(step("after"), compensate=own))
    participant.script("POST", "/after", Status(400))
    saga = daemon.client.start("parent", {"who": "x"}, id="p", wait=20).json
    assert saga["status"] == "compensated"
    assert participant.of("POST", "/unsub")[0].json == {"who": "x"}
    assert daemon.client.saga("p.sub")["status"] == "completed"


def test_a_child_past_its_pivot_is_awaited_to_completion(daemon, participant):
    pivot = {
        "name": "child",
        "steps": [dict(id="commit", call=call("/commit"), pivot=True), step("pack", False)],
    }
    put(daemon, pivot, parent(step("after"), compensate=None))
    gate = participant.script("POST", "/pack", Gate())
    daemon.client.start("parent", {"who": "x"}, id="p")
    participant.wait_for(1, "POST", "/pack")
    assert daemon.client.act("p", "cancel", reason="no").status == 200
    assert daemon.client.saga("p.sub")["status"] == "running"
    assert daemon.client.saga("p")["status"] == "compensating"
    gate.release()
    assert daemon.client.wait_status("p")["status"] == "compensated"
    assert daemon.client.saga("p.sub")["status"] == "completed"
    assert participant.of("POST", "/after") == []


def test_a_retry_starts_the_next_generation(daemon, participant):
    pivot = dict(id="commit", call=call("/commit"), pivot=True)
    definition = {"name": "parent", "steps": [pivot, {"id": "sub", "saga": {
        "definition": "child", "input": {"who": "x"}}, "compensate": None}]}  # fmt: skip
    put(daemon, CHILD, definition)
    participant.script("POST", "/pack", Status(400), Ok())
    daemon.client.start("parent", id="p")
    saga = daemon.client.wait_status("p", "stuck")
    assert "'p.sub' was compensated" in saga["why"]
    assert daemon.client.act("p", "retry").status == 200
    saga = daemon.client.wait_status("p")
    assert saga["status"] == "completed"
    assert step_of(saga, "sub")["child"] == "p.sub~2"
    assert step_of(saga, "sub")["attempts"] == 2
    assert daemon.client.saga("p.sub")["status"] == "compensated"
    assert daemon.client.saga("p.sub~2")["status"] == "completed"


# ---- many, and deeper ----------------------------------------------------------------


def each_parent(*after, concurrent=2):
    return parent(
        *after,
        input={"who": "${ .item }"},
        forEach={"in": "${ .input.all }", "maxConcurrent": concurrent},
    )


def test_a_child_for_each_item(daemon, participant):
    put(daemon, CHILD, each_parent())
    saga = daemon.client.start(
        "parent", {"all": ["a", "b", "c", "d", "e"]}, id="p", wait=20
    ).json
    assert saga["status"] == "completed", saga["why"]
    assert [s["body"]["for"] for s in saga["output"]] == ["a", "b", "c", "d", "e"]
    assert daemon.client.saga("p.sub.4")["input"] == {"who": "e"}
    assert len(participant.of("POST", "/take")) == 5


def test_children_of_items_are_taken_back(daemon, participant):
    put(daemon, CHILD, each_parent(step("after"), concurrent=3))
    participant.script("POST", "/after", Status(400))
    saga = daemon.client.start("parent", {"all": list("abcdefg")}, id="p", wait=20).json
    assert saga["status"] == "compensated", saga["why"]
    assert len(participant.of("POST", "/untake")) == 7
    for i in range(7):
        assert daemon.client.saga("p.sub.%d" % i)["status"] == "compensated"


def test_one_child_of_many_that_fails_takes_the_others_back(daemon, participant):
    fails = dict(
        CHILD,
        steps=[step("take"), step("pack", when='${ .input.who == "c" }')],
    )
    put(daemon, fails, each_parent(concurrent=4))
    participant.script("POST", "/pack", Status(400))
    saga = daemon.client.start("parent", {"all": list("abcdef")}, id="p", wait=20).json
    assert saga["status"] == "compensated", saga["why"]
    taken = {r.key.split(".take")[0] for r in participant.of("POST", "/take")}
    untaken = {r.action_key.split(".take")[0] for r in participant.of("POST", "/untake")}
    assert untaken == taken


def test_a_child_that_needs_no_call_ends_in_its_parents_turn(daemon, participant):
    nothing = dict(CHILD, steps=[step("take", when="${ false }")], output="none")
    put(daemon, nothing, each_parent(step("after"), concurrent=1))
    saga = daemon.client.start("parent", {"all": list("abcdef")}, id="p", wait=20).json
    assert saga["status"] == "completed"
    assert [s["body"] for s in saga["output"]] == ["none"] * 6
    assert paths(participant) == ["/before", "/after"]


def test_grandchildren_go_back_with_everybody(daemon, participant):
    middle = {"name": "middle", "steps": [{"id": "low", "saga": {
        "definition": "child", "input": {"who": "low"}}}]}  # fmt: skip
    top = {"name": "top", "steps": [{"id": "mid", "saga": {"definition": "middle"}},
        step("after")]}  # fmt: skip
    put(daemon, CHILD, middle, top)
    participant.script("POST", "/after", Status(400))
    saga = daemon.client.start("top", id="t", wait=20).json
    assert saga["status"] == "compensated"
    assert daemon.client.saga("t.mid.low")["status"] == "compensated"
    assert paths(participant) == ["/take", "/pack", "/after", "/unpack", "/untake"]


# ---- pausing ------------------------------------------------------------------------


def test_pausing_a_parent_pauses_its_children_and_so_does_resuming(daemon, participant):
    middle = {"name": "middle", "steps": [{"id": "low", "saga": {
        "definition": "child", "input": {"who": "low"}}}]}  # fmt: skip
    top = {"name": "top", "steps": [{"id": "mid", "saga": {"definition": "middle"}}]}
    put(daemon, CHILD, middle, top)
    gate = participant.script("POST", "/take", Gate())
    daemon.client.start("top", id="t")
    participant.wait_for(1, "POST", "/take")
    assert daemon.client.act("t", "pause", reason="tea").status == 200
    assert daemon.client.saga("t.mid")["paused"]
    low = daemon.client.saga("t.mid.low")
    assert low["paused"]
    gate.release()
    eventually(
        lambda: step_of(daemon.client.saga("t.mid.low"), "take")["status"] == "succeeded"
    )
    assert participant.of("POST", "/pack") == []
    assert daemon.client.act("t", "resume").status == 200
    assert daemon.client.wait_status("t")["status"] == "completed"


def test_a_child_that_completed_while_paused_can_be_taken_back(daemon, participant):
    put(daemon, CHILD, parent(step("after")))
    gate = participant.script("POST", "/pack", Gate())
    participant.script("POST", "/after", Status(400))
    daemon.client.start("parent", {"who": "x"}, id="p")
    participant.wait_for(1, "POST", "/pack")
    assert daemon.client.act("p.sub", "pause").status == 200
    gate.release()
    assert daemon.client.wait_status("p")["status"] == "compensated"
    child = daemon.client.saga("p.sub")
    assert (child["status"], child["paused"]) == ("compensated", False)


# ---- the checker ----------------------------------------------------------------------


def refusals(daemon, definition, query=""):
    answer = daemon.client.ask(
        "PUT", "/v1/definitions/%s%s" % (definition["name"], query), definition
    )
    return answer.status, [e["code"] for e in answer.json.get("errors", [])]


def test_a_child_must_be_stored_before_its_parent(daemon):
    assert refusals(daemon, parent()) == (422, ["unknown-definition"])
    answer = daemon.client.ask("PUT", "/v1/definitions/parent?dryRun=true", parent())
    assert answer.status == 200
    assert "unknown-definition" in [w["code"] for w in answer.json["warnings"]]


def test_a_cycle_of_children_is_refused(daemon):
    put(daemon, CHILD, parent())
    cycle = {"name": "child", "steps": [{"id": "up", "saga": {"definition": "parent"}}]}
    assert refusals(daemon, cycle) == (422, ["child-cycle"])


def test_a_child_with_an_ordering_key_is_refused(daemon):
    put(daemon, dict(CHILD, orderingKey="${ .input.who }"))
    assert refusals(daemon, parent()) == (422, ["child-has-ordering-key"])


# ---- the end of the process --------------------------------------------------------


@pytest.mark.parametrize("path", ["/before", "/take", "/pack", "/after", "/unpack", "/untake"])
def test_a_family_survives_a_kill_at_each_of_its_calls(
    make_daemon, participant, sagad, path
):
    daemon = make_daemon(services={"shop": participant.url})
    put(daemon, CHILD, parent(step("after")))
    participant.script("POST", "/after", Status(400))
    refuses = path == "/after"
    end = Status(400) if refuses else Ok()
    participant.script("POST", path, Gate(applies=not refuses), end)
    daemon.client.start("parent", {"who": "x"}, id="p")
    participant.wait_for(1, "POST", path)
    daemon.kill()
    daemon.start()
    saga = daemon.client.wait_status("p")
    assert saga["status"] == "compensated", saga["why"]
    assert daemon.client.saga("p.sub")["status"] == "compensated"
    for action in ("before", "take", "pack"):
        for key in set(participant.keys("POST", "/" + action)):
            assert participant.net(key) == 0, key
    daemon.stop()
    checked = sagad("verify", "--config", daemon.config_path)
    assert checked.code == 0, checked

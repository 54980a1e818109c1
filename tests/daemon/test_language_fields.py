"""Every field of the published schema, and the test over sockets that exercises it.

FIELDS is the table; a test below keeps it complete. The tests here are those that no
other file has a better place for.
"""

import ast
import json
import os
import time
import urllib.parse

import pytest
from conftest import ROOT, Client, eventually
from orders import statuses, step_of
from participant import Echo, Gate, Hang, Ok, ResetAfter, Status

QUICK = {"maxAttempts": 3, "delay": "10ms", "maxDelay": "20ms"}
FIELDS = {
    "/$schema": "language_fields::test_words_for_people_and_editors_change_nothing",
    "/defaults": "language_fields::test_a_call_takes_from_the_defaults_what_it_does_not_say",
    "/defaults/call": "language_fields::test_a_call_takes_from_the_defaults_what_it_does_not_say",
    "/defaults/compensate": "language_fields::test_compensations_have_defaults_of_their_own",
    "/description": "language_fields::test_words_for_people_and_editors_change_nothing",
    "/input": "api_sagas::test_input_that_does_not_fit_is_422_with_every_error",
    "/input/example": "author_tools::test_render_uses_the_example_where_no_input_is_given",
    "/input/schema": "api_sagas::test_input_that_does_not_fit_is_422_with_every_error",
    "/key": "operate::test_many_starts_under_one_unique_key_are_one_saga",
    "/labels": "language_fields::test_labels_of_a_definition_are_those_of_its_sagas",
    "/name": "api_definitions::test_name_of_path_and_body_must_agree",
    "/notify": "notify::test_the_sample_order_runs_as_it_is_written_and_its_shop_is_told",
    "/orderingKey": "ordering::test_sagas_of_a_key_run_one_at_a_time_in_start_order",
    "/output": "order::test_all_succeed",
    "/steps": "order::test_all_succeed",
    "/tests": "language_fields::test_a_definition_whose_tests_fail_is_refused",
    "/timeout": "calls_out::test_the_deadline_turns_a_saga_back",
    "/unique": "api_sagas::test_unique_key_starts_once",
    "call/body": "order::test_numbers_go_out_with_the_digits_they_came_in_with",
    "call/callback": "language_fields::test_a_step_with_a_callback_is_done_when_both_have_come",
    "call/callback/timeout": "language_fields::test_no_callback_in_time_leaves_doubt_and_a_late_one_is_410",
    "call/headers": "language_fields::test_query_and_headers_are_rendered",
    "call/method": "language_fields::test_each_method_is_sent",
    "call/query": "language_fields::test_query_and_headers_are_rendered",
    "call/redact": "api_sagas::test_calls_show_what_went_out_without_secrets",
    "call/rejectWhen": "order::test_a_payment_that_is_declined_by_the_body_is_rejected",
    "call/retry": "calls_out::test_a_passing_trouble_is_repeated",
    "call/retryWhen": "language_fields::test_retry_when_repeats_a_success_and_reject_when_goes_first",
    "call/service": "calls_out::test_headers_and_the_secret_of_a_service_are_sent_and_not_shown",
    "call/statuses": "language_fields::test_a_code_beats_a_class",
    "call/timeout": "calls_out::test_an_answer_that_takes_too_long_leaves_doubt",
    "call/url": "order::test_a_value_in_a_url_is_one_segment",
    "callDefaults/headers": "language_fields::test_a_call_takes_from_the_defaults_what_it_does_not_say",
    "callDefaults/retry": "language_fields::test_a_call_takes_from_the_defaults_what_it_does_not_say",
    "callDefaults/statuses": "language_fields::test_compensations_have_defaults_of_their_own",
    "callDefaults/timeout": "language_fields::test_the_default_timeout_is_each_calls",
    "confirm/appliedWhen": "language_fields::test_a_confirm_judges_by_its_conditions",
    "confirm/headers": "language_fields::test_a_confirm_judges_by_its_conditions",
    "confirm/method": "language_fields::test_a_confirm_judges_by_its_conditions",
    "confirm/notApplied": "samples::test_a_payment_in_doubt_that_was_not_applied_does_not",
    "confirm/notAppliedWhen": "language_fields::test_a_confirm_judges_by_its_conditions",
    "confirm/query": "language_fields::test_a_confirm_judges_by_its_conditions",
    "confirm/retry": "language_fields::test_a_confirm_that_cannot_be_had_is_given_up",
    "confirm/service": "samples::test_a_payment_in_doubt_that_was_applied_counts",
    "confirm/timeout": "language_fields::test_a_confirm_that_cannot_be_had_is_given_up",
    "confirm/url": "samples::test_a_payment_in_doubt_that_was_applied_counts",
    "notify/on": "notify::test_a_webhook_tells_only_what_it_is_on",
    "notify/secret": "notify::test_a_secret_that_a_reload_changed_signs_what_comes_after",
    "notify/url": "notify::test_a_webhook_tells_only_what_it_is_on",
    "retry/backoff": "language_fields::test_without_jitter_delays_grow_as_written",
    "retry/delay": "language_fields::test_without_jitter_delays_grow_as_written",
    "retry/jitter": "language_fields::test_without_jitter_delays_grow_as_written",
    "retry/maxAttempts": "calls_out::test_only_some_troubles_leave_doubt",
    "retry/maxDelay": "language_fields::test_without_jitter_delays_grow_as_written",
    "retry/maxElapsed": "calls_out::test_retry_after_beyond_the_time_there_is_ends_the_call_at_once",
    "statuses/rejected": "language_fields::test_a_code_beats_a_class",
    "statuses/retryable": "language_fields::test_a_code_beats_a_class",
    "statuses/success": "language_fields::test_a_code_beats_a_class",
    "step/call": "order::test_all_succeed",
    "step/compensate": "order::test_shipping_refuses",
    "step/confirm": "samples::test_a_payment_in_doubt_that_was_applied_counts",
    "step/description": "language_fields::test_words_for_people_and_editors_change_nothing",
    "step/forEach": "samples::test_results_are_in_the_order_of_the_items_whoever_answers_first",
    "step/forEach/in": "samples::test_only_the_items_that_were_applied_are_taken_back",
    "step/forEach/maxConcurrent": "samples::test_four_items_are_called_side_by_side_and_no_fifth",
    "step/forEach/maxItems": "language_fields::test_too_many_items_are_stuck_before_the_first_call",
    "step/id": "order::test_every_request_carries_the_headers_that_were_promised",
    "step/onUnknown": "language_fields::test_on_unknown_stop_leaves_the_doubt_to_a_person",
    "step/optional": "order::test_a_receipt_that_is_refused_is_ignored",
    "step/parallel": "calls_out::test_branches_are_called_side_by_side",
    "step/pivot": "order::test_shipping_times_out_stuck_at_the_pivot",
    "step/saga": "children::test_a_child_runs_and_its_output_is_the_steps_body",
    "step/saga/definition": "children::test_a_child_runs_and_its_output_is_the_steps_body",
    "step/saga/input": "children::test_a_child_runs_and_its_output_is_the_steps_body",
    "step/saga/version": "language_fields::test_a_child_of_a_chosen_version",
    "step/steps": "calls_out::test_a_branch_of_several_steps_is_a_sequence",
    "step/wait": "language_fields::test_a_wait_until_a_time",
    "step/wait/onTimeout": "language_fields::test_a_signal_that_does_not_come_may_not_matter",
    "step/wait/rejectWhen": "samples::test_a_dear_trip_that_is_not_approved_goes_back",
    "step/wait/signal": "samples::test_a_dear_trip_is_paid_once_it_is_approved",
    "step/wait/timeout": "samples::test_a_dear_trip_that_nobody_approves_in_time_goes_back",
    "step/wait/until": "language_fields::test_a_wait_until_a_time",
    "step/when": "calls_out::test_when_decides_whether_a_step_is_called",
}
# The members of a scenario; one test puts a definition that has them all.
FIELDS.update(
    (
        "test/" + member,
        "language_fields::test_a_definition_whose_tests_use_every_member_is_stored",
    )
    for member in (
        "name input answers answers/status answers/headers answers/body answers/after "
        "answers/fault answers/ended expect expect/status expect/calls expect/output"
    ).split()
)


def fields_of(schema, at=""):
    """Every property that a schema names, as "place/member"."""
    found = set()
    if isinstance(schema, dict):
        for name, inner in schema.get("properties", {}).items():
            found.add(at + "/" + name)
            found |= fields_of(inner, at + "/" + name)
        for name, inner in schema.get("$defs", {}).items():
            found |= fields_of(inner, name)
        rest = set(schema) - {"properties", "$defs", "if", "then", "dependentSchemas"}
        for name in rest:
            found |= fields_of(schema[name], at)
    elif isinstance(schema, list):
        for inner in schema:
            found |= fields_of(inner, at)
    return found


def test_every_field_of_the_schema_has_a_test_over_sockets():
    with open(os.path.join(ROOT, "definitions", "definition.schema.json")) as f:
        assert fields_of(json.load(f)) == set(FIELDS)
    here = os.path.dirname(os.path.abspath(__file__))
    for file in {place.partition("::")[0] for place in FIELDS.values()}:
        with open(os.path.join(here, "test_%s.py" % file)) as f:
            tests = {n.name for n in ast.parse(f.read()).body if isinstance(n, ast.FunctionDef)}
        named = {p.partition("::")[2] for p in FIELDS.values() if p.startswith(file + "::")}
        assert named <= tests, file


# ---- a world of one service --------------------------------------------------------------


class World:
    def __init__(self, daemon, participant):
        self.daemon, self.client = daemon, daemon.client
        self.script, self.of = participant.script, participant.of
        self.participant = participant

    def put(self, *steps, **more):
        self.client.put_definition(dict({"name": "d", "steps": list(steps)}, **more))

    def run(self, *steps, input=None, wait=20, **more):
        self.put(*steps, **more)
        return self.client.start("d", input, wait=wait).json


@pytest.fixture
def world(make_daemon, participant):
    return World(make_daemon(services={"world": participant.url}), participant)


def call(path="/a", **more):
    return dict({"service": "world", "url": path, "retry": QUICK}, **more)


def step(name="a", undo=False, of=None, **made):
    undoing = call("/undo-" + name) if undo else None
    return dict({"id": name, "call": call("/" + name, **(of or {})), "compensate": undoing}, **made)


# ---- the definition itself -------------------------------------------------------------------


def test_words_for_people_and_editors_change_nothing(world):
    words = {
        "$schema": "/schemas/definition.json",
        "description": "What it is for.",
        "// note": {"any": ["thing"]},
    }
    saga = world.run(step(description="first", **{"//": "hm"}), **words)
    assert saga["status"] == "completed"
    stored = world.client.get("/v1/definitions/d").body.decode()
    assert "What it is for." in stored


def test_labels_of_a_definition_are_those_of_its_sagas(world):
    saga = world.run(step(), labels={"team": "core", "tier": "1"})
    assert saga["labels"] == {"team": "core", "tier": "1"}
    more = world.client.start("d", labels={"team": "edge", "run": "7"}, wait=20).json
    assert more["labels"] == {"team": "edge", "run": "7", "tier": "1"}

    def found(query):
        return [s["id"] for s in world.client.get("/v1/sagas?" + query).json["items"]]

    assert found("label.team=core") == [saga["id"]]
    assert found("label.team=edge") == [more["id"]]
    assert found("label.tier=1") == [more["id"], saga["id"]]


def test_a_saga_has_no_more_labels_than_a_start_may_give(world):
    own = {"own%d" % i: "x" for i in range(15)}
    world.put(step(), labels={"team": "core", "tier": "1"})
    saga = world.client.start("d", labels=own, wait=20).json
    assert saga["labels"] == dict(own, team="core")


def test_a_child_has_the_labels_of_its_own_definition(world):
    world.client.put_definition({"name": "sub", "steps": [step()], "labels": {"is": "sub"}})
    saga = world.run({"id": "c", "saga": {"definition": "sub"}}, labels={"is": "parent"})
    assert saga["status"] == "completed"
    listed = world.client.get("/v1/sagas?label.is=sub").json["items"]
    assert [s["definition"] for s in listed] == ["sub"]


def test_a_call_takes_from_the_defaults_what_it_does_not_say(world):
    defaults = {
        "call": {
            "headers": {"X-Tenant": "${ .input.tenant }", "X-Both": "default"},
            "retry": {"maxAttempts": 2, "delay": "10ms"},
        }
    }
    own = {"service": "world", "url": "/a", "headers": {"X-Both": "own"}}
    world.script("POST", "/a", Status(503))
    saga = world.run(
        {"id": "a", "call": own, "compensate": call("/undo-a")},
        input={"tenant": "t-1"},
        defaults=defaults,
    )
    assert saga["status"] == "compensated"
    first, second = world.of("POST", "/a")
    assert first.header("X-Both") == "own"
    (undo,) = world.of("POST", "/undo-a")
    assert undo.header("X-Both") is None


def test_compensations_have_defaults_of_their_own(world):
    world.script("POST", "/undo-a", Status(404))
    world.script("POST", "/b", Status(422))
    saga = world.run(
        step("a", undo=True),
        step("b"),
        defaults={"compensate": {"statuses": {"success": [404]}, "headers": {"X-Undo": "1"}}},
    )
    assert saga["status"] == "compensated"
    assert world.of("POST", "/undo-a")[0].header("X-Undo") == "1"
    assert world.of("POST", "/a")[0].header("X-Undo") is None


def test_the_default_timeout_is_each_calls(world):
    world.script("POST", "/a", Hang(), Ok())
    saga = world.run(step(), defaults={"call": {"timeout": "150ms"}})
    assert saga["status"] == "completed"
    assert step_of(saga, "a")["attempts"] == 2


SCENARIOS = [
    {
        "name": "all is well",
        "input": {"n": 1},
        "answers": {
            "a.action": [
                {"fault": "refused"},
                {"status": 200, "headers": {"X-N": "1"}, "body": {"id": 7}, "after": "1s"},
            ],
            "ok.signal": [{"after": "1m", "body": {"yes": True}}],
            "sub.saga": [{"ended": "completed", "body": {"sub": 1}}],
        },
        "expect": {"status": "completed", "calls": ["a.action", "a.action", "sub.saga"], "output": 7},
    }
]
SCENARIO_STEPS = [
    step(),
    {"id": "ok", "wait": {"signal": "ok", "timeout": "1h"}},
    {"id": "sub", "saga": {"definition": "sub"}},
]


def test_a_definition_whose_tests_use_every_member_is_stored(world):
    world.client.put_definition({"name": "sub", "steps": [step("s")]})
    world.put(*SCENARIO_STEPS, output="${ .steps.a.body.id }", tests=SCENARIOS)


@pytest.mark.parametrize("expect", [{"output": 8}, {"calls": []}, {"status": "compensated"}])
def test_a_definition_whose_tests_fail_is_refused(world, expect):
    world.client.put_definition({"name": "sub", "steps": [step("s")]})
    tests = [dict(SCENARIOS[0], expect=expect)]
    made = {"name": "d", "steps": SCENARIO_STEPS, "tests": tests}
    made["output"] = "${ .steps.a.body.id }"
    answer = world.client.ask("PUT", "/v1/definitions/d", made)
    assert answer.status == 422
    assert answer.json["errors"][0]["pointer"].startswith("/tests/0")
    assert world.client.get("/v1/definitions/d").status == 404


# ---- a call --------------------------------------------------------------------------------------


def test_each_method_is_sent(world):
    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    world.script("HEAD", "/head", Status(204))
    saga = world.run(*[step(m.lower(), of={"method": m}) for m in methods])
    assert saga["status"] == "completed"
    assert [(r.method, r.path) for r in world.of()] == [(m, "/" + m.lower()) for m in methods]


def test_query_and_headers_are_rendered(world):
    query = {"a": "${ .input.text }", "n": 1.50, "is": False, "list": "x,${ .input.n }"}
    headers = {"X-Text": "of ${ .input.n }", "X-Plain": "p"}
    world.run(
        step(of={"url": "/a?fixed=1", "query": query, "headers": headers}),
        input={"text": "a&b=c/ ü", "n": 7},
    )
    (request,) = world.of("POST", "/a")
    parsed = urllib.parse.parse_qsl(request.path.partition("?")[2], strict_parsing=True)
    assert dict(parsed) == {
        "fixed": "1",
        "a": "a&b=c/ ü",
        "n": dict(parsed)["n"],
        "is": "false",
        "list": "x,7",
    }
    assert float(dict(parsed)["n"]) == 1.5
    assert request.header("X-Text") == "of 7"
    assert request.header("X-Plain") == "p"


def test_retry_when_repeats_a_success_and_reject_when_goes_first(world):
    class Anew(Status):  # A participant whose first answer was "busy" is asked anew.
        def __init__(self, **body):
            super().__init__(200, body, applies=False)

    world.script("POST", "/a", Anew(state="busy"), Anew(state="busy"), Anew(state="done"))
    world.script("POST", "/b", Anew(state="busy", no=True))
    conditions = {
        "retryWhen": '${ .response.body.state == "busy" }',
        "rejectWhen": "${ .response.body.no == true }",
    }
    saga = world.run(step("a", undo=True, of=conditions), step("b", of=conditions))
    assert saga["status"] == "compensated"
    assert statuses(saga) == {"a": "compensated", "b": "rejected"}
    assert len(world.of("POST", "/a")) == 3
    assert len(world.of("POST", "/b")) == 1


def test_a_code_beats_a_class(world):
    said = {"success": ["4xx"], "retryable": [409], "rejected": [410, "5xx"]}
    world.script("POST", "/a", Status(409), Status(418))
    world.script("POST", "/b", Status(503))
    saga = world.run(step("a", of={"statuses": said}), step("b", of={"statuses": said}))
    assert statuses(saga)["b"] == "rejected"
    assert len(world.of("POST", "/a")) == 2
    assert len(world.of("POST", "/b")) == 1
    world.script("POST", "/c", Status(410))
    saga = world.run(step("c", of={"statuses": said}))
    assert statuses(saga) == {"c": "rejected"}


def test_without_jitter_delays_grow_as_written(world):
    retry = {"maxAttempts": 5, "delay": "40ms", "backoff": 3, "maxDelay": "150ms", "jitter": 0}
    world.script("POST", "/a", *[Status(503, applies=False)] * 4, Ok())
    saga = world.run(step(of={"retry": retry}))
    assert saga["status"] == "completed"
    at = [r.at for r in world.of("POST", "/a")]
    gaps = [later - earlier for earlier, later in zip(at, at[1:])]
    for gap, at_least in zip(gaps, (0.040, 0.120, 0.150, 0.150)):
        assert gap >= at_least - 0.002  # Never sooner; how much later is the machine's.


def told_callback(world):
    (request,) = world.participant.wait_for(1, "POST", "/a")
    return urllib.parse.urlsplit(request.header("Saga-Callback"))


def call_back(url, body):
    return Client(url.port, host=url.hostname).ask("POST", url.path, body)


CALLED_BACK = {"callback": {"timeout": "1h"}, "rejectWhen": "${ .response.body.ok == false }"}


def test_a_step_with_a_callback_is_done_when_both_have_come(world):
    gate = world.script("POST", "/a", Gate(status=202))
    saga_id = world.run(step(of=CALLED_BACK), wait=None, output="${ .steps.a.body }")["id"]
    url = told_callback(world)
    assert call_back(url, {"ok": True, "n": 7}).status // 100 == 2
    assert world.client.saga(saga_id)["status"] == "running"
    gate.release()
    saga = world.client.wait_status(saga_id)
    assert (saga["status"], saga["output"]) == ("completed", {"ok": True, "n": 7})
    assert call_back(url._replace(path=url.path[:-1] + "_"), {}).status == 404


def test_a_callback_that_says_no_rejects(world):
    world.script("POST", "/a", Ok({}, status=202))
    saga_id = world.run(step(undo=True, of=CALLED_BACK), wait=None)["id"]
    eventually(lambda: statuses(world.client.saga(saga_id))["a"] != "pending")
    assert call_back(told_callback(world), {"ok": False}).status // 100 == 2
    saga = world.client.wait_status(saga_id)
    assert statuses(saga) == {"a": "rejected"}
    assert world.of("POST", "/undo-a") == []


def test_no_callback_in_time_leaves_doubt_and_a_late_one_is_410(world):
    world.script("POST", "/a", Ok({}, status=202))
    of = {"callback": {"timeout": "200ms"}, "retry": 1}
    saga = world.run(step(undo=True, of=of))
    assert statuses(saga) == {"a": "compensated"}
    assert call_back(told_callback(world), {"ok": True}).status == 410
    assert world.client.saga(saga["id"])["status"] == "compensated"


# ---- doubt ------------------------------------------------------------------------------------------


def doubted(confirm, **more):
    asking = dict({"service": "world", "url": "/asked"}, **confirm)
    return step(undo=True, confirm=asking, **more)


@pytest.mark.parametrize("found,status", [(True, "completed"), (False, "compensated")])
def test_a_confirm_judges_by_its_conditions(world, found, status):
    world.script("POST", "/a", ResetAfter())
    world.script("GET", "/asked", Status(200, {}), Status(200, {"found": found}))
    confirm = {
        "method": "GET",
        "query": {"ref": "${ .input.ref }"},
        "headers": {"X-Ref": "${ .input.ref }"},
        "retry": QUICK,
        "appliedWhen": "${ .response.body.found == true }",
        "notAppliedWhen": "${ .response.body.found == false }",
    }
    saga = world.run(doubted(confirm), input={"ref": "r-1"})
    assert saga["status"] == status
    first = world.of("GET", "/asked")[0]
    assert first.path == "/asked?ref=r-1"
    assert first.header("X-Ref") == "r-1"
    assert len(world.of("GET", "/asked")) >= 2  # The first answer said neither.


def test_a_confirm_that_cannot_be_had_is_given_up(world):
    world.script("POST", "/a", ResetAfter())
    world.script("GET", "/asked", Hang(), Status(500))
    saga = world.run(doubted({"timeout": "150ms", "retry": {"maxAttempts": 2, "delay": "10ms"}}))
    assert statuses(saga) == {"a": "compensated"}
    assert len(world.of("GET", "/asked")) == 2


def test_on_unknown_stop_leaves_the_doubt_to_a_person(world):
    world.script("POST", "/a", ResetAfter())
    saga = world.run(step(undo=True, onUnknown="stop"))
    assert saga["status"] == "stuck"
    assert step_of(saga, "a")["inDoubt"] is True
    assert world.of("POST", "/undo-a") == []


def test_an_undo_that_cannot_be_rendered_does_not_tell_of_the_action(world):
    world.script("POST", "/a", ResetAfter())
    made = step(onUnknown="stop")
    made["compensate"] = call("/undo-a", body={"of": "${ .steps.a.body.id | tonumber }"})
    saga = world.run(made, step("b"))
    assert saga["status"] == "stuck"
    assert "connection" in step_of(saga, "a")["lastError"]["detail"]
    world.script("POST", "/b", Status(422))
    resolved = world.client.act(saga["id"], "resolve", step="a", outcome="applied", reason="seen")
    assert resolved.status == 200, resolved
    saga = world.client.wait_status(saga["id"], "stuck")
    error = step_of(saga, "a")["lastError"]
    assert "its request cannot be rendered" in error["detail"]
    assert "tonumber" in error["detail"] and "connection" not in error["detail"]
    assert error["outcome"] == "pending"  # No attempt was made.
    assert "httpStatus" not in error
    assert "tonumber" in saga["why"] and "connection" not in saga["why"]
    assert world.of("POST", "/undo-a") == []


# ---- items, waits, children -------------------------------------------------------------------------


def each(of, **more):
    return step(of={"body": {"at": "${ .index }", "is": "${ .item }"}}, forEach=of, **more)


def test_no_items_are_no_calls_and_an_empty_array(world):
    saga = world.run(each("${ .input.rows }"), input={"rows": []}, output="${ .steps.a }")
    assert (saga["status"], saga["output"]) == ("completed", [])
    assert world.of() == []


def test_items_are_called_one_at_a_time_in_order_unless_told(world):
    world.script("POST", "/a", Echo())
    rows = ["x", {"y": 1}, None]
    saga = world.run(
        each("${ .input.rows }"), input={"rows": rows}, output="${ [.steps.a[].body.is] }"
    )
    assert saga["output"] == rows
    assert [r.json["at"] for r in world.of()] == [0, 1, 2]


def test_many_items_keep_their_values_over_a_crash(world):
    gate = Gate()
    world.script("POST", "/a", *[Echo() for _ in range(99)], gate, Echo())
    rows = [{"n": n} for n in range(200)]
    world.put(each("${ .input.rows }"), output="${ [.steps.a[].body.is] }")
    saga_id = world.client.start("d", {"rows": rows}).json["id"]
    world.participant.wait_for(100, "POST", "/a")
    world.daemon.kill()
    gate.release()
    world.daemon.restart()
    saga = Client(world.daemon.port).wait_status(saga_id)
    assert saga["output"] == rows[:99] + [None] + rows[100:]  # The gate echoes nothing.
    sent = [r.json["is"]["n"] for r in world.of()]
    assert sent == list(range(100)) + list(range(99, 200))  # The lost one goes out again.


def test_too_many_items_are_stuck_before_the_first_call(world):
    made = each({"in": "${ .input.rows }", "maxItems": 2})
    saga = world.run(made, input={"rows": [1, 2, 3]})
    assert saga["status"] == "stuck"
    assert "maxItems" in saga["why"] or "items" in saga["why"]
    assert world.of() == []
    assert world.run(made, input={"rows": [1, 2]})["status"] == "completed"


def test_a_wait_of_a_duration(world):
    saga = world.run({"id": "w", "wait": "100ms"}, step())
    assert saga["status"] == "completed"


@pytest.mark.parametrize("form", ["ms", "text"])
def test_a_wait_until_a_time(world, form):
    at = time.time() + 1.2
    text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    given = {"ms": int(at * 1000), "text": text}[form]
    saga = world.run({"id": "w", "wait": {"until": "${ .input.at }"}}, step(), input={"at": given})
    assert saga["status"] == "completed"
    assert time.time() >= int(at)
    past = world.run(
        {"id": "w", "wait": {"until": "${ .input.at }"}}, input={"at": "2020-01-01T00:00:00Z"}
    )
    assert past["status"] == "completed"


@pytest.mark.parametrize("at", [None, True, [], {}, "tomorrow", "2020-01-01", -5, 1.5])
def test_a_wait_until_what_is_no_time_is_stuck(world, at):
    wait = {"id": "w", "wait": {"until": "${ .input.at }"}}
    saga = world.run(wait, input={"at": at})
    assert saga["status"] == "stuck"
    assert "a time is a UTC text" in saga["why"]
    previewed = world.client.ask("POST", "/v1/sagas/%s/retry?preview=true" % saga["id"], {})
    assert previewed.status == 200
    expect = {"status": "stuck"}
    tests = [{"name": "no time", "input": {"at": at}, "expect": expect}]
    world.put(wait, tests=tests)  # Its test says so, too.


def test_a_signal_that_does_not_come_may_not_matter(world):
    wait = {"signal": "go", "timeout": "150ms", "onTimeout": "continue"}
    saga = world.run({"id": "w", "wait": wait}, step())
    assert saga["status"] == "completed"
    wait = dict(wait, onTimeout="reject")
    saga = world.run({"id": "w", "wait": wait}, step("b"))
    assert saga["status"] == "compensated"
    assert world.of("POST", "/b") == []


def test_a_child_of_a_chosen_version(world):
    for n in (1, 2):
        world.client.put_definition({"name": "sub", "steps": [step()], "output": n})
    for version in (1, 2):
        chosen = {"definition": "sub", "version": version}
        saga = world.run({"id": "c", "saga": chosen}, output="${ .steps.c.body }")
        assert saga["output"] == version

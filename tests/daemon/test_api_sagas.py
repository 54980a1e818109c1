"""Starting, reading, listing and acting on sagas, as http-api.md says."""

import re
import threading

import pytest

from api_contract import Contract
from conftest import Daemon, eventually
from participant import Gate, Ok, Participant, Status

DEFINITION = {
    "name": "order",
    "key": "${ .input.id }",
    "input": {
        "schema": {
            "type": "object",
            "required": ["id"],
            "properties": {"id": {"type": "string"}, "amount": {"type": "number"}},
        }
    },
    "steps": [
        {
            "id": "pay",
            "call": {
                "service": "shop",
                "url": "/pay/${ .input.id }",
                "body": {"amount": "${ .input.amount }", "card": "4111"},
                "headers": {"X-Api-Key": "k-1", "X-Plain": "p"},
                "redact": ["request.body.card", "response.body.iban"],
                "retry": 1,
            },
            "compensate": {"service": "shop", "url": "/refund/${ .input.id }", "retry": 1},
        },
        {
            "id": "ship",
            "call": {"service": "shop", "url": "/ship/${ .input.id }", "retry": 1},
            "compensate": None,
        },
    ],
    "output": {"paid": "${ .steps.pay.body.ok }"},
}


class World:
    def __init__(self, folder):
        self.shop = Participant().__enter__()
        self.daemon = Daemon(folder, services={"shop": self.shop.url})
        self.client = self.daemon.client
        self.contract = Contract(self.client)
        self.ask("PUT", "/v1/definitions/order", DEFINITION)
        self.ask("PUT", "/v1/definitions/once", dict(DEFINITION, name="once", unique=True))
        self.n = 0

    def ask(self, method, path, body=None, headers=None):
        answer = self.client.ask(method, path, body, headers)
        return self.contract.check(method, path, answer)

    def post(self, path, body=None, headers=None):
        return self.ask("POST", path, body, headers)

    def get(self, path, **headers):
        return self.ask("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def name(self):
        self.n += 1
        return "o-%d" % self.n

    def start(self, input_id=None, headers=None, **more):
        body = {"definition": "order", "input": {"id": input_id or self.name(), "amount": 19.99}}
        body.update(more)
        return self.post("/v1/sagas", body, headers)

    def stuck(self, step="ship", status=400):
        """A saga stuck going back at `pay`, because refunds are refused."""
        name = self.name()
        self.shop.script("POST", "/ship/" + name, Status(status))
        self.shop.script("POST", "/refund/" + name, Status(404))
        saga = self.start(name).json
        self.client.wait_status(saga["id"], "stuck")
        return "/v1/sagas/" + saga["id"], name

    def held(self):
        """A saga whose call to `ship` is in flight, and how to let it go on."""
        name = self.name()
        gate = Gate()
        self.shop.script("POST", "/ship/" + name, gate)
        saga = self.start(name, waitFor="pay").json
        path = "/v1/sagas/" + saga["id"]
        eventually(lambda: self.step(path, "ship")["status"] == "running", "ship is called")
        return path, gate

    def step(self, path, step):
        return [s for s in self.get(path).json["steps"] if s["id"] == step][0]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api")
    folder.chmod(0o700)
    w = World(folder)
    yield w
    w.shop.stop()
    assert w.daemon.stop() == 0


def problem(answer, status, code):
    assert answer.status == status, answer
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json
    assert body["code"] == code, body
    assert body["status"] == status
    assert body["requestId"] == answer.headers["X-Request-Id"]
    return body


def pointers(body):
    return [e["pointer"] for e in body["errors"]]


# ---- start -------------------------------------------------------------------------


def test_start_is_202_with_location_and_the_saga(world):
    answer = world.start("first", labels={"team": "core"})
    saga = answer.json
    assert answer.status == 202
    assert answer.headers["Location"] == "/v1/sagas/" + saga["id"]
    assert answer.headers["Vary"] == "Prefer"
    assert re.fullmatch(r'W/"r\d+"', answer.headers["ETag"])
    assert saga["status"] == "running" and saga["why"]
    assert saga["key"] == "first" and saga["labels"] == {"team": "core"}
    assert saga["input"] == {"id": "first", "amount": 19.99}
    assert [s["id"] for s in saga["steps"]] == ["pay", "ship"]
    assert "Idempotency-Replayed" not in answer.headers


def test_numbers_come_back_as_they_were_given(world):
    body = '{"definition":"order","input":{"id":"exact","amount":9007199254740993}}'
    answer = world.post("/v1/sagas", body)
    assert b'"amount":9007199254740993}' in answer.body


def test_start_that_waits_is_200_when_it_is_over(world):
    answer = world.start(headers={"Prefer": "respond-async, wait=20"})
    assert answer.status == 200
    assert answer.headers["Preference-Applied"] == "wait=20"
    assert answer.json["status"] == "completed"
    assert answer.json["output"] == {"paid": True}
    assert answer.json["why"] is None and answer.json["actions"] == []


def test_wait_is_capped_at_a_minute(world):
    answer = world.start(headers={"Prefer": "wait=100000"})
    assert answer.headers["Preference-Applied"] == "wait=60"


def test_start_that_waits_for_a_step_is_answered_then(world):
    path, gate = world.held()
    assert world.step(path, "pay")["status"] == "succeeded"
    gate.release()


def test_wait_ends_early_when_the_saga_gets_stuck(world):
    name = world.name()
    world.shop.script("POST", "/ship/" + name, Status(400))
    world.shop.script("POST", "/refund/" + name, Status(400))
    answer = world.start(name, headers={"Prefer": "wait=50"})
    assert answer.status == 202
    assert answer.json["status"] == "stuck" and answer.json["why"]


def test_unknown_members_are_422_with_their_pointers(world):
    body = problem(world.start(inputs=1, **{"a/b~c": 2}), 422, "input-invalid")
    assert pointers(body) == ["/inputs", "/a~1b~0c"]


@pytest.mark.parametrize(
    "member, value, pointer",
    [
        ("definition", 7, "/definition"),
        ("definition", "", "/definition"),
        ("version", 0, "/version"),
        ("version", "1", "/version"),
        ("version", 1.5, "/version"),
        ("id", "a b", "/id"),
        ("id", "", "/id"),
        ("id", "x" * 129, "/id"),
        ("id", "..", "/id"),
        ("labels", [], "/labels"),
        ("labels", {"a": 1}, "/labels"),
        ("labels", {"l%d" % i: "x" for i in range(17)}, "/labels"),
        ("waitFor", "nothing", "/waitFor"),
        ("waitFor", 1, "/waitFor"),
    ],
)
def test_bad_members_are_422(world, member, value, pointer):
    body = problem(world.start(**{member: value}), 422, "input-invalid")
    assert pointers(body) == [pointer]


def test_start_without_a_definition_is_422(world):
    body = problem(world.post("/v1/sagas", {"input": {}}), 422, "input-invalid")
    assert body["errors"][0]["code"] == "required"


def test_start_of_an_unknown_definition_or_version_is_404(world):
    problem(world.start(definition="nothing"), 404, "not-found")
    problem(world.start(version=7), 404, "not-found")


def test_input_that_does_not_fit_is_422_with_every_error(world):
    answer = world.start(input={"id": 7, "amount": "x"})
    assert pointers(problem(answer, 422, "input-invalid")) == ["/input/id", "/input/amount"]
    answer = world.post("/v1/sagas", {"definition": "order"})
    assert pointers(problem(answer, 422, "input-invalid")) == ["/input"]


@pytest.mark.parametrize(
    "text, where",
    [('{"a":}', "line 1"), ("{\n  x", "line 2"), ("", "line 1"), ("{}{}", "line 1"),
     ('{"a":1,"a":2}', "line 1"), ("[" * 70 + "]" * 70, "line 1"),
     ('{"definition":"order","input":99999999999999999999}', "line 1")],
)
def test_bad_json_is_400_with_its_place(world, text, where):
    answer = world.client.ask("POST", "/v1/sagas", text, {"Content-Type": "application/json"})
    body = problem(answer, 400, "invalid-json")
    assert where in body["detail"] and "column" in body["detail"]


def test_body_that_is_no_object_is_422(world):
    problem(world.post("/v1/sagas", "[]"), 422, "input-invalid")


def test_body_needs_its_media_type(world):
    for kind in ("text/plain", "application/jsonx", ""):
        answer = world.client.ask("POST", "/v1/sagas", "{}", {"Content-Type": kind})
        problem(answer, 415, "unsupported-media-type")
    answer = world.client.ask(
        "POST", "/v1/sagas", "{}", {"Content-Type": "application/json; charset=utf-8"}
    )
    problem(answer, 422, "input-invalid")


def test_body_over_a_mebibyte_is_413(world):
    big = '{"definition":"order","input":"%s"}' % ("x" * (1024 * 1024))
    problem(world.post("/v1/sagas", big), 413, "body-too-large")


# ---- the same start again -----------------------------------------------------------


def test_idempotency_key_starts_once(world):
    body = {"definition": "order", "input": {"id": "replayed"}}
    first = world.post("/v1/sagas", body, {"Idempotency-Key": '"k-1"'})
    again = world.post("/v1/sagas", body, {"Idempotency-Key": "k-1"})
    assert first.json["id"] == again.json["id"]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]


def test_idempotency_key_with_another_body_is_422(world):
    world.start("a", headers={"Idempotency-Key": "k-2"})
    problem(world.start("b", headers={"Idempotency-Key": "k-2"}), 422, "idempotency-key-reused")


def test_idempotency_key_must_be_one(world):
    for key in ('"', '"a', '"a"b"', "x" * 256, '"\\n"'):
        problem(world.start(headers={"Idempotency-Key": key}), 400, "invalid-request")


def test_id_starts_once_and_with_other_input_conflicts(world):
    first = world.start("same", id="my-id_1.~")
    again = world.start("same", id="my-id_1.~")
    assert first.json["id"] == again.json["id"] == "my-id_1.~"
    assert again.headers["Idempotency-Replayed"] == "true"
    body = problem(world.start("other", id="my-id_1.~"), 409, "key-conflict")
    assert body["link"] == "/v1/sagas/my-id_1.~"


def test_an_id_belongs_to_the_version_it_was_started_with(world):
    name = "versions"
    for wait in ("1h", "2h"):
        world.ask("PUT", "/v1/definitions/" + name,
                  {"name": name, "steps": [{"id": "nap", "wait": wait}]})
    start = {"definition": name, "id": "pinned", "version": 1}
    assert world.post("/v1/sagas", start).json["version"] == 1
    again = world.post("/v1/sagas", start)
    assert (again.status, again.headers["Idempotency-Replayed"]) == (202, "true")
    unpinned = world.post("/v1/sagas", {"definition": name, "id": "pinned"})
    assert (unpinned.status, unpinned.json["version"]) == (202, 1)
    problem(world.post("/v1/sagas", dict(start, version=2)), 409, "key-conflict")


def test_labels_of_a_repeated_start_are_not_its_content(world):
    first = world.start("same", id="labelled", labels={"team": "a"})
    again = world.start("same", id="labelled", labels={"team": "b"})
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (first.json["labels"], again.json["labels"]) == ({"team": "a"}, {"team": "a"})


def test_a_repeated_start_is_answered_though_the_current_version_would_refuse_it(world):
    steps = [{"id": "nap", "wait": "1h"}]
    strict = {"schema": {"type": "object", "required": ["more"]}}
    world.ask("PUT", "/v1/definitions/stricter", {"name": "stricter", "steps": steps})
    start = {"definition": "stricter", "id": "before-it", "input": {"a": 1}}
    assert world.post("/v1/sagas", start).status == 202
    world.ask("PUT", "/v1/definitions/stricter", {"name": "stricter", "steps": steps, "input": strict})
    again = world.post("/v1/sagas", start)
    assert (again.status, again.json["version"]) == (202, 1)
    assert again.headers["Idempotency-Replayed"] == "true"
    body = problem(world.post("/v1/sagas", dict(start, id="after-it")), 422, "input-invalid")
    assert [e["code"] for e in body["errors"]] == ["required"]


def test_unique_key_starts_once(world):
    first = world.start("only", definition="once")
    again = world.start("only", definition="once")
    assert first.json["id"] == again.json["id"]
    assert again.headers["Idempotency-Replayed"] == "true"
    body = problem(
        world.post("/v1/sagas", {"definition": "once", "input": {"id": "only", "amount": 1}}),
        409, "key-conflict",
    )
    assert body["sagaId"] == first.json["id"]


# ---- reading ------------------------------------------------------------------------


def test_unknown_saga_is_404(world):
    for path in ("", "/journal", "/calls", "/calls/1"):
        problem(world.get("/v1/sagas/nothing" + path), 404, "not-found")


def test_known_revision_is_304(world):
    saga = world.start(headers={"Prefer": "wait=20"})
    path = saga.headers["Location"]
    tag = saga.headers["ETag"]
    assert world.get(path).headers["ETag"] == tag
    for known in (tag, '"x", ' + tag, "*"):
        answer = world.get(path, If_None_Match=known)
        assert answer.status == 304 and answer.headers["ETag"] == tag
    assert world.get(path, If_None_Match='W/"r1"').status == 200


def test_long_poll_is_answered_on_change_and_at_the_end(world):
    path, gate = world.held()
    tag = world.get(path).headers["ETag"]
    answer = world.get(path, If_None_Match=tag, Prefer="wait=1")
    assert answer.status == 304
    assert answer.headers["Preference-Applied"] == "wait=1"
    gate.release()
    answer = world.get(path, If_None_Match=tag, Prefer="wait=50")
    assert answer.status == 200 and answer.headers["ETag"] != tag


def test_journal_tells_every_turn_in_pages(world):
    path = world.start(headers={"Prefer": "wait=20"}).headers["Location"]
    whole = world.get(path + "/journal").json
    assert [t["turn"] for t in whole["items"]] == [1, 2, 3] and whole["next"] is None
    assert [t["event"] for t in whole["items"]] == ["started", "answered", "answered"]
    assert whole["items"][0]["actor"] == "anonymous"
    assert whole["items"][1]["step"] == "pay" and whole["items"][1]["outcome"] == "succeeded"
    first = world.get(path + "/journal?limit=2")
    assert [t["turn"] for t in first.json["items"]] == [1, 2]
    link = re.fullmatch(r'<(.*)>; rel="next"', first.headers["Link"]).group(1)
    assert [t["turn"] for t in world.get(link).json["items"]] == [3]


def test_calls_show_what_went_out_without_secrets(world):
    name = world.name()
    world.shop.script("POST", "/pay/" + name, Ok({"ok": True, "iban": "DE1", "n": 1.10},
                                                 headers=[("Set-Cookie", "a=b")]))
    path = world.start(name, headers={"Prefer": "wait=20"}).headers["Location"]
    calls = world.get(path + "/calls").json
    assert [c["n"] for c in calls["items"]] == [1, 2]
    call = calls["items"][0]
    assert call["request"]["method"] == "POST" and call["request"]["url"] == world.shop.url + "/pay/" + name
    assert call["request"]["body"] == {"amount": 19.99, "card": "[redacted]"}
    headers = call["request"]["headers"]
    assert (headers["X-Api-Key"], headers["X-Plain"]) == ("[redacted]", "p")
    assert call["response"]["body"]["iban"] == "[redacted]"
    headers = {k.lower(): v for k, v in call["response"]["headers"].items()}
    assert headers["set-cookie"] == "[redacted]"
    assert call["timings"]["total"] >= 0
    assert world.get(path + "/calls/1").json == call
    problem(world.get(path + "/calls/3"), 404, "not-found")
    problem(world.get(path + "/calls/x"), 404, "not-found")
    assert "DE1" not in world.get(path).body.decode()


# ---- lists ---------------------------------------------------------------------------


def ids(answer):
    return [s["id"] for s in answer.json["items"]]


def test_list_is_newest_first_in_pages_bound_to_the_filter(world):
    made = [world.start("page-%d" % i, labels={"run": "pages"}).json["id"] for i in range(5)]
    first = world.get("/v1/sagas?label.run=pages&limit=2")
    assert ids(first) == made[:-3:-1]
    link = re.fullmatch(r'<(.*)>; rel="next"', first.headers["Link"]).group(1)
    second = world.get(link)
    third = world.get("/v1/sagas?limit=2&label.run=pages&cursor=" + second.json["next"])
    assert ids(second) + ids(third) == made[2::-1]
    assert third.json["next"] is None and "Link" not in third.headers
    cursor = first.json["next"]
    problem(world.get("/v1/sagas?label.run=other&cursor=" + cursor), 400, "invalid-request")
    problem(world.get("/v1/sagas?cursor=" + cursor), 400, "invalid-request")
    problem(world.get("/v1/sagas?label.run=pages&cursor=abc"), 400, "invalid-request")


def test_list_is_filtered(world):
    path, name = world.stuck()
    saga = world.get(path).json
    started = saga["startedAt"]
    for query, is_in in [
        ("status=stuck", True),
        ("status=stuck,completed", True),
        ("status=completed", False),
        ("status=stuck&definition=order,once", True),
        ("status=stuck&definition=once", False),
        ("stuckStep=pay", True),
        ("stuckStep=ship", False),
        ("key=" + name, True),
        ("key=nothing,%s" % name, True),
        ("key=nothing%2C" + name, False),
        ("key=%s&startedAfter=2020-01-01T00:00:00Z" % name, True),
        ("key=%s&startedBefore=2020-01-01T00:00:00Z" % name, False),
        ("key=%s&updatedAfter=%s" % (name, "2020-01-01T00:00:00%2B02:00"), True),
        ("key=%s&paused=false" % name, True),
        ("key=%s&paused=true" % name, False),
    ]:
        answer = world.get("/v1/sagas?" + query)
        assert (saga["id"] in ids(answer)) == is_in, query
    found = world.get("/v1/sagas?count=estimate&key=" + name).json
    assert found["estimate"] >= 1
    entry = found["items"][0]
    assert entry["why"] == saga["why"] and entry["actions"] == saga["actions"]
    assert entry["stuckStep"] == "pay" and entry["startedAt"] == started


@pytest.mark.parametrize(
    "query",
    ["stat=stuck", "status=stuk", "status=", "limit=0", "limit=501", "limit=x", "label.=x",
     "paused=1", "startedAfter=yesterday", "count=exact", "status=stuck&status=running",
     "preview=true"],
)
def test_list_refuses_what_it_does_not_know(world, query):
    problem(world.get("/v1/sagas?" + query), 400, "invalid-request")


def test_other_routes_refuse_query_parameters_too(world):
    answer = world.client.ask("POST", "/v1/sagas/x/cancel?previews=true", {"reason": "r"})
    problem(answer, 400, "invalid-request")


# ---- actions ---------------------------------------------------------------------------


def test_actions_take_known_members_only(world):
    path, _ = world.stuck()
    body = problem(world.post(path + "/retry", {"stp": "pay"}), 422, "input-invalid")
    assert pointers(body) == ["/stp"]
    problem(world.post(path + "/cancel", {"reason": "r", "step": "pay"}), 422, "input-invalid")
    problem(world.post(path + "/pause", {"reason": 1}), 422, "input-invalid")
    problem(world.post(path + "/retry", {"revision": 0}), 422, "input-invalid")
    problem(world.post(path + "/retry", {"item": 0}), 422, "input-invalid")
    problem(world.post(path + "/retry", {"step": "pay", "item": 0}), 422, "input-invalid")
    problem(world.post(path + "/retry", {"step": "nothing"}), 422, "input-invalid")


@pytest.mark.parametrize(
    "action, body, missing",
    [
        ("skip", {"step": "pay", "output": 1}, "reason"),
        ("skip", {"reason": "r", "output": 1}, "step"),
        ("skip", {"reason": "r", "step": "pay"}, "output"),
        ("resolve", {"step": "pay", "outcome": "applied"}, "reason"),
        ("resolve", {"reason": "r", "outcome": "applied"}, "step"),
        ("resolve", {"reason": "r", "step": "pay"}, "outcome"),
        ("close", {}, "reason"),
        ("cancel", {}, "reason"),
    ],
)
def test_what_an_action_needs_is_422_without(world, action, body, missing):
    answer = problem(world.post("/v1/sagas/x/" + action, body), 422, "input-invalid")
    assert answer["errors"][0]["code"] == "required"
    assert "'%s'" % missing in answer["errors"][0]["detail"]


def test_action_on_an_unknown_saga_is_404(world):
    problem(world.post("/v1/sagas/nothing/cancel", {"reason": "r"}), 404, "not-found")
    problem(world.post("/v1/sagas/nothing/retry"), 404, "not-found")


def test_retry_answers_with_the_saga_and_needs_no_body(world):
    path, name = world.stuck()
    world.shop.script("POST", "/refund/" + name, Ok())
    answer = world.post(path + "/retry")
    assert answer.status == 200 and answer.json["id"] in path
    assert world.client.wait_status(answer.json["id"])["status"] == "compensated"


def test_resolve_of_a_stuck_compensation_ends_it(world):
    path, _ = world.stuck()
    body = {"step": "pay", "outcome": "maybe", "reason": "r"}
    assert pointers(problem(world.post(path + "/resolve", body), 422, "input-invalid")) == [
        "/outcome"
    ]
    body["outcome"] = "not-applied"
    answer = world.post(path + "/resolve", body)
    assert answer.status == 200 and answer.json["status"] == "compensated"
    turn = world.get(path + "/journal").json["items"][-1]
    assert turn["event"] == "resolve" and turn["reason"] == "r"
    assert turn["actor"] == "anonymous" and turn["outcome"] == "not-applied"


def test_close_resolves_a_stuck_saga(world):
    path, _ = world.stuck()
    answer = world.post(path + "/close", {"reason": "done by phone"})
    assert answer.json["status"] == "resolved" and answer.json["actions"] == []


def test_action_that_is_not_legal_is_409_with_what_is(world):
    path, _ = world.stuck()
    body = problem(
        world.post(path + "/skip", {"step": "pay", "output": {}, "reason": "r"}),
        409, "invalid-state",
    )
    assert body["allowed"] == world.get(path).json["actions"]
    done = world.start(headers={"Prefer": "wait=20"}).headers["Location"]
    body = problem(world.post(done + "/cancel", {"reason": "r"}), 409, "invalid-state")
    assert body["allowed"] == []


def test_action_on_a_call_in_flight_is_409_and_says_until_when(world):
    path, gate = world.held()
    body = problem(world.post(path + "/retry", {"step": "ship"}), 409, "call-in-flight")
    assert body["endsAt"] > world.get(path).json["startedAt"]
    gate.release()


def test_stale_revision_is_409(world):
    path, _ = world.stuck()
    revision = world.get(path).json["revision"]
    body = problem(
        world.post(path + "/cancel", {"reason": "r", "revision": revision - 1}),
        409, "stale-revision",
    )
    assert body["revision"] == revision


def test_cancel_of_a_saga_going_back_changes_nothing(world):
    path, _ = world.stuck()
    revision = world.get(path).json["revision"]
    answer = world.post(path + "/cancel", {"reason": "r"})
    assert answer.status == 200 and answer.json["revision"] == revision


def test_pause_and_resume(world):
    path, gate = world.held()
    paused = world.post(path + "/pause", {"reason": "holiday"}).json
    assert paused["paused"] is True and "resume" in paused["actions"]
    assert world.get(path).json["paused"] is True
    resumed = world.post(path + "/resume").json
    assert resumed["paused"] is False and "pause" in resumed["actions"]
    gate.release()


def test_action_with_an_idempotency_key_acts_once(world):
    path, gate = world.held()
    key = {"Idempotency-Key": "pause-1"}
    first = world.post(path + "/pause", {"reason": "r"}, key)
    again = world.post(path + "/pause", {"reason": "r"}, key)
    assert again.status == 200 and again.headers["Idempotency-Replayed"] == "true"
    assert again.json["revision"] == first.json["revision"]
    world.post(path + "/resume")
    later = world.post(path + "/pause", {"reason": "r"}, key)
    assert later.json == first.json, "what was answered then, not how it is now"
    assert world.get(path).json["paused"] is False
    problem(world.post(path + "/pause", {"reason": "x"}, key), 422, "idempotency-key-reused")
    world.post(path + "/resume")
    gate.release()


# ---- everywhere ---------------------------------------------------------------------------


def test_unknown_path_is_404_and_unknown_method_405(world):
    problem(world.client.get("/v1/nothing"), 404, "not-found")
    problem(world.client.ask("POST", "/v1/sagas:many", {}), 404, "not-found")
    problem(world.client.get("/"), 404, "not-found")
    for method in ("DELETE", "PATCH", "OPTIONS"):
        answer = world.client.ask(method, "/v1/sagas")
        problem(answer, 405, "method-not-allowed")
        assert answer.headers["Allow"] == "POST, GET, HEAD"


def test_head_is_get_without_a_body(world):
    path = world.start(headers={"Prefer": "wait=20"}).headers["Location"]
    answer = world.client.ask("HEAD", path)
    got = world.client.get(path)
    assert answer.status == 200 and answer.body == b""
    assert answer.headers["Content-Length"] == str(len(got.body))
    assert answer.headers["ETag"] == got.headers["ETag"]


def test_request_id_is_the_clients_or_ours(world):
    assert world.get("/healthz", X_Request_Id="abc-1").headers["X-Request-Id"] == "abc-1"
    made = world.get("/healthz", X_Request_Id="no blank").headers["X-Request-Id"]
    assert re.fullmatch(r"[0-9a-f]{16,}", made)


def test_answers_carry_the_security_headers(world):
    answer = world.get("/v1/sagas")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


def test_daemon_tells_about_itself(world):
    assert world.get("/v1/info").json["name"] == "sagad"
    assert world.get("/healthz").json == {"status": "ok"}
    assert world.get("/readyz?verbose").json["checks"]["store"] == "ok"
    assert world.get("/openapi.json").json["openapi"] == "3.1.0"
    assert world.get("/schemas/definition.json").json["$schema"]
    services = world.get("/v1/services").json["items"]
    assert [s["name"] for s in services] == ["shop"]


def test_metrics_count_requests_by_route(world):
    world.get("/v1/info")
    text = world.get("/metrics").body.decode()
    assert re.search(r'sagad_api_request_seconds_count\{method="GET",route="/v1/info"\} [1-9]', text)
    assert "sagad_build_info{" in text and "process_cpu_seconds_total" in text
    names = re.findall(r"^# TYPE (\S+)", text, re.M)
    assert len(names) == len(set(names))


def test_trace_context_is_kept(world):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert world.start(headers={"traceparent": trace}).json["traceparent"] == trace
    own = world.start(headers={"traceparent": "x"}).json["traceparent"]
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", own)


# ---- stopping -----------------------------------------------------------------------------


def test_requests_that_wait_are_answered_when_the_daemon_stops(make_daemon, make_participant):
    shop = make_participant()
    shop.script("POST", "/*", Gate())
    daemon = make_daemon(services={"shop": shop.url}, config={"drainTimeout": "100ms"})
    daemon.client.put_definition(DEFINITION)
    answers = []
    threads = []
    for i in range(8):
        ask = lambda i=i: answers.append(
            daemon.client.start("order", {"id": "s-%d" % i}, wait=60)
        )
        threads.append(threading.Thread(target=ask))
        threads[-1].start()
    eventually(
        lambda: len(daemon.client.get("/v1/sagas?status=running").json["items"]) == 8, "8 started"
    )
    assert daemon.stop() == 0
    for thread in threads:
        thread.join(30)
    assert len(answers) == 8
    for answer in answers:
        assert answer.status in (202, 503), answer
        if answer.status == 503:
            assert answer.json["code"] == "draining"
            assert answer.headers["Retry-After"]


def test_a_member_that_is_nearly_one_is_named_with_the_one_that_was_meant(world):
    answer = world.start(lables={"team": "core"})
    detail = problem(answer, 422, "input-invalid")["detail"]
    assert detail == (
        "The request is not valid: /lables: There is no member 'lables' here;"
        " did you mean 'labels'?"
    )


def test_the_journal_names_the_signal_that_came(world):
    wait = {"name": "told", "steps": [{"id": "w", "wait": {"signal": "go", "timeout": "1h"}}]}
    assert world.ask("PUT", "/v1/definitions/told", wait).status == 201
    saga = world.post("/v1/sagas", {"definition": "told", "input": {}}).json["id"]
    assert world.post("/v1/sagas/%s/signals/go" % saga, {}).status == 202
    entry = world.client.journal(saga)[1]
    assert (entry["event"], entry["detail"]) == ("signalled", "go")

"""Storing, reading and switching definitions, as http-api.md says."""

import pytest

from api_contract import Contract
from conftest import Daemon
from participant import Gate, Participant


def definition(name, **more):
    made = {
        "name": name,
        "steps": [
            {"id": "pay", "call": {"service": "shop", "url": "/" + name}, "compensate": None}
        ],
    }
    made.update(more)
    return made


class World:
    def __init__(self, folder):
        self.shop = Participant().__enter__()
        self.daemon = Daemon(folder, services={"shop": self.shop.url})
        self.client = self.daemon.client
        self.contract = Contract(self.client)

    def ask(self, method, path, body=None, **headers):
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        answer = self.client.ask(method, path, body, headers)
        return self.contract.check(method, path, answer)

    def put(self, body, query="", name=None, **headers):
        path = "/v1/definitions/" + (name or body["name"]) + query
        return self.ask("PUT", path, body, **headers)

    def get(self, path, **headers):
        return self.ask("GET", "/v1/definitions" + path, **headers)

    def post(self, path, body=None, **headers):
        return self.ask("POST", "/v1/definitions" + path, body, **headers)

    def start(self, name, **more):
        return self.ask("POST", "/v1/sagas", dict({"definition": name, "input": {}}, **more))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("definitions")
    folder.chmod(0o700)
    w = World(folder)
    yield w
    w.shop.stop()
    assert w.daemon.stop() == 0


def problem(answer, status, code):
    assert (answer.status, answer.json["code"]) == (status, code), answer
    return answer.json


def test_new_content_is_201_and_the_same_200(world):
    first = world.put(definition("first"))
    assert first.status == 201
    assert first.headers["Location"] == "/v1/definitions/first/versions/1"
    assert first.headers["ETag"] == '"%s"' % first.json["hash"]
    assert first.json["version"] == first.json["current"] == 1
    again = world.put(dict(reversed(list(definition("first").items()))))
    assert again.status == 200 and again.json["version"] == 1
    other = world.put(definition("first", description="other"))
    assert other.status == 201 and other.json["version"] == other.json["current"] == 2


def test_definition_is_read_back_as_it_was_given(world):
    body = definition("read", description="caf\u00e9")
    tag = world.put(body).headers["ETag"]
    answer = world.get("/read")
    assert answer.json["definition"] == body and answer.headers["ETag"] == tag
    assert world.get("/read", If_None_Match=tag).status == 304
    assert world.get("/read", If_None_Match="W/" + tag).status == 304
    assert world.get("/read/versions/1").json["definition"] == body
    assert world.get("/read/versions/1", If_None_Match=tag).status == 304
    for path in ("/read/versions/2", "/read/versions/0", "/read/versions/x", "/nothing",
                 "/nothing/versions"):
        problem(world.get(path), 404, "not-found")


def test_every_error_is_told_with_its_pointer(world):
    bad = definition("bad", colour="red")
    bad["steps"].append(bad["steps"][0])
    bad["steps"].append({"id": "x", "call": {"service": "none", "url": "/"}})
    body = problem(world.put(bad), 422, "definition-invalid")
    pointers = [e["pointer"] for e in body["errors"]]
    assert "/colour" in pointers
    assert all(e["code"] and e["detail"] for e in body["errors"])
    problem(world.get("/bad"), 404, "not-found")


def test_name_of_path_and_body_must_agree(world):
    body = problem(world.put(definition("one"), name="two"), 422, "definition-invalid")
    assert body["errors"][0]["pointer"] == "/name"


def test_dry_run_checks_and_stores_nothing(world):
    answer = world.put(definition("dry"), "?dryRun=true")
    assert answer.status == 200 and answer.json["dryRun"] is True
    problem(world.get("/dry"), 404, "not-found")
    unknown = definition("dry")
    unknown["steps"][0]["call"]["service"] = "elsewhere"
    assert world.put(unknown, "?dryRun=true").json["warnings"]
    problem(world.put(unknown), 422, "definition-invalid")
    problem(world.put(definition("dry"), "?dryRun=1"), 400, "invalid-request")
    problem(world.put(definition("dry"), "?dry=true"), 400, "invalid-request")


def test_warnings_travel_with_the_answer(world):
    body = definition("warned")
    del body["steps"][0]["compensate"]
    body["steps"].append({"id": "last", "call": {"service": "shop", "url": "/x"},
                          "compensate": None})
    answer = world.put(body)
    assert answer.status == 201 and answer.json["warnings"]


def warned(daemon, *steps):
    """(code, pointer) of each warning."""
    made = {"name": "warned", "steps": list(steps)}
    answer = daemon.client.ask("PUT", "/v1/definitions/warned", made)
    assert answer.status in (200, 201), answer
    return [(w["code"], w["pointer"]) for w in answer.json["warnings"]]


def test_a_post_that_is_repeated_needs_a_service_that_keeps_keys(make_daemon):
    url = "http://127.0.0.1:9"
    services = {"keeps": {"url": url, "keysKept": "7d"}, "forgets": {"url": url}}
    daemon = make_daemon(services=services)

    def step(id, service, **call):
        made = dict({"service": service, "url": "/a"}, **call)
        return {"id": id, "call": made, "compensate": None}

    unsafe = "retry-not-declared-safe"
    assert warned(daemon, step("a", "keeps"), step("b", "forgets")) == [(unsafe, "/steps/1/call")]
    assert warned(daemon, step("a", "forgets", method="PATCH", retry=2)) == [
        (unsafe, "/steps/0/call")
    ]
    assert warned(daemon, step("a", "forgets", retry=1)) == []
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        assert warned(daemon, step("a", "forgets", method=method)) == []
    undone = dict(step("a", "forgets", method="PUT"))
    undone["compensate"] = {"service": "forgets", "url": "/undo"}
    assert warned(daemon, undone) == [(unsafe, "/steps/0/compensate")]
    # Its configuration is where it is mended: once for each service.
    assert len(warned(daemon, *[step("s%d" % i, "forgets") for i in range(3)])) == 1
    answer = daemon.client.ask(
        "PUT", "/v1/definitions/w", {"name": "w", "steps": [step("a", "forgets")]}
    )
    assert "keysKept" in answer.json["warnings"][0]["detail"]


@pytest.mark.parametrize(
    "url, is_there",
    [
        ("http://127.0.0.1:9/a", True),
        ("http://127.0.0.1:10/a", False),
        ("http://127.0.0.1/a", False),
        ("https://127.0.0.1:9/a", False),
        ("http://[::1]:9/a", True),
        ("http://[::1]/a", False),
        ("https://api.example.org/a", True),
        ("https://API.example.org:443/a", True),
        ("http://api.example.org/a", False),
        ("https://api.example.org:80/a", False),
    ],
)
def test_a_service_matches_by_scheme_host_and_port(make_daemon, url, is_there):
    services = {
        "near": "http://127.0.0.1:9/base",
        "six": "http://[::1]:9",
        "far": "https://api.example.org",
    }
    allow = ["127.0.0.1", "::1", "api.example.org"]
    daemon = make_daemon(services=services, config={"egress": {"allow": allow}})
    codes = [code for code, _ in warned(daemon, {"id": "a", "call": "GET " + url})]
    assert ("service-matches" in codes) == is_there


def test_conditions_are_412_when_they_do_not_hold(world):
    tag = world.put(definition("cond"), If_None_Match="*").headers["ETag"]
    problem(world.put(definition("cond", description="x"), If_None_Match="*"), 412,
            "precondition-failed")
    problem(world.put(definition("cond", description="x"), If_Match='"other"'), 412,
            "precondition-failed")
    problem(world.put(definition("nothing"), If_Match="*"), 412, "precondition-failed")
    assert world.put(definition("cond", description="x"), If_Match=tag).status == 201
    assert world.put(definition("cond", description="y"), If_Match="*").status == 201
    problem(world.put(definition("cond"), If_None_Match=tag), 400, "invalid-request")
    problem(world.put(definition("cond"), If_Match="abc"), 400, "invalid-request")


def test_version_that_is_not_activated_is_not_taken_until_chosen(world):
    world.put(definition("use"))
    second = world.put(definition("use", description="2"), "?activate=false")
    assert second.status == 201
    assert second.json["version"] == 2 and second.json["current"] == 1
    assert world.start("use").json["version"] == 1
    assert world.start("use", version=2).json["version"] == 2
    chosen = world.ask("PUT", "/v1/definitions/use/current", {"version": 2})
    assert chosen.json["current"] == 2
    assert world.start("use").json["version"] == 2
    problem(world.ask("PUT", "/v1/definitions/use/current", {"version": 9}), 404, "not-found")
    problem(world.ask("PUT", "/v1/definitions/none/current", {"version": 1}), 404, "not-found")
    problem(world.ask("PUT", "/v1/definitions/use/current", {}), 422, "input-invalid")
    problem(world.ask("PUT", "/v1/definitions/use/current", {"version": 1, "x": 1}), 422,
            "input-invalid")


def test_paused_definition_takes_no_new_sagas(world):
    world.put(definition("held"))
    assert world.post("/held/pause", {"reason": "r"}).json["paused"] is True
    problem(world.start("held"), 409, "invalid-state")
    assert world.post("/held/resume").json["paused"] is False
    saga = world.start("held")
    assert saga.status == 202
    world.post("/held/pause", {"reason": "r"})
    again = world.start("held", id=saga.json["id"])
    assert again.status in (200, 202) and again.headers["Idempotency-Replayed"] == "true"
    problem(world.post("/nothing/pause"), 404, "not-found")
    problem(world.post("/held/pause", {"why": "r"}), 422, "input-invalid")


def test_pause_with_an_idempotency_key_is_replayed(world):
    world.put(definition("again"))
    world.post("/again/pause", {"reason": "r"}, Idempotency_Key="p-1")
    answer = world.post("/again/pause", {"reason": "r"}, Idempotency_Key="p-1")
    assert answer.status == 200 and answer.headers["Idempotency-Replayed"] == "true"


def test_definition_is_archived_once_no_saga_runs(world):
    world.put(definition("old"))
    gate = Gate()
    world.shop.script("POST", "/old", gate)
    saga = world.start("old").json
    problem(world.ask("DELETE", "/v1/definitions/old"), 409, "invalid-state")
    gate.release()
    world.client.wait_status(saga["id"], "completed")
    answer = world.ask("DELETE", "/v1/definitions/old")
    assert answer.status == 200 and answer.json["archived"] is True
    problem(world.start("old"), 409, "invalid-state")
    assert world.get("/old").status == 200
    problem(world.ask("DELETE", "/v1/definitions/nothing"), 404, "not-found")


def archive(world, name):
    assert world.ask("DELETE", "/v1/definitions/" + name).json["archived"] is True


def test_an_archived_definition_comes_back_with_a_put_of_the_same(world):
    world.put(definition("back"))
    archive(world, "back")
    stored = world.put(definition("back"))
    assert (stored.status, stored.json["version"], stored.json["archived"]) == (200, 1, False)
    assert world.get("/back").json["archived"] is False
    assert world.start("back").status in (200, 202)
    newest = world.client.get("/v1/audit?subject=back").json["items"][0]
    assert newest["action"] == "put"


def test_an_archived_definition_comes_back_with_new_content_and_with_an_old_one(world):
    world.put(definition("back2", description="1"))
    world.put(definition("back2", description="2"))
    for description, status, version in (("3", 201, 3), ("1", 200, 1)):
        archive(world, "back2")
        stored = world.put(definition("back2", description=description))
        assert (stored.status, stored.json["version"]) == (status, version)
        assert stored.json["archived"] is False
        assert world.get("/back2").json["archived"] is False
        saga = world.start("back2").json
        assert saga["version"] == version
        world.client.wait_status(saga["id"], "completed")


def test_what_is_only_stored_or_tried_leaves_a_definition_archived_and_paused(world):
    world.put(definition("away"))
    world.post("/away/pause", {"reason": "r"})
    archive(world, "away")
    for query in ("?activate=false", "?dryRun=true"):
        world.ask("PUT", "/v1/definitions/away" + query, definition("away"))
        world.ask("PUT", "/v1/definitions/away" + query, definition("away", description="2"))
        assert world.get("/away").json["archived"] is True
    world.put(definition("away"))
    back = world.get("/away").json
    assert (back["archived"], back["paused"]) == (False, True)


def test_lists_come_in_pages(world):
    for i in range(3):
        world.put(definition("page", description=str(i)))
    versions = world.get("/page/versions?limit=2").json
    assert [d["version"] for d in versions["items"]] == [3, 2]
    rest = world.get("/page/versions?limit=2&cursor=" + versions["next"]).json
    assert [d["version"] for d in rest["items"]] == [1] and rest["next"] is None
    names = []
    cursor = ""
    while cursor is not None:
        page = world.get("?limit=1" + (cursor and "&cursor=" + cursor)).json
        names += [d["name"] for d in page["items"]]
        cursor = page["next"]
    assert names == sorted(set(names)) and "page" in names
    problem(world.get("?cursor=" + versions["next"]), 400, "invalid-request")


def test_bad_json_is_400(world):
    answer = world.client.ask("PUT", "/v1/definitions/x", "{", None)
    assert "line 1" in problem(answer, 400, "invalid-json")["detail"]

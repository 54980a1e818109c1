"""Tokens limited to definitions: every route, each role; lists, streams, what names another."""

import json

import pytest

from api_contract import Contract
from conftest import Client, Daemon
from events import Stream
from participant import Participant, Status
from test_api_tokens import make_token

ROLES = ("starter", "reader", "operator", "author", "admin")
CALL = {"service": "shop", "method": "POST"}


def waiting(name):
    """Some items, and then it waits for a signal."""
    steps = [
        {"id": "each", "forEach": "${ [1, 2] }", "call": dict(CALL, url="/a"), "compensate": None},
        {"id": "go", "wait": {"signal": "go", "timeout": "1d"}},
    ]
    return {"name": name, "key": "${ .input.k }", "steps": steps}


def sticking(name):
    steps = [
        {"id": "a", "call": dict(CALL, url="/a"), "compensate": dict(CALL, url="/undo")},
        {"id": "b", "call": dict(CALL, url="/b"), "compensate": None},
    ]
    return {"name": name, "steps": steps}


def entry_of(tokens, entries, name, *roles, definitions=()):
    tokens[name], entry = make_token(name, *roles, definitions=definitions)
    entries.append(entry)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scope")
    folder.chmod(0o700)
    tokens, entries = {}, []
    entry_of(tokens, entries, "all", "admin")
    for role in ROLES:
        entry_of(tokens, entries, role, role, definitions=["trip", "stuck-trip"])
    entry_of(tokens, entries, "pair", "admin", definitions=["order", "trip"])
    with Participant() as shop:
        daemon = Daemon(folder, services={"shop": shop.url}, config={"tokens": entries})
        shop.script("POST", "/b", Status(422))
        shop.script("POST", "/undo", Status(400))
        daemon.by = {name: Client(daemon.port, token) for name, token in tokens.items()}
        daemon.tokens = tokens
        client = daemon.all = daemon.by["all"]
        for name in ("trip", "order"):
            client.put_definition(waiting(name))
            client.put_definition(sticking("stuck-" + name))
        for name, n in (("trip", 2), ("order", 3)):
            for i in range(n):
                saga_id = "%s-%d" % (name, i)
                assert client.start(name, {"k": "k"}, id=saga_id).status == 202
                assert client.start("stuck-" + name, id="stuck-" + saga_id).status == 202
                client.wait_status("stuck-" + saga_id, "stuck")
        yield daemon
        assert daemon.stop() == 0


def operations(client):
    """(method, path, role, is it a stream) of every route."""
    for path, methods in Contract(client).document["paths"].items():
        for method, operation in methods.items():
            content = operation["responses"].get("200", {}).get("content", {})
            yield method.upper(), path, operation.get("x-role"), list(content) == [
                "text/event-stream"
            ]


def reach(path):
    """What a limited token may do with a route: said here a second time, by its path."""
    if path.startswith("/v1/sagas/{id}"):
        return "saga"
    if path.startswith("/v1/definitions/{name}"):
        return "name"
    if path.startswith("/v1/services/{name}/") or path in ("/v1/resume", "/v1/audit"):
        return "engine"
    assert "{" not in path or path in (
        "/v1/bulk/{id}",
        "/v1/bulk/{id}/cancel",
        "/v1/callbacks/{token}",
    ), "a new route: what may a limited token do with it?"
    return "own"


def filled(path, saga_id, name):
    path = path.replace("{id}", saga_id).replace("{name}", name).replace("{turn}", "1")
    path = path.replace("{step}", "each").replace("{n}", "1").replace("{webhook}", "msg_0")
    return path.replace("signals/" + name, "signals/go")


def ask(client, method, path):
    return client.ask(method, path, {} if method in ("PUT", "POST") else None)


def cases(world, kind):
    for method, path, role, is_stream in operations(world.all):
        if reach(path) == kind and role not in (None, "none"):
            yield "HEAD" if is_stream else method, path, role


def problem(answer, *renamed):
    document = {k: v for k, v in answer.json.items() if k != "requestId"}
    return json.loads(json.dumps(document).replace(*renamed)) if renamed else document


def as_it_stands(saga):
    """Without `why`, which names the day of a time only while that is a day away."""
    return {k: v for k, v in saga.items() if k != "why"}


def test_another_definitions_saga_is_as_if_there_were_none(world):
    before = as_it_stands(world.all.saga("order-0"))
    n = 0
    for method, path, role in cases(world, "saga"):
        for have in ROLES:
            client = world.by[have]
            other = ask(client, method, filled(path, "order-0", "trip"))
            none = ask(client, method, filled(path, "no-saga", "trip"))
            if have in (role, "admin"):
                assert (other.status, other.json["code"]) == (404, "not-found"), (method, path)
                assert problem(other) == problem(none, "no-saga", "order-0"), (method, path)
                n += 1
            else:
                assert (other.status, none.status) == (403, 403)
                assert "'%s'" % role in other.json["detail"]
    assert n >= 29
    assert as_it_stands(world.all.saga("order-0")) == before
    assert world.all.get("/v1/audit?subject=order-0").json["items"] == []


def test_nor_can_its_actions_be_previewed(world):
    for action in ("retry", "skip", "resolve", "close", "cancel", "pause", "resume"):
        path = "/v1/sagas/%s/" + action + "?preview=true"
        assert world.by["reader"].ask("POST", path % "stuck-order-0", {}).status == 404
        assert world.by["reader"].ask("POST", path % "stuck-trip-0", {}).status in (200, 409, 422)


def test_its_own_sagas_are_there_for_whoever_has_the_role(world):
    world.all.start("trip", {"k": "k"}, id="mine")
    for method, path, role in cases(world, "saga"):
        for have in ROLES:
            answer = ask(world.by[have], method, filled(path, "mine", "trip"))
            if path.endswith("/redeliver") and have in (role, "admin"):
                assert "no webhook 'msg_0'" in answer.json["detail"]  # The saga is there.
            elif have in (role, "admin"):
                assert answer.status not in (401, 403, 404), (method, path, have, answer)
            else:
                assert answer.status == 403
    assert "mine" in {s["id"] for s in world.all.get("/v1/sagas?definition=trip").json["items"]}


def test_the_name_of_another_definition_is_refused(world):
    before = world.all.get("/v1/definitions/order").json
    for method, path, role in cases(world, "name"):
        for have in ROLES:
            for name in ("order", "nothing"):
                answer = ask(world.by[have], method, filled(path, "", name))
                assert (answer.status, answer.json["code"]) == (403, "forbidden"), (method, path)
                is_role = have not in (role, "admin")
                assert ("'%s'" % (role if is_role else name)) in answer.json["detail"]
            if have in (role, "admin") and method != "DELETE":
                own = ask(world.by[have], method, filled(path, "", "trip"))
                assert own.status in (200, 422), (method, path, own)
    assert world.all.get("/v1/definitions/order").json == before
    assert world.by["author"].put_definition(waiting("trip")).status == 200
    answer = world.by["author"].ask("PUT", "/v1/definitions/new", waiting("new"))
    assert answer.status == 403


def test_what_is_of_all_sagas_is_not_for_it(world):
    n = 0
    for method, path, role in cases(world, "engine"):
        for have in ROLES:
            answer = ask(world.by[have], method, filled(path, "", "shop"))
            assert (answer.status, answer.json["code"]) == (403, "forbidden"), (method, path)
            n += 1
    assert n == 5 * len(ROLES)
    assert not world.all.get("/v1/services").json["items"][0]["paused"]


def test_starts_alone_and_in_batches_are_of_its_definitions(world):
    client = world.by["starter"]
    assert client.start("order", {"k": "k"}).status == 403
    items = [{"definition": d, "input": {"k": "b"}} for d in ("trip", "order", "nothing")]
    answer = client.ask("POST", "/v1/sagas:batch", {"sagas": items})
    assert [i["status"] for i in answer.json["items"]] == [202, 403, 403]
    # An id that is taken says so, and not by what.
    taken = client.start("trip", {"k": "k"}, id="order-1")
    assert taken.status == 409
    assert "'order'" not in taken.json["detail"]


def ids(answer):
    assert answer.status == 200, answer
    return [item["id"] for item in answer.json["items"]]


def test_a_list_has_its_own_sagas_only(world):
    client = world.by["reader"]
    every = ids(world.all.get("/v1/sagas?limit=500"))
    own = [i for i in every if not i.startswith(("order", "stuck-order"))]
    assert len(own) < len(every)
    assert [i for i in ids(client.get("/v1/sagas?limit=500"))] == own
    assert ids(client.get("/v1/sagas?definition=order")) == []
    assert ids(client.get("/v1/sagas?key=k&definition=order,stuck-order")) == []
    assert set(ids(client.get("/v1/sagas?definition=order,stuck-trip"))) == {
        "stuck-trip-0",
        "stuck-trip-1",
    }
    assert ids(client.get("/v1/sagas?status=stuck&limit=500")) == ["stuck-trip-1", "stuck-trip-0"]
    count = client.get("/v1/sagas?limit=1&count=estimate").json["estimate"]
    assert count == len(own)
    assert client.get("/v1/sagas?definition=order&count=estimate").json["estimate"] == 0
    seen, page = [], client.get("/v1/sagas?limit=2")
    while page.json["next"] is not None:
        seen += ids(page)
        page = client.get("/v1/sagas?limit=2&cursor=" + page.json["next"])
    assert seen + ids(page) == own


def test_stuck_groups_are_its_own_even_behind_larger_ones(world):
    groups = [g["definition"] for g in world.all.get("/v1/stuck").json["items"]]
    assert groups == ["stuck-order", "stuck-trip"]
    client = world.by["reader"]
    for query in ("", "?limit=1", "?definition=stuck-trip"):
        [group] = client.get("/v1/stuck" + query).json["items"]
        assert (group["definition"], group["count"]) == ("stuck-trip", 2)
    assert client.get("/v1/stuck?definition=stuck-order").json["items"] == []


def names(answer):
    return [d["name"] for d in answer.json["items"]]


def test_definitions_are_listed_as_far_as_they_are_its_own(world):
    assert names(world.by["reader"].get("/v1/definitions")) == ["stuck-trip", "trip"]
    first = world.by["pair"].get("/v1/definitions?limit=1")
    assert names(first) == ["order"]
    second = world.by["pair"].get("/v1/definitions?limit=1&cursor=" + first.json["next"])
    assert (names(second), second.json["next"]) == (["trip"], None)


def test_the_audit_trail_is_read_for_one_thing_of_its_own(world):
    assert world.all.act("trip-0", "pause").status == 200
    assert world.all.act("order-1", "pause").status == 200
    client = world.by["reader"]
    for subject, n in (("trip-0", 1), ("trip", None)):
        answer = client.get("/v1/audit?subject=" + subject)
        assert answer.status == 200
        assert n is None or len(answer.json["items"]) == n
    for subject in ("order-1", "order", "shop", "engine", "nothing"):
        assert client.get("/v1/audit?subject=" + subject).status == 403
    assert client.get("/v1/audit?actor=all").status == 403


def test_streams_are_of_its_own(world):
    token = world.tokens["reader"]
    with Stream(world.port, "/v1/sagas/order-2/journal", token=token) as stream:
        assert (stream.status, stream.json()["code"]) == (404, "not-found")
    with Stream(world.port, "/v1/sagas/trip-1/journal", token=token) as stream:
        assert stream.next().name == "turn"
    with Stream(world.port, "/v1/events", token=token) as stream:
        stream.comment()
        world.all.act("order-2", "pause")
        world.all.act("trip-1", "pause")
        assert stream.next().data["sagaId"] == "trip-1"


def test_what_is_not_of_a_saga_is_for_every_reader(world):
    for path in ("/v1/services", "/v1/stats", "/v1/info", "/v1/bulk"):
        assert world.by["reader"].get(path).status == 200

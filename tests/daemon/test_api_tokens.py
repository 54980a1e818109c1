"""Who may ask what: the role matrix over every route, expiry, per-definition starters."""

import datetime
import json

import pytest

from api_contract import Contract
from conftest import Client, Daemon, run, SAGACTL
from participant import Participant

ROLES = ("starter", "reader", "operator", "author", "admin")


def make_token(name, *roles, definitions=(), expires=None):
    args = ["token", "create", "--name", name, "-o", "json"]
    for role in roles:
        args += ["--role", role]
    for d in definitions:
        args += ["--definition", d]
    if expires is not None:
        args += ["--expires", expires]
    made = run(SAGACTL, *args)
    assert made.code == 0, made
    return made.json["token"], made.json["config"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokens")
    folder.chmod(0o700)
    tokens, entries = {}, []
    for role in ROLES:
        tokens[role], entry = make_token(role, role)
        entries.append(entry)
    tokens["trips"], entry = make_token("trips", "starter", definitions=["trip"])
    entries.append(entry)
    past = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=1)
    tokens["expired"], entry = make_token("expired", "admin", expires="2031-01-01T00:00:00Z")
    entry["expires"] = past.strftime("%Y-%m-%dT%H:%M:%SZ")
    entries.append(entry)
    with Participant() as shop:
        daemon = Daemon(folder, services={"shop": shop.url}, config={"tokens": entries})
        daemon.tokens = tokens
        admin = Client(daemon.port, tokens["admin"])
        for name in ("trip", "order"):
            step = {"id": "a", "call": {"service": "shop", "url": "/a"}, "compensate": None}
            admin.put_definition({"name": name, "steps": [step]})
        yield daemon
        assert daemon.stop() == 0


def operations(client):
    for path, methods in Contract(client).document["paths"].items():
        for method, operation in methods.items():
            concrete = path.replace("{name}", "nothing").replace("{id}", "nothing")
            role = operation.get("x-role", "none")
            concrete = concrete.replace("{n}", "1").replace("{token}", "nothing")
            # GET of a stream does not end; HEAD is let in or refused alike.
            ok = operation["responses"].get("200", {}).get("content", {})
            if list(ok) == ["text/event-stream"]:
                method = "head"
            yield method.upper(), concrete, None if role == "none" else role


def ask(client, method, path):
    return client.ask(method, path, {} if method in ("PUT", "POST") else None)


def test_every_route_asks_for_its_role(world):
    for method, path, role in operations(world.client):
        nobody = ask(world.client, method, path)
        assert (nobody.status == 401) == (role is not None), (method, path, nobody)
        for have in ROLES:
            answer = ask(Client(world.port, world.tokens[have]), method, path)
            is_allowed = role in (None, have) or have == "admin"
            assert (answer.status != 403) == is_allowed, (method, path, have, answer)
            assert answer.status != 401
            if not is_allowed and method != "HEAD":
                assert answer.json["code"] == "forbidden"
                assert "'%s'" % role in answer.json["detail"]


def test_missing_and_wrong_tokens_are_401_with_a_challenge(world):
    answer = world.client.get("/v1/sagas")
    assert answer.status == 401 and answer.json["code"] == "unauthorized"
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="sagad"'
    for wrong in ("sgd_" + "0" * 64, world.tokens["reader"] + "0", "abc", world.tokens["expired"]):
        answer = Client(world.port, wrong).get("/v1/sagas")
        assert answer.status == 401, wrong
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    answer = world.client.get("/v1/sagas", Authorization="Basic YTpi")
    assert answer.status == 401


def test_a_token_beyond_its_rate_is_429_and_others_are_not(make_daemon):
    slow, entry = make_token("slow", "reader")
    quick, other = make_token("quick", "reader")
    daemon = make_daemon(config={"tokens": [dict(entry, rate="1/s"), other]})
    answers = [Client(daemon.port, slow).get("/v1/sagas") for _ in range(20)]
    assert answers[0].status == 200
    refused = next(a for a in answers if a.status == 429)
    assert refused.json["code"] == "rate-limited" and "'slow'" in refused.json["detail"]
    assert int(refused.headers["Retry-After"]) >= 1
    assert Client(daemon.port, quick).get("/v1/sagas").status == 200
    assert Client(daemon.port, slow).get("/healthz").status == 200


def test_starter_starts_its_definitions_only(world):
    client = Client(world.port, world.tokens["trips"])
    assert client.start("trip").status == 202
    answer = client.start("order")
    assert answer.status == 403 and "order" in answer.json["detail"]
    assert Client(world.port, world.tokens["starter"]).start("order").status == 202


def test_actor_is_the_tokens_name(world):
    saga = Client(world.port, world.tokens["starter"]).start("order").json
    journal = Client(world.port, world.tokens["reader"]).journal(saga["id"])
    assert journal[0]["actor"] == "starter"


def test_idempotency_keys_belong_to_their_token(world):
    key = {"Idempotency-Key": "shared"}
    first = Client(world.port, world.tokens["starter"]).start("trip", headers=key).json
    other = Client(world.port, world.tokens["trips"]).start("trip", headers=key)
    assert other.status == 202 and other.json["id"] != first["id"]


def test_token_is_never_in_the_log(world):
    Client(world.port, world.tokens["reader"]).get("/v1/sagas")
    assert all(token not in json.dumps(world.lines) for token in world.tokens.values())


def test_foreign_address_without_tls_is_refused(sagad, tmp_path):
    tmp_path.chmod(0o700)
    config = tmp_path / "sagad.json"
    config.write_text(
        json.dumps({"listen": ["0.0.0.0:0"], "store": "sqlite:%s" % (tmp_path / "s.db")})
    )
    done = sagad("serve", "--config", str(config))
    assert done.code != 0
    assert "--insecure" in done.err

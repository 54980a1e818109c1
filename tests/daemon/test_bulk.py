"""Bulk actions: count, sample, confirm; what became of each saga; cancel; crashes."""

import collections
import signal

import pytest

from api_contract import Contract
from conftest import Client, eventually
from participant import Gate, Ok, Status
from test_api_tokens import make_token

REASON = "the refund service is back"
RETRY = {"action": "retry", "filter": {"status": "stuck"}, "reason": REASON}


def definition(name="trip"):
    """b is refused, so a is undone, which the participant refuses: stuck at a."""
    post = {"service": "shop", "method": "POST"}
    return {
        "name": name,
        "key": "${ .input.k }",
        "steps": [
            {"id": "a", "call": dict(post, url="/a"), "compensate": dict(post, url="/undo")},
            {"id": "b", "call": dict(post, url="/b"), "compensate": None},
        ],
    }


class World:
    def __init__(self, daemon, participant, client=None):
        self.daemon, self.participant = daemon, participant
        self.client = client or daemon.client
        participant.script("POST", "/b", Status(422))
        participant.script("POST", "/undo", Status(400))
        self.client.put_definition(definition())

    def stuck(self, n, name="trip"):
        """n sagas stuck at a; their ids, oldest first."""
        starts = [{"definition": name, "input": {"k": "k%d" % i}} for i in range(n)]
        made = self.client.ask("POST", "/v1/sagas:batch", {"sagas": starts}).json["items"]
        ids = [item["saga"]["id"] for item in made]
        for saga_id in ids:
            self.client.wait_status(saga_id, "stuck")
        return ids

    def mend(self):
        self.participant.script("POST", "/undo", Ok())

    def ask(self, body, client=None, **headers):
        client = client or self.client
        answer = client.ask("POST", "/v1/bulk", body, headers)
        return Contract(client).check("POST", "/v1/bulk", answer)

    def begin(self, body, **headers):
        """Confirm what matches now; the bulk action's id."""
        first = self.ask(body)
        assert first.status == 200, first
        answer = self.ask(dict(body, confirm=first.json["confirm"]), **headers)
        assert answer.status == 202, answer
        assert answer.headers["Location"] == "/v1/bulk/" + answer.json["id"]
        return answer.json["id"]

    def show(self, bulk_id, query=""):
        path = "/v1/bulk/%s%s" % (bulk_id, query)
        answer = self.daemon.client.get(path)
        assert answer.status == 200, answer
        return Contract(self.daemon.client).check("GET", path, answer).json

    def ended(self, bulk_id):
        return eventually(
            lambda: [b for b in [self.show(bulk_id)] if b["status"] != "running"],
            "the end of the bulk action",
        )[0]

    def items(self, bulk_id):
        """Every item, in the order in which they were reached."""
        items, cursor = [], "?limit=500"
        while cursor is not None:
            page = self.show(bulk_id, cursor)
            items += page["items"]
            cursor = page["next"] and "?limit=500&cursor=" + page["next"]
        return items[::-1]

    def audit(self, **query):
        items, cursor = [], ""
        path = "/v1/audit?limit=500" + "".join("&%s=%s" % q for q in query.items())
        while cursor is not None:
            page = self.daemon.client.get(path + cursor).json
            items += page["items"]
            cursor = page["next"] and "&cursor=" + page["next"]
        return items


@pytest.fixture
def world(make_daemon, participant):
    return World(make_daemon(services={"shop": participant.url}), participant)


def faults(answer):
    assert answer.status == 422, answer
    assert answer.json["code"] == "input-invalid"
    return [e["pointer"] for e in answer.json["errors"]]


# ---- what matches, and the confirmation -------------------------------------------------


def test_the_first_answer_shows_what_matches_and_does_nothing(world):
    ids = world.stuck(12)
    answer = world.ask(RETRY)
    assert answer.status == 200
    assert set(answer.json) == {"count", "sample", "confirm"}
    assert answer.json["count"] == 12
    assert [s["id"] for s in answer.json["sample"]] == ids[::-1][:10]
    assert answer.json["sample"][0]["status"] == "stuck"
    assert world.daemon.client.get("/v1/bulk").json == {"items": [], "next": None}
    assert world.audit(action="retry") == []


def test_a_confirmed_retry_of_all_that_is_stuck_repairs_them(world):
    ids = world.stuck(5)
    world.mend()
    bulk_id = world.begin(RETRY)
    bulk = world.ended(bulk_id)
    assert (bulk["status"], bulk["action"], bulk["filter"]) == (
        "completed",
        "retry",
        {"status": "stuck"},
    )
    assert (bulk["total"], bulk["done"], bulk["failed"]) == (5, 5, 0)
    assert world.items(bulk_id) == [
        {"id": i, "status": "compensating", "code": None} for i in ids[::-1]
    ]
    for saga_id in ids:
        assert world.client.wait_status(saga_id)["status"] == "compensated"


def test_the_audit_names_who_began_it_and_each_saga_once(world):
    ids = world.stuck(3)
    world.mend()
    bulk_id = world.begin(RETRY)
    world.ended(bulk_id)
    retries = world.audit(action="retry")
    assert sorted(a["subject"] for a in retries) == sorted(ids)
    assert {(a["actor"], a["reason"]) for a in retries} == {("anonymous", REASON)}
    assert {a["requestId"] for a in retries} == {"%s/%s" % (bulk_id, i) for i in ids}
    [began] = world.audit(action="bulk")
    assert (began["subject"], began["reason"]) == (bulk_id, REASON)
    [turn] = [t for t in world.daemon.client.journal(ids[0]) if t["event"] == "retry"]
    assert (turn["actor"], turn["reason"]) == ("anonymous", REASON)


@pytest.mark.parametrize("confirm", ["", "no", "a.b.c.d", "é"])
def test_a_confirm_that_was_not_given_here_is_refused_with_what_matches(world, confirm):
    world.stuck(1)
    answer = world.ask(dict(RETRY, confirm=confirm))
    assert (answer.status, answer.json["code"]) == (409, "confirm-required")
    assert answer.json["count"] == 1
    again = world.ask(dict(RETRY, confirm=answer.json["confirm"]))
    assert again.status == 202


@pytest.mark.parametrize(
    "other",
    [
        {"action": "pause"},
        {"filter": {"status": "stuck", "paused": False}},
        {"step": "a", "filter": {"status": "stuck", "definition": "trip"}},
    ],
)
def test_a_confirm_is_of_one_action_and_filter(world, other):
    world.stuck(1)
    confirm = world.ask(RETRY).json["confirm"]
    answer = world.ask(dict(RETRY, confirm=confirm, **other))
    assert (answer.status, answer.json["code"]) == (409, "confirm-required")
    assert world.daemon.client.get("/v1/bulk").json["items"] == []


def test_a_confirm_is_refused_when_more_sagas_match_than_were_shown(world):
    ids = world.stuck(3)
    by_pause = {"action": "close", "filter": {"paused": False}, "reason": REASON}
    world.client.act(ids[0], "pause")
    confirm = world.ask(by_pause).json["confirm"]
    world.client.act(ids[0], "resume")
    answer = world.ask(dict(by_pause, confirm=confirm))
    assert (answer.status, answer.json["code"]) == (409, "confirm-required")
    assert answer.json["count"] == 3
    assert world.ask(dict(by_pause, confirm=answer.json["confirm"])).status == 202


def test_a_confirm_holds_when_fewer_match(world):
    ids = world.stuck(3)
    close = {"action": "close", "filter": {"status": "stuck"}, "reason": REASON}
    confirm = world.ask(close).json["confirm"]
    world.client.act(ids[0], "close", reason="by hand")
    answer = world.ask(dict(close, confirm=confirm))
    assert answer.status == 202
    bulk = world.ended(answer.json["id"])
    assert (bulk["total"], bulk["done"]) == (2, 2)


def test_a_saga_started_after_the_first_answer_is_not_touched(world):
    ids = world.stuck(10)
    close = {"action": "close", "filter": {"status": "stuck"}, "reason": REASON}
    confirm = world.ask(close).json["confirm"]
    [late] = world.stuck(1)
    bulk_id = world.ask(dict(close, confirm=confirm)).json["id"]
    bulk = world.ended(bulk_id)
    assert (bulk["total"], bulk["done"]) == (10, 10)
    assert {i["id"] for i in world.items(bulk_id)} == set(ids)
    assert world.client.saga(late)["status"] == "stuck"


def test_the_same_confirm_twice_is_one_bulk_action(world):
    world.stuck(2)
    confirm = world.ask(RETRY).json["confirm"]
    first = world.ask(dict(RETRY, confirm=confirm))
    again = world.ask(dict(RETRY, confirm=confirm))
    assert (first.status, again.status) == (202, 202)
    assert again.json["id"] == first.json["id"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(world.daemon.client.get("/v1/bulk").json["items"]) == 1


def test_an_idempotency_key_answers_alike_after_a_restart(world):
    world.stuck(1)
    body = dict(RETRY, confirm=world.ask(RETRY).json["confirm"])
    first = world.ask(body, **{"Idempotency-Key": "once"})
    assert first.status == 202
    world.ended(first.json["id"])
    world.daemon.restart()
    again = world.ask(body, client=world.daemon.client, **{"Idempotency-Key": "once"})
    assert (again.status, again.json["id"]) == (202, first.json["id"])
    assert again.headers["Idempotency-Replayed"] == "true"
    other = world.ask(
        dict(body, reason="else"), client=world.daemon.client, **{"Idempotency-Key": "once"}
    )
    assert (other.status, other.json["code"]) == (422, "idempotency-key-reused")


# ---- what is refused -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "change, pointer",
    [
        ({"action": "explode"}, "/action"),
        ({"action": 5}, "/action"),
        ({"surprise": 1}, "/surprise"),
        ({"step": 5}, "/step"),
        ({"output": {}}, "/output"),
        ({"outcome": "applied"}, "/outcome"),
        ({"action": "pause", "step": "a"}, "/step"),
        ({"filter": "status=stuck"}, "/filter"),
        ({"filter": {}}, "/filter"),
        ({"filter": {"statuses": "stuck"}}, "/filter/statuses"),
        ({"filter": {"limit": "5"}}, "/filter/limit"),
        ({"filter": {"a/b": "5"}}, "/filter/a~1b"),
        ({"filter": {"status": "broken"}}, "/filter/status"),
        ({"filter": {"status": "stuck,"}}, "/filter/status"),
        ({"filter": {"status": []}}, "/filter/status"),
        ({"filter": {"status": [5]}}, "/filter/status"),
        ({"filter": {"status": True}}, "/filter/status"),
        ({"filter": {"paused": "maybe"}}, "/filter/paused"),
        ({"filter": {"stuckOperation": "dance"}}, "/filter/stuckOperation"),
        ({"filter": {"error": ""}}, "/filter/error"),
        ({"filter": {"startedAfter": "soon"}}, "/filter/startedAfter"),
        ({"filter": {"startedAfter": ["2031-01-01T00:00:00Z"]}}, "/filter/startedAfter"),
        ({"reason": ""}, "/reason"),
        ({"confirm": 5}, "/confirm"),
        ({"step": "a"}, "/filter"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_place(world, change, pointer):
    assert faults(world.ask(dict(RETRY, **change))) == [pointer]


@pytest.mark.parametrize("missing", ["action", "filter", "reason"])
def test_action_filter_and_reason_are_required(world, missing):
    answer = world.ask({k: v for k, v in RETRY.items() if k != missing})
    assert answer.status == 422
    assert missing in answer.json["detail"]


def test_skip_and_resolve_need_what_they_are_given_by_hand(world):
    body = dict(RETRY, filter={"definition": "trip"})
    for action, missing in (("skip", "output"), ("resolve", "outcome"), ("skip", "step")):
        given = {"step": "a", "output": {}} if action == "skip" else {"step": "a"}
        given.pop(missing, None)
        answer = world.ask(dict(body, action=action, **given))
        assert answer.status == 422
        assert missing in answer.json["detail"]


# ---- filters -------------------------------------------------------------------------------


def test_a_filter_means_what_it_means_in_the_list(world):
    ids = world.stuck(4)
    world.client.act(ids[0], "pause")
    for condition, wanted in (
        ({"key": "k1,k2"}, 2),
        ({"key": ["k1", "k2", "k9"]}, 2),
        ({"paused": True}, 1),
        ({"paused": "false"}, 3),
        ({"stuckStep": "a", "definition": "trip"}, 4),
        ({"stuckStep": "b"}, 0),
        ({"stuckOperation": "compensation", "stuckOutcome": "rejected"}, 4),
        ({"stuckOperation": "action"}, 0),
        ({"error": "IS A REFUSAL"}, 4),
        ({"label.team": "core"}, 0),
        ({"startedAfter": "2031-01-01T00:00:00Z"}, 0),
        ({"startedBefore": "2031-01-01T00:00:00+01:00"}, 4),
        ({"status": ["stuck", "running"]}, 4),
    ):
        answer = world.ask(dict(RETRY, filter=condition))
        assert (answer.status, answer.json.get("count")) == (200, wanted), condition


# ---- what becomes of each saga -----------------------------------------------------------


def test_a_saga_that_does_not_allow_it_is_told_apart(world):
    ids = world.stuck(3)
    world.client.act(ids[1], "close", reason="by hand")
    every = {"action": "close", "filter": {"definition": "trip"}, "reason": REASON}
    bulk_id = world.begin(every)
    bulk = world.ended(bulk_id)
    assert (bulk["total"], bulk["done"], bulk["failed"]) == (3, 2, 1)
    assert world.items(bulk_id) == [
        {"id": ids[2], "status": "resolved", "code": None},
        {"id": ids[1], "status": "resolved", "code": "invalid-state"},
        {"id": ids[0], "status": "resolved", "code": None},
    ]


def test_a_call_in_flight_is_told_as_such(world):
    [saga_id] = world.stuck(1)
    gate = Gate()
    world.participant.script("POST", "/undo", gate)
    world.client.act(saga_id, "retry")
    world.participant.wait_for(2, "POST", "/undo")
    bulk_id = world.begin(dict(RETRY, filter={"status": "compensating"}))
    world.ended(bulk_id)
    assert world.items(bulk_id)[0]["code"] == "call-in-flight"
    gate.release()


def test_pausing_what_is_paused_is_done_already(world):
    ids = world.stuck(2)
    world.client.act(ids[0], "pause")
    bulk = world.ended(world.begin(dict(RETRY, action="pause")))
    assert (bulk["done"], bulk["failed"]) == (2, 0)
    assert all(world.client.saga(i)["paused"] for i in ids)
    assert len(world.audit(action="pause")) == 2
    bulk = world.ended(world.begin(dict(RETRY, action="resume")))
    assert not any(world.client.saga(i)["paused"] for i in ids)


def test_a_group_is_resolved_by_hand(world):
    ids = world.stuck(3)
    body = {
        "action": "resolve",
        "filter": {"definition": "trip", "stuckStep": "a"},
        "step": "a",
        "outcome": "not-applied",
        "reason": REASON,
    }
    bulk_id = world.begin(body)
    bulk = world.ended(bulk_id)
    assert (bulk["step"], bulk["outcome"]) == ("a", "not-applied")
    assert [i["status"] for i in world.items(bulk_id)] == ["compensated"] * 3
    assert world.client.saga(ids[0])["status"] == "compensated"


def test_a_step_that_a_saga_does_not_have_is_told_of_that_saga(world):
    [saga_id] = world.stuck(1)
    bulk_id = world.begin(dict(RETRY, filter={"definition": "trip"}, step="z"))
    world.ended(bulk_id)
    assert world.items(bulk_id) == [
        {"id": saga_id, "status": "stuck", "code": "input-invalid"}
    ]


def test_nothing_that_matches_is_done_at_once(world):
    bulk = world.ended(world.begin(RETRY))
    assert (bulk["status"], bulk["total"], bulk["done"]) == ("completed", 0, 0)
    assert bulk["endedAt"] is not None


# ---- looking and cancelling -------------------------------------------------------------


def test_bulk_actions_are_listed_newest_first_in_pages(world):
    world.stuck(1)
    ids = [world.begin(dict(RETRY, action=a)) for a in ("pause", "resume", "pause")]
    page = world.daemon.client.get("/v1/bulk?limit=2").json
    assert [b["id"] for b in page["items"]] == ids[:0:-1]
    Contract(world.daemon.client).check(
        "GET", "/v1/bulk", world.daemon.client.get("/v1/bulk")
    )
    page = world.daemon.client.get("/v1/bulk?limit=2&cursor=" + page["next"]).json
    assert ([b["id"] for b in page["items"]], page["next"]) == ([ids[0]], None)


def test_items_come_in_pages(world):
    ids = world.stuck(5)
    bulk_id = world.begin(dict(RETRY, action="pause"))
    world.ended(bulk_id)
    page = world.show(bulk_id, "?limit=2")
    assert [i["id"] for i in page["items"]] == ids[:2]
    page = world.show(bulk_id, "?limit=2&cursor=" + page["next"])
    assert [i["id"] for i in page["items"]] == ids[2:4]
    assert len(page["items"]) == 2


def test_there_is_no_bulk_action_of_another_id(world):
    for method, path in (("GET", "/v1/bulk/none"), ("POST", "/v1/bulk/none/cancel")):
        answer = world.daemon.client.ask(method, path)
        Contract(world.daemon.client).check(method, path, answer)
        assert (answer.status, answer.json["code"]) == (404, "not-found")


def cancel(world, bulk_id, **headers):
    path = "/v1/bulk/%s/cancel" % bulk_id
    answer = world.daemon.client.ask("POST", path, {"reason": "enough"}, headers)
    return Contract(world.daemon.client).check("POST", path, answer)


def many(world, n):
    """n sagas stuck, in the fewest requests."""
    for _ in range(0, n, 500):
        starts = [{"definition": "trip", "input": {"k": "k"}}] * min(500, n)
        assert world.client.ask("POST", "/v1/sagas:batch", {"sagas": starts}).status == 207
    eventually(lambda: world.ask(RETRY).json["count"] == n, "all are stuck", 60)


def test_a_cancelled_bulk_action_stops_before_the_next_saga(world):
    many(world, 1000)
    bulk_id = world.begin(dict(RETRY, action="pause"))
    answer = cancel(world, bulk_id, **{"Idempotency-Key": "c"})
    assert (answer.status, answer.json["status"]) == (200, "cancelled")
    done = answer.json["done"]
    assert done < 1000
    assert world.show(bulk_id)["done"] == done
    assert cancel(world, bulk_id).status == 200  # So already.
    assert cancel(world, bulk_id, **{"Idempotency-Key": "c"}).json["done"] == done
    paused = world.ask(dict(RETRY, filter={"paused": True})).json["count"]
    assert paused == done == len(world.items(bulk_id))
    assert world.audit(action="bulk-cancel")[0]["reason"] == "enough"
    world.daemon.restart()
    assert world.show(bulk_id)["status"] == "cancelled"
    assert len(world.audit(action="pause")) == done


def test_one_that_has_ended_cannot_be_cancelled(world):
    bulk_id = world.begin(RETRY)
    world.ended(bulk_id)
    answer = cancel(world, bulk_id)
    assert (answer.status, answer.json["code"]) == (409, "invalid-state")


def test_a_small_one_does_not_wait_for_a_large_one(world):
    many(world, 1000)
    large = world.begin(dict(RETRY, action="pause"))
    small = world.begin(dict(RETRY, action="pause", filter={"status": "running"}))
    assert world.ended(small)["status"] == "completed"
    assert world.ended(large)["done"] == 1000


# ---- crashes -------------------------------------------------------------------------------


@pytest.mark.parametrize("kills", [1, 4])
def test_a_killed_daemon_goes_on_and_acts_on_each_saga_once(world, kills):
    n = 1000
    many(world, n)
    bulk_id = world.begin(dict(RETRY, action="pause"))
    for i in range(kills):
        least = i * n // (kills * 2)
        eventually(lambda: world.show(bulk_id)["done"] >= least, "progress")
        world.daemon.signal(signal.SIGKILL)
        world.daemon.wait_exit()
        world.daemon.start()
    bulk = world.ended(bulk_id)
    assert (bulk["status"], bulk["done"], bulk["failed"]) == ("completed", n, 0)
    items = world.items(bulk_id)
    assert len({i["id"] for i in items}) == len(items) == n
    turns = collections.Counter(a["subject"] for a in world.audit(action="pause"))
    assert set(turns.values()) == {1}
    assert set(turns) == {i["id"] for i in items}
    assert len(world.daemon.client.get("/v1/bulk").json["items"]) == 1


def test_a_stopped_daemon_leaves_the_rest_for_the_next_start(world):
    many(world, 1000)
    bulk_id = world.begin(dict(RETRY, action="pause"))
    assert world.daemon.stop() == 0
    world.daemon.start()
    bulk = world.ended(bulk_id)
    assert (bulk["status"], bulk["done"]) == ("completed", 1000)
    assert len(world.audit(action="pause")) == 1000
    assert world.daemon.wait_log("a bulk action ended")["bulkId"] == bulk_id


# ---- tokens --------------------------------------------------------------------------------


@pytest.fixture
def scoped(make_daemon, participant):
    """Sagas of two definitions, and operators of all and of one of them."""
    tokens, entries = {}, []
    for name, roles, of in (
        ("all", ("admin",), ()),
        ("trips", ("operator", "reader"), ("trip",)),
        ("tours", ("operator", "reader"), ("tour",)),
        ("reader", ("reader",), ()),
    ):
        tokens[name], entry = make_token(name, *roles, definitions=of)
        entries.append(entry)
    folder_daemon = make_daemon(services={"shop": participant.url}, config={"tokens": entries})
    folder_daemon.client = Client(folder_daemon.port, tokens["all"])
    world = World(folder_daemon, participant)
    world.client.put_definition(definition("tour"))
    world.by = {name: Client(folder_daemon.port, token) for name, token in tokens.items()}
    world.stuck(2)
    world.stuck(3, "tour")
    return world


def test_a_token_of_one_definition_acts_on_its_sagas_only(scoped):
    first = scoped.ask(RETRY, client=scoped.by["trips"])
    assert first.json["count"] == 2
    body = dict(RETRY, confirm=first.json["confirm"])
    answer = scoped.ask(body, client=scoped.by["trips"])
    assert answer.status == 202
    assert answer.json["filter"] == {"definition": ["trip"], "status": "stuck"}
    assert answer.json["actor"] == "trips"
    assert scoped.ended(answer.json["id"])["done"] == 2
    other = dict(RETRY, filter={"definition": "trip,tour"})
    assert scoped.ask(other, client=scoped.by["trips"]).status == 403


def test_a_token_of_one_definition_sees_bulk_actions_on_its_sagas_only(scoped):
    trips = scoped.begin(dict(RETRY, action="pause", filter={"definition": "trip"}))
    every = scoped.begin(dict(RETRY, action="resume"))
    seen = {
        name: [b["id"] for b in client.get("/v1/bulk").json["items"]]
        for name, client in scoped.by.items()
    }
    assert seen == {
        "all": [every, trips],
        "reader": [every, trips],
        "trips": [trips],
        "tours": [],
    }
    assert scoped.by["tours"].get("/v1/bulk/" + trips).status == 404
    assert scoped.by["tours"].ask("POST", "/v1/bulk/%s/cancel" % trips).status == 404
    assert scoped.by["trips"].get("/v1/bulk/" + trips).status == 200


def test_another_ones_confirm_does_not_widen_a_token(scoped):
    confirm = scoped.ask(RETRY).json["confirm"]
    answer = scoped.ask(dict(RETRY, confirm=confirm), client=scoped.by["trips"])
    assert (answer.status, answer.json["code"]) == (409, "confirm-required")
    assert answer.json["count"] == 2


def test_a_reader_looks_and_does_not_act(scoped):
    bulk_id = scoped.begin(RETRY)
    assert scoped.by["reader"].get("/v1/bulk/" + bulk_id).status == 200
    assert scoped.ask(RETRY, client=scoped.by["reader"]).status == 403

"""`actions` is exactly what would be accepted now: each state, each action, each on a copy.

A state is made anew for every action; an action is accepted when some address of it (the
saga, a step) changes the saga. The core's own property test tries random states.
"""

import pytest

from conftest import eventually
from participant import Hang, Ok, Status

FAR = {"delay": "5h", "maxDelay": "5h", "jitter": 0}
STEPS = ("pay", "hold", "ship", "mail")


def call(step, **more):
    return {"id": step, "call": {"service": "shop", "url": "/" + step, "timeout": "5h",
                                 "retry": more.pop("retry", FAR)}, **more}


ORDER = {
    "name": "order",
    "steps": [
        call("pay", compensate={"service": "shop", "url": "/refund", "retry": 1}),
        {"id": "hold", "wait": {"signal": "go"}, "when": "${ .input.hold }"},
        call("ship", pivot=True, retry=1),
        call("mail", compensate=None, retry=1),
    ],
}
LINE = dict(ORDER, name="line", orderingKey="one")


def status_of(step, status):
    index = STEPS.index(step)
    return lambda saga: saga["steps"][index]["status"] == status


def is_now(status):
    return lambda saga: saga["status"] == status


# name: (what the participant answers, the input, what has come when the state is there)
STATES = {
    "in flight": ({"/pay": Hang}, {}, status_of("pay", "running")),
    "backing off": ({"/pay": lambda: Status(503)}, {}, status_of("pay", "backing-off")),
    "waiting": ({}, {"hold": True}, status_of("hold", "waiting")),
    "at the pivot": ({"/ship": Hang}, {}, status_of("ship", "running")),
    "stuck at the pivot": ({"/ship": lambda: Status(503)}, {}, is_now("stuck")),
    "behind the pivot": ({"/mail": Hang}, {}, status_of("mail", "running")),
    "stuck behind the pivot": ({"/mail": lambda: Status(400)}, {}, is_now("stuck")),
    "going back": ({"/ship": lambda: Status(400), "/refund": Hang}, {},
                   is_now("compensating")),
    "stuck going back": ({"/ship": lambda: Status(400), "/refund": lambda: Status(400)}, {},
                         is_now("stuck")),
    "completed": ({}, {}, is_now("completed")),
    "compensated": ({"/ship": lambda: Status(400)}, {}, is_now("compensated")),
}
BODIES = {
    "retry": [{}] + [{"step": s} for s in STEPS],
    "skip": [{"step": s, "output": {}} for s in STEPS],
    "resolve": [{"step": s, "outcome": o} for s in STEPS for o in ("applied", "not-applied")],
    "close": [{}],
    "cancel": [{}],
    "pause": [{}],
    "resume": [{}],
}


@pytest.fixture
def daemon(make_daemon, participant):
    daemon = make_daemon(services={"shop": participant.url})
    daemon.participant = participant
    for definition in (ORDER, LINE):
        daemon.client.put_definition(definition)
    return daemon


def script(daemon, answers):
    for path in ("/pay", "/ship", "/mail", "/refund"):
        daemon.participant.script("POST", path, answers.get(path, Ok)())


def until(daemon, saga_id, has_come):
    return eventually(lambda: [s for s in [daemon.client.saga(saga_id)] if has_come(s)])[0]


def is_accepted(daemon, saga, action):
    """Somehow addressed it changes the saga; a cancel may be noted for later."""
    for body in BODIES[action]:
        answer = daemon.client.act(saga["id"], action, reason="tried", **body)
        assert answer.status in (200, 202, 409, 422), (action, body, answer)
        if answer.status in (200, 202) and answer.json["revision"] > saga["revision"]:
            return True
    return False


def check(daemon, make):
    """make() gives a saga in the state, again for each action."""
    seen = set()
    for action in BODIES:
        saga = make()
        assert is_accepted(daemon, saga, action) == (action in saga["actions"]), (
            action, saga["actions"], saga["why"])
        seen.add(tuple(saga["actions"]))
    assert len(seen) == 1  # It was one state.


@pytest.mark.parametrize("is_paused", [False, True], ids=["", "paused"])
@pytest.mark.parametrize("state", STATES)
def test_offered_is_what_is_accepted(daemon, state, is_paused):
    answers, more, has_come = STATES[state]
    if is_paused and state in ("completed", "compensated"):
        pytest.skip("what has ended cannot be paused")
    script(daemon, answers)

    def make():
        saga_id = daemon.client.start("order", dict({"hold": False}, **more)).json["id"]
        saga = until(daemon, saga_id, has_come)
        if is_paused:
            assert daemon.client.act(saga_id, "pause").status == 200
            saga = daemon.client.saga(saga_id)
        return saga

    check(daemon, make)


def test_offered_is_what_is_accepted_of_one_that_waits_in_line(daemon):
    script(daemon, {"/pay": Hang})
    daemon.client.start("line", {"hold": False})
    daemon.participant.wait_for(1, "POST", "/pay")
    check(daemon, lambda: daemon.client.saga(
        daemon.client.start("line", {"hold": False}).json["id"]))


def test_offered_is_what_is_accepted_of_one_that_waits_for_its_service(daemon):
    script(daemon, {})
    assert daemon.client.ask("POST", "/v1/services/shop/pause", {}).status == 200

    def make():
        saga_id = daemon.client.start("order", {"hold": False}).json["id"]
        return until(daemon, saga_id, status_of("pay", "queued"))

    check(daemon, make)


def test_offered_is_what_is_accepted_of_one_that_was_closed(daemon):
    script(daemon, {"/ship": lambda: Status(503)})

    def make():
        saga_id = daemon.client.start("order", {"hold": False}).json["id"]
        until(daemon, saga_id, is_now("stuck"))
        assert daemon.client.act(saga_id, "close", reason="x").status == 200
        return daemon.client.saga(saga_id)

    check(daemon, make)

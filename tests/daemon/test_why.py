"""`why`, word for word, in every situation that http-api.md lists.

{time} in a sentence stands for a time of the day, {n} for a number; what each must be is
said beside it, from what the API says elsewhere.
"""

import datetime
import re

import pytest

from conftest import Client, eventually
from participant import Gate, Hang, Ok, Status
from test_api_tokens import make_token
from test_backup import backup, lose, restore

FAR = {"delay": "5h", "maxDelay": "5h", "jitter": 0, "maxAttempts": 6}


def call(step="pay", service="billing", undo=None, more=None, **fields):
    made = {"service": service, "url": "/" + step, "timeout": "5h", "retry": FAR}
    made.update(fields)
    compensate = {"service": service, "url": "/undo-" + step, "timeout": "5h", "retry": FAR}
    made = {"id": step, "call": made, "compensate": compensate if undo else None}
    made.update(more or {})
    return made


def seconds(text):
    """Of a time as the API gives it, or of the day as `why` does."""
    if "T" in text:
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    text = text[:-1]
    now = datetime.datetime.now(datetime.timezone.utc)
    if " " not in text:
        text = now.strftime("%Y-%m-%d ") + text
        then = datetime.datetime.fromisoformat(text + "+00:00")
        if (then - now).total_seconds() < -12 * 3600:  # Behind midnight.
            then += datetime.timedelta(days=1)
        return then.timestamp()
    return datetime.datetime.fromisoformat(text + "+00:00").timestamp()


class World:
    """A daemon whose operator is 'ann', and a participant."""

    def __init__(self, make_daemon, participant, **config):
        token, entry = make_token("ann", "admin", "starter")
        self.participant = participant
        services = {"billing": dict({"url": participant.url}, **config.pop("billing", {})),
                    "mail": participant.url}
        self.daemon = make_daemon(services=services, config=dict({"tokens": [entry]}, **config))
        self.daemon.client = self.client = Client(self.daemon.port, token)

    def put(self, *steps, name="order", **more):
        self.client.put_definition(dict({"name": name, "steps": list(steps)}, **more))

    def start(self, definition="order", **input):
        answer = self.client.start(definition, input)
        assert answer.status in (200, 202), answer
        return answer.json["id"]

    def why_when(self, saga_id, condition):
        """The sentence once condition(saga) holds, with the saga."""
        saga = eventually(lambda: [s for s in [self.client.saga(saga_id)] if condition(s)])[0]
        return saga["why"], saga

    def why_at(self, saga_id, step_status, step=0):
        return self.why_when(saga_id, lambda s: s["steps"][step]["status"] == step_status)

    def act(self, saga_id, action, **body):
        answer = self.client.act(saga_id, action, **dict({"reason": "so"}, **body))
        assert answer.status in (200, 202), answer

    def service(self, name="billing"):
        items = self.client.get("/v1/services").json["items"]
        return [s for s in items if s["name"] == name][0]

    def change(self, what, body=None):
        answer = self.client.ask("POST", "/v1/services/billing/" + what, body or {})
        assert answer.status == 200, answer
        return answer.json

    def held(self, path="/pay"):
        """One call that is out and stays out."""
        gate = self.participant.script("POST", path, Gate())
        saga_id = self.start()
        self.participant.wait_for(1, "POST", path)
        return saga_id, gate


@pytest.fixture
def world(make_daemon, participant):
    return lambda **config: World(make_daemon, participant, **config)


def says(sentence, expected, *values):
    """The sentence is the expected one; what stands for each {time} or {n}."""
    pattern = re.escape(expected)
    for name, form in (("time", r"((?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\dZ)"), ("n", r"(\d+)"),
                       ("id", r"([0-9a-zA-Z.-]+)")):
        pattern = pattern.replace(re.escape("{%s}" % name), form)
    found = re.fullmatch(pattern, sentence)
    assert found, "\n%s\nis not\n%s" % (sentence, expected)
    return found.groups()


def rounded_up(text, exact):
    """The time of a sentence is the exact one, rounded up to a second."""
    assert 0 <= seconds(text) - exact < 1.002, (text, exact)


# ---- a call ---------------------------------------------------------------------------


def test_a_delay(world):
    w = world()
    w.put(call())
    w.participant.script("POST", "/pay", Status(503))
    why, saga = w.why_at(w.start(), "backing-off")
    says(why, "Waiting 5 h before attempt 2 of 6 of 'pay': billing answered 503.")
    assert seconds(saga["steps"][0]["nextAttemptAt"]) > seconds(saga["updatedAt"])


def test_an_answer_that_is_awaited(world):
    w = world()
    w.put(call())
    w.participant.script("POST", "/pay", Hang())
    why, saga = w.why_at(w.start(), "running")
    (end,) = says(why, "Waiting for the answer of 'pay' (attempt 1), until {time} at the "
                       "latest.")
    rounded_up(end, seconds(saga["steps"][0]["startedAt"]) + 5 * 3600)


def test_a_callback_that_is_awaited(world):
    w = world()
    w.put(call(callback={"timeout": "2h"}))
    w.participant.script("POST", "/pay", Ok({}, status=202))
    why, saga = w.why_at(w.start(), "waiting")
    (end,) = says(why, "'pay' waits for the callback of service 'billing', until {time} at "
                       "the latest.")
    assert 0 <= seconds(end) - seconds(saga["startedAt"]) - 2 * 3600 < 60


def test_going_back(world):
    w = world()
    w.put(call(undo=True), call("ship"))
    w.participant.script("POST", "/ship", Status(400))
    w.participant.script("POST", "/undo-pay", Hang())
    why, _ = w.why_when(w.start(), lambda s: s["status"] == "compensating")
    says(why, "Compensating: waiting for the answer of the compensation of 'pay' (attempt "
              "1), until {time} at the latest.")


# ---- a service ------------------------------------------------------------------------


def test_a_full_service(world):
    w = world(billing={"maxConcurrent": 1})
    w.put(call())
    w.held()
    first, second = w.start(), w.start()
    w.why_at(second, "queued")
    why, _ = w.why_at(first, "queued")
    says(why, "'pay' waits for a free place at service 'billing', as 1 other does: it is "
              "full, with 1 of at most 1 calls out (maxConcurrent), and one goes when one of "
              "them ends.")


def test_all_places_of_all_services_taken(world):
    w = world(limits={"maxCallsInFlight": 2})
    w.put(call())
    w.put(call("tell", service="mail"), name="mail")
    w.participant.script("POST", "/tell", Hang())
    w.why_at(w.start("mail"), "running")
    w.held()
    why, _ = w.why_at(w.start("mail"), "queued")
    says(why, "'tell' waits for a free place: as many calls are out as may be, of all "
              "services (maxCallsInFlight), and one goes when one of them ends.")


def test_a_rate(world):
    w = world(billing={"rate": "1/s"})
    w.put(call())
    body = {"sagas": [{"definition": "order", "input": {}} for _ in range(300)]}
    answer = w.client.ask("POST", "/v1/sagas:batch", body)
    last = answer.json["items"][-1]["saga"]["id"]
    why, _ = w.why_at(last, "queued")
    others, end = says(why, "'pay' waits for its turn at service 'billing', as {n} others "
                            "do: its rate is 1/s, and the line is through at {time}.")
    now = datetime.datetime.now(datetime.timezone.utc).timestamp()
    assert seconds(end) <= now + int(others) + 3


OPEN_FOR_AN_HOUR = {"breaker": {"failures": 1, "window": "30s", "openFor": "1h"}}


def test_an_open_breaker_says_when_it_lets_the_next_call_through(world):
    w = world(billing=OPEN_FOR_AN_HOUR)
    w.put(call())
    w.participant.script("POST", "/pay", Status(503))
    w.why_at(w.start(), "backing-off")
    why, _ = w.why_at(w.start(), "queued")
    (at,) = says(why, "'pay' waits because the breaker of service 'billing' is open: one "
                      "call is let through at {time}, and all when that one is answered; an "
                      "operator can close it sooner.")
    assert -1 <= seconds(at) - seconds(w.service()["breaker"]["since"]) - 3600 < 3


def test_a_half_open_breaker(world):
    w = world(billing={"breaker": {"failures": 1, "window": "30s", "openFor": "1ms"}})
    w.put(call())
    w.participant.script("POST", "/pay", Status(503), Hang())
    w.why_at(w.start(), "backing-off")
    w.why_at(w.start(), "running")
    why, _ = w.why_at(w.start(), "queued")
    says(why, "'pay' waits because the breaker of service 'billing' is half-open: one call "
              "was let through, and its answer lets all go or none; an operator can close "
              "it sooner.")


def test_a_breaker_held_open_promises_nothing_and_says_who_holds_it(world):
    w = world(billing=OPEN_FOR_AN_HOUR)
    w.put(call())
    w.participant.script("POST", "/pay", Status(503), Ok({}))
    w.why_at(w.start(), "backing-off")
    opened = w.service()["breaker"]["since"]
    waiting = w.start()
    w.why_at(waiting, "queued")
    held = w.change("breaker", {"state": "open", "reason": "they asked"})["breaker"]
    assert (held["state"], held["since"]) == ("open", opened)
    why, _ = w.why_at(waiting, "queued")
    says(why, "'pay' waits because 'ann' holds the breaker of service 'billing' open: "
              "nothing is sent until an operator sets it to auto or closed.")


def test_a_breaker_that_was_closed_and_is_held_open_tells_since_when(world):
    w = world()
    assert w.service()["breaker"] == {"state": "closed", "since": None, "failures": 0}
    since = w.change("breaker", {"state": "open"})["breaker"]["since"]
    now = datetime.datetime.now(datetime.timezone.utc).timestamp()
    assert -60 < seconds(since) - now < 1
    assert w.service()["breaker"]["since"] == since


def test_a_paused_service(world):
    w = world()
    w.put(call())
    w.change("pause")
    saga_id = w.start()
    why, _ = w.why_at(saga_id, "queued")
    says(why, "'pay' waits because 'ann' paused service 'billing': nothing is sent until an "
              "operator resumes it.")
    w.change("resume")
    w.client.wait_status(saga_id, "completed")


def test_a_service_paused_while_its_breaker_is_open_needs_the_operator_first(world):
    w = world(billing=OPEN_FOR_AN_HOUR)
    w.put(call())
    w.participant.script("POST", "/pay", Status(503))
    w.why_at(w.start(), "backing-off")
    saga_id = w.start()
    assert "breaker" in w.why_at(saga_id, "queued")[0]
    w.change("pause")  # No turn of the saga: its revision stays.
    assert "'ann' paused" in w.client.saga(saga_id)["why"]
    w.change("resume")
    assert "breaker" in w.client.saga(saga_id)["why"]


# ---- waits, children, lines ---------------------------------------------------------------


def test_a_time(world):
    w = world()
    w.put({"id": "nap", "wait": "5h"})
    why, saga = w.why_at(w.start(), "waiting")
    (at,) = says(why, "'nap' waits until {time}.")
    rounded_up(at, seconds(saga["startedAt"]) + 5 * 3600)


@pytest.mark.parametrize("wait, more, ending", [
    ({}, {}, ": it goes on when somebody sends it."),
    ({"timeout": "3h"}, {}, ", until {time} at the latest."),
    ({"timeout": "3h"}, {"timeout": "2h"},
     ", until {time} at the latest (the saga's deadline)."),
    ({}, {"timeout": "2h"}, ", until {time} at the latest (the saga's deadline)."),
])
def test_a_signal(world, wait, more, ending):
    w = world()
    w.put({"id": "ok", "wait": dict({"signal": "approved"}, **wait)}, **more)
    why, saga = w.why_at(w.start(), "waiting")
    times = says(why, "'ok' waits for the signal 'approved'" + ending)
    hours = 2 if more else 3
    for at in times:
        rounded_up(at, seconds(saga["startedAt"]) + hours * 3600)
    if more:
        rounded_up(times[0], seconds(saga["deadline"]))


def test_another_saga_with_the_same_ordering_key(world):
    w = world()
    w.put(call(), orderingKey="${ .input.customer }")
    w.participant.script("POST", "/pay", Hang())
    first, second = w.start(customer="c-9"), w.start(customer="c-9")
    says(w.client.saga(second)["why"],
         "Waiting for its turn: saga '%s' holds the ordering key 'c-9'." % first)


def test_an_ordering_key_held_by_one_that_is_stuck(world):
    w = world()
    w.put(call(retry=1, more={"pivot": True}), orderingKey="${ .input.customer }")
    w.participant.script("POST", "/pay", Status(503))
    first = w.start(customer="c-9")
    w.client.wait_status(first, "stuck")
    says(w.client.saga(w.start(customer="c-9"))["why"],
         "Waiting for its turn: saga '%s' holds the ordering key 'c-9'; it is "
         "stuck at 'pay'." % first)


CHILD = {"id": "sub", "saga": {"definition": "order", "input": {}}}


def test_a_child(world):
    w = world()
    w.put(call())
    w.put(CHILD, name="parent")
    w.participant.script("POST", "/pay", Hang())
    why, _ = w.why_at(w.start("parent"), "waiting")
    says(why, "Waiting for the child saga '{id}' of 'sub' to end.")


def test_a_child_that_is_stuck(world):
    w = world()
    w.put(call(undo=True), call("ship"))
    w.put(CHILD, name="parent")
    w.participant.script("POST", "/ship", Status(400))
    w.participant.script("POST", "/undo-pay", Status(404))
    why, _ = w.why_when(w.start("parent"), lambda s: "stuck" in s["why"])
    (child,) = says(why, "Waiting for the child saga '{id}' of 'sub' to end; it is stuck at "
                         "'pay'.")
    assert w.client.saga(child)["status"] == "stuck"


# ---- people ---------------------------------------------------------------------------


def test_a_pause(world):
    w = world()
    w.put(call())
    saga_id, gate = w.held()
    w.act(saga_id, "pause")
    says(w.client.saga(saga_id)["why"],
         "Paused by 'ann': nothing new is sent until it is resumed, the call in flight is "
         "awaited.")
    gate.release()


def test_stuck_in_doubt(world):
    w = world()
    w.put(call(retry=1, more={"pivot": True}))
    w.participant.script("POST", "/pay", Status(503))
    saga = w.client.wait_status(w.start(), "stuck")
    says(saga["why"],
         "Stuck going forward at 'pay', the pivot: its attempts ran out and nobody knows "
         "whether it took effect (billing answered 503); to go on: retry, resolve it as "
         "applied or not-applied, cancel or close the saga.")


def test_stuck_going_back(world):
    w = world()
    w.put(call(undo=True), call("ship"))
    w.participant.script("POST", "/ship", Status(400))
    w.participant.script("POST", "/undo-pay", Status(404))
    saga = w.client.wait_status(w.start(), "stuck")
    says(saga["why"],
         "Stuck going back at the compensation of 'pay': it was refused (billing answered "
         "404); to go on: retry, resolve it as applied or not-applied or close the saga.")


# ---- the engine ---------------------------------------------------------------------------


def test_a_daemon_that_is_stopping(world):
    w = world(drainTimeout="60s")
    w.put(call())
    w.participant.script("POST", "/pay", Status(503))
    saga_id = w.start()
    w.why_at(saga_id, "backing-off")
    gate = w.participant.script("POST", "/pay", Gate())
    w.start()
    w.participant.wait_for(2, "POST", "/pay")
    w.daemon.process.terminate()
    why, _ = w.why_when(saga_id, lambda s: "stopping" in s["why"])
    says(why, "Waiting 5 h before attempt 2 of 6 of 'pay': billing answered 503; sagad is "
              "stopping: nothing new is sent before it is started again.")
    gate.release()


def test_an_engine_that_waits_after_a_restore(world, sagad, tmp_path):
    w = world()
    w.put(call())
    w.participant.script("POST", "/pay", Status(503))
    saga_id = w.start()
    w.why_at(saga_id, "backing-off")
    token = w.client.token
    assert backup(sagad, w.daemon, tmp_path / "copy").code == 0
    lose(w.daemon)
    restore(sagad, w.daemon, tmp_path / "copy")
    w.client = Client(w.daemon.port, token)
    why, _ = w.why_when(saga_id, lambda s: s["paused"])
    says(why, "Paused: the database was restored from a backup, and what was done since is "
              "not known to it; nothing is sent until an operator resumes the engine (POST "
              "/v1/resume).")

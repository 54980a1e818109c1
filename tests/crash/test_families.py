"""kill -9 at random moments while families and lines are under way.

Parents with a child for each of three items and one more child; half of them are refused
at the end and take everything back; six to an ordering key. Whatever moment the daemon
dies at, every parent ends, nobody overtakes in a line, nothing is left undone, and the
journals recompute. SAGAD_SEED repeats a run.
"""

import os
import random

from participant import Slow, Status

SEED = int(os.environ.get("SAGAD_SEED", str(random.SystemRandom().randrange(10**6))))
KILLS = int(os.environ.get("SAGAD_FAMILY_KILLS", "12"))
PARENTS = 36
KEYS = 6


def step(name, **more):
    made = {
        "id": name,
        "call": {"service": "shop", "url": "/" + name},
        "compensate": {"service": "shop", "url": "/un" + name},
    }
    made.update(more)
    return made


CHILD = {"name": "child", "steps": [step("take"), step("pack")], "output": "done"}
PARENT = {
    "name": "parent",
    "orderingKey": "${ .input.key }",
    "defaults": {"call": {"retry": {"maxAttempts": "unlimited", "delay": "20ms", "maxDelay": "100ms"}}},
    "steps": [
        step("before"),
        {
            "id": "sides",
            "parallel": [
                {
                    "id": "each",
                    "saga": {"definition": "child"},
                    "forEach": {"in": "${ [1, 2, 3] }", "maxConcurrent": 2},
                },
                {"id": "one", "saga": {"definition": "child"}},
            ],
        },
        step("refuse", when="${ .input.fails }"),
    ],
}


def start_all(daemon, ids):
    for n, saga_id in enumerate(ids):
        input = {"key": "k%d" % (n % KEYS), "fails": n % 2 == 0}
        answer = daemon.client.start("parent", input, id=saga_id)
        assert answer.status in (200, 202), answer


def test_families_and_lines_survive_kills_at_random_moments(
    make_daemon, participant, sagad
):
    print("SAGAD_SEED=%d" % SEED)
    dice = random.Random(SEED)
    daemon = make_daemon(services={"shop": participant.url})
    for definition in (CHILD, PARENT):
        daemon.client.put_definition(definition)
    participant.script("*", "/*", Slow(0.03))  # So that there is something to kill.
    participant.script("POST", "/refuse", Status(400))
    ids = ["p-%d" % n for n in range(PARENTS)]
    start_all(daemon, ids)
    for _ in range(KILLS):
        seen = len(participant.of())
        participant.wait_for(seen + dice.randrange(1, 20))
        daemon.kill()
        daemon.start()
    for n, saga_id in enumerate(ids):
        saga = daemon.client.wait_status(saga_id, deadline_s=90)
        assert saga["status"] == ("compensated" if n % 2 == 0 else "completed"), saga
    judge_effects(participant, ids)
    judge_lines(participant, ids)
    listed = daemon.client.get("/v1/sagas?status=running,compensating,stuck").json
    assert listed["items"] == []
    daemon.stop()
    checked = sagad("verify", "--config", daemon.config_path)
    assert checked.code == 0, checked


def judge_effects(participant, ids):
    """All of a parent's actions are in the world, or none."""
    for n, saga_id in enumerate(ids):
        keys = ["%s.before.action" % saga_id]
        for child in ("each.0", "each.1", "each.2", "one"):
            for action in ("take", "pack"):
                keys.append("%s.%s.%s.action" % (saga_id, child, action))
        for key in keys:
            assert participant.net(key) == (0 if n % 2 == 0 else 1), key


def judge_lines(participant, ids):
    """A saga of a line is first heard of after the last first request of the one before."""
    first, last = {}, {}
    heard = set()
    for at, request in enumerate(participant.of()):
        if request.key in heard:
            continue
        heard.add(request.key)
        saga = request.key.split(".")[0]
        first.setdefault(saga, at)
        last[saga] = at
    for n in range(KEYS, len(ids)):
        assert last[ids[n - KEYS]] < first[ids[n]], ids[n]

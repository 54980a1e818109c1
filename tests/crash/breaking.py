"""A small world in which the daemon is broken on purpose (tests/failing), and judged.

Each round: a new database, two sagas, one of which is refused at its third step; the
daemon runs with a plan in its environment until it dies or everything is done. It is then
started again, first with the same plan and then without, until everything is done, and
the ledger, the daemon's list and its journals are judged.
"""

import itertools
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import scaffold
from judge import Plan, verdict
from scaffold import SAGAD, Daemon

FAILING = os.path.join(os.path.dirname(SAGAD), "sagad_failing")
OUT_OF_MEMORY = "out of memory for a small block; recovery will go on"
GIVE_UP_S = 20  # Nothing takes so long, unless something is broken.
AT_ONCE = 8  # Rounds; they wait more than they work.
ALL = os.environ.get("SAGAD_POINTS", "some") == "all"

PLAN = Plan(
    stages=[("one",), ("left", "right"), ("three",), ("four",)],
    undone=("one", "left", "right", "three"),
    pivot="four",
)


def step(name, **more):
    body = {"n": "${ .input.n }", "fail": "${ .input.fail }"}
    called = {"service": "world", "url": "/%s/${ .input.n }" % name}
    return dict({"id": name, "call": dict(called, body=body)}, **more)


def undoable(name):
    url = "/%s/${ .input.n }" % name
    return step(name, compensate={"service": "world", "url": url, "method": "DELETE"})


def definition():
    few = {"maxAttempts": 5, "delay": "5ms", "maxDelay": "20ms"}
    for_ever = {"maxAttempts": "unlimited", "delay": "5ms", "maxDelay": "50ms"}
    return {
        "name": "small",
        "defaults": {
            "call": {"timeout": "5s", "retry": few},
            "compensate": {"timeout": "5s", "retry": for_ever},
        },
        "steps": [
            undoable("one"),
            {"id": "both", "parallel": [undoable("left"), undoable("right")]},
            undoable("three"),
            step("four", pivot=True),
        ],
    }


def points():
    """1, 2, 3 ...: all hits of a point, or fewer and fewer."""
    n = 1
    while True:
        yield n
        n += 1 if ALL or n < 4 else n // 2


class Gone(Exception):
    """The daemon is no more."""


class Round:
    """One database, from its making to the end of both sagas."""

    def __init__(self, folder, ledger, name):
        self.folder, self.ledger, self.name = str(folder), ledger, name
        self.ids = {name + "-a": None, name + "-b": "three"}
        self.acknowledged = set()
        self.ends = []  # How each of its processes ended.
        self.may_give_up = False  # A fault that goes on makes it useless, not wrong.
        os.mkdir(self.folder, 0o700)
        world = {"url": ledger.url}
        self.daemon = Daemon(self.folder, services={"world": world}, start=False)
        self.daemon.write_config()
        self.seen = os.path.join(self.folder, "seen")

    def is_reached(self):
        return os.path.exists(self.seen)

    def run(self, plan):
        """One life of the daemon; True: all was done and it stopped as it should."""
        self.daemon.env = dict(plan, FAILPOINT_SEEN=self.seen) if plan else {}
        self.daemon.launch()
        try:
            if not self.daemon.await_listening():
                raise Gone
            is_done = self._do()
            if is_done:
                self.daemon.stop()
        except Gone:
            is_done = False
            self.daemon.wait_exit()
        finally:
            if self.daemon.process.poll() is None:
                self.ends.append("killed")
                self.daemon.kill()
            else:
                self.daemon.wait_exit()
                self.ends.append(self.daemon.process.returncode)
        return is_done and self.ends[-1] == 0

    def _ask(self, *args, **kw):
        """The answer; None when there was none."""
        try:
            return self.daemon.client.ask(*args, timeout=GIVE_UP_S, **kw)
        except (OSError, ValueError, scaffold.http.client.HTTPException):
            if self.daemon.process.poll() is not None:
                raise Gone from None
            return None

    def _until(self, wanted, *args, **kw):
        """Ask until the answer is as wanted; None when it does not come."""
        end = time.monotonic() + (GIVE_UP_S if not self.may_give_up else 1)
        while time.monotonic() < end:
            answer = self._ask(*args, **kw)
            if answer is not None and wanted(answer):
                return answer
            if self.daemon.process.poll() is not None:
                raise Gone
        return None

    def _do(self):
        def stored(answer):
            return answer.status in (200, 201)

        def taken(answer):
            return answer.status in (200, 202)

        def over(answer):
            return answer.status == 200 and answer.json["status"] in scaffold.FINAL

        made = self._until(stored, "PUT", "/v1/definitions/small", definition())
        for n, (saga, fail) in enumerate(self.ids.items()):
            body = {"definition": "small", "id": saga, "input": {"n": n, "fail": fail}}
            key = {"Idempotency-Key": '"k-%s"' % saga}
            if self._until(taken, "POST", "/v1/sagas", body, headers=key) is not None:
                self.acknowledged.add(saga)
        wait = {"Prefer": "wait=5"}
        if made is None:
            return False
        for saga in self.ids:
            answer = self._until(over, "GET", "/v1/sagas/" + saga, headers=wait)
            if answer is None:
                return False
            assert answer.json["status"] == self.wanted(saga), self._why(saga)
        return True

    def wanted(self, saga):
        return "completed" if self.ids[saga] is None else "compensated"

    def _why(self, saga):
        """All that is known of a saga that ended otherwise than it should."""
        asked = [self._ask("GET", "/v1/sagas/%s/%s" % (saga, x)) for x in ("calls", "journal")]
        return saga, self.ends, self.daemon.lines, [x and x.body for x in asked]

    def judge(self, sagad_verify):
        """The daemon is started once more, unbroken, and asked."""
        self.may_give_up = False
        assert self.run(None), (self.name, self.ends, self.daemon.lines)
        checked = sagad_verify(self.daemon.config_path)
        assert checked.code == 0, (self.name, self.ends, checked)


def verify(config):
    return scaffold.run(SAGAD, "verify", "--config", config)


def one(folder, ledger, plan, at, may_end):
    """A round whose fault strikes at that hit: (was it reached, what ended and how)."""
    name = "%s%d" % (plan["FAILPOINT"], at)
    round = Round(os.path.join(folder, name), ledger, name)
    round.may_give_up = plan.get("FAILPOINT_ON") == "1"
    faulty = dict(plan, FAILPOINT_AT=str(at))
    is_done = round.run(faulty)
    is_reached = round.is_reached()
    if is_reached:
        may_end(round)
        if not is_done:
            round.run(faulty)
            may_end(round)
        round.judge(verify)
    else:
        assert is_done, (name, round.ends, round.daemon.lines)
    shutil.rmtree(round.folder)
    return is_reached, {saga: round.wanted(saga) for saga in round.ids}


def loop(folder, ledger, plan, may_end):
    """One fault, hit after hit until it is never reached: (hits, the last one tried)."""
    ended, tried, n_hits = {}, points(), 0
    scaffold.SAGAD = FAILING
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            is_over = False
            while not is_over:
                some = list(itertools.islice(tried, AT_ONCE))
                rounds = [pool.submit(one, folder, ledger, plan, n, may_end) for n in some]
                for is_reached, told in [r.result() for r in rounds]:
                    is_over = is_over or not is_reached
                    n_hits += is_reached
                    ended.update(told)
    finally:
        scaffold.SAGAD = SAGAD
    crimes = verdict(PLAN, ledger.rows(folder), ended)
    assert crimes == [], crimes[:20]
    return n_hits, some[-1]

"""Judges of what sagas did to the world: they read the participant's ledger.

The daemon's word is taken for one thing only: which status a saga ended with. Each
judge returns sentences, one per crime; none is what a test wants. The numbers are those
of the test programme.
"""

from collections import defaultdict


class Plan:
    """What the judges know of a definition.

    stages: the steps in order, those of a parallel together. undone: the steps that
    have a compensation. pivot: the step after whose success nothing may go back.
    """

    def __init__(self, stages, undone, pivot=None):
        self.stages = stages
        self.undone = undone
        self.pivot = pivot
        self.steps = [step for stage in stages for step in stage]
        self.place = {s: i for i, stage in enumerate(stages) for s in stage}


class Story:
    """One saga's rows, by step and operation."""

    def __init__(self, saga, rows):
        self.saga = saga
        self.rows = rows
        self.by = defaultdict(list)
        for row in rows:
            self.by[(row["step"], row["operation"])].append(row)

    def first(self, step, operation):
        rows = self.by.get((step, operation))
        return rows[0]["n"] if rows else None

    def last(self, step, operation):
        rows = self.by.get((step, operation))
        return rows[-1]["n"] if rows else None

    def effects(self, step, operation):
        rows = self.by.get((step, operation), ())
        return [row["n"] for row in rows if row["result"] == "effect"]


def stories(rows):
    sagas = defaultdict(list)
    for row in rows:
        sagas[row["saga"]].append(row)
    return {saga: Story(saga, own) for saga, own in sagas.items()}


def judge_compensated_leaves_nothing(plan, story):
    """(1)"""
    for step in plan.undone:
        done = story.effects(step, "action")
        if done and not story.effects(step, "compensation"):
            yield "(1) %s is compensated and '%s' was not taken back" % (story.saga, step)


def judge_completed_did_all_once(plan, story):
    """(2)"""
    for step in plan.steps:
        n = len(story.effects(step, "action"))
        if n != 1:
            yield "(2) %s is completed and '%s' was done %d times" % (story.saga, step, n)
        if story.by.get((step, "compensation")):
            yield "(2) %s is completed and '%s' was taken back" % (story.saga, step)


def judge_nothing_acts_after_going_back(plan, story):
    """(3), and S23: once a compensation has gone out no action does."""
    first = [row["n"] for row in story.rows if row["operation"] == "compensation"]
    for row in story.rows:
        if first and row["operation"] == "action" and row["n"] > first[0]:
            yield "(3) %s calls '%s' after it began to go back" % (story.saga, row["step"])


def judge_order_forward(plan, story):
    """(7): an action begins only when all of the stage before had their effect."""
    for step in plan.steps:
        begun = story.first(step, "action")
        if begun is None or plan.place[step] == 0:
            continue
        for before in plan.stages[plan.place[step] - 1]:
            done = story.effects(before, "action")
            if not done or done[0] > begun:
                yield "(7) %s calls '%s' before '%s' was done" % (story.saga, step, before)


def judge_mirror_order(plan, story):
    """(8): what stands later goes back first, and is back before the next begins."""
    for late in plan.undone:
        for early in plan.undone:
            first = story.first(early, "compensation")
            last = story.last(late, "compensation")
            if plan.place[early] >= plan.place[late] or None in (first, last):
                continue
            if first < last:
                named = (story.saga, early, late)
                yield "(8) %s takes '%s' back before '%s' is back" % named


def judge_compensates_only_what_began(plan, story):
    """(9)"""
    for step in plan.steps:
        first = story.first(step, "compensation")
        if first is not None and story.first(step, "action") is None:
            yield "(9) %s takes '%s' back, which never began" % (story.saga, step)
        if first is not None and plan.pivot and story.effects(plan.pivot, "action"):
            yield "(9) %s takes '%s' back after its pivot" % (story.saga, step)


def judge_repeats_are_alike(plan, story):
    """(12), and attempts are counted."""
    for (step, operation), rows in story.by.items():
        alike = {
            (r["key"], r["method"], r["path"], r["body"], repr(r["rest"])) for r in rows
        }
        name = "%s.%s.%s" % (story.saga, step, operation)
        if len(alike) != 1:
            yield "(12) repeats of %s differ: %r" % (name, sorted(alike))
        if {r["key"] for r in rows} != {name}:
            yield "(13) the key of %s is %r" % (name, rows[0]["key"])
        attempts = [r["attempt"] for r in rows]
        if attempts != sorted(attempts):
            yield "(12) attempts of %s go %r" % (name, attempts)


def judge_committed_before_sent(plan, story):
    """(11): a number that comes again is an attempt that a kill made the daemon forget.

    Not where the participant broke a kept connection: there libcurl sends by itself.
    """
    for (step, operation), rows in story.by.items():
        for earlier, later in zip(rows, rows[1:]):
            broken = str(earlier["fault"]).startswith(("reset", "close"))
            if earlier["attempt"] == later["attempt"] and not broken:
                yield "(11) attempt %d of '%s' %s of %s came twice" % (
                    later["attempt"], step, operation, story.saga)


def judge_dedup(plan, story):
    """(4): one effect per key. A crime here is the participant's own."""
    for (step, operation), rows in story.by.items():
        if sum(row["result"] == "effect" for row in rows) > 1:
            yield "(4) '%s' %s of %s had its effect twice" % (step, operation, story.saga)


ALWAYS = (
    judge_nothing_acts_after_going_back,
    judge_order_forward,
    judge_mirror_order,
    judge_compensates_only_what_began,
    judge_repeats_are_alike,
    judge_committed_before_sent,
    judge_dedup,
)
AT_THE_END = {
    "completed": (judge_completed_did_all_once,),
    "compensated": (judge_compensated_leaves_nothing,),
}


def verdict(plan, rows, ended):
    """Every crime. ended: {saga: its final status} of each acknowledged start."""
    crimes = []
    told = stories(rows)
    for saga, status in sorted(ended.items()):
        story = told.pop(saga, Story(saga, []))
        if status not in AT_THE_END:
            crimes.append("(5) %s ended %s" % (saga, status))
        for judge in ALWAYS + AT_THE_END.get(status, ()):
            crimes += judge(plan, story)
    for saga in sorted(told, key=str):
        crimes.append("(5) nobody started %s, and it acted" % saga)
    return crimes

"""The judges find a planted crime, and acquit the innocent."""

import pytest
from judge import Plan, verdict

PLAN = Plan([("a",), ("b", "c"), ("d",)], undone=("a", "b", "c"), pivot="d")


def row(name, result="effect", body="{}", attempt=1, key=None, fault=None):
    """One request: "b+" is b's action, "b-" its compensation."""
    operation = "action" if name[1] == "+" else "compensation"
    own = "s.%s.%s" % (name[0], operation)
    return {
        "method": "POST",
        "path": "/" + name[0],
        "key": key or own,
        "saga": "s",
        "step": name[0],
        "operation": operation,
        "attempt": attempt,
        "rest": [],
        "body": body,
        "result": result,
        "fault": fault,
    }


def ledger(*rows):
    made = [row(r) if isinstance(r, str) else r for r in rows]
    for n, one in enumerate(made):
        one["n"] = n
    return made


INNOCENT = [
    ("completed", ("a+", "b+", "c+", "d+")),
    ("completed", ("a+", row("b+", "none"), "c+", row("b+", attempt=2), "d+")),
    ("completed", (row("a+", fault="reset-after"), row("a+", "repeat"), "b+", "c+", "d+")),
    ("compensated", ("a+", "b+", row("c+", "rejected"), "b-", "a-")),
    ("compensated", ("a+", "c+", row("b+", "none"), "b-", "c-", "a-")),
    ("compensated", (row("a+", "none"), "a-", row("a-", "repeat", attempt=2))),
    ("compensated", (row("a+", "rejected"),)),
    ("compensated", ()),
]

GUILTY = [
    ("(1)", "compensated", ("a+", "b+", "c+", "b-", "c-")),
    ("(2)", "completed", ("a+", "b+", "d+")),
    ("(2)", "completed", ("a+", "b+", "c+", "d+", "b-")),
    ("(3)", "compensated", ("a+", "a-", row("a+", "refused", attempt=2))),
    ("(3)", "compensated", ("a+", "c+", "c-", "b+", "b-", "a-")),
    ("(4)", "completed", ("a+", row("a+", attempt=2), "b+", "c+", "d+")),
    ("(5)", "running", ("a+",)),
    ("(7)", "completed", ("b+", "a+", "c+", "d+")),
    ("(7)", "completed", ("a+", "b+", "d+", "c+")),
    ("(8)", "compensated", ("a+", "b+", "c+", "b-", "a-", "c-")),
    ("(8)", "compensated", ("a+", "b+", "b-", "a-", row("b-", "repeat", attempt=2))),
    ("(9)", "compensated", ("a+", "b-", "a-")),
    ("(9)", "compensated", ("a+", "b+", "c+", "d+", "b-", "c-", "a-")),
    ("(11)", "completed", (row("a+"), row("a+", "repeat"), "b+", "c+", "d+")),
    ("(12)", "completed", (row("a+", "none"), row("a+", body="{ }"), "b+", "c+", "d+")),
    ("(12)", "completed", (row("a+", "none", attempt=2), "a+", "b+", "c+", "d+")),
    ("(13)", "completed", (row("a+", key="s.a.action.1"), "b+", "c+", "d+")),
]


@pytest.mark.parametrize("status,rows", INNOCENT)
def test_the_innocent_is_acquitted(status, rows):
    assert verdict(PLAN, ledger(*rows), {"s": status}) == []


@pytest.mark.parametrize("number,status,rows", GUILTY)
def test_a_planted_crime_is_found(number, status, rows):
    crimes = verdict(PLAN, ledger(*rows), {"s": status})
    assert any(crime.startswith(number) for crime in crimes), crimes


def test_an_action_of_a_saga_that_nobody_started_is_found():
    assert verdict(PLAN, ledger("a+"), {}) == ["(5) nobody started s, and it acted"]

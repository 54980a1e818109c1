"""The daemon dies at every commit, send, answer, write, sync and migration statement.

SAGAD_POINTS=all loops over every hit; else hits become rarer the further they are.
"""

import pytest
from breaking import OUT_OF_MEMORY, loop
from ledger import Ledger

POINTS = [
    name + when
    for name in (
        "commit", "tidy", "send", "receive", "release", "sync", "fsync", "write", "statement",
    )
    for when in ("-before", "-after")
] + ["truncate-before", "delete-before"]
NEVER = {"truncate-before", "delete-before"}  # Not in so short a life, it may be.


def killed_or_well(round):
    assert round.ends[-1] in (-9, 0), (round.name, round.ends, round.daemon.lines)


@pytest.mark.parametrize("point", POINTS)
def test_death_at_every_hit_of(point, tmp_path):
    with Ledger(1, slow_ms=0) as ledger:
        ledger.well()
        n, last = loop(str(tmp_path), ledger, {"FAILPOINT": point}, killed_or_well)
    print("%s: %d deaths, tried up to hit %d" % (point, n, last))
    assert n > 0 or point in NEVER


@pytest.mark.parametrize("seed", range(1, 5))
def test_power_lost_at_every_write_and_sync(seed, tmp_path):
    plan = {"FAILPOINT": "power", "FAILPOINT_SEED": str(seed)}
    with Ledger(1, slow_ms=0) as ledger:
        ledger.well()
        n, last = loop(str(tmp_path), ledger, plan, killed_or_well)
    print("power, seed %d: %d losses, tried up to hit %d" % (seed, n, last))
    assert n > 0


def stopped_cleanly(round):
    """It did all, or said why it does not, or was of no use and was killed."""
    end, lines = round.ends[-1], [x["msg"] for x in round.daemon.lines if x]
    told = (round.name, round.ends, round.daemon.lines)
    if end == -6:  # What the house promises when memory is out: base/mem.h.
        assert OUT_OF_MEMORY in lines, told
    elif end == 1:
        assert lines[-1] in ("cannot start", "stopped: the store failed"), told
    elif end == "killed":
        assert round.may_give_up, told
    else:
        assert end == 0, told


FAULTS = ["io", "full", "short", "alloc", "read"]


@pytest.mark.parametrize("goes_on", [0, 1], ids=["once", "from then on"])
@pytest.mark.parametrize("fault", FAULTS)
def test_torture_by(fault, goes_on, tmp_path):
    plan = {"FAILPOINT": fault, "FAILPOINT_ON": str(goes_on)}
    with Ledger(1, slow_ms=0) as ledger:
        ledger.well()
        n, last = loop(str(tmp_path), ledger, plan, stopped_cleanly)
    print("%s %d: %d rounds, tried up to %d" % (fault, goes_on, n, last))
    assert n > 0

"""`sagad demo`: the main job end to end in one command."""

import re

import pytest

from conftest import SAGAD, run


@pytest.fixture(scope="module")
def demo():
    return run(SAGAD, "demo")


def test_demo_ends_well_and_says_nothing_on_stderr(demo):
    assert demo.code == 0, demo
    assert demo.err == ""


def test_demo_shows_one_order_completed_and_one_compensated(demo):
    ends = re.findall(r"ms +(completed|compensated)$", demo.out, re.M)
    assert ends == ["completed", "compensated"]


def test_demo_takes_back_in_the_opposite_order(demo):
    second = demo.out[demo.out.index("to the Moon") :]
    told = ["charge the card", "reserve the lamp", "put the lamp back", "refund the card"]
    places = [second.index(words) for words in told]
    assert places == sorted(places)


def test_demo_says_what_shipping_said(demo):
    assert "no ships go to the Moon" in demo.out


def test_demo_books_balance_and_fit_on_a_screen(demo):
    assert "The books balance." in demo.out
    assert "1 stands, 49.90 held" in demo.out
    assert len(demo.out.splitlines()) < 40


def test_demo_leaves_nothing_behind(tmp_path):
    assert run(SAGAD, "demo", env={"TMPDIR": str(tmp_path)}).code == 0
    assert list(tmp_path.iterdir()) == []


def test_demo_does_not_mind_settings_of_the_environment():
    odd = {"SAGAD_LISTEN": "127.0.0.1:1", "SAGAD_STORE": "sqlite:/nowhere/x.db"}
    assert run(SAGAD, "demo", env=odd).code == 0

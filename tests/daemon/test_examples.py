"""Every example does what its README says, and its files are as one would write them."""

import json
import os
import subprocess

import pytest

from conftest import ROOT, SAGACTL, SAGAD, clean_environment, run

EXAMPLES = os.path.join(ROOT, "examples")
NAMES = sorted(n for n in os.listdir(EXAMPLES) if n[0].isdigit())


def test_there_is_an_example_of_each_use():
    assert [n.partition("-")[0] for n in NAMES] == ["%02d" % n for n in range(1, 11)]


@pytest.mark.parametrize("name", NAMES)
def test_an_example_runs(name, tmp_path):
    done = subprocess.run(
        [os.path.join(EXAMPLES, name, "run")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=str(tmp_path),
        timeout=120,
        env=clean_environment(SAGAD=SAGAD, SAGACTL=SAGACTL, TMPDIR=str(tmp_path)),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "  ok " in done.stdout and "WRONG" not in done.stdout
    assert os.listdir(str(tmp_path)) == [], "it leaves nothing behind"


@pytest.mark.parametrize("name", NAMES)
def test_an_examples_files_have_no_errors_and_no_warnings(name):
    folder = os.path.join(EXAMPLES, name)
    for file in sorted(os.listdir(folder)):
        if file == "sagad.json":
            done = run(SAGAD, "check-config", "--config", os.path.join(folder, file))
            assert done.code == 0, done
        elif file.endswith(".json"):
            done = run(SAGACTL, "definition", "check", os.path.join(folder, file))
            assert (done.code, done.err) == (0, ""), done


@pytest.mark.parametrize("name", NAMES)
def test_an_example_calls_only_services_of_its_configuration(name):
    folder = os.path.join(EXAMPLES, name)
    with open(os.path.join(folder, "sagad.json")) as f:
        configured = set(json.load(f)["services"])
    called = set()
    for file in os.listdir(folder):
        if file.endswith(".json") and file != "sagad.json":
            with open(os.path.join(folder, file)) as f:
                called |= set(services_in(json.load(f)))
    assert called == configured


def services_in(value):
    if isinstance(value, dict):
        if isinstance(value.get("service"), str):
            yield value["service"]
        for inner in value.values():
            yield from services_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from services_in(inner)

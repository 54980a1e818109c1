"""The published JSON Schema and the checker agree: on a corpus, the samples, the examples.

What the schema refuses the checker refuses too. What the checker refuses for its form the
schema refuses too, with the exceptions of BEYOND, which JSON Schema cannot say; mistakes
of meaning (references, expressions, URLs, pivots, names) are the checker's alone.
"""

import concurrent.futures
import glob
import json
import os

import pytest
from conftest import ROOT, SAGACTL, run
from jsonschema import Draft202012Validator

CORPUS = os.path.join(ROOT, "tests", "corpus")
FORM = {
    "bad-duration",
    "bad-value",
    "misplaced-member",
    "missing-member",
    "out-of-range",
    "step-kind",
    "unique-without-key",
    "unknown-member",
    "wrong-type",
}
# A text of digits and a unit is a duration to a pattern, however large it is.
BEYOND = {
    "retry-delay-long": "out-of-range",
    "timeout-century": "out-of-range",
    "timeout-overflow": "bad-duration",
    "timeout-overflow-unit": "bad-duration",
}


def named(path):
    return os.path.relpath(path, CORPUS if path.startswith(CORPUS) else ROOT)


def good_files():
    found = glob.glob(os.path.join(CORPUS, "samples", "*.json"))
    found += glob.glob(os.path.join(CORPUS, "planted", "*.json"))
    found += glob.glob(os.path.join(ROOT, "examples", "*", "definition.json"))
    return sorted(found)


@pytest.fixture(scope="module")
def schema():
    with open(os.path.join(ROOT, "definitions", "definition.schema.json")) as f:
        made = json.load(f)
    Draft202012Validator.check_schema(made)
    return Draft202012Validator(made)


def refusals(path):
    """The codes of the errors that the checker reports."""
    done = run(SAGACTL, "definition", "check", path, "-o", "json")
    if done.out == "":  # It could not be read as JSON at all.
        assert done.code == 10 and "JSON" in done.err, done
        return {"not-json"}
    issues = done.json["issues"]
    errors = {issue["code"] for issue in issues if issue["severity"] == "error"}
    assert done.code == (10 if errors else 0), done
    return errors


@pytest.fixture(scope="module")
def corpus():
    """{name: (its document or None, its error codes)}"""
    files = sorted(glob.glob(os.path.join(CORPUS, "definitions", "*.json")))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(refusals, files))
    made = {}
    for path, errors in zip(files, reports):
        with open(path) as f:
            try:
                document = json.load(f)
            except ValueError:
                document = None
        made[os.path.basename(path)[: -len(".json")]] = (document, errors)
    return made


def test_the_corpus_is_large(corpus):
    assert len(corpus) >= 150


def test_what_is_not_json_is_refused_before_any_schema(corpus):
    for name, (document, errors) in corpus.items():
        if document is None:
            assert errors == {"not-json"}, name


def test_what_the_schema_refuses_the_checker_refuses(schema, corpus):
    passed = [
        name
        for name, (document, errors) in corpus.items()
        if document is not None and not schema.is_valid(document) and not errors
    ]
    assert passed == []


def test_what_the_checker_refuses_for_its_form_the_schema_refuses(schema, corpus):
    passed = {
        name: sorted(errors & FORM)
        for name, (document, errors) in corpus.items()
        if document is not None and errors & FORM and schema.is_valid(document)
    }
    assert passed == {name: [code] for name, code in BEYOND.items()}


def test_most_of_the_corpus_is_decided_by_both(schema, corpus):
    """Else the two tests above would prove little."""
    refused = [n for n, (d, _) in corpus.items() if d is not None and not schema.is_valid(d)]
    form = [n for n, (_, errors) in corpus.items() if errors & FORM]
    assert len(refused) >= 80 and len(form) >= 80


@pytest.mark.parametrize("path", good_files(), ids=named)
def test_samples_and_examples_are_valid_in_both(schema, path):
    with open(path) as f:
        document = json.load(f)
    assert [e.message for e in schema.iter_errors(document)] == []
    assert refusals(path) == set()


def test_the_daemon_publishes_this_schema(make_daemon, schema):
    assert make_daemon().client.get("/schemas/definition.json").json == schema.schema

"""The author's tools of sagactl: render, test, explore, graph, diff. No daemon is needed."""

import json
import os
import re
import shutil

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = os.path.join(HERE, "..", "corpus")
SAMPLES = os.path.join(CORPUS, "samples")
PLANTED = os.path.join(CORPUS, "planted")

ORDER_INPUT = {"orderId": "o-1", "customerId": "c", "amount": 19.99, "items": [{"sku": "a"}]}

REFUSED = {
    "name": "shipping refuses",
    "input": ORDER_INPUT,
    "answers": {"shipment.action": [{"status": 400}]},
    "expect": {
        "status": "compensated",
        "calls": ["payment.action", "stock.action", "shipment.action",
                  "stock.compensation", "payment.compensation"],
    },
}


def sample(name):
    return os.path.join(SAMPLES, name + ".json")


@pytest.fixture
def tool(ctl):
    """tool("explore", file) runs without any server to ask."""
    env = {"SAGAD_SERVER": "http://127.0.0.1:1"}
    return lambda command, *args: ctl(None, "definition", command, *args, env=env)


@pytest.fixture
def write(tmp_path):
    def write(name, value):
        path = tmp_path / name
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return str(path)

    return write


# ---- render -----------------------------------------------------------------------


def test_render_shows_the_exact_requests_in_order(tool, write):
    result = tool("render", sample("order"), "--input", write("i.json", ORDER_INPUT))
    assert result.code == 0, result
    assert result.out.startswith(
        '1  payment.action\n'
        '    POST payments /charges\n'
        '    Idempotency-Key: "<saga>.payment.action"\n'
        '    {"reference":"o-1","customer":"c","amount":19.99}\n'
        '2  stock.action\n'
        '    PUT inventory /reservations/o-1\n')
    assert "completed after 4 requests; nothing was sent" in result.err


def test_render_takes_answers_and_goes_where_they_lead(tool, write):
    result = tool("render", sample("order"), "--input", write("i.json", ORDER_INPUT),
                  "--answers", write("a.json", REFUSED["answers"]), "-o", "json")
    assert result.code == 8, result
    data = result.json
    assert [r["name"] for r in data["requests"]] == REFUSED["expect"]["calls"]
    assert data["status"] == "compensated"
    assert data["requests"][4]["body"] == {"reference": "o-1"}
    assert data["requests"][4]["idempotencyKey"] == '"<saga>.payment.compensation"'


def test_render_uses_the_example_where_no_input_is_given(tool):
    result = tool("render", sample("order"), "-o", "json")
    assert result.code == 0, result
    assert result.json["requests"][0]["body"]["reference"] == "o-77"
    nothing = tool("render", sample("signup"))
    assert nothing.code == 2
    assert "--input FILE" in nothing.err


def test_render_that_cannot_go_on_is_9_and_says_where(tool, write):
    result = tool("render", sample("signup"), "--input", write("i.json", {"name": "x"}),
                  "--answers", write("a.json", {"mailbox.action": [{"status": 400}]}))
    assert result.code == 9, result
    assert "account.compensation is stuck: its request cannot be rendered" in result.err


def test_render_with_an_input_that_does_not_fit_is_10(tool, write):
    result = tool("render", sample("order"), "--input", write("i.json", {"amount": 1}))
    assert result.code == 10
    assert "the input does not fit" in result.err
    wrong = tool("render", sample("order"), "--input", write("i.json", ORDER_INPUT),
                 "--answers", write("a.json", '{\n "payment.action": [ {"fault": "bad"} ] }'))
    assert wrong.code == 10
    assert re.search(r"a\.json:2:\d+: error", wrong.err), wrong


def test_vars_are_given_by_hand(tool, write):
    definition = write("d.json", {"name": "d", "steps": [
        {"id": "a", "call": {"service": "s", "url": "/x", "body": "${ .vars.shop }"}}]})
    result = tool("render", definition, "--input", write("i.json", {}), "--vars",
                  write("v.json", {"shop": "north"}), "-o", "json")
    assert result.json["requests"][0]["body"] == "north"


# ---- test -------------------------------------------------------------------------


def test_tests_beside_a_definition_are_run(tool, tmp_path):
    shutil.copy(sample("order"), tmp_path / "order.json")
    (tmp_path / "order.tests.json").write_text(json.dumps([REFUSED]))
    result = tool("test", str(tmp_path / "order.json"))
    assert result.code == 0, result
    assert "ok   %s: shipping refuses\n" % (tmp_path / "order.tests.json") == result.out
    assert "0 of 1 tests failed" in result.err


def test_a_failing_test_is_1_and_says_what_differs(tool, write):
    definition = json.load(open(sample("order")))
    wrong = dict(REFUSED, expect={"status": "completed", "calls": ["payment.action"]})
    definition["tests"] = [REFUSED, wrong]
    path = write("order.json", definition)
    result = tool("test", path)
    assert result.code == 1, result
    assert "the saga is compensated, not completed" in result.out
    assert "call 2 is stock.action, not nothing more" in result.out
    data = tool("test", path, "-o", "json").json
    assert (data["passed"], data["failed"]) == (1, 1)
    assert [t["passed"] for t in data["tests"]] == [True, False]


def test_a_test_that_is_not_one_is_10_with_its_place(tool, tmp_path):
    shutil.copy(sample("order"), tmp_path / "order.json")
    (tmp_path / "order.tests.json").write_text('[\n { "name": "x", "input": 1 } ]')
    result = tool("test", str(tmp_path / "order.json"))
    assert result.code == 10, result
    assert "order.tests.json:2:2: error" in result.err


def test_no_tests_is_no_failure_but_is_said(tool):
    result = tool("test", sample("signup"))
    assert result.code == 0
    assert "there are no tests" in result.err


# ---- explore ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["book-trip", "onboard-user", "order", "register-fanout", "signup"])
def test_the_samples_have_no_bad_path(tool, name):
    result = tool("explore", sample(name))
    assert result.code == 0, result
    assert result.out.endswith("no bad path\n")
    assert re.match(r"%s: \S.* paths, \d+ distinct states, \d+ turns\n" % name, result.out)
    assert re.search(r"^  completed .*in the world: ", result.out, re.M)
    assert re.search(r"^  compensated .*in the world: ", result.out, re.M)


def planted():
    with open(os.path.join(PLANTED, "expected.txt")) as lines:
        return [line.split() for line in lines if line.strip()]


@pytest.mark.parametrize("name, bad", [(line[0], line[1:]) for line in planted()])
def test_planted_bugs_are_found_and_are_1(tool, name, bad):
    path = os.path.join(PLANTED, name + ".json")
    result = tool("explore", path, "-o", "json")
    assert result.code == (1 if bad else 0), result
    data = result.json
    assert ["%s:%s" % (b["code"], b["step"]) for b in data["bad"]] == bad
    assert data["complete"] is True
    assert all(b["story"][0].startswith("the saga starts") for b in data["bad"])


def test_every_planted_definition_is_listed():
    files = {f[:-5] for f in os.listdir(PLANTED) if f.endswith(".json")}
    assert files == {line[0] for line in planted()}


def test_a_story_is_printed_line_by_line(tool):
    result = tool("explore", os.path.join(PLANTED, "lost-answer.json"))
    assert result.code == 1
    assert "BAD lost-answer: the compensation of 'pay' reads its answer" in result.out
    assert ("   2  pay.action: unknown: it was applied, the answer was lost, and no attempt "
            "is left\n   3  the saga is stuck; in the world: pay\n") in result.out


def test_an_order_that_the_checker_refuses_is_10(tool, write):
    path = write("d.json", {"name": "d", "steps": [
        {"id": "a", "call": {"service": "s", "url": "/a", "body": "${ .steps.b.body.id }"}},
        {"id": "b", "call": {"service": "s", "url": "/b"}, "compensate": None}]})
    result = tool("explore", path)
    assert result.code == 10, result
    assert "'b' does not run before this step" in result.err
    assert result.out == ""


def test_too_many_states_is_1_and_says_so(tool):
    result = tool("explore", sample("book-trip"), "--states", "100")
    assert result.code == 1
    assert "not everything was seen" in result.err
    assert "no bad path" not in result.out
    assert tool("explore", sample("book-trip"), "--states", "few").code == 2


# ---- the manual -------------------------------------------------------------------


def manual():
    with open(os.path.join(HERE, "..", "..", "docs", "manual", "author-tools.md"),
              encoding="utf-8") as page:
        return page.read()


def test_the_manuals_tests_pass(tool, tmp_path):
    tests = re.search(r"^```json\n(.*?)^```$", manual(), re.S | re.M).group(1)
    shutil.copy(sample("order"), tmp_path / "order.json")
    (tmp_path / "order.tests.json").write_text(tests)
    result = tool("test", str(tmp_path / "order.json"))
    assert result.code == 0, result
    assert result.out.count("ok ") == 2


def test_the_manuals_story_is_told_so(tool):
    story = re.search(r"^```text\n(.*?)^```$", manual(), re.S | re.M).group(1)
    assert story in tool("explore", os.path.join(PLANTED, "missing-undo.json")).out


# ---- graph and diff ---------------------------------------------------------------


def test_graph_is_mermaid_or_dot(tool):
    mermaid = tool("graph", sample("order"))
    assert mermaid.code == 0
    assert mermaid.out.startswith("flowchart TD\n")
    dot = tool("graph", sample("order"), "--as", "dot")
    assert dot.code == 0
    assert dot.out.startswith('digraph "order" {\n')
    assert tool("graph", sample("order"), "--as", "png").code == 2


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("name", ["book-trip", "onboard-user", "order"])
def test_graphviz_takes_the_dot(tool, name):
    import subprocess

    dot = tool("graph", sample(name), "--as", "dot").out
    done = subprocess.run(["dot", "-Tsvg"], input=dot.encode(), capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_diff_says_what_changes_and_for_whom(tool, write):
    old = json.load(open(sample("order")))
    new = json.load(open(sample("order")))
    new["timeout"] = "30m"
    new["steps"][1]["call"]["url"] = "/holds/${ .input.orderId }"
    result = tool("diff", write("a.json", old), write("b.json", new))
    assert result.code == 0, result
    assert "  timeout changed\n    was \"15m\"\n    is \"30m\"\n" in result.out
    assert "  stock call.url changed\n" in result.out
    assert "they keep the deadline that they have" in result.out
    assert ("they still make the call stock.action, PUT inventory "
            "/reservations/${ .input.orderId }") in result.out
    data = tool("diff", write("a.json", old), write("b.json", new), "-o", "json").json
    assert [(c["step"], c["field"]) for c in data["changes"]] == [
        (None, "timeout"), ("stock", "call.url")]


def test_diff_of_the_same_is_nothing(tool):
    result = tool("diff", sample("order"), sample("order"))
    assert (result.code, result.out) == (0, "nothing changes\n")


# ---- all of them --------------------------------------------------------------------


@pytest.mark.parametrize("command", ["render", "test", "explore", "graph"])
def test_a_wrong_definition_is_10_with_line_and_column(tool, write, command):
    path = write("bad.json", '{ "name": "bad",\n  "steps": [ { "id": "a", "cal": "GET /x" } ] }')
    result = tool(command, path)
    assert result.code == 10, result
    assert "%s:2:27: error: " % path in result.err
    assert result.out == ""


@pytest.mark.parametrize("command", ["render", "test", "explore", "graph", "diff"])
def test_wrong_use_is_2(tool, command):
    result = tool(command)
    assert result.code == 2
    assert "usage: sagactl definition %s FILE" % command in result.err
    assert tool(command, "a", "b", "c").code == 2

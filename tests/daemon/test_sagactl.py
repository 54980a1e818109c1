"""sagactl: what it prints, and the exit codes that scripts branch on."""

import json
import os
import pty
import re
import signal
import socket
import subprocess

import pytest

from conftest import SAGACTL, clean_environment
from participant import Gate, Ok, Status

ORDER = {
    "name": "order",
    "key": "${ .input.id }",
    "unique": True,
    "input": {"schema": {"type": "object", "required": ["id"]}},
    "steps": [
        {
            "id": "pay",
            "call": {"service": "shop", "url": "/pay", "body": {"amount": "${ .input.amount }"}},
            "compensate": {"service": "shop", "url": "/refund"},
        },
        {
            "id": "ship",
            "pivot": True,
            "call": {"service": "shop", "url": "/ship", "timeout": "5s", "retry": 1},
        },
    ],
    "output": {"tracking": "${ .steps.ship.body.id }"},
}


@pytest.fixture
def daemon(make_daemon, participant, tmp_path):
    daemon = make_daemon(services={"shop": participant.url})
    daemon.shop = participant
    daemon.file = tmp_path / "order.json"
    daemon.file.write_text(json.dumps(ORDER, indent=2))
    return daemon


@pytest.fixture
def order(daemon, ctl):
    """The daemon, with the definition stored."""
    assert ctl(daemon, "definition", "apply", str(daemon.file)).code == 0
    daemon.shop.script("POST", "/ship", Ok({"id": "t-1"}))
    return daemon


def start(ctl, daemon, *args, **input):
    input.setdefault("id", "o-1")
    input.setdefault("amount", 5)
    return ctl(daemon, "start", "order", "--input", "-", *args, input=json.dumps(input))


def stuck(ctl, daemon):
    """A saga stuck at its pivot."""
    daemon.shop.script("POST", "/ship", Status(503))
    result = start(ctl, daemon, "--wait", "-o", "json")
    assert result.code == 9, result
    return result.json["id"]


# ---- definitions ------------------------------------------------------------------


def test_apply_stores_once_and_says_so(daemon, ctl):
    first = ctl(daemon, "definition", "apply", str(daemon.file))
    assert (first.code, first.out) == (0, "order version 1 stored\n")
    again = ctl(daemon, "definition", "apply", str(daemon.file))
    assert (again.code, again.out) == (0, "order version 1 is there already\n")
    assert ctl(daemon, "definition", "list", "-o", "name").out == "order\n"


def test_apply_dry_run_stores_nothing(daemon, ctl):
    assert ctl(daemon, "definition", "apply", "--dry-run", str(daemon.file)).code == 0
    assert ctl(daemon, "definition", "list", "-o", "name").out == ""


def test_definition_get_prints_what_was_stored(order, ctl):
    assert ctl(order, "definition", "get", "order").json == ORDER
    assert ctl(order, "definition", "get", "order", "-o", "json").json["version"] == 1
    assert ctl(order, "definition", "get", "order", "--definition-version", "7").code == 3


def test_a_wrong_definition_is_10_with_line_and_column(daemon, ctl, tmp_path):
    bad = tmp_path / "bad.json"
    bad.write_text('{ "name": "bad",\n  "steps": [\n    { "id": "a", "cal": "GET /x" } ] }')
    for command in ("apply", "check"):
        result = ctl(daemon, "definition", command, str(bad))
        assert result.code == 10, result
        assert "%s:3:18: " % bad in result.err
        assert result.err.count("did you mean 'call'") == 1  # Each error once.
        assert result.out == ""


def test_check_needs_no_server_and_knows_no_services(ctl, daemon, tmp_path):
    env = {"SAGAD_SERVER": "http://127.0.0.1:1"}
    result = ctl(None, "definition", "check", str(daemon.file), env=env)
    assert result.code == 0, result
    assert "sound" in result.out
    data = ctl(None, "definition", "check", str(daemon.file), "-o", "json").json
    assert data["errors"] == 0


def test_what_is_not_json_is_10_with_its_place(ctl, tmp_path):
    bad = tmp_path / "bad.json"
    bad.write_text('{ "name": "x",\n "steps": [ }')
    result = ctl(None, "definition", "check", str(bad))
    assert result.code == 10
    assert "%s:2:1" % bad in result.err


def test_a_file_that_is_not_there_is_1(ctl):
    result = ctl(None, "definition", "check", "/nowhere/x.json")
    assert result.code == 1
    assert "/nowhere/x.json" in result.err


# ---- start and wait ---------------------------------------------------------------


def test_start_prints_the_saga_and_does_not_wait(order, ctl):
    gate = order.shop.script("POST", "/pay", Gate())
    result = start(ctl, order, "-o", "json")
    assert result.code == 0, result
    assert result.json["status"] == "running"
    assert result.err == ""
    gate.release()


def test_start_wait_of_one_that_completes_is_0(order, ctl):
    result = start(ctl, order, "--wait", "-o", "json")
    assert result.code == 0, result
    assert result.json["status"] == "completed"
    assert result.json["output"] == {"tracking": "t-1"}


def test_start_wait_of_one_that_is_taken_back_is_8(order, ctl):
    order.shop.script("POST", "/ship", Status(400))
    result = start(ctl, order, "--wait=20s")
    assert result.code == 8, result
    assert "compensated" in result.out


def test_start_wait_of_one_that_gets_stuck_is_9_and_says_why(order, ctl):
    order.shop.script("POST", "/ship", Status(503))
    result = start(ctl, order, "--wait=20s")
    assert result.code == 9, result
    assert re.search(r"^why +.*ship", result.out, re.M), result


def test_start_wait_that_runs_out_is_7_and_leaves_the_saga_running(order, ctl):
    gate = order.shop.script("POST", "/pay", Gate())
    result = start(ctl, order, "--wait=100ms", "-o", "json")
    assert result.code == 7, result
    assert result.json["status"] == "running"
    assert "wait ran out" in result.err
    gate.release()
    waited = ctl(order, "get", result.json["id"], "--wait=20s")
    assert waited.code == 0, waited


def test_input_comes_from_a_file_with_its_digits(order, ctl, tmp_path):
    file = tmp_path / "input.json"
    file.write_text('{ "id": "o-9", "amount": 9007199254740993.10 }')
    assert ctl(order, "start", "order", "--input", str(file), "--wait").code == 0
    assert order.shop.of("POST", "/pay")[0].body == b'{"amount":9007199254740993.10}'


def test_input_that_does_not_fit_the_schema_is_10(order, ctl, tmp_path):
    file = tmp_path / "input.json"
    file.write_text('{\n  "amount": 5 }')
    result = ctl(order, "start", "order", "--input", str(file))
    assert result.code == 10, result
    assert "%s:1:1: " % file in result.err


def test_input_that_is_not_json_is_10(order, ctl):
    result = ctl(order, "start", "order", "--input", "-", input='{"a": }')
    assert result.code == 10
    assert "stdin:1:" in result.err


def test_starting_twice_with_one_id_is_one_saga(order, ctl):
    for _ in range(2):
        result = start(ctl, order, "--id", "mine", "--wait", "-o", "name")
        assert (result.code, result.out) == (0, "mine\n")
    assert len(order.shop.of("POST", "/pay")) == 1


def test_the_same_key_with_another_input_is_4(order, ctl):
    assert start(ctl, order, "--wait").code == 0
    result = start(ctl, order, amount=6)
    assert result.code == 4, result
    result = start(ctl, order, "--idempotency-key", "k", id="o-2")
    assert result.code == 0
    assert start(ctl, order, "--idempotency-key", "k", id="o-3").code == 4


def test_an_unknown_definition_is_3(daemon, ctl):
    assert ctl(daemon, "start", "nothing").code == 3


def test_labels_are_set_and_found(order, ctl):
    start(ctl, order, "--label", "team=core", "--wait")
    start(ctl, order, "--label", "team=web", "--wait", id="o-2")
    found = ctl(order, "list", "--label", "team=web", "-o", "json").json["items"]
    assert [saga["key"] for saga in found] == ["o-2"]


def test_ctrl_c_leaves_the_saga_running_and_says_so(order):
    gate = order.shop.script("POST", "/pay", Gate())
    process = subprocess.Popen(
        [SAGACTL, "start", "order", "--input", "-", "--wait=60s"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_environment(SAGAD_SERVER="http://127.0.0.1:%d" % order.port),
    )
    process.stdin.write(b'{"id": "o-1", "amount": 1}')
    process.stdin.close()
    process.stdin = None
    order.shop.wait_for(1, "POST", "/pay")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    gate.release()
    saga = order.client.get("/v1/sagas").json["items"][0]["id"]
    assert order.client.wait_status(saga)["status"] == "completed"
    # Before the POST was answered there is no id to tell.
    assert b"interrupted" in err or saga.encode() in err


# ---- reading ----------------------------------------------------------------------


def test_json_is_the_apis_object_unchanged(order, ctl):
    saga = start(ctl, order, "--wait", "-o", "name").out.strip()
    assert ctl(order, "get", saga, "-o", "json").out.encode() == (
        order.client.get("/v1/sagas/" + saga).body.rstrip(b"\n") + b"\n"
    )


def test_list_filters_pages_and_names(order, ctl):
    for i in range(3):
        start(ctl, order, "--wait", id="o-%d" % i)
    order.shop.script("POST", "/ship", Status(400))
    start(ctl, order, "--wait", id="o-9")
    listed = ctl(order, "list", "--status", "completed", "--limit", "2")
    assert len(listed.out.splitlines()) == 3
    assert listed.out.splitlines()[0].split() == [
        "ID", "DEFINITION", "STATUS", "KEY", "UPDATED"]
    cursor = re.search(r"--cursor (\S+)", listed.err).group(1)
    rest = ctl(order, "list", "--status", "completed", "--limit", "2", "--cursor", cursor)
    assert len(rest.out.splitlines()) == 2
    every = ctl(order, "list", "--all", "--limit", "2", "-o", "jsonl")
    keys = [json.loads(line)["key"] for line in every.out.splitlines()]
    assert keys == ["o-9", "o-2", "o-1", "o-0"]
    assert ctl(order, "list", "--key", "o-1", "-o", "jsonl").json["key"] == "o-1"
    assert ctl(order, "list", "--status", "no-such").code == 1


def test_journal_and_calls_tell_every_turn_and_attempt(order, ctl):
    order.shop.script("POST", "/ship", Status(400))
    saga = start(ctl, order, "--wait", "-o", "json").json["id"]
    journal = ctl(order, "journal", saga)
    assert journal.code == 0
    rows = [line.split() for line in journal.out.splitlines()[1:]]
    assert [row[2:6] for row in rows] == [
        ["started", "-", "-", "-"],
        ["answered", "pay", "action", "succeeded"],
        ["answered", "ship", "action", "rejected"],
        ["answered", "pay", "compensation", "succeeded"],
    ]
    calls = ctl(order, "calls", saga, "-o", "jsonl")
    assert [json.loads(line)["response"]["status"] for line in calls.out.splitlines()] == [
        200, 400, 200]


def test_why_is_one_sentence(order, ctl):
    saga = stuck(ctl, order)
    result = ctl(order, "why", saga)
    assert result.code == 0
    assert len(result.out.splitlines()) == 1
    assert "ship" in result.out
    order.shop.script("POST", "/ship", Ok({"id": "t"}))
    done = start(ctl, order, "--wait", "-o", "name", id="o-2").out.strip()
    assert ctl(order, "why", done).out == "It is completed.\n"


def test_an_unknown_saga_is_3(daemon, ctl):
    for command in ("get", "why", "journal", "calls", "retry", "pause"):
        result = ctl(daemon, command, "no-such-saga")
        assert result.code == 3, result
        assert "no-such-saga" in result.err
        assert result.out == ""


def test_hostile_texts_do_not_reach_the_terminal(order, ctl):
    hostile = "\x1b[31mred\x9b\x07\nnew"
    start(ctl, order, "--wait", id=hostile)
    for arguments in (["list"], ["list", "-o", "wide"]):
        result = ctl(order, *arguments)
        assert "\x1b" not in result.out and "\x9b" not in result.out
        assert "\\u001b[31mred" in result.out
        assert len(result.out.splitlines()) == 2


# ---- actions ----------------------------------------------------------------------


def test_retry_calls_again_what_gave_up(order, ctl):
    saga = stuck(ctl, order)
    order.shop.script("POST", "/ship", Ok({"id": "t-2"}))
    result = ctl(order, "retry", saga, "--step", "ship", "--reason", "fixed", "--wait")
    assert result.code == 0, result
    assert "completed" in result.out
    assert len(set(order.shop.keys("POST", "/ship"))) == 1


def test_resolve_says_whether_the_effect_is_in_the_world(order, ctl):
    saga = stuck(ctl, order)
    result = ctl(
        order, "resolve", saga, "--step", "ship", "--outcome", "applied", "--body",
        '{"id": "by hand"}', "--reason", "asked shipping", "--yes", "--wait", "-o", "json",
    )
    assert result.code == 0, result
    assert result.json["output"] == {"tracking": "by hand"}
    other = start(ctl, order, "--wait", "-o", "json", id="o-2").json["id"]
    result = ctl(
        order, "resolve", other, "--step", "ship", "--outcome", "not-applied",
        "--reason", "asked shipping", "--yes", "--wait",
    )
    assert result.code == 8, result


def test_close_leaves_it_to_people(order, ctl):
    saga = stuck(ctl, order)
    result = ctl(order, "close", saga, "--yes", "--reason", "paid in cash", "-o", "json")
    assert result.code == 0, result
    assert result.json["status"] == "resolved"
    journal = ctl(order, "journal", saga, "-o", "wide").out
    assert "paid in cash" in journal


def test_pause_resume_and_cancel(order, ctl):
    gate = order.shop.script("POST", "/pay", Gate())
    saga = start(ctl, order, "-o", "json").json["id"]
    order.shop.wait_for(1, "POST", "/pay")
    assert ctl(order, "pause", saga, "-o", "json").json["paused"] is True
    gate.release()
    assert ctl(order, "resume", saga, "--wait", "-o", "json").code == 0
    assert ctl(order, "cancel", saga, "--reason", "late", "--yes").code == 4


def test_cancel_takes_back(order, ctl):
    gate = order.shop.script("POST", "/pay", Gate())
    saga = start(ctl, order, "-o", "json").json["id"]
    order.shop.wait_for(1, "POST", "/pay")
    assert ctl(order, "cancel", saga, "--reason", "changed my mind", "--yes").code == 0
    gate.release()
    assert ctl(order, "get", saga, "--wait=20s").code == 8


def test_a_stale_revision_is_4(order, ctl):
    saga = stuck(ctl, order)
    result = ctl(order, "retry", saga, "--revision", "1")
    assert result.code == 4, result


def test_what_is_not_possible_says_what_is(order, ctl):
    saga = stuck(ctl, order)
    result = ctl(order, "skip", saga, "--step", "pay", "--reason", "x", "--output", "{}",
                 "--yes")
    assert result.code == 4, result
    assert re.search("possible now: .*retry", result.err), result


# ---- use, server, tokens ----------------------------------------------------------


@pytest.mark.parametrize(
    "args, sentence",
    [
        (["lst"], "did you mean 'list'"),
        (["definition"], "definition what?"),
        (["definition", "aply", "x"], "did you mean 'definition apply'"),
        (["wach", "x"], "did you mean 'watch'"),
        (["list", "--staus", "x"], "did you mean 'status'"),
        (["get"], "usage: sagactl get ID"),
        (["get", "a", "b"], "takes no 'b'"),
        (["get", "a", "--reason", "x"], "get takes no --reason"),
        (["cancel", "a"], "--reason"),
        (["skip", "a", "--reason", "x"], "--step"),
        (["resolve", "a", "--reason", "x", "--step", "s"], "--outcome"),
        (["start", "a", "--wait=soon"], "an amount of time"),
        (["list", "-o", "yaml"], "one of table"),
        (["list", "--token", "sgd_x"], "does not belong on the command line"),
        (["list", "--server", "localhost:80"], "http://"),
        (["token", "create", "--name", "x"], "--role"),
        (["token", "create", "--name", "x", "--role", "readr"], "did you mean 'reader'"),
    ],
)
def test_wrong_use_is_2_with_what_to_do(ctl, args, sentence):
    result = ctl(None, *args)
    assert result.code == 2, result
    assert sentence in result.err
    assert result.out == ""


def test_no_server_is_6(ctl):
    with socket.socket() as taken:  # Bound, and not listening: nobody answers there.
        taken.bind(("127.0.0.1", 0))
        url = "http://127.0.0.1:%d" % taken.getsockname()[1]
        for command in ("list", "watch x", "stats", "audit verify"):
            result = ctl(None, *command.split(), "--server", url)
            assert result.code == 6, result
            assert url in result.err


def test_the_flag_beats_the_environment(daemon, ctl):
    env = {"SAGAD_SERVER": "http://127.0.0.1:1"}
    url = "http://127.0.0.1:%d/" % daemon.port
    assert ctl(None, "list", "--server", url, env=env).code == 0


def test_token_create_makes_one_that_works(ctl, make_daemon, tmp_path):
    made = ctl(
        None, "token", "create", "--name", "ops", "--role", "reader", "--definition",
        "order", "--expires", "2100-01-01T00:00:00Z", "-o", "json",
    ).json
    assert re.fullmatch(r"sgd_[0-9a-f]{64}", made["token"])
    assert made["config"]["definitions"] == ["order"]
    daemon = make_daemon(config={"tokens": [made["config"]]})
    file = tmp_path / "token"
    file.write_text(made["token"] + "\n")
    assert ctl(daemon, "list", "--token-file", str(file)).code == 0
    assert ctl(daemon, "list", env={"SAGAD_TOKEN": made["token"]}).code == 0
    nobody = ctl(daemon, "list")
    assert nobody.code == 5
    assert "SAGAD_TOKEN" in nobody.err
    assert ctl(daemon, "list", env={"SAGAD_TOKEN": "sgd_" + "0" * 64}).code == 5
    forbidden = ctl(daemon, "pause", "x", env={"SAGAD_TOKEN": made["token"]})
    assert forbidden.code == 5
    assert "operator" in forbidden.err


def test_token_create_shows_the_token_on_stdout_once(ctl):
    result = ctl(None, "token", "create", "--name", "a", "--role", "admin")
    assert result.code == 0
    assert result.out.count("sgd_") == 1
    assert json.loads(result.out.splitlines()[1])["roles"] == ["admin"]


def test_help_lists_every_command(ctl):
    text = ctl(None, "help").out
    for command in (
        "start list get why journal calls retry skip resolve close cancel pause resume"
    ).split():
        assert re.search(r"^  %s\b" % command, text, re.M)
    assert ctl(None).out == text
    assert "--wait[=10s]" in ctl(None, "start", "--help").out
    assert ctl(None, "help", "definition", "check").out.startswith("sagactl definition check")
    assert ctl(None, "version").out.startswith("sagactl ")


def test_colour_only_on_a_terminal_and_without_no_color(order, ctl):
    start(ctl, order, "--wait")

    def on_terminal(**more):
        main, side = pty.openpty()
        env = clean_environment(SAGAD_SERVER="http://127.0.0.1:%d" % order.port, **more)
        subprocess.run([SAGACTL, "list"], stdout=side, env=env, timeout=30, check=True)
        os.close(side)
        said = os.read(main, 65536)
        os.close(main)
        return said

    assert b"\x1b[" in on_terminal()
    assert b"\x1b[" not in on_terminal(NO_COLOR="1")
    assert "\x1b[" not in ctl(order, "list").out

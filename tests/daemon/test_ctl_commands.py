"""sagactl's commands against a real daemon: signals, versions, items, calls, completion."""

import json
import re
import shlex
import shutil
import subprocess

import pytest

from conftest import SAGACTL, clean_environment
from participant import Gate, Ok, Status


def order(version=1):
    return {"name": "order", "description": "Version %d." % version,
            "steps": [{"id": "pay", "call": {"service": "shop", "url": "/pay",
                                             "body": {"n": "${ .input.n }"}},
                       "compensate": {"service": "shop", "url": "/refund"}}]}


@pytest.fixture
def daemon(make_daemon, participant):
    daemon = make_daemon(services={"shop": participant.url})
    daemon.shop = participant
    daemon.client.put_definition(order())
    return daemon


def start(daemon, ctl, *args, name="order", input='{"n": 1}'):
    return ctl(daemon, "start", name, "--input", "-", *args, input=input)


def test_a_signal_reaches_the_wait_it_names(daemon, ctl, tmp_path):
    daemon.client.put_definition(
        {"name": "ask", "steps": [{"id": "w", "wait": {"signal": "paid"}}],
         "output": "${ .steps.w.body }"})
    saga = start(daemon, ctl, "-o", "name", name="ask").out.strip()
    wrong = ctl(daemon, "signal", saga, "payed")
    assert wrong.code == 3
    assert "paid" in wrong.err
    assert ctl(daemon, "signal", saga, "paid", "--body", "{").code == 10
    file = tmp_path / "body.json"
    file.write_text('{"by": "ann"}')
    sent = ctl(daemon, "signal", saga, "paid", "--body", "@%s" % file)
    assert (sent.code, sent.out) == (0, "taken\n")
    assert ctl(daemon, "get", saga, "--wait=20s", "-o", "json").json["output"] == {"by": "ann"}
    assert ctl(daemon, "signal", saga, "paid").code == 4


def test_definition_use_pause_resume_archive(daemon, ctl):
    daemon.client.put_definition(order(2))
    assert len(ctl(daemon, "definition", "versions", "order", "-o", "name").out.split()) == 2
    used = ctl(daemon, "definition", "use", "order", "1")
    assert (used.code, used.out) == (0, "order starts with version 1\n")
    assert ctl(daemon, "definition", "get", "order", "-o", "json").json["version"] == 1
    assert ctl(daemon, "definition", "use", "order", "9").code == 3
    assert ctl(daemon, "definition", "use", "order", "one").code == 2
    assert ctl(daemon, "definition", "pause", "order", "--reason", "x").code == 0
    assert start(daemon, ctl).code == 4
    assert ctl(daemon, "definition", "resume", "order").code == 0
    assert start(daemon, ctl, "--wait").code == 0
    archived = ctl(daemon, "definition", "archive", "order")
    assert (archived.code, archived.out) == (0, "order is archived\n")
    assert start(daemon, ctl).code in (3, 4)


def test_items_of_a_foreach_are_shown(daemon, ctl):
    daemon.client.put_definition(
        {"name": "many", "steps": [{"id": "each", "forEach": "${ .input.ns }",
                                    "call": {"service": "shop", "url": "/pay"},
                                    "compensate": {"service": "shop", "url": "/refund"}}]})
    saga = start(daemon, ctl, "--wait", "-o", "name", name="many",
                 input='{"ns": [1, 2, 3]}').out.strip()
    shown = ctl(daemon, "items", saga, "each")
    assert shown.code == 0, shown
    assert [line.split()[:2] for line in shown.out.splitlines()[1:]] == [
        ["0", "succeeded"], ["1", "succeeded"], ["2", "succeeded"]]
    assert ctl(daemon, "items", saga, "other").code == 3


def test_a_call_is_shown_and_repeated_as_curl(daemon, ctl):
    saga = start(daemon, ctl, "--wait", "-o", "name", input='{"n": "it\'s"}').out.strip()
    shown = ctl(daemon, "calls", saga, "1")
    assert shown.code == 0
    assert "request\n  POST %s/pay\n" % daemon.shop.url in shown.out, shown
    assert re.search(r"response\n  200\n", shown.out)
    assert ctl(daemon, "calls", saga, "9").code == 3
    assert ctl(daemon, "calls", saga, "one").code == 2
    assert ctl(daemon, "calls", saga, "--curl").code == 2
    curl = shlex.split(ctl(daemon, "calls", saga, "1", "--curl").out.replace("\\\n", " "))
    assert curl[:4] == ["curl", "-X", "POST", daemon.shop.url + "/pay"]
    assert curl[curl.index("--data-binary") + 1] == '{"n":"it\'s"}'


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")
def test_the_curl_command_sends_what_was_sent(daemon, ctl):
    saga = start(daemon, ctl, "--wait", "-o", "name").out.strip()
    line = ctl(daemon, "calls", saga, "1", "--curl").out
    subprocess.run(["bash", "-c", line], check=True, capture_output=True, timeout=30)
    first, again = daemon.shop.of("POST", "/pay")
    assert again.body == first.body


def test_a_stuck_group_is_found_by_its_filters(daemon, ctl):
    daemon.client.put_definition(
        {"name": "hard", "steps": [{"id": "pay", "pivot": True, "call": {
            "service": "shop", "url": "/hard", "retry": 1}}]})
    daemon.shop.script("POST", "/hard", Status(503))
    saga = start(daemon, ctl, "--wait", "-o", "name", name="hard").out.strip()
    group = ctl(daemon, "stuck", "-o", "jsonl").json
    assert (group["definition"], group["count"]) == ("hard", 1)
    found = ctl(daemon, "list", "--stuck-step", group["step"], "--stuck-operation",
                group["operation"], "--stuck-outcome", group["outcome"], "--error", group["error"][:20],
                "-o", "name")
    assert (found.code, found.out) == (0, saga + "\n")
    assert ctl(daemon, "list", "--error", "no such text", "-o", "name").out == ""


def test_bulk_retries_a_group_to_its_end(daemon, ctl):
    daemon.client.put_definition(
        {"name": "hard", "steps": [{"id": "pay", "pivot": True, "call": {
            "service": "shop", "url": "/hard", "retry": 1}}]})
    daemon.shop.script("POST", "/hard", Status(503))
    sagas = [start(daemon, ctl, "--wait", "-o", "name", name="hard").out.strip()
             for _ in range(3)]
    group = ["--status", "stuck", "--definition", "hard", "--stuck-step", "pay",
             "--stuck-operation", "action"]
    shown = ctl(daemon, "bulk", "retry", *group, "--reason", "up", "--preview")
    assert (shown.code, [s in shown.out for s in sagas]) == (0, [True] * 3), shown
    daemon.shop.script("POST", "/hard", Ok())
    done = ctl(daemon, "bulk", "retry", *group, "--reason", "it is up", "--yes")
    assert done.code == 0, done
    assert "3 of 3 done, 0 failed" in done.out
    for saga in sagas:
        assert ctl(daemon, "get", saga, "--wait=20s").code == 0
    bulk = ctl(daemon, "bulk", "list", "-o", "name").out.strip()
    assert len(ctl(daemon, "bulk", "show", bulk, "-o", "json").json["items"]) == 3
    assert "it is up" in ctl(daemon, "bulk", "show", bulk).out
    assert ctl(daemon, "bulk", "cancel", bulk).code == 4  # It is through.
    assert ctl(daemon, "bulk", "show", "nothing").code == 3
    reasons = ctl(daemon, "audit", "--subject", sagas[0], "-o", "jsonl").out.splitlines()
    assert json.loads(reasons[0])["reason"] == "it is up"
    assert ctl(daemon, "audit", "verify").code == 0


def test_bulk_of_sagas_that_do_not_allow_it_is_1_with_the_codes(daemon, ctl):
    gate = daemon.shop.script("POST", "/pay", Gate())
    for _ in range(2):
        start(daemon, ctl)
    daemon.shop.wait_for(2, "POST", "/pay")
    result = ctl(daemon, "bulk", "close", "--status", "running", "--reason", "x", "--yes")
    assert result.code == 1, result
    assert result.out.splitlines()[1].split()[:2] == ["2", "invalid-state"]
    gate.release()


def test_stats_of_the_daemon(daemon, ctl):
    start(daemon, ctl, "--wait")
    shown = ctl(daemon, "stats", "--window", "1m", "--every", "1s")
    assert shown.code == 0, shown
    rows = {line.split()[0]: line.split()[1:] for line in shown.out.splitlines() if line}
    assert rows["started"][0] == "1"
    assert ctl(daemon, "stats", "-o", "json").json["now"]["sagas"]["completed"] == 1
    assert ctl(daemon, "stats", "--window", "soon").code == 2


def test_get_turn_shows_the_saga_as_it_was(daemon, ctl):
    saga = start(daemon, ctl, "--wait", "-o", "name").out.strip()
    assert ctl(daemon, "get", saga, "--turn", "1", "-o", "json").json["status"] == "running"
    assert ctl(daemon, "get", saga, "--turn", "x").code == 2


def test_list_takes_every_filter(daemon, ctl):
    start(daemon, ctl, "--wait", "--label", "team=core")
    for args, n in [
        (["--started-after", "2000-01-01T00:00:00Z"], 1),
        (["--started-before", "2000-01-01T00:00:00Z"], 0),
        (["--updated-after", "2000-01-01T00:00:00+01:00"], 1),
        (["--updated-before", "2000-01-01T00:00:00Z"], 0),
        (["--paused", "true"], 0),
        (["--status", "completed,stuck", "--definition", "order,other"], 1),
    ]:
        listed = ctl(daemon, "list", *args, "-o", "name")
        assert (listed.code, len(listed.out.split())) == (0, n), (args, listed)


def test_watch_follows_a_saga_live(daemon, ctl):
    gate = daemon.shop.script("POST", "/pay", Gate())
    saga = start(daemon, ctl, "-o", "name").out.strip()
    process = subprocess.Popen(
        [SAGACTL, "watch", saga], stdout=subprocess.PIPE, text=True,
        env=clean_environment(SAGAD_SERVER="http://127.0.0.1:%d" % daemon.port))
    assert "started" in process.stdout.readline()
    gate.release()
    rest = process.stdout.read()
    assert process.wait(30) == 0
    assert re.search(r"answered +pay.action +succeeded", rest), rest


def test_watch_of_a_saga_taken_back_is_8(daemon, ctl):
    daemon.shop.script("POST", "/pay", Status(400))
    saga = start(daemon, ctl, "-o", "name").out.strip()
    assert ctl(daemon, "watch", saga).code == 8


@pytest.mark.parametrize("command", ["list", "stuck", "audit", "definition list",
                                     "service list", "bulk list"])
def test_every_list_has_every_format(daemon, ctl, command):
    daemon.client.put_definition(
        {"name": "hard", "steps": [{"id": "pay", "pivot": True, "call": {
            "service": "shop", "url": "/hard", "retry": 1}}]})
    daemon.shop.script("POST", "/hard", Status(503))
    assert start(daemon, ctl, "--wait", name="hard").code == 9
    ctl(daemon, "definition", "pause", "order", "--reason", "x")
    ctl(daemon, "bulk", "pause", "--status", "stuck", "--reason", "x", "--yes")
    for format in ("table", "wide", "json", "jsonl", "name"):
        result = ctl(daemon, *command.split(), "-o", format)
        assert result.code == 0, result
        assert result.out.strip(), (command, format)
    assert "items" in ctl(daemon, *command.split(), "-o", "json").json


def test_audit_is_listed_filtered_and_verified(daemon, ctl):
    for reason in ("one", "two", "three"):
        ctl(daemon, "definition", "pause", "order", "--reason", reason)
        ctl(daemon, "definition", "resume", "order", "--reason", reason)
    listed = ctl(daemon, "audit", "--subject", "order", "-o", "jsonl").out.splitlines()
    assert [json.loads(line)["reason"] for line in listed][:2] == ["three", "three"]
    assert ctl(daemon, "audit", "--actor", "nobody", "-o", "name").out == ""
    result = ctl(daemon, "audit", "verify")
    assert result.code == 0, result
    assert "the chain is whole" in result.out


# ---- the tables -------------------------------------------------------------------


def commands(ctl):
    """[(name, words)] of the help."""
    lines = ctl(None, "help").out.split("\ncommands\n")[1].split("\n\n")[0].splitlines()
    return [re.match(r"  ((?:[a-z]+ ?)+?)( [A-Z[].*?)? {1,}[a-z]", line).group(1).strip()
            for line in lines]


def test_every_command_has_a_help_of_its_own(ctl):
    found = commands(ctl)
    assert len(found) > 40
    for name in found:
        if name != "help":
            assert ctl(None, "help", *name.split()).out.startswith("sagactl %s" % name), name


def complete(script, *words):
    shell = (
        'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _sagactl; '
        'printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "-c", shell, script, *words], capture_output=True,
                          text=True, timeout=30, check=True)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.fixture
def bash(ctl, tmp_path):
    script = tmp_path / "sagactl.bash"
    script.write_text(ctl(None, "completion", "bash").out)
    return str(script)


def test_bash_completes_commands_options_and_values(bash, tmp_path):
    subprocess.run(["bash", "-n", bash], check=True)
    assert complete(bash, "sagactl", "st") == ["start", "stuck", "stats"]
    assert "apply" in complete(bash, "sagactl", "definition", "")
    assert complete(bash, "sagactl", "definition", "apply", "--d") == ["--dry-run"]
    assert "--stuck-operation" in complete(bash, "sagactl", "list", "--s")
    assert "--reason" not in complete(bash, "sagactl", "list", "--")
    assert complete(bash, "sagactl", "list", "--status", "stu") == ["stuck"]
    assert complete(bash, "sagactl", "-o", "json", "bulk", "ret") == ["retry"]
    assert complete(bash, "sagactl", "completion", "f") == ["fish"]
    file = tmp_path / "order.json"
    file.write_text("{}")
    assert complete(bash, "sagactl", "definition", "check", str(tmp_path / "ord")) == [str(file)]
    assert complete(bash, "sagactl", "start", "x", "--input", str(tmp_path / "ord")) == [str(file)]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_completions_can_be_read(ctl, tmp_path, shell):
    script = tmp_path / "completion"
    script.write_text(ctl(None, "completion", shell).out)
    for word in ("start", "watch", "breaker", "--stuck-operation", "retry"):
        name = word.lstrip("-") if shell == "fish" else word
        assert name in script.read_text()
    if shutil.which(shell) is None:
        pytest.skip("no %s here to read it" % shell)
    subprocess.run([shell, "-n", str(script)], check=True)


def test_another_shell_is_2(ctl):
    result = ctl(None, "completion", "fisch")
    assert result.code == 2
    assert "did you mean 'fish'" in result.err


def test_the_manual_page_names_every_command_and_roff_reads_it(ctl, tmp_path):
    page = tmp_path / "sagactl.1"
    page.write_text(ctl(None, "manual").out)
    text = page.read_text().replace("\\-", "-")
    for name in commands(ctl):
        assert ".TP\n\\fB%s\\fR" % name in text, name
    for option in ("--stuck-operation", "--known", "--token-file"):
        assert "\\fB%s\\fR" % option in text
    roff_reads(page)


def test_the_daemons_manual_page_has_what_its_help_has_and_roff_reads_it(sagad, tmp_path):
    page = tmp_path / "sagad.8"
    page.write_text(sagad("manual").out)
    text = page.read_text().replace("\\-", "-")
    told = sagad("help").out
    names = re.findall(r"^  ([a-z-]+) ", told.split("\ncommands\n")[1].split("\n\n")[0], re.M)
    assert {"serve", "verify", "restore", "manual"} <= set(names)
    for name in names:
        assert ".TP\n\\fB%s\\fR" % name in text, name
    options = re.findall(r"--([a-z-]+)", told.split("\noptions\n")[1])
    assert {"config", "store", "log-level"} <= set(options)
    for option in options:
        assert "\\fB--%s\\fR" % option in text, option
    assert "\\fBbackup\\fR \\fITARGET\\fR" in text
    assert "Options: \\fB--config\\fR, \\fB--store\\fR, " in text.split("\\fBverify\\fR")[1]
    roff_reads(page)


def roff_reads(page):
    if shutil.which("groff"):
        read = subprocess.run(["groff", "-man", "-ww", "-Tutf8", str(page)],
                              capture_output=True, text=True, timeout=60)
        assert (read.returncode, read.stderr) == (0, "")
    if shutil.which("mandoc"):
        subprocess.run(["mandoc", "-Tlint", "-Wwarning", str(page)], check=True)

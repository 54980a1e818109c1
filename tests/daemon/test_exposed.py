"""What the daemon lets out beside its answers: metrics, log lines, core dumps. And the
headers that every answer carries (operations.md, security.md)."""

import json
import os
import re

import pytest
from conftest import eventually
from participant import Hang, Ok, Status

# operations.md: each metric with its labels.
METRICS = {
    "sagad_build_info": {"version"},
    "sagad_sagas": {"definition", "status"},
    "sagad_sagas_started_total": set(),
    "sagad_sagas_finished_total": {"definition", "outcome"},
    "sagad_saga_duration_seconds_bucket": {"le"},
    "sagad_saga_duration_seconds_sum": set(),
    "sagad_saga_duration_seconds_count": set(),
    "sagad_call_attempts_total": {"service", "operation", "outcome"},
    "sagad_call_duration_seconds_bucket": {"le"},
    "sagad_calls_in_flight": {"service"},
    "sagad_breaker_open": {"service"},
    "sagad_scheduler_lag_seconds": set(),
    "sagad_due_sagas": set(),
    "sagad_unrecovered_sagas": set(),
    "sagad_oldest_stuck_seconds": set(),
    "sagad_commit_seconds_bucket": {"le"},
    "sagad_commit_turns_bucket": {"le"},
    "sagad_api_request_seconds_bucket": None,  # By route, as it is convenient.
    "process_cpu_seconds_total": set(),
    "process_resident_memory_bytes": set(),
    "process_virtual_memory_bytes": set(),
    "process_open_fds": set(),
    "process_max_fds": set(),
}

SECRET = "hunter2-of-the-shop"
ORDER = {
    "name": "order",
    "steps": [
        {"id": "pay", "call": {"service": "shop", "url": "/pay", "retry": 1,
                               "body": {"card": "${ .input.card }"}},
         "compensate": {"service": "shop", "url": "/refund"}},
        {"id": "ship", "call": {"service": "shop", "url": "/ship", "retry": 1},
         "compensate": None},
    ],
}


@pytest.fixture
def daemon(make_daemon, participant, tmp_path):
    (tmp_path / "secret").write_text(SECRET + "\n")
    service = {"url": participant.url, "auth": {"bearer": {"secret": "s"}}}
    made = make_daemon(
        services={"shop": service},
        config={"log": {"level": "debug"}, "secrets": {"s": {"file": str(tmp_path / "secret")}}})
    made.client.put_definition(ORDER)
    participant.script("POST", "/ship", Ok(), Status(422))
    for status in ("completed", "compensated"):
        saga = made.client.start("order", {"card": "4111111111111111"}, wait=20).json
        assert saga["status"] == status
    return made


def samples(text):
    """{name: [labels]}"""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, labels = re.fullmatch(r"(\w+)(\{.*\})? \S+", line).groups()
            found.setdefault(name, []).append(
                set(re.findall(r'(\w+)="', labels)) if labels else set())
    return found


def test_every_metric_of_the_list_is_there_with_its_labels(daemon):
    found = samples(daemon.client.get("/metrics").body.decode())
    assert set(METRICS) - set(found) == set()
    for name, labels in METRICS.items():
        for has in found[name] if labels is not None else []:
            assert labels <= has, name


def test_every_metric_has_its_help_and_type_before_it(daemon):
    text = daemon.client.get("/metrics").body.decode()
    for name in samples(text):
        family = re.sub(r"_(bucket|sum|count)$", "", name)
        for what in ("HELP", "TYPE"):
            assert text.index("# %s %s " % (what, family)) < text.index("\n" + name), name


def test_log_lines_hold_neither_secrets_nor_bodies(daemon):
    daemon.client.get("/v1/sagas")
    daemon.stop()
    lines = [line for line in daemon.lines if line is not None]
    text = json.dumps(lines)
    assert SECRET not in text and "4111111111111111" not in text
    assert all({"ts", "level", "msg"} <= set(line) for line in lines)
    ends = [line for line in lines if "attempt" in line]
    assert ends and all({"sagaId", "definition", "step", "operation", "outcome", "httpStatus",
                         "durationMs", "traceId"} <= set(line) for line in ends), ends


def test_no_core_is_written_of_a_process_that_holds_secrets(daemon):
    with open("/proc/%d/limits" % daemon.process.pid) as f:
        (line,) = [x for x in f if x.startswith("Max core file size")]
    assert line.split()[4:6] == ["0", "0"]
    if os.getuid() != 0 and "asan" not in os.environ.get("SAGAD", ""):
        # The files of a process that may not be dumped are root's.
        assert os.stat("/proc/%d/environ" % daemon.process.pid).st_uid == 0


@pytest.mark.parametrize("path", ["/v1/sagas", "/v1/none", "/metrics", "/openapi.json", "/healthz"])
def test_answers_are_neither_sniffed_nor_kept(daemon, path):
    headers = daemon.client.ask("GET", path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_why_names_a_service_that_went_while_the_daemon_was_down(make_daemon, make_participant):
    busy = make_participant()
    daemon = make_daemon(services={"shop": busy.url, "other": busy.url})
    daemon.client.put_definition(ORDER)
    assert daemon.client.ask("POST", "/v1/services/shop/pause").status == 200
    saga = daemon.client.start("order", {"card": "1"}).json["id"]
    eventually(lambda: "paused" in daemon.client.saga(saga)["why"], "it waits")
    daemon.stop()
    del daemon.config["services"]["shop"]
    daemon.start()
    why = daemon.client.saga(saga)["why"]
    assert "configuration names no service 'shop'" in why and "HUP" in why


# ---- metrics mean what their names say ----------------------------------------------------


def metric(daemon, name):
    text = daemon.client.get("/metrics").body.decode()
    return float(text.split("\n%s " % name)[1].split("\n")[0])


def test_commit_turns_counts_turns(daemon):
    for card in "123":
        daemon.client.start("order", {"card": card}, wait=30)
    turns = metric(daemon, "sagad_turns_total")
    assert turns >= 9
    eventually(lambda: metric(daemon, "sagad_commit_turns_sum") == turns, "the last commit")
    commits = metric(daemon, "sagad_commit_turns_count")
    assert commits == metric(daemon, "sagad_commit_seconds_count")


def test_due_sagas_are_not_those_that_wait_in_memory(daemon, participant):
    """That due ones are counted: test_timers."""
    participant.script("POST", "/pay", Hang())
    for card in "123":
        daemon.client.start("order", {"card": card})
    participant.wait_for(3, "POST", "/pay")
    assert daemon.client.get("/v1/stats").json["now"]["active"] == 3
    assert metric(daemon, "sagad_due_sagas") == 0

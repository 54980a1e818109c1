"""TERM, HUP, USR1, and what systemd is told."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

from conftest import SAGAD, Client, Daemon, clean_environment, eventually
from participant import Gate, Ok, Status

ORDER = {
    "name": "order",
    "steps": [
        {"id": "pay", "call": {"service": "shop", "url": "/pay"}, "compensate": None},
        {"id": "ship", "call": {"service": "shop", "url": "/ship"}, "compensate": None},
    ],
}


def test_term_ends_an_idle_daemon_with_0(make_daemon):
    daemon = make_daemon()
    daemon.signal(signal.SIGTERM)
    assert daemon.wait_exit() == 0
    assert daemon.lines[-2]["msg"] == "stopped"


def test_int_is_like_term(make_daemon):
    daemon = make_daemon()
    daemon.signal(signal.SIGINT)
    assert daemon.wait_exit() == 0


def test_term_lets_a_call_in_flight_end_and_refuses_starts(make_daemon, participant):
    daemon = make_daemon(services={"shop": participant.url})
    daemon.client.put_definition(ORDER)
    gate = participant.script("POST", "/pay", Gate())
    saga = daemon.client.start("order").json["id"]
    participant.wait_for(1, "POST", "/pay")
    daemon.signal(signal.SIGTERM)
    daemon.wait_log("draining")
    refused = daemon.client.start("order")
    assert refused.status == 503
    assert refused.json["code"] == "draining"
    assert daemon.client.get("/readyz").status == 503
    gate.release()
    assert daemon.wait_exit() == 0
    daemon.start()
    assert daemon.client.wait_status(saga)["status"] == "completed"
    assert len(participant.of("POST", "/pay")) == 1, "the call was heard to its end"


def test_a_second_term_ends_at_once_and_the_next_start_recovers(make_daemon, participant):
    daemon = make_daemon(services={"shop": participant.url}, config={"drainTimeout": "1h"})
    daemon.client.put_definition(ORDER)
    participant.script("POST", "/pay", Gate(), Ok())
    saga = daemon.client.start("order").json["id"]
    participant.wait_for(1, "POST", "/pay")
    daemon.signal(signal.SIGTERM)
    daemon.wait_log("draining")
    daemon.signal(signal.SIGTERM)
    assert daemon.wait_exit() == 0
    daemon.start()
    assert daemon.client.wait_status(saga)["status"] == "completed"
    assert len(set(participant.keys("POST", "/pay"))) == 1
    assert len(participant.of("POST", "/pay")) == 2


def test_drain_timeout_ends_the_wait(make_daemon, participant):
    daemon = make_daemon(
        services={"shop": participant.url}, config={"drainTimeout": "200ms"}
    )
    daemon.client.put_definition(ORDER)
    participant.script("POST", "/pay", Gate())
    daemon.client.start("order")
    participant.wait_for(1, "POST", "/pay")
    daemon.signal(signal.SIGTERM)
    assert daemon.wait_exit() == 0


def test_hup_takes_new_services_and_new_secrets(make_daemon, make_participant, tmp_path):
    old, new = make_participant(), make_participant()
    secret = tmp_path / "secret"
    secret.write_text("first\n")
    service = {"url": old.url, "auth": {"bearer": {"secret": "s"}}}
    daemon = make_daemon(
        services={"shop": service}, config={"secrets": {"s": {"file": str(secret)}}}
    )
    daemon.client.put_definition(ORDER)
    assert daemon.client.start("order", wait=20).json["status"] == "completed"
    assert old.requests[0].header("Authorization") == "Bearer first"

    secret.write_text("second\n")
    daemon.config["services"]["shop"]["url"] = new.url
    daemon.config["services"]["more"] = {"url": new.url}
    daemon.write_config()
    daemon.signal(signal.SIGHUP)
    daemon.wait_log("reloaded")
    more = dict(ORDER, name="more")
    more["steps"] = [{"id": "a", "call": {"service": "more", "url": "/a"}, "compensate": None}]
    daemon.client.put_definition(more)
    assert daemon.client.start("order", wait=20).json["status"] == "completed"
    assert daemon.client.start("more", wait=20).json["status"] == "completed"
    assert new.requests[0].header("Authorization") == "Bearer second"
    assert len(old.requests) == 2


def test_hup_takes_new_tokens_and_forgets_old_ones(make_daemon, ctl):
    def made(name):
        return ctl(None, "token", "create", "--name", name, "--role", "reader", "-o", "json").json

    old, new = made("old"), made("new")
    daemon = make_daemon(config={"tokens": [old["config"]]})

    def status(token):
        headers = {"Authorization": "Bearer " + token["token"]}
        return daemon.client.ask("GET", "/v1/sagas", headers=headers).status

    assert (status(old), status(new)) == (200, 401)
    daemon.config["tokens"] = [new["config"]]
    daemon.write_config()
    daemon.signal(signal.SIGHUP)
    daemon.wait_log("reloaded")
    assert (status(old), status(new)) == (401, 200)


def test_hup_with_a_mistake_keeps_the_old_and_says_so(make_daemon, participant):
    daemon = make_daemon(services={"shop": participant.url})
    daemon.client.put_definition(ORDER)
    with open(daemon.config_path, "w") as f:
        f.write('{ "services": { "shop": { "ulr": "x" } } }')
    daemon.signal(signal.SIGHUP)
    daemon.wait_log("reload refused: the old configuration stays")
    told = daemon.wait_log("reload: the configuration has a problem")
    assert told["pointer"] == "/services/shop/ulr"
    assert "did you mean 'url'" in told["detail"]
    assert daemon.client.start("order", wait=20).json["status"] == "completed"


def test_hup_does_not_take_away_a_service_that_a_saga_needs(make_daemon, participant):
    daemon = make_daemon(services={"shop": participant.url, "idle": participant.url})
    daemon.client.put_definition(ORDER)
    gate = participant.script("POST", "/pay", Gate())
    saga = daemon.client.start("order").json["id"]
    participant.wait_for(1, "POST", "/pay")
    services = daemon.config["services"]
    daemon.config["services"] = {"idle": services["idle"]}
    daemon.write_config()
    daemon.signal(signal.SIGHUP)
    told = daemon.wait_log("reload refused: the old configuration stays")
    assert "'shop'" in told["detail"]
    gate.release()
    assert daemon.client.wait_status(saga)["status"] == "completed"

    daemon.config["services"] = {"shop": services["shop"]}
    daemon.write_config()
    daemon.signal(signal.SIGHUP)
    daemon.wait_log("reloaded")
    idle = {
        "name": "idle",
        "steps": [{"id": "a", "call": {"service": "idle", "url": "/a"}, "compensate": None}],
    }
    refused = daemon.client.ask("PUT", "/v1/definitions/idle", idle)
    assert refused.status == 422, refused
    assert daemon.client.start("order", wait=20).json["status"] == "completed"


def test_hup_changes_the_log_level(make_daemon):
    daemon = make_daemon()
    daemon.config["log"] = {"level": "error"}
    daemon.write_config()
    daemon.signal(signal.SIGHUP)  # Pending signals are taken in the order of their numbers.
    daemon.signal(signal.SIGTERM)
    assert daemon.wait_exit() == 0
    assert "stopped" not in [line["msg"] for line in daemon.lines if line]


def test_each_attempt_has_a_line_in_the_log_for_who_asks_for_debug(make_daemon, participant):
    daemon = make_daemon(services={"shop": participant.url}, args=["--log-level", "debug"])
    daemon.client.put_definition(ORDER)
    participant.script("POST", "/pay", Status(400))
    saga = daemon.client.start("order", wait=10).json
    line = daemon.wait_log("call ended")
    assert line.pop("durationMs") >= 0 and line.pop("ts")
    assert line.pop("traceId") == saga["traceparent"].split("-")[1]
    assert line == {"level": "debug", "msg": "call ended", "sagaId": saga["id"],
                    "definition": "order", "step": "pay", "operation": "action",
                    "attempt": 1, "outcome": "rejected", "httpStatus": 400}


def test_hup_says_what_waits_for_the_next_start(make_daemon):
    daemon = make_daemon()
    daemon.config["drainTimeout"] = "7s"
    daemon.write_config()
    daemon.signal(signal.SIGHUP)
    told = daemon.wait_log("reload: this setting waits for the next start")
    assert told["setting"] == "drainTimeout"


def test_usr1_puts_a_summary_in_the_log(make_daemon, participant):
    daemon = make_daemon(services={"shop": participant.url})
    daemon.client.put_definition(ORDER)
    participant.script("POST", "/pay", Status(400))
    assert daemon.client.start("order", wait=20).json["status"] == "compensated"
    daemon.signal(signal.SIGUSR1)
    summary = daemon.wait_log("summary")
    assert summary["compensated"] == 1
    assert summary["running"] == 0
    assert summary["ready"] == "yes"


def test_systemd_hears_ready_and_stopping(make_daemon, tmp_path):
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(path)
        heard.settimeout(30)
        daemon = make_daemon(env={"NOTIFY_SOCKET": path})
        told = [heard.recv(200)]
        daemon.signal(signal.SIGTERM)
        while told[-1] != b"STOPPING=1":
            told.append(heard.recv(200))
        assert daemon.wait_exit() == 0
    told = [word for word in told if word != b"WATCHDOG=1"]
    assert told == [b"READY=1", b"STOPPING=1"]


def test_dev_has_a_mock_participant_and_forgets_everything(sagad, make_daemon, tmp_path):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    daemon = make_daemon(args=["--dev"], env={"TMPDIR": str(temporary)})
    assert os.path.exists(daemon.store_path), "a store that is set is used"
    mock = daemon.wait_log("mock participant listening")["address"]
    definition = {
        "name": "d",
        "steps": [{"id": "a", "call": "POST http://%s/x" % mock, "compensate": None}],
    }
    daemon.client.put_definition(definition)
    saga = daemon.client.start("d", wait=20).json
    assert saga["status"] == "completed"
    assert saga["steps"][0]["output"]["body"] == {"ok": True}
    called = daemon.wait_log("mock participant called")
    assert called["path"] == "/x"
    assert daemon.stop() == 0


def test_log_lines_are_json_where_stderr_is_no_terminal(make_daemon):
    daemon = make_daemon()
    daemon.stop()
    for line in daemon.lines[:-1]:
        assert line["level"] in ("info", "warning", "error"), line
        assert line["ts"].endswith("Z")
        json.dumps(line)


def hup(daemon):
    """Reload what daemon.config says now."""
    after = len(daemon.lines)
    daemon.write_config()
    daemon.signal(signal.SIGHUP)
    daemon.wait_log("reloaded", after=after)


def test_hup_changes_how_large_a_body_may_be(make_daemon, participant):
    daemon = make_daemon(services={"shop": participant.url})
    daemon.client.put_definition(ORDER)
    large = {"pad": "x" * 5000}
    assert daemon.client.start("order", large, wait=20).status == 200
    daemon.config["limits"] = {"maxBody": "4KiB"}
    hup(daemon)
    assert daemon.client.get("/v1/info").json["maxBodyBytes"] == 4096
    assert daemon.client.start("order", large).status == 413
    daemon.config["limits"] = {"maxBody": "2MiB"}
    hup(daemon)
    assert daemon.client.start("order", {"pad": "x" * 1500000}, wait=20).status == 200


def test_hup_changes_how_many_calls_are_out_at_once(make_daemon, participant):
    daemon = make_daemon(services={"shop": participant.url},
                         config={"limits": {"maxCallsInFlight": 1}})
    daemon.client.put_definition(ORDER)
    gate = participant.script("POST", "/pay", Gate())
    sagas = [daemon.client.start("order").json["id"] for _ in range(3)]
    participant.wait_for(1, "POST", "/pay")
    waiting = [s for s in sagas if daemon.client.saga(s)["steps"][0]["status"] == "queued"]
    assert len(waiting) == 2
    daemon.config["limits"] = {"maxCallsInFlight": 3}
    hup(daemon)
    participant.wait_for(3, "POST", "/pay")
    gate.release()
    for saga in sagas:
        assert daemon.client.wait_status(saga)["status"] == "completed"


def test_hup_changes_how_many_sagas_may_be_active(make_daemon, participant):
    daemon = make_daemon(services={"shop": participant.url},
                         config={"limits": {"maxActiveSagas": 1}})
    daemon.client.put_definition(ORDER)
    gate = participant.script("POST", "/pay", Gate())
    daemon.client.start("order")
    assert daemon.client.start("order").json["code"] == "overloaded"
    daemon.config["limits"] = {"maxActiveSagas": 2}
    hup(daemon)
    eventually(lambda: daemon.client.start("order").status == 202, "a second saga")
    assert daemon.client.start("order").json["code"] == "overloaded"
    gate.release()


def test_the_watchdog_is_fed_as_often_as_it_asks(make_daemon, tmp_path):
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(path)
        heard.settimeout(30)
        daemon = make_daemon(env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "200000"})
        told = [heard.recv(200) for _ in range(6)]
        begin = time.monotonic()
        told += [heard.recv(200) for _ in range(6)]
        seconds = time.monotonic() - begin
        assert told.count(b"WATCHDOG=1") >= 10 and told.count(b"READY=1") == 1
        # Six at half of 200 ms each: a loop that sleeps its own five seconds fails by far.
        assert seconds < 10
        daemon.stop()


def activated(make_daemon, folder, listening, env=None, args=(), pid=None):
    """A daemon that got the sockets as systemd hands them over: from descriptor 3 on."""
    folder.mkdir(mode=0o700)
    daemon = Daemon(folder, start=False)
    daemon.write_config()
    script = (
        "import os,sys\n"
        "fds=[int(x) for x in sys.argv[1].split(',')]\n"
        "up=[os.dup2(fd, 100+i, True) for i, fd in enumerate(fds)]\n"
        "[os.dup2(fd, 3+i, True) for i, fd in enumerate(up)]\n"
        "os.environ['LISTEN_FDS']=str(len(fds))\n"
        "os.environ['LISTEN_PID']=sys.argv[2] if sys.argv[2] != 'own' else str(os.getpid())\n"
        "os.execv(sys.argv[3], sys.argv[3:])\n"
    )
    fds = [s.fileno() for s in listening]
    return subprocess.Popen(
        [sys.executable, "-c", script, ",".join(map(str, fds)), pid or "own", SAGAD, "serve",
         "--config", daemon.config_path, "--log-format", "json", *args],
        pass_fds=fds, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
        env=clean_environment(**(env or {})),
    )


def test_sockets_that_systemd_opened_are_served(make_daemon, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as a, socket.create_server(("127.0.0.1", 0)) as b:
        process = activated(make_daemon, tmp_path / "d", [a, b])
        try:
            for listening in (a, b):
                client = Client(listening.getsockname()[1])
                # Connections wait in the socket from before the daemon began.
                assert client.get("/healthz").status == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.stderr.close()


def test_sockets_meant_for_another_process_are_left_alone(make_daemon, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as a:
        process = activated(make_daemon, tmp_path / "d", [a], pid="1")
        try:
            lines = (json.loads(line) for line in process.stderr)
            told = next(line for line in lines if line["msg"] == "listening")
            assert told["port"] != a.getsockname()[1], "it listens as configured"
        finally:
            process.kill()
            process.wait(30)
            process.stderr.close()


def test_a_socket_from_systemd_that_others_can_reach_needs_what_listen_needs(
    make_daemon, tmp_path
):
    with socket.create_server(("0.0.0.0", 0)) as a:
        process = activated(make_daemon, tmp_path / "d", [a])
        lines = [json.loads(line) for line in process.stderr]
        assert process.wait(30) == 1
        assert "--insecure" in lines[-1]["detail"]


def test_a_call_whose_service_is_gone_waits_for_it_and_says_so(make_daemon, participant):
    """Gone while the daemon was down: a reload would have refused that."""
    daemon = make_daemon(services={"shop": participant.url, "more": participant.url})
    waiting = {
        "name": "waiting",
        "steps": [
            {"id": "w", "wait": {"signal": "go"}},
            {"id": "a", "call": {"service": "shop", "url": "/a"}, "compensate": None},
        ],
    }
    daemon.client.put_definition(waiting)
    saga = daemon.client.start("waiting").json["id"]
    shop = daemon.config["services"].pop("shop")
    daemon.restart()
    daemon.client.ask("POST", "/v1/sagas/%s/signals/go" % saga, {})
    told = daemon.wait_log("a call waits for a service that is not configured")
    assert (told["sagaId"], told["service"]) == (saga, "shop")
    seen = daemon.client.saga(saga)
    assert seen["steps"][1]["status"] == "queued"
    assert "the configuration names no service 'shop'" in seen["why"]
    assert [s["name"] for s in daemon.client.get("/v1/services").json["items"]] == ["more"]
    daemon.restart()
    daemon.wait_log("a call waits for a service that is not configured")
    daemon.config["services"]["shop"] = shop
    hup(daemon)
    assert daemon.client.wait_status(saga)["status"] == "completed"
    assert len(participant.of("POST", "/a")) == 1

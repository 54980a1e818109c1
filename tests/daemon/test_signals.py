"""TERM, HUP, USR1, and what systemd is told."""

import json
import os
import signal
import socket

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
    assert line.pop("durationMs") >= 0 and line.pop("ts") and not line.pop("traceId", None)
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

"""What operators do to a service: pause, resume, its breaker."""

import signal

import pytest
from api_contract import Contract
from conftest import eventually
from participant import Gate, Ok

DEFINITION = {
    "name": "order",
    "steps": [
        {
            "id": "pay",
            "call": {"service": "billing", "method": "POST", "url": "/charges", "body": {}},
            "compensate": None,
        }
    ],
}


@pytest.fixture
def daemon(make_daemon, participant):
    participant.script("POST", "/charges", Ok({"id": "ch_1"}, status=201))
    daemon = make_daemon(services={"billing": participant.url})
    daemon.client.put_definition(DEFINITION)
    return daemon


def act(daemon, action, body=None, name="billing", **headers):
    path = "/v1/services/%s/%s" % (name, action)
    answer = daemon.client.ask("POST", path, body, headers)
    return Contract(daemon.client).check("POST", path, answer)


def service(daemon):
    (found,) = daemon.client.get("/v1/services").json["items"]
    return found


def queued(daemon):
    saga_id = daemon.client.start("order").json["id"]
    return eventually(
        lambda: [
            saga
            for saga in [daemon.client.saga(saga_id)]
            if saga["steps"][0]["status"] == "queued"
        ]
    )[0]


def test_a_paused_service_is_sent_nothing_and_its_calls_say_why(daemon, participant):
    answer = act(daemon, "pause", {"reason": "maintenance"})
    assert answer.status == 200
    assert answer.json["name"] == "billing"
    assert answer.json["paused"] is True
    saga = queued(daemon)
    assert "paused" in saga["why"] and "billing" in saga["why"]
    assert service(daemon)["queued"] == 1
    assert participant.of("POST") == []


def test_a_resumed_service_gets_at_once_what_waited(daemon, participant):
    act(daemon, "pause")
    saga = queued(daemon)
    answer = act(daemon, "resume")
    assert answer.status == 200 and answer.json["paused"] is False
    assert daemon.client.wait_status(saga["id"])["status"] == "completed"
    assert len(participant.of("POST")) == 1


def test_a_breaker_held_open_sends_nothing_and_closed_sends_at_once(daemon, participant):
    answer = act(daemon, "breaker", {"state": "open", "reason": "it is ill"})
    assert answer.status == 200 and answer.json["breaker"]["state"] == "open"
    saga = queued(daemon)
    assert "the breaker of" in saga["why"] and "open" in saga["why"]
    assert participant.of("POST") == []
    answer = act(daemon, "breaker", {"state": "closed"})
    assert answer.json["breaker"]["state"] == "closed"
    assert daemon.client.wait_status(saga["id"])["status"] == "completed"


def test_a_breaker_on_auto_lets_calls_through_again(daemon):
    act(daemon, "breaker", {"state": "open"})
    saga = queued(daemon)
    assert act(daemon, "breaker", {"state": "auto"}).json["breaker"]["state"] == "closed"
    assert daemon.client.wait_status(saga["id"])["status"] == "completed"


def test_a_repeated_key_is_answered_as_before_and_changes_nothing(daemon):
    key = {"Idempotency-Key": "k-1"}
    first = act(daemon, "pause", {}, **key)
    act(daemon, "resume")
    again = act(daemon, "pause", {}, **key)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json == first.json
    assert service(daemon)["paused"] is False


@pytest.mark.parametrize("action", ["pause", "resume", "breaker"])
def test_a_service_that_is_not_there_is_404(daemon, action):
    body = {"state": "open"} if action == "breaker" else {}
    answer = act(daemon, action, body, name="nobody")
    assert answer.status == 404 and answer.json["code"] == "not-found"


@pytest.mark.parametrize("body", [{}, {"state": "ajar"}, {"state": 1}, {"state": "open", "x": 1}])
def test_a_breaker_takes_three_states_only(daemon, body):
    answer = act(daemon, "breaker", body)
    assert answer.status == 422 and answer.json["code"] == "input-invalid"
    assert service(daemon)["breaker"]["state"] == "closed"


def test_a_pause_takes_no_state(daemon):
    assert act(daemon, "pause", {"state": "open"}).status == 422
    assert service(daemon)["paused"] is False


def test_a_restart_forgets_a_pause(daemon):
    act(daemon, "pause")
    saga = queued(daemon)
    daemon.restart()
    assert daemon.client.wait_status(saga["id"])["status"] == "completed"


def test_sagactl_pauses_resumes_and_switches(daemon, ctl):
    done = ctl(daemon, "service", "pause", "billing", "--reason", "maintenance", "-o", "json")
    assert done.code == 0 and done.json["paused"] is True
    assert ctl(daemon, "service", "list", "-o", "name").out == "billing\n"
    assert "billing" in ctl(daemon, "service", "resume", "billing").out
    done = ctl(daemon, "service", "breaker", "billing", "open", "-o", "json")
    assert done.json["breaker"]["state"] == "open" and done.json["paused"] is False
    assert ctl(daemon, "service", "breaker", "billing", "ajar").code == 2
    assert ctl(daemon, "service", "pause", "nobody").code == 3


# ---- one that the configuration takes away ---------------------------------------------


def reload(daemon):
    n = len([line for line in daemon.lines if line and "reload" in line.get("msg", "")])
    daemon.write_config()
    daemon.process.send_signal(signal.SIGHUP)
    eventually(
        lambda: len([x for x in daemon.lines if x and "reload" in x.get("msg", "")]) > n,
        "the reload")


def names(daemon):
    return [s["name"] for s in daemon.client.get("/v1/services").json["items"]]


def test_a_service_that_a_reload_takes_away_is_gone(daemon, participant):
    daemon.config["services"]["mail"] = {"url": participant.url}
    reload(daemon)
    eventually(lambda: names(daemon) == ["billing", "mail"])
    act(daemon, "pause", name="mail")
    del daemon.config["services"]["mail"]
    reload(daemon)
    eventually(lambda: names(daemon) == ["billing"])
    assert act(daemon, "resume", name="mail").status == 404
    assert '{service="mail"}' not in daemon.client.get("/metrics").body.decode()
    daemon.config["services"]["mail"] = {"url": participant.url}
    reload(daemon)  # It comes back as a new one: nobody paused that.
    (mail,) = eventually(
        lambda: [s for s in daemon.client.get("/v1/services").json["items"]
                 if s["name"] == "mail"])
    assert mail["paused"] is False


def test_a_service_goes_when_no_unfinished_saga_uses_it(daemon, participant):
    gate = participant.script("POST", "/charges", Gate())
    saga_id = daemon.client.start("order").json["id"]
    participant.wait_for(1, "POST", "/charges")
    del daemon.config["services"]["billing"]
    reload(daemon)  # Refused.
    assert names(daemon) == ["billing"]
    assert "billing" in str([x for x in daemon.lines if x and "reload" in x.get("msg", "")][-1])
    gate.release()
    daemon.client.wait_status(saga_id, "completed")
    reload(daemon)
    eventually(lambda: names(daemon) == [])
    waiting = queued(daemon)
    assert "the configuration names no service 'billing'" in waiting["why"]
    assert names(daemon) == []
    daemon.config["services"]["billing"] = {"url": participant.url}
    reload(daemon)
    daemon.client.wait_status(waiting["id"], "completed")

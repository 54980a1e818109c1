"""What the engine does when the wall clock is set while it runs (S41).

libfaketime stands between the daemon and its wall clock; the monotonic clock is left
alone, as it is when somebody sets the clock.
"""

import glob
import subprocess

import pytest
from conftest import SAGAD, eventually
from participant import Ok, Status

HOUR_S = 3600
LIBRARY = "/usr/lib/*/faketime/libfaketime.so.1"


@pytest.fixture
def make_clocked(make_daemon, participant, tmp_path):
    """A daemon and a function that sets its clock, in seconds from the true time."""
    linked = subprocess.run(["ldd", SAGAD], capture_output=True, text=True).stdout
    if "libasan" in linked or "libtsan" in linked:
        pytest.skip("a sanitizer's runtime wants to be the first library")
    libraries = glob.glob(LIBRARY)
    assert libraries, "libfaketime is missing; ./quickstart.sh installs it"
    clock = tmp_path / "clock"

    def set_clock(seconds):
        fresh = tmp_path / "clock.new"
        fresh.write_text("%+d\n" % seconds)
        fresh.rename(clock)

    def make(**more):
        set_clock(0)
        daemon = make_daemon(
            services={"p": participant.url},
            env={
                "LD_PRELOAD": libraries[0],
                "FAKETIME_TIMESTAMP_FILE": str(clock),
                "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            },
            **more,
        )
        return daemon, set_clock

    return make


def definition(name, **more):
    steps = [
        {"id": "book", "call": {"service": "p", "url": "/book"},
         "compensate": {"service": "p", "url": "/unbook"}},
        {"id": "go", "wait": {"signal": "go"}},
    ]
    return dict({"name": name, "steps": steps}, **more)


def test_a_clock_set_ahead_does_not_turn_every_saga_back(make_clocked, participant):
    daemon, set_clock = make_clocked()
    client = daemon.client
    client.put_definition(definition("patient", timeout="20m"))
    ids = ["s-%d" % i for i in range(20)]
    for saga_id in ids:
        client.start("patient", id=saga_id)
        eventually(
            lambda saga_id=saga_id: client.saga(saga_id)["steps"][1]["status"] == "waiting"
        )
    set_clock(HOUR_S)
    daemon.wait_log("the wall clock jumped")
    daemon.wait_log("the engine was away; deadlines stand still for that time")
    # Each deadline comes up and is found to have moved: a turn that changes nothing else.
    for saga_id in ids:
        moved = eventually(
            lambda saga_id=saga_id: [
                e for e in client.journal(saga_id) if e["event"] == "deadline"
            ]
        )
        assert len(moved) == 1, moved
        saga = client.saga(saga_id)
        assert saga["status"] == "running", saga["why"]
        assert client.ask("POST", "/v1/sagas/%s/signals/go" % saga_id, {}).status == 202
        assert client.wait_status(saga_id)["status"] == "completed"
    assert participant.of("POST", "/unbook") == []
    assert daemon.stop() == 0


def test_a_clock_set_back_does_not_freeze_retries(make_clocked, participant):
    daemon, set_clock = make_clocked()
    client = daemon.client
    participant.script("POST", "/book", Status(503), Status(503), Ok())
    client.put_definition(
        {"name": "eager", "steps": [
            {"id": "book", "call": {"service": "p", "url": "/book",
                                    "retry": {"delay": "1500ms", "jitter": 0}},
             "compensate": None}]}
    )
    saga_id = client.start("eager").json["id"]
    participant.wait_for(1, "POST", "/book")
    set_clock(-HOUR_S)
    assert daemon.wait_log("the wall clock jumped")["byMs"] < -HOUR_S * 900
    participant.wait_for(3, "POST", "/book", timeout=60)
    assert client.wait_status(saga_id)["status"] == "completed"
    times = [e["time"] for e in client.journal(saga_id)]
    assert times == sorted(times)
    assert daemon.stop() == 0


def test_a_webhook_not_taken_for_a_day_has_failed_and_is_tried_for_another(
    make_clocked, participant
):
    daemon, set_clock = make_clocked(config={"egress": {"allow": ["127.0.0.1"]}})
    client = daemon.client
    participant.script("POST", "/hook", Status(503))
    client.put_definition(
        {"name": "told", "notify": [{"url": participant.url + "/hook"}],
         "steps": [{"id": "book", "call": {"service": "p", "url": "/book"},
                    "compensate": None}]}
    )
    client.start("told", id="s-1")

    def hook():
        items = client.get("/v1/sagas/s-1/webhooks").json["items"]
        return items[0] if items else {"attempts": 0}

    eventually(lambda: hook()["attempts"] > 0, "one attempt")
    assert hook()["status"] == "waiting"
    set_clock(25 * HOUR_S)
    failed = eventually(lambda: hook()["status"] == "failed" and hook(), "given up")
    assert failed["lastError"]["httpStatus"] == 503
    path = "/v1/sagas/s-1/webhooks/%s/redeliver" % failed["id"]
    assert client.ask("POST", path).status == 202
    again = eventually(lambda: hook()["attempts"] > failed["attempts"] and hook(), "again")
    assert again["status"] == "waiting"
    participant.script("POST", "/hook", Ok())
    assert client.ask("POST", path).status == 202
    eventually(lambda: hook()["status"] == "delivered", "delivered")
    assert daemon.stop() == 0

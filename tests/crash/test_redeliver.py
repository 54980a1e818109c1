"""The daemon dies at every commit, send and release while a webhook is sent again.

Whoever asked repeats the request with its key. Then the receiver has the webhook, always
with the same id and body, and the audit tells of it once.
"""

import http.client
import itertools
import os
import shutil

import pytest
import scaffold
from breaking import FAILING
from participant import Ok, Status
from scaffold import SAGAD, Daemon, eventually

POINTS = [n + w for n in ("commit", "send", "release") for w in ("-before", "-after")]
KEY = {"Idempotency-Key": "once"}


def definition(url):
    return {
        "name": "told",
        "steps": [{"id": "a", "call": {"service": "shop", "url": "/a"}, "compensate": None}],
        "notify": [{"url": url + "/hook"}],
    }


def status_of(daemon):
    return [h["status"] for h in daemon.client.get("/v1/sagas/s-1/webhooks").json["items"]]


@pytest.fixture
def failed(tmp_path, make_participant):
    """A folder with a database in which the one webhook has failed, its id, its receiver."""
    receiver = make_participant()
    receiver.script("POST", "/hook", Status(410), Ok())
    folder = tmp_path / "failed"
    folder.mkdir(mode=0o700)
    daemon = made_in(folder, receiver)
    daemon.start()
    daemon.client.put_definition(definition(receiver.url))
    assert daemon.client.start("told", id="s-1").status == 202
    eventually(lambda: status_of(daemon) == ["failed"], "failed")
    (hook,) = daemon.client.get("/v1/webhooks").json["items"]
    assert daemon.stop() == 0
    return folder, hook["id"], receiver


def made_in(folder, receiver):
    config = {"egress": {"allow": ["127.0.0.1"]}}
    daemon = Daemon(folder, services={"shop": receiver.url}, config=config, start=False)
    daemon.write_config()
    return daemon


def asked(daemon, webhook):
    path = "/v1/sagas/s-1/webhooks/%s/redeliver" % webhook
    return daemon.client.ask("POST", path, {"reason": "back"}, KEY)


def is_over(daemon):
    return daemon.process.poll() is not None or status_of(daemon) == ["delivered"]


def breaks(daemon, webhook, plan):
    """One life with a plan; True: it died of it."""
    daemon.env = plan
    scaffold.SAGAD = FAILING
    try:
        daemon.start()
        assert asked(daemon, webhook).status == 202
        eventually(lambda: is_over(daemon), "delivered")
    except (AssertionError, OSError, http.client.HTTPException):
        if not os.path.exists(plan["FAILPOINT_SEEN"]):
            raise
    finally:
        scaffold.SAGAD = SAGAD
    if not os.path.exists(plan["FAILPOINT_SEEN"]):
        assert daemon.stop() == 0
        return os.path.exists(plan["FAILPOINT_SEEN"])  # In its last moments.
    assert daemon.wait_exit() == -9
    return True


@pytest.mark.parametrize("point", POINTS)
def test_death_at_every_hit_of_a_point_loses_no_redelivery(point, failed, tmp_path):
    folder, webhook, receiver = failed
    for hit in itertools.count(1):
        n_before = len(receiver.of("POST", "/hook"))
        round = tmp_path / ("%s%d" % (point, hit))
        shutil.copytree(folder, round)
        round.chmod(0o700)
        daemon = made_in(round, receiver)
        plan = {"FAILPOINT": point, "FAILPOINT_AT": str(hit),
                "FAILPOINT_SEEN": str(round / "seen")}
        has_died = breaks(daemon, webhook, plan)
        daemon.env = {}
        daemon.start()
        assert asked(daemon, webhook).status == 202
        eventually(lambda daemon=daemon: status_of(daemon) == ["delivered"], "delivered")
        sent = receiver.of("POST", "/hook")
        assert len(sent) > n_before
        assert {(r.header("webhook-id"), r.body) for r in sent} == {(webhook, sent[0].body)}
        (entry,) = daemon.client.get("/v1/audit?action=redeliver").json["items"]
        assert (entry["subject"], entry["reason"]) == ("s-1", "back")
        assert daemon.stop() == 0
        if not has_died:
            break
    assert hit > 1

"""DELETE /v1/sagas/{id}: a final saga goes, with its children; its id does not come back."""

import pytest
from api_contract import Contract
from participant import Gate, Ok

STEP = {
    "id": "pay",
    "call": {"service": "billing", "method": "POST", "url": "/charges", "body": {}},
    "compensate": None,
}
ORDER = {"name": "order", "steps": [STEP]}
PARENT = {"name": "parent", "steps": [{"id": "sub", "saga": {"definition": "order", "input": {}}}]}


@pytest.fixture
def daemon(make_daemon, participant):
    participant.script("POST", "/charges", Ok({"id": "ch_1"}, status=201))
    daemon = make_daemon(services={"billing": participant.url})
    daemon.client.put_definition(ORDER)
    daemon.client.put_definition(PARENT)
    return daemon


def purge(daemon, saga_id):
    path = "/v1/sagas/" + saga_id
    return Contract(daemon.client).check("DELETE", path, daemon.client.ask("DELETE", path))


def read(daemon, path):
    return Contract(daemon.client).check("GET", path, daemon.client.get(path))


def refused(answer, status, code):
    assert (answer.status, answer.json["code"]) == (status, code)


def completed(daemon, definition="order", **more):
    answer = daemon.client.start(definition, **more)
    return daemon.client.wait_status(answer.json["id"])["id"]


def test_a_purged_saga_is_gone_and_the_audit_says_who_did_it(daemon):
    saga_id = completed(daemon)
    assert purge(daemon, saga_id).status == 204
    refused(read(daemon, "/v1/sagas/" + saga_id), 410, "purged")
    refused(read(daemon, "/v1/sagas/%s/journal" % saga_id), 410, "purged")
    assert daemon.client.get("/v1/sagas").json["items"] == []
    refused(purge(daemon, saga_id), 410, "purged")
    newest = daemon.client.get("/v1/audit").json["items"][0]
    assert (newest["action"], newest["subject"]) == ("purge", saga_id)


def test_a_purged_id_cannot_be_started_again_nor_its_key_replayed(daemon):
    saga_id = completed(daemon, id="mine", headers={"Idempotency-Key": "k"})
    assert purge(daemon, saga_id).status == 204
    refused(daemon.client.start("order", id="mine"), 410, "purged")
    again = daemon.client.start("order", id="mine", headers={"Idempotency-Key": "k"})
    refused(again, 410, "purged")
    daemon.restart()
    refused(daemon.client.start("order", id="mine"), 410, "purged")
    refused(read(daemon, "/v1/sagas/mine"), 410, "purged")
    other = completed(daemon)  # Its number is not the purged one's.
    again = daemon.client.start("order", id="mine", headers={"Idempotency-Key": "k"})
    refused(again, 410, "purged")
    assert daemon.client.saga(other)["status"] == "completed"


def test_a_saga_that_is_not_final_is_not_purged(daemon, participant):
    gate = participant.script("POST", "/charges", Gate())
    saga_id = daemon.client.start("order").json["id"]
    participant.wait_for(1, "POST")
    refused(purge(daemon, saga_id), 409, "invalid-state")
    gate.release()
    daemon.client.wait_status(saga_id)
    assert purge(daemon, saga_id).status == 204


def test_a_saga_that_never_was_is_404(daemon):
    refused(purge(daemon, "nobody"), 404, "not-found")


def test_children_go_with_their_root_and_not_alone(daemon):
    root = completed(daemon, "parent")
    items = daemon.client.get("/v1/sagas").json["items"]
    (child,) = [i["id"] for i in items if i["id"] != root]
    refused(purge(daemon, child), 409, "invalid-state")
    assert purge(daemon, root).status == 204
    refused(read(daemon, "/v1/sagas/" + child), 410, "purged")
    assert daemon.client.get("/v1/sagas").json["items"] == []

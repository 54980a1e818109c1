"""The on-call story: a service is down, sagas pile up, one person puts it right.

Thousands of parcels are paid for when the carrier's API stops working. An hour of retries
is told in a second: short delays, the same number of attempts. The operator looks, asks
what a button would do, presses it for the whole group, watches it drain at the carrier's
limit, and settles by hand what no retry can settle. At the end the audit tells the story,
and the participants' ledger says that nothing was called with another key.
"""

import threading
from collections import Counter, defaultdict

from api_contract import Contract
from conftest import eventually
from participant import Ok, Status

PARCELS = 5000
STRANGE = 3  # parcels whose card is refused and whose reservation cannot be given back
CARRIER_LIMIT = 8
WHO = "night-shift"

PARCEL = {
    "name": "parcel",
    "key": "${ .input.parcel }",
    "steps": [
        {
            "id": "reserve",
            "call": {"service": "stock", "url": "/reserve",
                     "body": {"parcel": "${ .input.parcel }"}},
            "compensate": {"service": "stock", "url": "/${ .input.shelf }/release",
                           "body": {"parcel": "${ .input.parcel }"},
                           "retry": {"maxAttempts": 2, "delay": "1ms"}},
        },
        {
            "id": "charge",
            "call": {"service": "bank", "url": "/${ .input.card }/charge",
                     "body": {"parcel": "${ .input.parcel }"}},
            "pivot": True,
        },
        {
            "id": "ship",
            "call": {"service": "carrier", "url": "/ship",
                     "body": {"parcel": "${ .input.parcel }"},
                     "retry": {"maxAttempts": 4, "delay": "5ms", "maxDelay": "20ms"}},
            "compensate": None,
        },
    ],
}


class Crowd(Ok):
    """Answers well, and knows how many asked at once."""

    def __init__(self):
        super().__init__({"tracking": "t"})
        self.lock = threading.Lock()
        self.now = self.most = 0

    def act(self, conn, request, answer):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        request.stopping.wait(0.001)
        with self.lock:
            self.now -= 1
        super().act(conn, request, answer)


def order_everything(client):
    """PARCELS sagas; the last STRANGE of them are strange."""
    parcels = ["p-%d" % i for i in range(PARCELS)]
    sagas = [
        {"definition": "parcel", "id": "s-" + p, "labels": {"shift": "night"},
         "input": {"parcel": p, "shelf": "a1", "card": "good"}}
        for p in parcels
    ]
    for saga in sagas[-STRANGE:]:
        saga["input"].update(card="stolen", shelf="broken")
    for at in range(0, PARCELS, 500):
        answer = client.ask("POST", "/v1/sagas:batch", {"sagas": sagas[at : at + 500]})
        assert answer.status == 207, answer
        assert {item["status"] for item in answer.json["items"]} == {202}
    return parcels


def stuck_groups(client, contract):
    answer = contract.check("GET", "/v1/stuck", client.get("/v1/stuck"))
    assert answer.status == 200, answer
    return {(g["step"], g["operation"]): g for g in answer.json["items"]}


def bulk(client, contract, **body):
    first = client.ask("POST", "/v1/bulk", body)
    contract.check("POST", "/v1/bulk", first)
    assert first.status == 200, first
    second = client.ask("POST", "/v1/bulk",
                                 dict(body, confirm=first.json["confirm"]))
    contract.check("POST", "/v1/bulk", second)
    assert second.status == 202, second
    return first.json, second.headers["Location"]


def finished(client, where):
    job = client.get(where).json
    return job if job["status"] != "running" else None


def all_audited(client, **wanted):
    entries, cursor = [], ""
    query = "&".join("%s=%s" % pair for pair in wanted.items())
    while True:
        page = client.get("/v1/audit?limit=500&%s%s" % (query, cursor)).json
        entries += page["items"]
        if page["next"] is None:
            return entries
        cursor = "&cursor=" + page["next"]


def test_a_night_on_call(make_daemon, make_participant):
    stock, bank, carrier = (make_participant() for _ in range(3))
    crowd = Crowd()
    stock.script("POST", "/broken/release", Status(500))
    bank.script("POST", "/stolen/charge", Status(402))
    carrier.script("POST", "/ship", Status(503))
    daemon = make_daemon(
        services={
            "stock": {"url": stock.url, "maxConcurrent": 50},
            "bank": {"url": bank.url, "maxConcurrent": 50},
            "carrier": {"url": carrier.url, "maxConcurrent": CARRIER_LIMIT},
        }
    )
    client = daemon.client
    contract = Contract(client)
    client.put_definition(PARCEL)

    # They pile up.
    order_everything(client)
    groups = eventually(
        lambda: (lambda g: g if sum(x["count"] for x in g.values()) == PARCELS else None)(
            stuck_groups(client, contract)
        ),
        "every parcel is stuck",
        deadline_s=120,
    )
    assert groups[("ship", "action")]["count"] == PARCELS - STRANGE
    assert groups[("reserve", "compensation")]["count"] == STRANGE
    assert groups[("ship", "action")]["definition"] == "parcel"

    # Why? The sentence says what failed and what would help.
    one = client.saga(groups[("ship", "action")]["sagas"][0])
    assert one["status"] == "stuck"
    assert "ship" in one["why"] and "503" in one["why"], one["why"]
    assert "retry" in one["actions"] and "cancel" not in one["actions"], one["actions"]
    metrics = client.get("/metrics").body.decode()
    assert 'sagad_sagas{definition="parcel",status="stuck"} %d' % PARCELS in metrics

    # What would the button do?
    previewed = client.act(one["id"], "retry?preview=true", reason="looking")
    assert previewed.status == 200, previewed
    assert [(r["step"], r["operation"]) for r in previewed.json["requests"]] == [
        ("ship", "action")
    ]
    assert previewed.json["endsIn"] == "completed", previewed.json

    # The carrier is back: the whole group, at the carrier's own pace.
    carrier.script("POST", "/ship", crowd)
    counted, where = bulk(
        client,
        contract,
        action="retry",
        filter={"status": "stuck", "stuckStep": "ship"},
        reason="the carrier is back",
    )
    assert counted["count"] == PARCELS - STRANGE, counted
    job = eventually(lambda: finished(client, where), "the bulk job ends", deadline_s=120)
    assert (job["done"], job["failed"]) == (PARCELS - STRANGE, 0), job["status"]
    eventually(
        lambda: ("ship", "action") not in stuck_groups(client, contract)
        and client.get("/v1/sagas?status=running&limit=1").json["items"] == [],
        "the group has drained",
        deadline_s=120,
    )
    assert 1 < crowd.most <= CARRIER_LIMIT

    # What is left is for a person: a call to the warehouse, and three decisions.
    left = stuck_groups(client, contract)[("reserve", "compensation")]
    assert left["count"] == STRANGE
    for saga_id in left["sagas"]:
        answer = client.act(
            saga_id, "resolve", step="reserve", outcome="not-applied",
            reason="the warehouse says the shelf is empty",
        )
        assert answer.status == 200, answer
        assert client.wait_status(saga_id)["status"] == "compensated"
    assert stuck_groups(client, contract) == {}
    assert 'status="stuck"} %d' % STRANGE not in client.get("/metrics").body.decode()

    # The audit tells the whole story.
    retried = all_audited(client, action="retry")
    assert len(retried) == PARCELS - STRANGE
    assert {e["reason"] for e in retried} == {"the carrier is back"}
    assert len({e["subject"] for e in retried}) == len(retried)
    resolved = all_audited(client, action="resolve")
    assert {e["subject"] for e in resolved} == set(left["sagas"])
    assert {e["reason"] for e in resolved} == {"the warehouse says the shelf is empty"}

    # And the world: one key and one body for each call, one effect for each parcel.
    for participant in (stock, bank, carrier):
        seen = defaultdict(set)
        for r in participant.of():
            name = (r.header("Saga-Id"), r.header("Saga-Step"), r.header("Saga-Operation"))
            seen[name].add((r.key, r.body))
        assert all(len(keys) == 1 for keys in seen.values())
    assert Counter(carrier.effects.values()) == {1: PARCELS - STRANGE}
    assert daemon.stop() == 0

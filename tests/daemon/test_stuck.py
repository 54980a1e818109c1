"""What is stuck, found by what it is stuck at, and in groups."""

import re

import pytest
from api_contract import Contract
from conftest import eventually
from orders import SERVICES, Shop, order_definition, step_of
from participant import Hang, Ok, Status

IMPATIENT = {"timeout": "100ms", "retry": 1}


@pytest.fixture
def make_shop(make_daemon, participant):
    def make(**steps):
        services = {name: participant.url for name in SERVICES}
        participant.script("POST", "/charges", Ok({"id": "ch_1"}, status=201))
        participant.script("POST", "/shipments", Ok({"tracking": "t_1"}))
        return Shop(make_daemon(services=services), participant, order_definition(**steps))

    return make


def in_doubt(shop, order_id):
    """Stuck going forward: the pivot's attempts ran out and nobody knows."""
    shop.script("POST", "/shipments", Hang())
    saga = shop.order(order_id).json
    assert saga["status"] == "stuck", saga
    return saga["id"]


def refused_back(shop, order_id):
    """Stuck going back: the compensation of the payment is refused."""
    shop.script("PUT", "/reservations/" + order_id, Status(409))
    shop.script("POST", "/refunds", Status(422))
    saga = shop.order(order_id).json
    assert saga["status"] == "stuck", saga
    return saga["id"]


def listed(shop, query):
    answer = shop.client.get("/v1/sagas?" + query)
    assert answer.status == 200, answer
    return [i["id"] for i in answer.json["items"]]


def groups(shop, query=""):
    path = "/v1/stuck" + query
    answer = shop.client.get(path)
    assert answer.status == 200, answer
    return Contract(shop.client).check("GET", path, answer).json


def oldest_seconds(shop):
    text = shop.client.get("/metrics").body.decode()
    return float(re.search(r"^sagad_oldest_stuck_seconds (\S+)$", text, re.M).group(1))


def test_filters_find_what_is_stuck_and_how(make_shop):
    shop = make_shop(shipment=IMPATIENT)
    doubt, back = in_doubt(shop, "o-1"), refused_back(shop, "o-2")
    assert listed(shop, "stuckOperation=action") == [doubt]
    assert listed(shop, "stuckOperation=compensation") == [back]
    assert listed(shop, "stuckOperation=action,compensation") == [back, doubt]
    assert listed(shop, "stuckOperation=confirm") == []
    assert listed(shop, "stuckOutcome=unknown") == [doubt]
    assert listed(shop, "stuckOutcome=rejected&stuckStep=payment&definition=order"
                  "&stuckOperation=compensation") == [back]
    assert listed(shop, "stuckOutcome=rejected&stuckStep=shipment") == []


def test_the_error_is_searched_as_it_is_shown(make_shop):
    shop = make_shop(shipment=IMPATIENT)
    doubt, back = in_doubt(shop, "o-1"), refused_back(shop, "o-2")
    for saga_id, step in ((doubt, "shipment"), (back, "payment")):
        detail = step_of(shop.client.saga(saga_id), step)["lastError"]["detail"]
        assert listed(shop, "error=" + detail.upper().replace(" ", "+")) == [saga_id]
    assert listed(shop, "error=%25") == []
    assert listed(shop, "error=no+such+thing") == []


@pytest.mark.parametrize(
    "query", ["stuckOperation=undo", "stuckOutcome=", "stuckOutcome=bad", "error="]
)
def test_a_filter_that_makes_no_sense_is_400(make_shop, query):
    assert make_shop().client.get("/v1/sagas?" + query).status == 400


def test_groups_tell_count_oldest_and_the_newest_sagas(make_shop):
    shop = make_shop(shipment=IMPATIENT)
    back = refused_back(shop, "o-0")
    doubts = [in_doubt(shop, "o-%d" % n) for n in range(1, 8)]
    told = groups(shop)
    assert [(g["definition"], g["step"], g["operation"], g["outcome"], g["count"])
            for g in told["items"]] == [
        ("order", "shipment", "action", "unknown", 7),
        ("order", "payment", "compensation", "rejected", 1),
    ]
    assert told["next"] is None
    assert told["items"][0]["sagas"] == doubts[:1:-1]
    assert told["items"][1]["sagas"] == [back]
    first = shop.client.saga(doubts[0])
    assert told["items"][0]["oldest"] == first["updatedAt"]
    newest = step_of(shop.client.saga(doubts[-1]), "shipment")["lastError"]["detail"]
    assert told["items"][0]["error"] == newest
    assert len(groups(shop, "?limit=1")["items"]) == 1
    assert len(groups(shop, "?definition=order")["items"]) == 2
    assert groups(shop, "?definition=refund")["items"] == []
    assert shop.client.get("/v1/stuck?step=x").status == 400


def test_a_group_empties_as_its_sagas_get_unstuck(make_shop):
    shop = make_shop(shipment=IMPATIENT)
    assert oldest_seconds(shop) == 0
    doubt, back = in_doubt(shop, "o-1"), refused_back(shop, "o-2")
    assert oldest_seconds(shop) > 0
    shop.script("POST", "/refunds", Ok({}))
    shop.client.act(back, "retry")
    shop.client.wait_status(back, "compensated")
    assert [g["step"] for g in groups(shop)["items"]] == ["shipment"]
    shop.client.act(doubt, "close", reason="settled by hand")
    shop.client.wait_status(doubt, "resolved")
    assert groups(shop)["items"] == []
    assert listed(shop, "error=a") == []
    assert oldest_seconds(shop) == 0


def test_what_it_is_stuck_at_outlives_a_kill_and_other_turns(make_shop):
    shop = make_shop(shipment=IMPATIENT)
    doubt = in_doubt(shop, "o-1")
    before = groups(shop)
    shop.daemon.kill()
    shop.daemon.start()
    shop.client = shop.daemon.client
    shop.client.act(doubt, "pause", reason="a turn that changes nothing of it")
    shop.client.act(doubt, "resume")
    assert groups(shop) == before


def test_stuck_again_for_another_reason_is_told_anew(make_shop):
    shop = make_shop(shipment=IMPATIENT)
    back = refused_back(shop, "o-1")
    shop.script("POST", "/refunds", Status(403))
    before = groups(shop)["items"][0]
    turn = shop.client.act(back, "retry").json["revision"]
    eventually(lambda: shop.client.saga(back)["revision"] > turn
               and shop.client.saga(back)["status"] == "stuck")
    after = groups(shop)["items"][0]
    assert (after["operation"], after["count"]) == (before["operation"], 1)
    assert after["oldest"] > before["oldest"]

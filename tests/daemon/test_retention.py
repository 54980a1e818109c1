"""Final sagas and idempotency records go when they are old enough, and nothing else.

The ages are days, so the rows are made old, by the test, while the daemon is stopped.
"""

import re
import sqlite3

import pytest
from conftest import eventually
from orders import SERVICES, Shop, order_input
from participant import Ok, Status
from test_backup import backup, lose, restore, resume

DAY_MS = 24 * 60 * 60 * 1000
KEPT = {"completed": "30d", "compensated": "90d"}


@pytest.fixture
def make_shop(make_daemon, participant):
    def make(**retention):
        services = {name: participant.url for name in SERVICES}
        participant.script("POST", "/charges", Ok({"id": "ch_1"}, status=201))
        participant.script("POST", "/shipments", Ok({"tracking": "t_1"}))
        return Shop(make_daemon(services=services, config={"retention": retention}), participant)

    return make


def ended(shop, order_id, status="completed", headers=None):
    if status != "completed":
        shop.script("PUT", "/reservations/" + order_id, Status(409))
    if status == "stuck":
        shop.script("POST", "/refunds", Status(403))
    saga = shop.order(order_id, headers=headers).json
    assert saga["status"] == status, saga
    return saga["id"]


def age(shop, days, *ids):
    """Stop it, make these sagas (all: and the records) so many days older, start it."""
    shop.daemon.stop()
    by = days * DAY_MS
    with sqlite3.connect(shop.daemon.store_path) as db:
        for saga_id in ids:
            db.execute("UPDATE saga SET started_ms = started_ms - ?, ended_ms ="
                       " CASE ended_ms WHEN 0 THEN 0 ELSE ended_ms - ? END,"
                       " updated_ms = updated_ms - ? WHERE id = ?", (by, by, by, saga_id))
        if not ids:
            db.execute("UPDATE replay SET at_ms = at_ms - ?", (by,))
    db.close()
    shop.daemon.start()
    shop.client = shop.daemon.client


def status_of(shop, saga_id):
    return shop.client.get("/v1/sagas/" + saga_id).status


def purged(shop):
    text = shop.client.get("/metrics").body.decode()
    return int(re.search(r"^sagad_sagas_purged_total (\d+)$", text, re.M).group(1))


def gone(shop, *ids):
    for saga_id in ids:
        eventually(lambda: status_of(shop, saga_id) == 410, "%s is purged" % saga_id)


def test_a_saga_goes_when_its_status_says_so_and_no_other_does(make_shop):
    shop = make_shop(**KEPT)
    old = [ended(shop, "o-%d" % n) for n in range(20)]
    back, stuck, young = ended(shop, "b", "compensated"), ended(shop, "s", "stuck"), ended(shop, "y")
    age(shop, 31, back, stuck, *old)
    gone(shop, *old)
    assert purged(shop) == 20
    assert [status_of(shop, i) for i in (back, stuck, young)] == [200, 200, 200]
    age(shop, 60, back, stuck)
    gone(shop, back)
    assert status_of(shop, stuck) == 200


def test_what_is_purged_leaves_its_id_and_the_audit(make_shop):
    shop = make_shop(**KEPT)
    saga_id = ended(shop, "s", "stuck")
    shop.client.act(saga_id, "close", reason="by hand")
    shop.client.wait_status(saga_id, "resolved")
    completed = ended(shop, "o-1")
    age(shop, 400, saga_id, completed)
    gone(shop, completed)
    assert status_of(shop, saga_id) == 200  # resolved: for ever
    again = shop.order("o-2", id=completed)
    assert (again.status, again.json["code"]) == (410, "purged")
    assert "close" in [e["action"] for e in shop.client.get("/v1/audit").json["items"]]
    assert shop.client.get("/v1/sagas?key=o-1").json["items"] == []


def test_a_repeated_start_of_a_purged_saga_is_told_so_while_its_record_is_kept(make_shop):
    shop = make_shop(completed="1h", idempotency="3d")
    key = {"Idempotency-Key": "k-1"}
    saga_id = ended(shop, "o-1", headers=key)
    age(shop, 2, saga_id)
    marker = ended(shop, "o-2")  # The walk does not stop at it.
    age(shop, 4, marker)
    gone(shop, marker)
    assert status_of(shop, saga_id) == 200  # Its record is kept for three days.
    age(shop, 2, saga_id)
    gone(shop, saga_id)
    again = shop.order("o-1", headers=key)
    assert (again.status, again.json["code"]) == (410, "purged")
    age(shop, 4)
    third = eventually(lambda: [a for a in [shop.order("o-1", headers=key)] if a.status != 410])[0]
    assert third.status == 200 and third.json["id"] != saga_id


def test_a_child_goes_with_its_root_and_never_before_it(make_shop):
    shop = make_shop(completed="30d")
    shop.client.put_definition({"name": "parent", "steps": [
        {"id": "sub", "pivot": True,
         "saga": {"definition": "order", "input": order_input("o-1")}}]})
    root = shop.client.start("parent", id="root").json["id"]
    shop.client.wait_status(root)
    child = shop.client.get("/v1/sagas?definition=order").json["items"][0]["id"]
    marker = ended(shop, "m-1")  # Behind the child in the walk.
    age(shop, 31, child, marker)
    gone(shop, marker)
    assert [status_of(shop, i) for i in (root, child)] == [200, 200]
    age(shop, 31, root)
    gone(shop, root, child)
    assert purged(shop) == 1  # Roots are counted.


def test_a_stuck_saga_of_any_age_stays_and_one_settled_since_goes_by_its_end(make_shop):
    shop = make_shop(completed="1d", compensated="1d", resolved="1d")
    stuck, settled = ended(shop, "s-1", "stuck"), ended(shop, "s-2", "stuck")
    age(shop, 400, stuck, settled)
    shop.client.act(settled, "close", reason="by hand")
    shop.client.wait_status(settled, "resolved")
    marker = ended(shop, "m-1")
    age(shop, 2, marker)
    gone(shop, marker)
    assert [status_of(shop, i) for i in (stuck, settled)] == [200, 200]
    age(shop, 2, settled)
    gone(shop, settled)
    assert status_of(shop, stuck) == 200


def test_what_began_while_the_clock_was_ahead_waits_and_the_rest_goes(make_shop):
    shop = make_shop(completed="30d")
    ahead = ended(shop, "a-1")
    behind = [ended(shop, "b-%d" % n) for n in range(70)]  # More than one round looks at.
    age(shop, -300, ahead)
    age(shop, 31, *behind)
    gone(shop, *behind)
    assert status_of(shop, ahead) == 200


def test_nothing_goes_while_a_restored_engine_waits(make_shop, sagad, tmp_path):
    shop = make_shop(completed="30d")
    old = ended(shop, "o-1")
    age(shop, 29, old)
    shop.daemon.stop()
    with sqlite3.connect(shop.daemon.store_path) as db:
        db.execute("UPDATE saga SET started_ms = started_ms - ?, ended_ms = ended_ms - ?",
                   (9 * DAY_MS, 9 * DAY_MS))
    db.close()
    assert backup(sagad, shop.daemon, tmp_path / "copy").code == 0
    lose(shop.daemon)
    restore(sagad, shop.daemon, tmp_path / "copy")
    shop.client = shop.daemon.client
    for _ in range(50):
        assert status_of(shop, old) == 200
    assert purged(shop) == 0
    resume(shop.daemon)
    gone(shop, old)


@pytest.mark.parametrize(
    "retention, sentence",
    [
        ({"completed": "0s"}, "more than nothing"),
        ({"idempotency": "1h"}, "at least a day"),
        ({"stuck": "30d"}, "no member 'stuck'"),
        ({"completed": 30}, "an amount of time"),
    ],
)
def test_a_retention_that_makes_no_sense_is_refused(sagad, tmp_path, retention, sentence):
    import json

    path = tmp_path / "sagad.json"
    path.write_text(json.dumps({"retention": retention}))
    result = sagad("check-config", "--config", str(path))
    assert result.code == 1 and sentence in result.out + result.err

"""The order of definitions/order.json, variants of it, and a shop that takes orders."""

import copy
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
SERVICES = ("payments", "inventory", "shipping", "mail")
KEYS = ("payment.action", "stock.action", "shipment.action", "receipt.action")
BACKWARD = ("stock.compensation", "payment.compensation")


def read_definition(name):
    with open(os.path.join(HERE, "definitions", name + ".json")) as f:
        return json.load(f)


def order_definition(**steps):
    """order.json; order_definition(shipment={"timeout": "200ms"}) changes calls."""
    made = copy.deepcopy(read_definition("order"))
    for step in made["steps"]:
        step["call"].update(steps.pop(step["id"], {}))
    assert not steps, steps
    return made


def order_input(order_id="o-1", **more):
    made = {
        "orderId": order_id,
        "customerId": "c-1",
        "amount": 19.99,
        "items": [{"sku": "a", "qty": 1}],
    }
    made.update(more)
    return made


class Shop:
    """A daemon whose four services are one participant, and who knows orders."""

    def __init__(self, daemon, participant, definition=None):
        self.daemon = daemon
        self.client = daemon.client
        self.participant = participant
        self.script = participant.script
        self.definition = definition if definition is not None else order_definition()
        self.client.put_definition(self.definition)

    def order(self, order_id="o-1", wait=20, headers=None, **more):
        """Start an order; with a wait, the answer is the saga's end, if it has one."""
        return self.client.start(
            self.definition["name"],
            order_input(order_id),
            wait=wait,
            headers=headers,
            **more
        )

    def operations(self, saga_id):
        """ "payment.action" and so on, as they came, without repeats."""
        seen = []
        for request in self.participant.of():
            if request.header("Saga-Id") == saga_id:
                name = request.key[len(saga_id) + 1 :]
                if name not in seen:
                    seen.append(name)
        return seen

    def net(self, saga_id, step):
        return self.participant.net("%s.%s.action" % (saga_id, step))


def step_of(saga, step_id):
    return [step for step in saga["steps"] if step["id"] == step_id][0]


def statuses(saga):
    """{step: its status word}"""
    return {step["id"]: step["status"] for step in saga["steps"]}


def told(journal):
    """The journal in words: "answered payment action succeeded"."""
    words = []
    for turn in journal:
        parts = (turn.get(k) for k in ("event", "step", "operation", "outcome"))
        words.append(" ".join(str(p) for p in parts if p is not None))
    return words

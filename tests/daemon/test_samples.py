"""The five sample definitions as they are written, over real sockets.

tests/corpus/samples holds them. Each goes through success, a refusal of each of its steps,
lost and late answers. `quick` makes a copy with short time-outs and delays where a test
waits for attempts to run out; bodies and shape stay. The sample `signup` names ports that
a test cannot choose: only host and port of its URLs are replaced.
"""

import copy
import json
import os

import pytest
from conftest import ROOT, eventually
from orders import order_input, statuses, step_of, told
from participant import Gate, Hang, Ok, ResetAfter, Status

SAMPLES = os.path.join(ROOT, "tests", "corpus", "samples")
QUICK = {"maxAttempts": 3, "delay": "10ms"}
TRIP = {"tripId": "t-1", "from": "BER", "to": "LIS", "nights": 3, "needsCar": True}
USER = {
    "userId": "u-1",
    "email": "ann@example.org",
    "name": "Ann",
    "plan": "enterprise",
    "workspaces": [{"name": n, "role": "member"} for n in ("red", "green", "blue")],
}


def read_text(name):
    with open(os.path.join(SAMPLES, name + ".json")) as f:
        return f.read()


def quick(definition):
    """The same with actions and confirms that give up soon."""
    made = copy.deepcopy(definition)

    def hurry(steps):
        for step in steps:
            for part in ("call", "confirm"):
                if isinstance(step.get(part), dict):
                    step[part].update(timeout="200ms", retry=QUICK)
            hurry(step.get("parallel", []))

    hurry(made["steps"])
    return made


class Sample:
    """What a sample sends. `calls`: step -> (method, path) or one for each of its items;
    `groups`: the steps in order, those side by side together; `undone`: step -> likewise."""

    def __init__(self, services, input, groups, calls, undone, answers, output, **more):
        self.services, self.input, self.groups = services, input, groups
        self.calls, self.undone, self.answers = calls, undone, answers
        self.output = output
        self.optional = more.get("optional", ())
        self.confirmed = more.get("confirmed", ())  # steps that have a confirm

    def order(self):
        return [step for group in self.groups for step in group]


SAMPLE = {
    "signup": Sample(
        (),
        {"userId": "u-1", "plan": "free"},
        [["account"], ["mailbox"]],
        {"account": ("POST", "/accounts"), "mailbox": ("POST", "/mailboxes")},
        {"account": ("DELETE", "/accounts/u-1"), "mailbox": ("DELETE", "/mailboxes/u-1")},
        {"account": {"id": 1}, "mailbox": {"id": 2}},
        None,
    ),
    "order": Sample(
        ("payments", "inventory", "shipping", "mail"),
        order_input("o-1"),
        [["payment"], ["stock"], ["shipment"], ["receipt"]],
        {
            "payment": ("POST", "/charges"),
            "stock": ("PUT", "/reservations/o-1"),
            "shipment": ("POST", "/shipments"),
            "receipt": ("POST", "/receipts"),
        },
        {"payment": ("POST", "/refunds"), "stock": ("DELETE", "/reservations/o-1")},
        {
            "payment": {"id": "ch_1", "status": "paid"},
            "stock": {"id": "r_1"},
            "shipment": {"tracking": "t_1"},
            "receipt": {},
        },
        {"chargeId": "ch_1", "tracking": "t_1"},
        optional=("receipt",),
        confirmed=("payment",),
    ),
    "book-trip": Sample(
        ("air", "stay", "wheels", "pay"),
        TRIP,
        [["flight", "hotel"], ["car"], ["payment"]],
        {
            "flight": ("POST", "/bookings"),
            "hotel": ("POST", "/reservations"),
            "car": ("POST", "/rentals"),
            "payment": ("POST", "/charges"),
        },
        {
            "flight": ("DELETE", "/bookings/t-1"),
            "hotel": ("DELETE", "/reservations/t-1"),
            "car": ("DELETE", "/rentals/t-1"),
        },
        {
            "flight": {"id": "f_1", "price": 700.5, "arrivesAt": "2026-05-01T10:00:00Z"},
            "hotel": {"id": "h_1", "price": 300},
            "car": {"id": "c_1"},
            "payment": {"id": "ch_1"},
        },
        {"flight": "f_1", "hotel": "h_1"},
        confirmed=("payment",),
    ),
    "onboard-user": Sample(
        ("identity", "billing", "crm", "mail"),
        USER,
        [["identity", "billing", "crm"], ["trial"], ["workspaces"], ["welcome"]],
        {
            "identity": ("PUT", "/users/u-1"),
            "billing": ("POST", "/customers"),
            "crm": ("POST", "/contacts"),
            "trial": ("POST", "/customers/cus_1/trials"),
            "workspaces": [
                ("PUT", "/workspaces/%s/members/u-1" % n) for n in ("red", "green", "blue")
            ],
            "welcome": ("POST", "/send"),
        },
        {
            "identity": ("DELETE", "/users/u-1"),
            "billing": ("DELETE", "/customers/by-external-id/u-1"),
            "crm": ("DELETE", "/contacts/u-1"),
            "trial": ("DELETE", "/customers/by-external-id/u-1/trials"),
            "workspaces": [
                ("DELETE", "/workspaces/%s/members/u-1" % n) for n in ("red", "green", "blue")
            ],
        },
        {
            "identity": {},
            "billing": {"id": "cus_1"},
            "crm": {},
            "trial": {},
            "workspaces": [{"id": "w_red"}, {"id": "w_green"}, {"id": "w_blue"}],
            "welcome": {},
        },
        {"customerId": "cus_1", "workspaces": ["w_red", "w_green", "w_blue"]},
        optional=("welcome",),
    ),
    "register-fanout": Sample(
        ("users", "newsletter"),
        {"userId": "u-1", "email": "ann@example.org"},
        [["user", "newsletter"]],
        {"user": ("PUT", "/users/u-1"), "newsletter": ("POST", "/subscribers")},
        {"user": ("DELETE", "/users/u-1")},
        {"user": {"id": "u-1", "active": True}, "newsletter": {"id": 7}},
        {"user": {"id": "u-1", "active": True}, "subscribed": True},
        optional=("newsletter",),
    ),
}
STEPS = [(name, step) for name in SAMPLE for step in SAMPLE[name].order()]


def listed(one_or_many):
    return one_or_many if isinstance(one_or_many, list) else [one_or_many]


class World:
    """A daemon that knows one sample, and one participant that is all of its services."""

    def __init__(self, daemon, participant, name, definition):
        self.daemon, self.client, self.participant = daemon, daemon.client, participant
        self.name, self.sample = name, SAMPLE[name]
        self.client.put_definition(definition)
        for step in self.sample.order():
            bodies = listed(self.sample.answers[step])
            for call, body in zip(listed(self.sample.calls[step]), bodies):
                participant.script(*call, Ok(body))

    def script(self, step, *behaviours):
        """Behaviours of a step's action; of its last item, if it has items."""
        self.participant.script(*listed(self.sample.calls[step])[-1], *behaviours)

    def answer(self, step):
        return listed(self.sample.answers[step])[-1]

    def run(self, wait=20, **input):
        given = dict(self.sample.input, **input)
        return self.client.start(self.name, given, wait=wait).json

    def sent(self, names):
        """The requests to an action or compensation of a step."""
        return [r for call in listed(names) for r in self.participant.of(*call)]

    def net(self, step):
        """How many of its effects the world has now."""
        keys = {r.key for r in self.sent(self.sample.calls[step])}
        return sum(self.participant.net(key) for key in keys)

    def operations(self):
        """The calls in order of arrival, repeats and confirms left out: (step, operation)."""
        seen = []
        for r in self.participant.of():
            one = (r.header("Saga-Step"), r.header("Saga-Operation"), r.key)
            if r.key is not None and one not in seen:
                seen.append(one)
        return [(step, operation) for step, operation, _ in seen]

    def check_taken_back(self, steps):
        """Just these steps were compensated, group by group, the last group first."""
        came = [step for step, operation in self.operations() if operation == "compensation"]
        for group in reversed(self.sample.groups):
            wanted = [
                step
                for step in group
                if step in steps and step in self.sample.undone
                for _ in self.sent(self.sample.undone[step])
            ]
            assert sorted(came[: len(wanted)]) == sorted(wanted)
            came = came[len(wanted) :]
        assert came == []
        for step in steps:
            if step in self.sample.undone:
                assert self.sent(self.sample.undone[step]), step
                assert self.net(step) == 0, step


@pytest.fixture
def make_world(make_daemon, participant, make_participant):
    def make(name, change=None):
        text = read_text(name)
        ports = {"9001": participant.port, "9002": participant.port}
        for old, new in ports.items():
            text = text.replace("127.0.0.1:" + old, "127.0.0.1:%d" % new)
        definition = json.loads(text)
        if change is not None:
            definition = change(definition)
        daemon = make_daemon(
            services={service: participant.url for service in SAMPLE[name].services},
            config={
                "egress": {"allow": ["127.0.0.1"]},
                "vars": {"shopUrl": make_participant().url},
                "secrets": {"shop-webhook": {"env": "SHOP_WEBHOOK"}},
            },
            env={"SHOP_WEBHOOK": "whsec_" + "QUJD" * 8},
        )
        return World(daemon, participant, name, definition)

    return make


# ---- success -----------------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLE)
def test_a_sample_completes(make_world, name):
    world = make_world(name)
    saga = world.run()
    assert saga["status"] == "completed", saga
    assert saga["output"] == world.sample.output
    for step in world.sample.order():
        assert statuses(saga)[step] == "succeeded"
        calls = listed(world.sample.calls[step])
        assert [len(world.participant.of(*call)) for call in calls] == [1] * len(calls)
        assert world.net(step) == len(calls)
    came = [step for step, _ in world.operations()]
    for group in world.sample.groups:
        wanted = [s for s in group for _ in listed(world.sample.calls[s])]
        assert sorted(came[: len(wanted)]) == sorted(wanted)
        came = came[len(wanted) :]


def test_the_bodies_of_a_trip(make_world):
    world = make_world("book-trip")
    saga = world.run()
    bodies = {step: world.sent(world.sample.calls[step])[0].json for step in world.sample.calls}
    assert bodies == {
        "flight": {"ref": "t-1", "from": "BER", "to": "LIS"},
        "hotel": {"ref": "t-1", "nights": 3},
        "car": {"ref": "t-1", "pickUp": "2026-05-01T10:00:00Z"},
        "payment": {"ref": "t-1", "amount": 1000.5},
    }
    assert saga["key"] == "t-1"


def test_the_bodies_of_an_onboarding(make_world):
    world = make_world("onboard-user")
    saga = world.run()
    sent = {step: [r.json for r in world.sent(c)] for step, c in world.sample.calls.items()}
    text = "Hello Ann, you joined 3 workspaces."
    assert sent == {
        "identity": [{"email": "ann@example.org"}],
        "billing": [{"externalId": "u-1", "plan": "enterprise"}],
        "crm": [{"id": "u-1", "name": "Ann"}],
        "trial": [{"days": 30}],
        "workspaces": [{"role": "member"}] * 3,
        "welcome": [{"template": "welcome", "to": "ann@example.org", "text": text}],
    }
    assert saga["key"] == "u-1"


def test_the_bodies_of_a_signup_are_its_input(make_world):
    world = make_world("signup")
    world.run()
    for call in world.sample.calls.values():
        assert [r.json for r in world.sent(call)] == [world.sample.input]


# ---- each step refused in turn ------------------------------------------------------


@pytest.mark.parametrize("name,step", STEPS)
def test_a_step_is_refused(make_world, name, step):
    world = make_world(name)
    world.script(step, Status(422, {"error": "no"}))
    saga = world.run()
    sample = world.sample
    if step in sample.optional:
        assert saga["status"] == "completed"
        assert statuses(saga)[step] == "ignored"
        expected = sample.output
        if name == "register-fanout":
            expected = dict(expected, subscribed=False)
        assert saga["output"] == expected
        assert [o for _, o in world.operations() if o != "action"] == []
        return
    assert saga["status"] == "compensated", saga
    assert saga["output"] is None
    at = [step in group for group in sample.groups].index(True)
    begun = [s for group in sample.groups[: at + 1] for s in group]
    several = len(listed(sample.calls[step])) > 1  # Its other items were applied.
    went_well = [s for s in begun if s != step or several]
    world.check_taken_back([s for s in went_well if s not in sample.optional])
    assert several or step_of(saga, step)["lastError"]["httpStatus"] == 422
    for later in sample.order():
        if later not in begun:
            assert statuses(saga)[later] == "pending"
            assert world.sent(sample.calls[later]) == []


# ---- answers that are lost ------------------------------------------------------------


@pytest.mark.parametrize("name,step", STEPS)
@pytest.mark.parametrize("fault", [ResetAfter, Hang], ids=lambda fault: fault.__name__)
def test_an_answer_lost_once_is_asked_for_again(make_world, name, step, fault):
    world = make_world(name, quick)
    body = world.answer(step)
    world.script(step, fault(body=body), Ok(body))
    saga = world.run()
    assert saga["status"] == "completed", saga
    assert saga["output"] == world.sample.output
    requests = world.sent(listed(world.sample.calls[step])[-1])
    assert len(requests) == 2
    assert len({(r.key, r.body) for r in requests}) == 1
    assert world.net(step) == len(listed(world.sample.calls[step]))


@pytest.mark.parametrize(
    "name,step", [(n, s) for n, s in STEPS if s not in SAMPLE[n].confirmed]
)
def test_answers_that_are_always_lost(make_world, name, step):
    world = make_world(name, quick)
    world.script(step, ResetAfter(world.answer(step)))
    saga = world.run()
    sample = world.sample
    if step in sample.optional:
        assert saga["status"] == "completed"
        assert statuses(saga)[step] == "ignored"
    elif step not in sample.undone:  # A pivot: nobody knows, a person decides.
        assert saga["status"] == "stuck"
        assert step_of(saga, step)["inDoubt"] is True
        assert [o for _, o in world.operations() if o != "action"] == []
    else:
        assert saga["status"] == "compensated"
        at = [step in group for group in sample.groups].index(True)
        begun = [s for group in sample.groups[: at + 1] for s in group]
        world.check_taken_back([s for s in begun if s not in sample.optional])


@pytest.mark.parametrize("name", SAMPLE)
def test_an_answer_that_comes_too_late_changes_nothing(make_world, name):
    """Of the first step: given up, taken back, and only then does its answer come."""
    world = make_world(name, quick)
    step = world.sample.order()[0]
    gate = Gate(body=world.answer(step))
    world.script(step, gate)
    if step in world.sample.confirmed:
        world.participant.script("GET", CONFIRM[name], Status(404))
    saga = world.run()
    assert saga["status"] == "compensated", saga
    before = len(world.participant.of())
    gate.release()
    assert world.client.saga(saga["id"]) == saga
    assert len(world.participant.of()) == before


@pytest.mark.parametrize("name", ["signup", "book-trip", "onboard-user", "register-fanout"])
def test_an_undo_that_meets_trouble_is_repeated_until_it_is_done(make_world, name):
    world = make_world(name)
    first, last = world.sample.groups[0][0], world.sample.order()[-1]
    if last in world.sample.optional:
        last = {"onboard-user": "crm"}.get(name)
    undo = listed(world.sample.undone[first])[0]
    world.participant.script(*undo, Status(503, applies=False), Ok())
    if last is None:  # The fan-out has nothing else that can fail: a person cancels.
        gate = Gate()
        world.script(first, gate)
        saga = world.run(wait=None)
        world.participant.wait_for(1, *world.sample.calls[first])
        assert world.client.act(saga["id"], "cancel", reason="test").status == 200
        gate.release()
        saga = world.client.wait_status(saga["id"])
    else:
        world.script(last, Status(422))
        saga = world.run()
    assert saga["status"] == "compensated"
    assert len(world.participant.of(*undo)) == 2
    assert world.net(first) == 0


# ---- book-trip: the car, the approval, the payment in doubt ----------------------------


def test_a_trip_without_a_car_rents_none(make_world):
    world = make_world("book-trip")
    saga = world.run(needsCar=False)
    assert saga["status"] == "completed"
    assert statuses(saga)["car"] == "skipped"
    assert statuses(saga)["approval"] == "skipped"
    assert world.sent(world.sample.calls["car"]) == []


def test_a_trip_without_a_car_that_goes_back_undoes_none(make_world):
    world = make_world("book-trip")
    world.script("payment", Status(402))
    saga = world.run(needsCar=False)
    assert saga["status"] == "compensated"
    assert world.sent(world.sample.undone["car"]) == []
    world.check_taken_back(["flight", "hotel"])


def dear(world):
    """A trip that needs an approval, as soon as it waits for it."""
    world.script("flight", Ok(dict(world.answer("flight"), price=1900)))
    saga_id = world.run(wait=None)["id"]
    eventually(lambda: statuses(world.client.saga(saga_id))["approval"] == "waiting")
    assert world.sent(world.sample.calls["payment"]) == []
    return saga_id


def say(world, saga_id, **body):
    return world.client.ask("POST", "/v1/sagas/%s/signals/approved" % saga_id, body)


def test_a_dear_trip_is_paid_once_it_is_approved(make_world):
    world = make_world("book-trip")
    saga_id = dear(world)
    assert say(world, saga_id, approved=True).status == 202
    saga = world.client.wait_status(saga_id)
    assert saga["status"] == "completed"
    assert saga["output"] == world.sample.output
    (charge,) = world.sent(world.sample.calls["payment"])
    assert charge.json == {"ref": "t-1", "amount": 2200}


@pytest.mark.parametrize("body", [{"approved": False}, {}, {"approved": "yes"}])
def test_a_dear_trip_that_is_not_approved_goes_back(make_world, body):
    world = make_world("book-trip")
    saga_id = dear(world)
    assert say(world, saga_id, **body).status == 202
    saga = world.client.wait_status(saga_id)
    assert saga["status"] == "compensated"
    assert statuses(saga)["approval"] == "rejected"
    assert world.sent(world.sample.calls["payment"]) == []
    world.check_taken_back(["flight", "hotel", "car"])


def test_a_dear_trip_that_nobody_approves_in_time_goes_back(make_world):
    def brief(definition):
        assert definition["steps"][2]["wait"].pop("timeout") == "48h"
        definition["steps"][2]["wait"]["timeout"] = "300ms"
        return definition

    world = make_world("book-trip", brief)
    world.script("flight", Ok(dict(world.answer("flight"), price=1900)))
    saga = world.run()
    assert saga["status"] == "compensated"
    assert statuses(saga)["approval"] == "rejected"
    assert world.sent(world.sample.calls["payment"]) == []
    world.check_taken_back(["flight", "hotel", "car"])


def test_an_approval_that_comes_early_is_kept(make_world):
    world = make_world("book-trip")
    gate = Gate(body=dict(world.answer("flight"), price=1900))
    world.script("flight", gate)
    saga_id = world.run(wait=None)["id"]
    world.participant.wait_for(1, "POST", "/bookings")
    assert say(world, saga_id, approved=True).status == 202
    gate.release()
    assert world.client.wait_status(saga_id)["status"] == "completed"


CONFIRM = {"book-trip": "/charges/by-reference/t-1", "order": "/charges/by-reference/o-1"}


@pytest.mark.parametrize("name", CONFIRM)
def test_a_payment_in_doubt_that_was_applied_counts(make_world, name):
    world = make_world(name, quick)
    world.script("payment", ResetAfter(world.answer("payment")))
    world.participant.script("GET", CONFIRM[name], Ok({"id": "ch_1", "status": "paid"}))
    saga = world.run()
    assert saga["status"] == "completed", saga
    assert saga["output"] == world.sample.output
    assert step_of(saga, "payment")["output"]["body"]["id"] == "ch_1"
    assert len(world.participant.of("GET", CONFIRM[name])) == 1
    assert world.net("payment") == 1


@pytest.mark.parametrize("name", CONFIRM)
def test_a_payment_in_doubt_that_was_not_applied_does_not(make_world, name):
    """The pivot's 404 may lag behind its action: two are asked for. An order's payment
    is refunded all the same, as its refund needs nothing of the lost answer (S17)."""
    world = make_world(name, quick)
    world.script("payment", ResetAfter(applies=False))
    world.participant.script("GET", CONFIRM[name], Status(404))
    saga = world.run()
    assert saga["status"] == "compensated", saga
    asked = len(world.participant.of("GET", CONFIRM[name]))
    assert asked == {"order": 1, "book-trip": 2}[name]
    world.check_taken_back({"order": ["payment"], "book-trip": ["flight", "hotel", "car"]}[name])


def test_a_confirm_asks_without_a_key_and_says_what_it_is(make_world):
    world = make_world("book-trip", quick)
    world.script("payment", ResetAfter(world.answer("payment")))
    world.run()
    (asked,) = world.participant.of("GET", CONFIRM["book-trip"])
    assert asked.key is None
    assert asked.body == b""
    assert asked.header("Saga-Operation") == "confirm"
    assert asked.header("Saga-Step") == "payment"


def test_a_payment_declined_by_its_answer_is_not_refunded(make_world):
    world = make_world("order")
    world.script("payment", Ok({"status": "declined"}))
    saga = world.run()
    assert saga["status"] == "compensated"
    assert statuses(saga)["payment"] == "rejected"
    assert [step for step, _ in world.operations()] == ["payment"]


# ---- onboard-user: items, the plan ---------------------------------------------------------


def test_results_are_in_the_order_of_the_items_whoever_answers_first(make_world):
    world = make_world("onboard-user")
    calls = world.sample.calls["workspaces"]
    gates = [world.participant.script(*c, Gate(body={"id": c[1]})) for c in calls]
    saga_id = world.run(wait=None)["id"]
    for call in calls:
        world.participant.wait_for(1, *call)
    for gate in reversed(gates):
        gate.release()
    saga = world.client.wait_status(saga_id)
    assert saga["output"]["workspaces"] == [path for _, path in calls]


def test_four_items_are_called_side_by_side_and_no_fifth(make_world):
    world = make_world("onboard-user")
    names = ["w%d" % i for i in range(6)]
    paths = ["/workspaces/%s/members/u-1" % n for n in names]
    gates = [world.participant.script("PUT", p, Gate(body={"id": p})) for p in paths]
    saga_id = world.run(wait=None, workspaces=[{"name": n, "role": "r"} for n in names])["id"]
    for path in paths[:4]:
        world.participant.wait_for(1, "PUT", path)
    assert world.participant.of("PUT", paths[4]) == []
    for gate in gates:
        gate.release()
    assert world.client.wait_status(saga_id)["output"]["workspaces"] == paths


def test_only_the_items_that_were_applied_are_taken_back(make_world):
    world = make_world("onboard-user")
    world.script("workspaces", Status(403))
    saga = world.run()
    assert saga["status"] == "compensated"
    undone = [len(world.participant.of(*c)) for c in world.sample.undone["workspaces"]]
    assert undone == [1, 1, 0]


def test_a_free_plan_is_the_default_and_has_no_trial(make_world):
    world = make_world("onboard-user")
    saga = world.run(plan=None, workspaces=None)
    assert saga["status"] == "completed"
    (customer,) = world.sent(world.sample.calls["billing"])
    assert customer.json == {"externalId": "u-1", "plan": "free"}
    assert statuses(saga)["trial"] == "skipped"
    assert saga["output"] == {"customerId": "cus_1", "workspaces": []}
    (mail,) = world.sent(world.sample.calls["welcome"])
    assert mail.json["text"] == "Hello Ann, you joined 0 workspaces."


# ---- what a journal tells ---------------------------------------------------------------------


def test_the_journal_of_a_signup_that_goes_back(make_world):
    world = make_world("signup")
    world.script("mailbox", Status(422))
    saga = world.run()
    assert told(world.client.journal(saga["id"])) == [
        "started",
        "answered account action succeeded",
        "answered mailbox action rejected",
        "answered account compensation succeeded",
    ]

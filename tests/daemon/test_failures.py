"""An expression that fails: one sentence with place, expression and value, the same everywhere.

test_blame.c has every place without sockets; here each is told by the saga, its `why`, its
journal, and by the author's tools without a daemon.
"""

import json

import pytest
from participant import Status
from test_language_fields import QUICK, World, call, step, step_of, world  # noqa: F401

BAD = "${ .input.a.b }"
SAID = '${ .input.a.b } at column 10: number (5) has no members to take string ("b") from'
INPUT = {"a": 5, "rows": [1, 2, 3], "text": "tomorrow"}
TIME = "a time is a UTC text like 2026-01-31T08:00:00Z, or whole milliseconds since 1970"
STATUS = '${ .response.status.x } at column 18: number (200) has no members to take string ("x") from'


def of(**more):
    return {"id": "it", "call": call("/it", **more), "compensate": None}


# What stands in the definition, where it gets stuck, the sentence.
STUCK = {
    "when": ({"id": "it", "when": BAD, "wait": "1ms"}, "when of 'it': " + SAID),
    "when of a group": (
        {"id": "it", "when": BAD, "steps": [{"id": "in", "wait": "1ms"}]},
        "when of 'it': " + SAID,
    ),
    "forEach": (dict(of(), forEach="${ .input.text }"),
                "forEach of 'it': ${ .input.text } gave \"tomorrow\"; forEach needs an array"),
    "forEach fails": (dict(of(), forEach=BAD), "forEach of 'it': " + SAID),
    "maxItems": (
        dict(of(), forEach={"in": "${ .input.rows }", "maxItems": 2}),
        "forEach of 'it': ${ .input.rows } gave [1, 2, 3]; maxItems is 2, these are 3",
    ),
    "until": ({"id": "it", "wait": {"until": "${ .input.text }"}},
              "wait/until of 'it': ${ .input.text } gave \"tomorrow\"; " + TIME),
    "until fails": ({"id": "it", "wait": {"until": BAD}}, "wait/until of 'it': " + SAID),
    "url": (of(url="/it/" + BAD), "url of 'it': " + SAID),
    "url null": (
        of(url="/it/${ .input.none }"),
        "url of 'it': ${ .input.none } gave null; a text needs a string, a number or a boolean",
    ),
    "query": (of(query={"page": BAD}), "query/page of 'it': " + SAID),
    "headers": (of(headers={"X-Shop": BAD}), "headers/X-Shop of 'it': " + SAID),
    "body": (of(body={"lines": [{"n": BAD}]}), "body/lines/0/n of 'it': " + SAID),
    "body of an item": (
        dict(of(body={"n": "${ if .index == 1 then .item.x else 0 end }"}),
             forEach="${ .input.rows }"),
        "body/n of item 1 of 'it': ${ if .index == 1 then .item.x else 0 end } at column 27: "
        "number (2) has no members to take string (\"x\") from",
    ),
    "rejectWhen": (of(rejectWhen="${ .response.status.x }"), "rejectWhen of 'it': " + STATUS),
    "retryWhen": (of(retryWhen="${ .response.status.x }"), "retryWhen of 'it': " + STATUS),
    "saga": ({"id": "it", "saga": {"definition": "child", "input": {"of": BAD}}},
             "saga/input/of of 'it': " + SAID),
    "compensate": (
        [dict(of(), compensate=call("/undo/" + BAD)), step("no")],
        "url of the compensation of 'it': " + SAID,
    ),
    "compensate of an item": (
        [dict(of(), forEach="${ .input.rows }", compensate=call("/undo", body={"x": BAD})),
         step("no")],
        "body/x of the compensation of item 2 of 'it': " + SAID,
    ),
}

HIDDEN = {
    "request": of(body={"card": "${ .input.card.x }"}, redact=["request.body.card"]),
    "secret header": of(headers={"Authorization": "Bearer ${ .input.card.x }"}),
    "answer": [
        {"id": "first", "call": call("/first", redact=["response.body.iban"]), "compensate": None},
        {"id": "it", "wait": {"until": "${ .steps.first.body.iban }"}},
    ],
    "answer in a url": [
        {"id": "first", "call": call("/first", redact=["response.body.iban"]), "compensate": None},
        of(url="/${ .steps.first.body.iban.x }"),
    ],
    "items": [
        {"id": "first", "call": call("/first", redact=["response.body.iban"]), "compensate": None},
        dict(of(url="/${ .item.iban.x }"), forEach="${ [.steps.first.body] }"),
    ],
    "judged": of(rejectWhen="${ .response.body.iban.x }", redact=["response.body.iban"]),
}
IBAN = Status(200, {"iban": "a-secret"})


@pytest.fixture
def told(world, ctl, tmp_path):  # noqa: F811
    return Told(world, ctl, tmp_path)


class Told:
    """Everything that is told about one saga that gets stuck."""

    def __init__(self, world, ctl, folder):  # noqa: F811
        self.world, self.ctl, self.folder = world, ctl, folder
        self.client = world.client

    def definition(self, steps, **more):
        steps = steps if isinstance(steps, list) else [steps]
        return dict({"name": "d", "steps": steps}, **more)

    def run(self, steps, input, **more):
        self.client.put_definition({"name": "child", "steps": [step("x")]})
        self.client.put_definition(self.definition(steps, **more))
        self.saga = self.client.start("d", input, wait=20).json
        return self.saga

    def by_the_saga(self):
        detail = step_of(self.saga, "it")["lastError"]["detail"]
        details = [turn.get("detail", "") for turn in self.client.journal(self.saga["id"])]
        path = "/v1/sagas/%s/retry?preview=true" % self.saga["id"]
        preview = self.client.ask("POST", path, {"step": "it"})
        told = [detail, self.saga["why"], "\n".join(details)]
        # A judgement is not repeated by a preview: in there all goes well.
        is_told = preview.status == 200 and preview.json["rest"] is not None
        return told + ([preview.json["rest"]] if is_told else [])

    def by_the_tools(self, definition, input, answers):
        def write(name, value):
            (self.folder / name).write_text(json.dumps(value))
            return str(self.folder / name)

        scenario = {"name": "t", "input": input, "answers": answers,
                    "expect": {"status": "completed"}}
        tested = dict(definition, tests=[scenario])
        env = {"SAGAD_SERVER": "http://127.0.0.1:1"}
        test = self.ctl(None, "definition", "test", write("t.json", tested), env=env)
        render = self.ctl(None, "definition", "render", write("d.json", definition), "--input",
                          write("i.json", input), "--answers", write("a.json", answers), env=env)
        assert (test.code, render.code) == (1, 9), (test, render)
        return [test.out + test.err, render.out + render.err]


@pytest.mark.parametrize("place", STUCK)
def test_the_sentence_is_the_same_everywhere(told, place):
    steps, sentence = STUCK[place]
    is_back = "compensate" in place
    if is_back:
        told.world.script("POST", "/no", Status(422))
    saga = told.run(steps, INPUT)
    assert saga["status"] == "stuck", saga
    texts = told.by_the_saga()
    assert texts[0].endswith(": " + sentence), texts[0]
    answers = {"no.action": [{"status": 422}]} if is_back else {}
    texts += told.by_the_tools(told.definition(steps), INPUT, answers)
    for i, text in enumerate(texts):
        assert sentence in text, (i, text)
    asked = [r.path for r in told.world.of()]
    assert not any("/undo" in path for path in asked)


@pytest.mark.parametrize("place", HIDDEN)
def test_what_is_redacted_is_not_in_it(told, place):
    told.world.script("POST", "/first", IBAN)
    told.world.script("POST", "/it", IBAN)
    steps, input = HIDDEN[place], {"card": "a-secret"}
    saga = told.run(steps, input)
    assert saga["status"] == "stuck", saga
    answers = {"it.action": [{"body": {"iban": "a-secret"}}]}
    if isinstance(steps, list):
        answers["first.action"] = answers["it.action"]
        del answers["it.action"]
    texts = told.by_the_saga() + told.by_the_tools(told.definition(steps), input, answers)
    for text in texts:
        assert "[redacted]" in text and "of 'it': ${ ." in text or "of item 0 of 'it'" in text, text
    for text in texts:
        assert "a-secret" not in text
    assert "a-secret" not in str(told.world.daemon.lines)


@pytest.mark.parametrize("member", ["key", "orderingKey"])
def test_a_start_says_it_too(told, member):
    definition = told.definition(step("it"), **{member: "k-" + BAD})
    told.client.put_definition(definition)
    answer = told.client.start("d", INPUT)
    assert answer.status == 422
    assert [e["detail"] for e in answer.json["errors"]] == ["%s: %s" % (member, SAID)]
    (told.folder / "d.json").write_text(json.dumps(definition))
    (told.folder / "i.json").write_text(json.dumps(INPUT))
    rendered = told.ctl(None, "definition", "render", str(told.folder / "d.json"), "--input",
                        str(told.folder / "i.json"))
    assert "%s: %s" % (member, SAID) in rendered.err


def test_an_output_that_cannot_be_made_says_why(told):
    saga = told.run(step("it"), INPUT, output={"of": [BAD]})
    assert (saga["status"], saga["output"]) == ("completed", None)
    assert saga["outputError"] == "output/of/0: " + SAID
    assert told.client.journal(saga["id"])[-1]["detail"] == "output/of/0: " + SAID


def test_a_webhook_that_cannot_be_addressed_says_why(make_daemon, participant, ctl, tmp_path):
    daemon = make_daemon(services={"world": participant.url},
                         config={"egress": {"allow": ["127.0.0.1"]}})
    told = Told(World(daemon, participant), ctl, tmp_path)
    url = participant.url + "/hook/" + BAD
    saga = told.run(step("it"), INPUT, notify=[{"url": url, "on": ["completed"]}])
    assert saga["status"] == "completed"
    said = told.client.journal(saga["id"])[-1]["detail"]
    assert said == "a webhook is not sent: the url of notify: " + SAID


def test_a_signal_that_cannot_be_judged_says_why(told):
    wait = {"signal": "go", "timeout": "1h", "rejectWhen": "${ .signal.by.x }"}
    saga = told.run({"id": "it", "wait": wait}, {})
    assert told.client.ask("POST", "/v1/sagas/%s/signals/go" % saga["id"], {"by": "ada"}).status == 202
    told.saga = told.client.wait_status(saga["id"], "stuck")
    for text in told.by_the_saga()[:3]:
        assert "wait/rejectWhen of 'it': ${ .signal.by.x } at column 12: string (\"ada\")" in text


@pytest.mark.parametrize("condition", ["appliedWhen", "notAppliedWhen"])
def test_a_confirm_that_cannot_be_judged_says_why(told, condition):
    told.world.script("POST", "/it", Status(503), Status(503))
    told.world.script("GET", "/seen", Status(200, {}))
    confirm = {"service": "world", "url": "/seen", condition: "${ .response.status.x }"}
    saga = told.run(dict(of(retry=dict(QUICK, maxAttempts=2)), confirm=confirm), {})
    assert saga["status"] == "stuck", saga
    for text in told.by_the_saga():
        assert "%s of the confirm of 'it': %s" % (condition, STATUS) in text

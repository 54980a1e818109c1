"""sagactl conformance finds participants that break a promise (S29), and bench measures."""

import itertools
import json
import socket

import pytest

from scripted_api import Reply, ScriptedApi

CALLS = ["--action", "POST /charges", "--compensation", "POST /refunds", "--body",
         '{"amount": 5}']


class Shop:
    """A participant with one promise left out."""

    def __init__(self, api, broken=None):
        self.api, self.broken = api, broken
        self.answers, self.undone = {}, set()
        self.numbers = itertools.count(1)
        api.on("POST", "/charges", self.charge)
        api.on("POST", "/refunds", self.refund)

    def charge(self, request):
        key = request.headers["Idempotency-Key"].strip('"')
        if key in self.answers and self.broken != "a":
            return self.answers[key]
        if key in self.undone and self.broken != "c":
            return Reply({"error": "taken back"}, 409)
        self.answers[key] = Reply({"id": "ch_%d" % next(self.numbers)}, 201)
        return self.answers[key]

    def refund(self, request):
        action = request.headers["Saga-Action-Key"].strip('"')
        if self.broken == "b" and action not in self.answers:
            return Reply({"error": "no such charge"}, 404)
        self.undone.add(action)
        return Reply({"ok": True})


@pytest.fixture
def api():
    with ScriptedApi() as api:
        yield api


def results(result):
    return {p["promise"]: p["result"] for p in result.json["promises"]}


def test_a_good_participant_keeps_all_three(api, ctl):
    Shop(api)
    result = ctl(None, "conformance", api.url, *CALLS)
    assert result.code == 0, result
    assert result.out.count("  kept\n") == 3
    assert "the same action again: POST /charges" in result.out
    assert "came  201" in result.out and "came  409" in result.out


@pytest.mark.parametrize("broken", ["a", "b", "c"])
def test_each_broken_promise_is_found_and_is_1(api, ctl, broken):
    Shop(api, broken)
    result = ctl(None, "conformance", api.url, *CALLS, "-o", "json")
    assert result.code == 1, result
    assert result.json["kept"] is False
    assert [p for p, r in results(result).items() if r == "broken"] == [broken]
    assert "not safe" in result.err


def test_a_participant_that_refuses_everything_is_1(api, ctl):
    api.on("POST", "/charges", Reply({}, 422))
    api.on("POST", "/refunds", Reply({}))
    result = ctl(None, "conformance", api.url, *CALLS)
    assert result.code == 1
    assert "nothing can be said" in result.out


def test_the_requests_are_as_sagad_sends_them(api, ctl, tmp_path):
    Shop(api)
    headers = tmp_path / "headers"
    headers.write_text("Authorization: Bearer of-the-shop\nX-Test: yes\n")
    ctl(None, "conformance", api.url, *CALLS, "--compensation-body", '{"all": true}',
        "--header", "@%s" % headers, env={"SAGAD_TOKEN": "sgd_secret"})
    first, again = api.of("POST", "/charges")[:2]
    assert first.headers["Idempotency-Key"] == again.headers["Idempotency-Key"]
    assert first.headers["Idempotency-Key"].startswith('"conformance-')
    assert [r.headers["Saga-Attempt"] for r in (first, again)] == ["1", "2"]
    assert first.headers["Authorization"] == "Bearer of-the-shop"
    assert first.headers["X-Test"] == "yes"
    assert first.json == {"amount": 5}
    undo = api.of("POST", "/refunds")[0]
    assert undo.headers["Saga-Action-Key"] == first.headers["Idempotency-Key"]
    assert undo.headers["Saga-Operation"] == "compensation"
    assert undo.json == {"all": True}
    for request in api.requests:
        assert "sgd_secret" not in str(request.headers)


def definition(undo_body):
    return {"name": "order", "steps": [
        {"id": "stock", "call": {"service": "shop", "url": "/stock"}, "compensate": None},
        {"id": "pay", "call": {"service": "shop", "url": "/charges", "headers": {"X-From": "${ .input.from }"},
                               "body": {"amount": "${ .input.amount }", "stock": "${ .steps.stock.body.id }"}},
         "compensate": {"service": "shop", "url": "/refunds", "body": undo_body}}]}


@pytest.mark.parametrize("undo_body, applies", [
    ({"reason": "${ .error.outcome }"}, True),
    ({"charge": "no ${ .steps.pay.body.id }"}, False),
])
def test_requests_come_from_a_definitions_step(api, ctl, tmp_path, undo_body, applies):
    Shop(api)
    file, input, answers = (tmp_path / name for name in ("d.json", "i.json", "a.json"))
    file.write_text(json.dumps(definition(undo_body)))
    input.write_text('{"amount": 19.90, "from": "here"}')
    answers.write_text('{"stock.action": [{"status": 201, "body": {"id": "st_1"}}]}')
    result = ctl(None, "conformance", api.url, "--definition", str(file), "--step", "pay",
                 "--input", str(input), "--answers", str(answers), "-o", "json")
    assert result.code == 0, result
    charge = api.of("POST", "/charges")[0]
    assert charge.body == b'{"amount":19.90,"stock":"st_1"}'
    assert charge.headers["X-From"] == "here"
    assert charge.headers["Idempotency-Key"].endswith('.pay.action"')
    assert results(result)["b"] == ("kept" if applies else "does-not-apply")


@pytest.mark.parametrize("args, sentence", [
    ([], "--action"),
    (["--action", "POST /a"], "--compensation"),
    (["--definition", "x.json"], "--step"),
])
def test_conformance_used_wrongly_is_2(ctl, args, sentence):
    result = ctl(None, "conformance", "http://127.0.0.1:1", *args)
    assert result.code == 2
    assert sentence in result.err


def test_a_participant_that_is_not_there_is_6(ctl, free_url):
    assert ctl(None, "conformance", free_url, *CALLS).code == 6


@pytest.fixture
def free_url():
    with socket.socket() as taken:  # Bound, and not listening.
        taken.bind(("127.0.0.1", 0))
        yield "http://127.0.0.1:%d" % taken.getsockname()[1]


# ---- bench ------------------------------------------------------------------------


@pytest.fixture
def daemon(make_daemon, participant):
    daemon = make_daemon(services={"shop": participant.url})
    daemon.client.put_definition(
        {"name": "order", "key": "${ .input.id }", "unique": True,
         "steps": [{"id": "pay", "call": {"service": "shop", "url": "/pay"}, "compensate": None}]})
    daemon.shop = participant
    return daemon


def test_bench_starts_so_many_and_measures_them(daemon, ctl, tmp_path):
    file = tmp_path / "in.json"
    file.write_text('{"id": "o-{n}"}')
    result = ctl(daemon, "bench", "order", "--input", str(file), "--count", "20", "--rate",
                 "200/s", "--concurrency", "4", "-o", "json")
    assert result.code == 0, result
    assert result.json["failed"] == 0
    for name in ("startMs", "endMs"):
        spread = result.json[name]
        assert spread["count"] == 20
        assert spread["p50"] <= spread["p90"] <= spread["p99"] <= spread["max"]
    assert result.json["tookMs"] >= 95  # 20 starts at 200 a second.
    assert len(daemon.client.get("/v1/sagas?status=completed").json["items"]) == 20
    table = ctl(daemon, "bench", "order", "--input", str(file), "--count", "3")
    assert table.code == 0
    assert [line.split()[3] for line in table.out.splitlines()[-2:]] == ["3", "3"]


def test_bench_says_what_was_refused_and_what_has_not_ended(daemon, ctl):
    assert ctl(daemon, "bench", "nothing", "--count", "2").code == 3
    same = ctl(daemon, "bench", "order", "--count", "2")  # No key in its input.
    assert same.code == 1, same
    assert "2 starts were refused" in same.err
    daemon.client.put_definition(
        {"name": "slow", "steps": [{"id": "w", "wait": {"signal": "never"}}]})
    late = ctl(daemon, "bench", "slow", "--count", "2", "--timeout", "100ms")
    assert late.code == 7, late
    assert "2 sagas have not ended" in late.err
    assert ctl(daemon, "bench", "order", "--count", "0").code == 2
    assert ctl(daemon, "bench", "order", "--rate", "fast").code == 2

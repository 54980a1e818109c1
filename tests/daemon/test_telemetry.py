"""Spans: what a collector is told, when, and what happens without one."""

import json
import socket

import pytest

from conftest import eventually
from participant import Close, Ok, Status

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
GIVEN = "00-%s-00f067aa0ba902b7-01" % TRACE
SOON = {"OTEL_BSP_SCHEDULE_DELAY": "50"}

ORDER = {
    "name": "order",
    "input": {"schema": {"type": "object"}, "example": {"id": "o-7"}},
    "steps": [
        {
            "id": "pay",
            "call": {
                "service": "shop",
                "method": "POST",
                "url": "/orders/${.input.id}/pay",
                "query": {"card": "4111-secret"},
                "body": {"card": "4111-secret"},
            },
            "compensate": {"service": "shop", "url": "/refund"},
        },
        {"id": "ship", "call": {"service": "shop", "url": "/ship"}, "compensate": None},
    ],
}


def spans_of(collector, path="/v1/traces"):
    """Every span it was sent, with its attributes as a dict."""
    spans = []
    for request in collector.of("POST", path):
        for resource in json.loads(request.body)["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    flat = {a["key"]: next(iter(a["value"].values())) for a in span["attributes"]}
                    spans.append(dict(span, attributes=flat, scope=scope["scope"]))
    return spans


def await_spans(collector, n):
    spans = eventually(lambda: len(s := spans_of(collector)) >= n and s, "%d spans" % n)
    assert len(spans) == n, spans
    return {s["name"]: s for s in spans}


@pytest.fixture
def world(make_daemon, make_participant):
    """world() -> (daemon, shop, collector), the collector named by the configuration."""

    def make(env=None, config=None):
        shop, collector = make_participant(), make_participant()
        settings = {"telemetry": {"otlp": collector.url}}
        settings.update(config or {})
        daemon = make_daemon(
            services={"shop": shop.url}, config=settings, env=dict(SOON, **(env or {}))
        )
        daemon.client.put_definition(ORDER)
        return daemon, shop, collector

    return make


def start(daemon, **more):
    answer = daemon.client.start("order", {"id": "o-7"}, wait=20, **more)
    assert answer.status == 200, answer
    return answer.json


def test_a_saga_is_a_span_and_each_attempt_a_client_span_below_it(world):
    daemon, shop, collector = world()
    shop.script("POST", "/ship", Status(503), Ok())
    saga = start(daemon)
    eventually(lambda: len(spans_of(collector)) >= 4, "four spans")
    spans = spans_of(collector)
    assert len(spans) == 4
    root = next(s for s in spans if s["name"] == "saga order")
    assert root["kind"] == 1 and "parentSpanId" not in root and "status" not in root
    assert root["attributes"]["saga.id"] == saga["id"]
    assert root["attributes"]["saga.status"] == "completed"
    assert root["scope"]["name"] == "sagad"
    assert saga["traceparent"] == "00-%s-%s-01" % (root["traceId"], root["spanId"])
    attempts = [s for s in spans if s is not root]
    assert all(s["kind"] == 3 and s["parentSpanId"] == root["spanId"] for s in attempts)
    assert {s["traceId"] for s in spans} == {root["traceId"]}
    assert len({s["spanId"] for s in spans}) == 4
    assert all(int(s["startTimeUnixNano"]) <= int(s["endTimeUnixNano"]) for s in spans)
    failed = next(s for s in attempts if s["attributes"]["saga.outcome"] == "unknown")
    assert failed["status"]["code"] == 2
    assert failed["attributes"]["error.type"] == "503"


def test_an_attempts_span_is_the_one_its_participant_was_told_of(world):
    daemon, shop, collector = world()
    start(daemon)
    spans = await_spans(collector, 3)
    for name, path in (("POST /orders/{}/pay", "/orders/o-7/pay"), ("POST /ship", "/ship")):
        told = shop.of("POST", path)[0].header("traceparent")
        assert told == "00-%s-%s-01" % (spans[name]["traceId"], spans[name]["spanId"])


def test_attributes_are_those_of_the_conventions_and_sagas(world):
    daemon, shop, collector = world()
    saga = start(daemon)
    seen = await_spans(collector, 3)["POST /orders/{}/pay"]["attributes"]
    host, port = shop.url.split("//")[1].split(":")
    assert seen == {
        "http.request.method": "POST",
        "http.response.status_code": "200",
        "url.full": shop.url + "/orders/o-7/pay",
        "url.template": "/orders/{}/pay",
        "server.address": host,
        "server.port": port,
        "network.protocol.version": "1.1",
        "saga.id": saga["id"],
        "saga.definition": "order",
        "saga.version": "1",
        "saga.step": "pay",
        "saga.operation": "action",
        "saga.attempt": "1",
        "saga.outcome": "succeeded",
        "saga.service": "shop",
    }


def test_the_callers_trace_goes_on(world):
    daemon, _, collector = world()
    start(daemon, headers={"traceparent": GIVEN, "tracestate": "a=b"})
    spans = await_spans(collector, 3)
    assert {s["traceId"] for s in spans.values()} == {TRACE}
    assert spans["saga order"]["parentSpanId"] == "00f067aa0ba902b7"
    assert {s["traceState"] for s in spans.values()} == {"a=b"}


@pytest.mark.parametrize(
    "given", ["00-" + "0" * 32 + "-00f067aa0ba902b7-01", GIVEN[:-1] + "g", "ff" + GIVEN[2:]]
)
def test_a_traceparent_that_is_none_is_left_aside(world, given):
    daemon, _, collector = world()
    start(daemon, headers={"traceparent": given})
    spans = await_spans(collector, 3)
    assert "parentSpanId" not in spans["saga order"]
    assert spans["saga order"]["traceId"] not in (TRACE, "0" * 32)


def test_a_childs_span_hangs_on_its_parents(world):
    daemon, _, collector = world()
    parent = {
        "name": "parent",
        "steps": [{"id": "sub", "saga": {"definition": "order", "input": {"id": "o-1"}},
                   "compensate": None}],
    }
    daemon.client.put_definition(parent)
    assert daemon.client.start("parent", {}, wait=20).json["status"] == "completed"
    spans = await_spans(collector, 4)
    assert spans["saga order"]["parentSpanId"] == spans["saga parent"]["spanId"]
    assert {s["traceId"] for s in spans.values()} == {spans["saga parent"]["traceId"]}


def test_a_saga_that_went_back_and_its_compensation_are_shown(world):
    daemon, shop, collector = world()
    shop.script("POST", "/ship", Status(422))
    assert start(daemon)["status"] == "compensated"
    spans = await_spans(collector, 4)
    assert spans["saga order"]["status"] == {"code": 2, "message": "compensated"}
    assert spans["saga order"]["attributes"]["saga.error_step"] == "ship"
    assert spans["POST /refund"]["attributes"]["saga.operation"] == "compensation"
    assert spans["POST /ship"]["attributes"]["saga.outcome"] == "rejected"


def test_neither_bodies_nor_secrets_leave(world, tmp_path):
    (tmp_path / "s").write_text("geheim-1")
    daemon, shop, collector = world(env={"OTEL_EXPORTER_OTLP_HEADERS": "x-key=geheim%2D2"})
    daemon.config["secrets"] = {"s": {"file": str(tmp_path / "s")}}
    daemon.config["services"]["shop"]["auth"] = {"bearer": {"secret": "s"}}
    daemon.restart()
    start(daemon)
    await_spans(collector, 3)
    request = collector.of("POST", "/v1/traces")[0]
    assert request.header("x-key") == "geheim-2"
    assert request.header("Content-Type") == "application/json"
    for word in (b"geheim", b"4111", b"Idempotency"):
        assert word not in request.body
    assert "geheim" not in json.dumps(daemon.lines)


def test_a_restart_repeats_no_id(world):
    daemon, shop, collector = world()
    wait = {
        "name": "wait",
        "steps": [
            {"id": "a", "call": {"service": "shop", "url": "/a"}, "compensate": None},
            {"id": "w", "wait": {"signal": "go"}},
            {"id": "b", "call": {"service": "shop", "url": "/b"}, "compensate": None},
        ],
    }
    daemon.client.put_definition(wait)
    saga = daemon.client.start("wait").json["id"]
    await_spans(collector, 1)
    daemon.kill()
    daemon.start()
    assert daemon.client.ask("POST", "/v1/sagas/%s/signals/go" % saga, {}).status == 202
    assert daemon.client.wait_status(saga)["status"] == "completed"
    spans = await_spans(collector, 3)
    assert len({s["spanId"] for s in spans.values()}) == 3
    assert {s["traceId"] for s in spans.values()} == {spans["saga wait"]["traceId"]}
    assert spans["POST /b"]["parentSpanId"] == spans["saga wait"]["spanId"]


def metric(daemon, name):
    for line in daemon.client.get("/metrics").body.decode().splitlines():
        if line.startswith(name + " "):
            return float(line.split()[1])
    return None


def test_spans_of_a_stop_are_sent_before_it_ends(world):
    daemon, _, collector = world(env={"OTEL_BSP_SCHEDULE_DELAY": "3600000"})
    start(daemon)
    assert spans_of(collector) == []
    assert daemon.stop() == 0
    assert len(spans_of(collector)) == 3


def test_a_collector_that_is_away_costs_spans_and_nothing_else(world):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        away = "http://127.0.0.1:%d" % s.getsockname()[1]
        daemon, _, collector = world(config={"telemetry": {"otlp": away}}, env={
            "OTEL_BSP_SCHEDULE_DELAY": "1"})
        assert start(daemon)["status"] == "completed"
        eventually(lambda: metric(daemon, "sagad_spans_dropped_total") == 3, "three dropped")
        assert metric(daemon, "sagad_spans_exported_total") == 0
        assert daemon.wait_log("spans: the collector does not take them")["level"] == "warning"
        assert daemon.stop() == 0


def test_a_full_queue_drops_and_counts(world):
    daemon, _, collector = world(env={"OTEL_BSP_MAX_QUEUE_SIZE": "1",
                                      "OTEL_BSP_SCHEDULE_DELAY": "3600000"})
    start(daemon)
    eventually(lambda: metric(daemon, "sagad_spans_dropped_total") == 2, "two dropped")


def test_a_collector_that_stumbles_gets_the_spans_later(world):
    daemon, _, collector = world()
    collector.script("POST", "/v1/traces", Status(503), Close(), Ok())
    start(daemon)
    eventually(lambda: metric(daemon, "sagad_spans_exported_total") == 3, "three exported")
    assert metric(daemon, "sagad_spans_dropped_total") == 0
    daemon.wait_log("spans: the collector takes them again")


def test_what_a_collector_refuses_is_not_sent_again(world):
    daemon, _, collector = world()
    collector.script("POST", "/v1/traces", Status(400))
    start(daemon)
    eventually(lambda: metric(daemon, "sagad_spans_dropped_total") == 3, "three dropped")
    assert len({r.body for r in collector.of("POST", "/v1/traces")}) == len(
        collector.of("POST", "/v1/traces"))


def test_without_a_collector_there_is_no_telemetry(make_daemon):
    daemon = make_daemon()
    assert metric(daemon, "sagad_spans_dropped_total") is None


# ---- OTEL_* -----------------------------------------------------------------------


def test_otel_variables_name_collector_and_resource(world, make_participant):
    other = make_participant()
    daemon, _, collector = world(env={
        "OTEL_EXPORTER_OTLP_ENDPOINT": other.url + "/base/",
        "OTEL_SERVICE_NAME": "shop-sagas",
        "OTEL_RESOURCE_ATTRIBUTES": "service.name=x, deployment.environment=te%73t",
    })
    start(daemon)
    eventually(lambda: len(spans_of(other, "/base/v1/traces")) >= 3, "three spans")
    assert spans_of(collector) == []
    body = json.loads(other.of("POST", "/base/v1/traces")[0].body)
    attributes = {a["key"]: a["value"]["stringValue"]
                  for a in body["resourceSpans"][0]["resource"]["attributes"]}
    assert attributes["service.name"] == "shop-sagas"
    assert attributes["deployment.environment"] == "test"
    assert attributes["service.version"]


def test_the_traces_endpoint_is_taken_as_it_is(world, make_participant):
    other = make_participant()
    daemon, _, _ = world(env={"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
                              "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": other.url + "/in"})
    start(daemon)
    eventually(lambda: len(spans_of(other, "/in")) >= 3, "three spans")


@pytest.mark.parametrize("env", [{"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}])
def test_telemetry_can_be_switched_off_from_outside(world, env):
    daemon, _, collector = world(env=env)
    start(daemon)
    assert metric(daemon, "sagad_spans_dropped_total") is None
    assert daemon.stop() == 0
    assert spans_of(collector) == []


@pytest.mark.parametrize(
    "env, given, flags",
    [
        ({}, GIVEN[:-1] + "0", "00"),
        ({"OTEL_TRACES_SAMPLER": "always_on"}, GIVEN[:-1] + "0", "01"),
        ({"OTEL_TRACES_SAMPLER": "always_off"}, GIVEN, "00"),
        ({"OTEL_TRACES_SAMPLER": "parentbased_always_off"}, GIVEN, "01"),
        ({"OTEL_TRACES_SAMPLER": "parentbased_always_off"}, None, "00"),
        ({"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"}, GIVEN, "00"),
        ({"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "1"},
         None, "01"),
    ],
)
def test_the_sampler_decides_what_is_exported_and_says_so_to_participants(
    world, env, given, flags
):
    daemon, shop, collector = world(env=env)
    start(daemon, headers={"traceparent": given} if given else {})
    assert daemon.stop() == 0
    assert shop.of("POST", "/ship")[0].header("traceparent")[-2:] == flags
    assert len(spans_of(collector)) == (3 if flags == "01" else 0)

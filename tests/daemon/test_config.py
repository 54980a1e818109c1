"""The configuration: layers, origins, refusals, secrets."""

import json
import os

import pytest

HASH = "0" * 64


@pytest.fixture
def check(tmp_path, sagad):
    """check({...}, "--flag", env={...}) -> the result of check-config in tmp_path."""

    def call(config, *args, env=None):
        if config is not None:
            text = config if isinstance(config, str) else json.dumps(config, indent=1)
            (tmp_path / "sagad.json").write_text(text)
        return sagad("check-config", *args, env=env, cwd=str(tmp_path))

    return call


def shown(result, name):
    """(value, origin) of a printed setting."""
    assert result.code == 0, result
    for line in result.out.splitlines():
        if line.startswith(name + " = "):
            value, _, origin = line[len(name) + 3 :].rpartition("(")
            return value.strip(), origin.rstrip(")")
    raise AssertionError("%s is not shown: %s" % (name, result.out))


def refused(result, *parts):
    assert result.code == 1, result
    assert result.out == ""
    for part in parts:
        assert part in result.err, result.err


def test_without_anything_every_value_is_a_default(check):
    result = check(None)
    assert shown(result, "listen") == ('["127.0.0.1:8080"]', "default")
    assert shown(result, "limits.maxBody") == ("1MiB", "default")
    assert shown(result, "drainTimeout") == ("30s", "default")
    assert all(line.endswith("(default)") for line in result.out.splitlines())


def test_file_beats_default_environment_beats_file_flag_beats_environment(check):
    config = {"listen": ["127.0.0.1:1"], "log": {"level": "error"}}
    assert shown(check(config), "listen") == ('["127.0.0.1:1"]', "sagad.json:2:2")
    env = {"SAGAD_LISTEN": "127.0.0.1:2,127.0.0.1:3", "SAGAD_LOG_LEVEL": "debug"}
    result = check(config, env=env)
    assert shown(result, "listen") == (
        '["127.0.0.1:2","127.0.0.1:3"]',
        "environment SAGAD_LISTEN",
    )
    assert shown(result, "log.level") == ("debug", "environment SAGAD_LOG_LEVEL")
    result = check(config, "--listen", "127.0.0.1:4", "--log-level=warning", env=env)
    assert shown(result, "listen") == ('["127.0.0.1:4"]', "flag --listen")
    assert shown(result, "log.level") == ("warning", "flag --log-level")


@pytest.mark.parametrize(
    "variable, value, name, printed",
    [
        ("SAGAD_STORE", "sqlite:/x/y.db", "store", '"sqlite:/x/y.db"'),
        ("SAGAD_LIMITS_MAX_BODY", "64KiB", "limits.maxBody", "64KiB"),
        ("SAGAD_LIMITS_MAX_ACTIVE_SAGAS", "12", "limits.maxActiveSagas", "12"),
        ("SAGAD_DRAIN_TIMEOUT", "90s", "drainTimeout", "90s"),
        ("SAGAD_EGRESS_ALLOW", "*.internal,10.0.0.0/8", "egress.allow",
         '["*.internal","10.0.0.0/8"]'),
    ],
)
def test_each_fixed_setting_has_a_variable(check, variable, value, name, printed):
    assert shown(check(None, env={variable: value}), name)[0] == printed


@pytest.mark.parametrize(
    "variables, printed, origin",
    [
        ({}, '"http://file"', "sagad.json"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://all"}, '"http://all"',
         "environment OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://all",
          "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://traces"}, '"http://traces"',
         "environment OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://traces",
          "SAGAD_TELEMETRY_OTLP": "http://own"}, '"http://own"',
         "environment SAGAD_TELEMETRY_OTLP"),
    ],
)
def test_the_collector_is_named_by_the_nearest_of_four(check, variables, printed, origin):
    result = check({"telemetry": {"otlp": "http://file"}}, env=variables)
    value, source = shown(result, "telemetry.otlp")
    assert value == printed and source.startswith(origin)


def test_comments_are_not_members(check):
    config = {"// a": "b", "services": {"// c": 1, "a": {"url": "http://h", "//": []}}}
    assert shown(check(config), "services.a.url")[0] == '"http://h"'


@pytest.mark.parametrize(
    "config, pointer, sentence",
    [
        ({"lisen": []}, "/lisen", "did you mean 'listen'"),
        ({"services": {"a": {"url": "http://h", "brekaer": {}}}},
         "/services/a/brekaer", "did you mean 'breaker'"),
        ({"limits": {"maxbody": "1MiB"}}, "/limits/maxbody", "did you mean 'maxBody'"),
        ({"limits": {"maxBody": "1 MiB"}}, "/limits/maxBody", "a size like"),
        ({"limits": {"maxBody": "0B"}}, "/limits/maxBody", "between 1 and"),
        ({"drainTimeout": "1.5s"}, "/drainTimeout", "an amount of time"),
        ({"services": {"a": {"url": "http://h", "rate": "20"}}}, "/services/a/rate",
         "a rate like"),
        ({"services": {"a": {}}}, "/services/a", "needs a url"),
        ({"services": {"a": {"url": "ftp://h"}}}, "/services/a/url", "http://"),
        ({"services": {"a": {"url": "http://u:p@h"}}}, "/services/a/url", "http://"),
        ({"services": {"a": {"url": "http://h", "headers": {"Host": "x"}}}},
         "/services/a/headers/Host", "set by sagad"),
        ({"services": {"a": {"url": "http://h", "headers": {"A": "b\r\nC: d"}}}},
         "/services/a/headers/A", "control characters"),
        ({"services": {"a": {"url": "http://h", "auth": {"bearer": {"secret": "x"}}}}},
         "/services/a/auth/bearer/secret", "no secret 'x'"),
        ({"services": {"a": {"url": "http://h", "tls": {"cert": "c"}}}},
         "/services/a/tls", "belong together"),
        ({"secrets": {"x": {}}}, "/secrets/x", '"file" or from "env"'),
        ({"secrets": {"x": {"env": "NOT_SET_ANYWHERE"}}}, "/secrets/x", "NOT_SET_ANYWHERE"),
        ({"egress": {"allow": ["10.0.0.0/99"]}}, "/egress/allow", "10.0.0.0/99"),
        ({"tokens": [{"name": "a", "hash": "short", "roles": ["reader"]}]}, "/tokens/0",
         "hash"),
        ({"tokens": [{"name": "a", "hash": HASH, "roles": ["boss"]}]}, "/tokens/0",
         "no role 'boss'"),
        ({"tokens": [{"name": "a", "hash": HASH, "roles": ["admin"], "expires": "soon"}]},
         "/tokens/0", "'soon'"),
        ({"store": "mysql:x"}, "/store", "sqlite:PATH"),
        ({"listen": ["nowhere"]}, "/listen", "host:port"),
        ({"listen": ["127.0.0.1:70000"]}, "/listen", "host:port"),
        ({"vars": []}, "/vars", "an object"),
        ({"tls": {"key": "k"}}, "/tls", "belong together"),
    ({"retention": {"completed": "0s"}}, "/retention/completed", "more than nothing"),
        ({"telemetry": {"otlp": "h:4318"}}, "/telemetry/otlp", "http://"),
        ({"telemetry": {"otpl": "http://h"}}, "/telemetry/otpl", "did you mean 'otlp'"),
        ({"store": "postgres://h/db"}, "/store", "not supported yet"),
        ([], "sagad.json", "must be a JSON object"),
    ],
)
def test_a_mistake_is_refused_with_its_place(check, config, pointer, sentence):
    refused(check(config), pointer, sentence, "sagad.json")


def test_every_mistake_is_told_at_once_with_line_and_column(check):
    text = '{ "lisen": [],\n  "limits": { "maxBody": "x" },\n  "log": { "level": "y" } }'
    result = check(text)
    refused(result, "sagad.json:1:3: /lisen", "sagad.json:2:15: /limits/maxBody",
            "sagad.json:3:12: /log/level")
    assert len(result.err.splitlines()) == 3


@pytest.mark.parametrize(
    "text", ['{ "listen": [ }', '{ "store": "a", "store": "b" }', "", '{"a": 1} x']
)
def test_what_is_not_json_is_refused_with_its_place(check, text):
    refused(check(text), "sagad.json", "not valid JSON", "line ")


def test_a_file_that_is_named_must_be_there(check):
    refused(check(None, "--config", "nope.json"), "nope.json", "No such file")


def test_another_address_without_tls_needs_insecure_and_tokens(check):
    config = {"listen": ["0.0.0.0:8080"]}
    refused(check(config), "/listen", "not loopback", "--insecure")
    refused(check(config, "--insecure"), "needs tokens")
    config["tokens"] = [{"name": "a", "hash": HASH, "roles": ["admin"]}]
    assert check(config, "--insecure").code == 0


def test_secrets_are_never_shown(check, tmp_path):
    (tmp_path / "s").write_text("geheim-1\n")
    config = {
        "secrets": {"a": {"file": "s"}, "b": {"env": "MY_SECRET"}},
        "services": {
            "x": {
                "url": "http://h",
                "auth": {"bearer": {"secret": "a"}},
                "headers": {"X-Api-Key": "geheim-3", "X-Other": {"secret": "b"}},
            }
        },
        "tokens": [{"name": "t", "hash": "ab" * 32, "roles": ["reader"]}],
    }
    result = check(config, env={"MY_SECRET": "geheim-2"})
    assert result.code == 0, result
    assert "geheim" not in result.out + result.err
    assert "ab" * 32 not in result.out
    assert shown(result, "services.x.headers.X-Api-Key")[0] == "(hidden)"
    assert shown(result, "services.x.auth.bearer.secret")[0] == '"a"'


def test_dev_allows_loopback_and_needs_no_store(check):
    result = check({"egress": {"allow": ["*.internal"]}}, "--dev")
    assert shown(result, "store") == ('"sqlite:(temporary)"', "--dev")
    assert shown(result, "egress.allow") == ('["*.internal","127.0.0.1"]', "--dev")
    assert shown(check({"store": "sqlite:x.db"}, "--dev"), "store")[0] == '"sqlite:x.db"'


@pytest.mark.parametrize(
    "args, sentence",
    [
        (["check-confg"], "did you mean 'check-config'"),
        (["check-config", "--confg", "x"], "did you mean 'config'"),
        (["demo", "--store", "x"], "demo takes no --store"),
        (["check-config", "more"], "takes no 'more'"),
        (["check-config", "--config"], "needs a value"),
        (["check-config", "--dev=yes"], "takes no value"),
        (["check-config", "--store", "a", "--store", "b"], "given twice"),
    ],
)
def test_wrong_use_is_exit_2_with_a_suggestion(sagad, args, sentence):
    result = sagad(*args)
    assert result.code == 2, result
    assert sentence in result.err


def test_help_lists_every_command_and_option(sagad):
    result = sagad("help")
    assert result.code == 0 and result.err == ""
    for word in "serve check-config migrate verify demo version --config --dev".split():
        assert word in result.out
    assert "--store" in sagad("verify", "--help").out
    assert "--dev" not in sagad("help", "verify").out


def test_version_says_it_and_its_libraries(sagad):
    assert sagad("version").out.startswith("sagad ")
    assert sagad("--version").out == sagad("version").out
    assert "SQLite 3." in sagad("version", "--verbose").out


def test_serve_does_not_start_with_a_mistake(sagad, tmp_path):
    (tmp_path / "c.json").write_text('{ "lisen": [] }')
    result = sagad("serve", "--config", str(tmp_path / "c.json"))
    assert result.code == 1
    assert "did you mean 'listen'" in result.err


def test_serve_does_not_start_on_a_taken_port(sagad, make_daemon, tmp_path):
    first = make_daemon()
    result = sagad(
        "serve", "--listen", "127.0.0.1:%d" % first.port, "--store",
        "sqlite:%s" % (tmp_path / "other.db"), "--log-format", "json",
    )
    assert result.code == 1
    assert str(first.port) in result.err


def test_a_second_daemon_on_one_database_is_refused(sagad, make_daemon):
    first = make_daemon()
    result = sagad("serve", "--config", first.config_path)
    assert result.code == 1
    assert str(first.process.pid) in result.err


def test_migrate_makes_the_database_and_then_has_nothing_to_do(sagad, tmp_path):
    store = "sqlite:" + str(tmp_path / "m.db")
    first = sagad("migrate", "--store", store)
    assert first.code == 0, first
    assert "to 1" in first.out
    assert "already" in sagad("migrate", "--store", store).out


def test_the_database_is_nobody_elses_business(make_daemon):
    daemon = make_daemon()
    assert os.stat(daemon.store_path).st_mode & 0o077 == 0


# The example of the design's page on operations; only the secret's folder and the hash of
# the token, which is an ellipsis there, are filled in.
EXAMPLE = """
{ "listen": [ "127.0.0.1:8080" ],
  "store": "sqlite:/var/lib/sagad/sagad.db",
  "limits": { "maxBody": "1MiB", "maxCallsInFlight": 1000, "maxActiveSagas": 200000 },
  "services": {
    "payments": { "url": "https://payments.internal", "auth": { "bearer": { "secret": "payments-token" } }, "maxConcurrent": 50, "rate": "200/s", "keysKept": "24h",
                  "breaker": { "failures": 10, "window": "30s", "openFor": "15s" } } },
  "secrets": { "payments-token": { "file": "%(folder)s/payments-token" } },
  "egress": { "allow": [ "*.internal" ] },
  "tokens": [ { "name": "shop", "hash": "%(hash)s", "roles": [ "starter", "reader" ], "definitions": [ "order" ], "expires": "2027-01-01T00:00:00Z" } ],
  "vars": { "shopUrl": "https://shop.internal" },
  "retention": { "completed": "30d", "compensated": "90d" },
  "telemetry": { "otlp": "http://127.0.0.1:4318" } }
"""


def test_the_example_of_the_design_loads(check, tmp_path):
    (tmp_path / "payments-token").write_text("geheim\n")
    result = check(EXAMPLE % {"folder": tmp_path, "hash": HASH})
    assert shown(result, "telemetry.otlp")[0] == '"http://127.0.0.1:4318"'
    assert shown(result, "retention.completed")[0] == "30d"
    assert shown(result, "services.payments.rate")[0] == "200/s"
    assert all("default" not in line for line in result.out.splitlines()
               if line.startswith(("listen", "store", "limits", "services.payments.b")))

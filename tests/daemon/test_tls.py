"""TLS both ways: calls to https services, and the API's own certificate."""

import http.client
import json
import os
import shutil
import signal
import socket
import ssl

import pytest

from certs import Authority, SecureParticipant
from conftest import DEADLINE_S, Daemon, eventually

ONE = {
    "name": "one",
    "steps": [
        {
            "id": "a",
            "call": {"service": "shop", "url": "/a",
                     "retry": {"maxAttempts": 1, "maxElapsed": "1ms"}},
            "compensate": None,
        }
    ],
}


@pytest.fixture
def ca(tmp_path):
    return Authority(tmp_path, "ca")


@pytest.fixture
def secure():
    made = []

    def make(*args, **kw):
        made.append(SecureParticipant(*args, **kw))
        return made[-1]

    yield make
    for participant in made:
        participant.stop()


def attempt(daemon):
    """The last call of a saga of `one` that has been started and has ended."""
    saga = daemon.client.start("one", wait=20).json
    calls = daemon.client.get("/v1/sagas/%s/calls" % saga["id"]).json["items"]
    return saga, calls[-1]


def service(url, **tls):
    return {"url": url, "tls": tls} if tls else {"url": url}


def test_a_service_with_a_ca_of_its_own_is_called(make_daemon, secure, ca):
    shop = secure(*ca.issue("shop"))
    daemon = make_daemon(services={"shop": service(shop.url, ca=ca.cert)})
    daemon.client.put_definition(ONE)
    saga, call = attempt(daemon)
    assert saga["status"] == "completed", call
    assert call["timings"]["tls"] > 0
    assert shop.peers == [None]


@pytest.mark.parametrize("which", ["the system's", "another"])
def test_a_certificate_that_is_not_trusted_is_unsent(make_daemon, secure, ca, tmp_path, which):
    shop = secure(*ca.issue("shop"))
    tls = {} if which == "the system's" else {"ca": Authority(tmp_path, "other").cert}
    daemon = make_daemon(services={"shop": service(shop.url, **tls)})
    daemon.client.put_definition(ONE)
    _, call = attempt(daemon)
    assert call["outcome"] == "unsent", call
    assert "certificate" in call["detail"]
    assert shop.peers == []


def test_a_certificate_of_another_host_is_unsent(make_daemon, secure, ca):
    shop = secure(*ca.issue("shop", host="127.0.0.2"))
    daemon = make_daemon(services={"shop": service(shop.url, ca=ca.cert)})
    daemon.client.put_definition(ONE)
    assert attempt(daemon)[1]["outcome"] == "unsent"
    assert shop.peers == []


def test_tls_below_1_2_is_unsent(make_daemon, secure, ca):
    old = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)
    shop = secure(*ca.issue("shop"), versions=old)
    daemon = make_daemon(services={"shop": service(shop.url, ca=ca.cert)})
    daemon.client.put_definition(ONE)
    assert attempt(daemon)[1]["outcome"] == "unsent"
    assert shop.peers == []


def test_a_service_sees_the_client_certificate(make_daemon, secure, ca):
    shop = secure(*ca.issue("shop"), client_ca=ca.cert)
    cert, key = ca.issue("sagad-1")
    daemon = make_daemon(services={"shop": service(shop.url, ca=ca.cert, cert=cert, key=key)})
    daemon.client.put_definition(ONE)
    saga, call = attempt(daemon)
    assert saga["status"] == "completed", call
    assert shop.peers == ["sagad-1"]


def test_without_the_client_certificate_that_is_wanted_nothing_is_done(make_daemon, secure, ca):
    shop = secure(*ca.issue("shop"), client_ca=ca.cert)
    daemon = make_daemon(services={"shop": service(shop.url, ca=ca.cert)})
    daemon.client.put_definition(ONE)
    assert attempt(daemon)[1]["outcome"] in ("unsent", "unknown")
    assert shop.peers == []


def test_two_services_at_one_address_share_no_connection(make_daemon, secure, ca):
    """Of one host, but with other client certificates: each call is made as its service."""
    shop = secure(*ca.issue("shop"), client_ca=ca.cert)
    services = {}
    for name in ("shop", "more"):
        cert, key = ca.issue("sagad-" + name)
        services[name] = service(shop.url, ca=ca.cert, cert=cert, key=key)
    daemon = make_daemon(services=services)
    daemon.client.put_definition(ONE)
    more = json.loads(json.dumps(ONE).replace('"shop"', '"more"').replace('"one"', '"two"'))
    daemon.client.put_definition(more)
    for name in ("one", "two", "one", "two"):
        assert daemon.client.start(name, wait=20).json["status"] == "completed"
    assert shop.peers == ["sagad-shop", "sagad-more"] * 2
    assert len(set(shop.connections)) == 2, "each is kept and used again"


def reload(daemon):
    after = len(daemon.lines)
    daemon.write_config()
    daemon.signal(signal.SIGHUP)
    return after


def test_hup_reads_client_certificate_and_ca_again(make_daemon, secure, ca, tmp_path):
    shop = secure(*ca.issue("shop"), client_ca=ca.cert)
    cert, key, trust = (str(tmp_path / n) for n in ("c.pem", "k.pem", "ca.pem"))

    def take(name):
        for made, place in zip(ca.issue(name), (cert, key)):
            shutil.copy(made, place)

    take("sagad-1")
    shutil.copy(ca.cert, trust)
    daemon = make_daemon(services={"shop": service(shop.url, ca=trust, cert=cert, key=key)})
    daemon.client.put_definition(ONE)
    assert attempt(daemon)[0]["status"] == "completed"
    take("sagad-2")
    after = reload(daemon)
    daemon.wait_log("reloaded", after=after)
    assert attempt(daemon)[0]["status"] == "completed"
    assert shop.peers == ["sagad-1", "sagad-2"]
    shutil.copy(Authority(tmp_path, "other").cert, trust)
    after = reload(daemon)
    daemon.wait_log("reloaded", after=after)
    assert attempt(daemon)[1]["outcome"] == "unsent"
    assert len(shop.peers) == 2


@pytest.mark.parametrize("content", [None, "nothing of the kind\n"])
def test_a_file_of_tls_that_is_none_is_a_problem(sagad, tmp_path, content):
    path = tmp_path / "x.pem"
    if content is not None:
        path.write_text(content)
    config = {"services": {"shop": {"url": "https://h", "tls": {"ca": str(path)}}}}
    (tmp_path / "c.json").write_text(json.dumps(config))
    result = sagad("check-config", "--config", str(tmp_path / "c.json"))
    assert result.code == 1
    assert "/services/shop/tls" in result.err and "x.pem" in result.err


# ---- the API ----------------------------------------------------------------------


class SecureDaemon(Daemon):
    def __init__(self, folder, ca, **kw):
        self.ca = ca
        super().__init__(folder, start=False, **kw)

    def wait_ready(self):
        eventually(lambda: self.ask("/readyz")[0] == 200, "ready")

    def context(self):
        return ssl.create_default_context(cafile=self.ca.cert)

    def ask(self, path, context=None, method="GET", body=None, headers=None):
        """(status, the name in the server's certificate)."""
        conn = http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=DEADLINE_S, context=context or self.context()
        )
        try:
            conn.request(method, path, body, headers or {})
            name = conn.sock.getpeercert()["subject"][0][0][1]
            response = conn.getresponse()
            response.read()
            return response.status, name
        finally:
            conn.close()


@pytest.fixture
def secure_daemon(ca, tmp_path):
    """secure_daemon(config={...}) -> a Daemon whose API has the certificate `api-1`."""
    made = []

    def make(config=None, **kw):
        folder = tmp_path / "d"
        folder.mkdir(mode=0o700)
        cert, key = str(tmp_path / "api.crt"), str(tmp_path / "api.key")
        for from_, to in zip(ca.issue("api-1"), (cert, key)):
            shutil.copy(from_, to)
        settings = {"tls": {"cert": cert, "key": key}}
        settings.update(config or {})
        daemon = SecureDaemon(folder, ca, config=settings, **kw)
        made.append(daemon)
        return daemon.start()

    yield make
    for daemon in made:
        if daemon.process is not None and daemon.process.poll() is None:
            daemon.kill()


def test_the_api_speaks_tls(secure_daemon):
    daemon = secure_daemon()
    assert daemon.ask("/healthz") == (200, "api-1")
    assert daemon.wait_log("listening")["scheme"] == "https"


def test_the_api_speaks_no_plain_http_beside_it(secure_daemon):
    daemon = secure_daemon()
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=DEADLINE_S) as s:
        s.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        try:
            answer = s.recv(100)
        except ConnectionResetError:
            answer = b""
    assert not answer.startswith(b"HTTP/")


def test_the_api_speaks_nothing_older_than_tls_1_2(secure_daemon):
    daemon = secure_daemon()
    for version, is_fine in ((ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True),
                             (ssl.TLSVersion.TLSv1_3, True)):
        context = daemon.context()
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        if is_fine:
            assert daemon.ask("/healthz", context)[0] == 200
        else:
            with pytest.raises((ssl.SSLError, ConnectionResetError)):
                daemon.ask("/healthz", context)


def test_hup_takes_the_apis_new_certificate(secure_daemon, ca):
    daemon = secure_daemon()
    for made, place in zip(ca.issue("api-2"), daemon.config["tls"].values()):
        shutil.copy(made, place)
    kept = http.client.HTTPSConnection("127.0.0.1", daemon.port, timeout=DEADLINE_S,
                                       context=daemon.context())
    kept.request("GET", "/healthz")
    kept.getresponse().read()
    after = reload(daemon)
    daemon.wait_log("reloaded", after=after)
    assert daemon.ask("/healthz") == (200, "api-2")
    kept.request("GET", "/healthz")  # A connection that stands goes on.
    assert kept.getresponse().status == 200
    kept.close()


def test_hup_with_a_key_of_another_certificate_keeps_the_old_pair(secure_daemon, ca):
    daemon = secure_daemon(config={"limits": {"maxBody": "1MiB"}})
    shutil.copy(ca.issue("api-2")[0], daemon.config["tls"]["cert"])
    daemon.config["limits"]["maxBody"] = "1KiB"
    after = reload(daemon)
    line = daemon.wait_log("reload refused: the old configuration stays", after=after)
    assert "belong together" in line["detail"]
    assert daemon.ask("/healthz") == (200, "api-1")
    body = json.dumps({"definition": "x", "input": {"pad": "x" * 2000}})
    headers = {"Content-Type": "application/json"}
    assert daemon.ask("/v1/sagas", method="POST", body=body, headers=headers)[0] == 404


def test_hup_with_a_file_that_is_gone_keeps_the_old_pair(secure_daemon):
    daemon = secure_daemon()
    os.unlink(daemon.config["tls"]["key"])
    after = reload(daemon)
    problem = daemon.wait_log("reload: the configuration has a problem", after=after)
    assert problem["pointer"] == "/tls/key"
    daemon.wait_log("reload refused: the old configuration stays", after=after)
    assert daemon.ask("/healthz") == (200, "api-1")


def test_hup_does_not_switch_tls_off(secure_daemon):
    daemon = secure_daemon()
    del daemon.config["tls"]
    after = reload(daemon)
    line = daemon.wait_log("reload refused: the old configuration stays", after=after)
    assert "tls" in line["detail"]
    assert daemon.ask("/healthz") == (200, "api-1")


def test_serve_does_not_start_with_a_key_of_another_certificate(sagad, ca, tmp_path):
    config = {"listen": ["127.0.0.1:0"], "store": "sqlite:" + str(tmp_path / "s" / "x.db"),
              "tls": {"cert": ca.issue("a")[0], "key": ca.issue("b")[1]}}
    (tmp_path / "s").mkdir(mode=0o700)
    (tmp_path / "c.json").write_text(json.dumps(config))
    result = sagad("serve", "--config", str(tmp_path / "c.json"))
    assert result.code == 1
    assert "belong together" in result.err

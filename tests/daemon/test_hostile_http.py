"""The corpus of hostile requests: bytes on a socket, the status, and the connection's fate.

What must hold: a request that two readers can read in two ways is refused and its
connection closed, so that what follows it is never taken for a request of its own.
"""

import json
import re
import socket
import threading
import time

import pytest
from hostile_api_requests import API_CORPUS
from hostile_requests import CORPUS as WIRE_CORPUS
from hostile_requests import JSON, OPEN, get, post

CORPUS = dict(WIRE_CORPUS, **API_CORPUS)

@pytest.fixture(scope="module")
def port(tmp_path_factory):
    from conftest import Daemon

    folder = tmp_path_factory.mktemp("hostile")
    folder.chmod(0o700)
    daemon = Daemon(folder)
    daemon.client.put_definition({"name": "there", "steps": [{"id": "a", "wait": "1ms"}]})
    yield daemon.port
    assert daemon.stop() == 0


def connect(port, timeout_s=10):
    s = socket.create_connection(("127.0.0.1", port))
    s.settimeout(timeout_s)
    return s


def heads_of(raw):
    return re.findall(rb"HTTP/1\.1 (\d{3}) [A-Z]", raw)


def read_answer(s):
    """One answer as its Content-Length says, and what came behind it."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        part = s.recv(65536)
        if not part:
            return raw, b""
        raw += part
    head, body = raw.split(b"\r\n\r\n", 1)
    length = int(re.search(rb"Content-Length: (\d+)", head).group(1))
    while len(body) < length:
        part = s.recv(65536)
        if not part:
            break
        body += part
    return head + b"\r\n\r\n" + body[:length], body[length:]


def is_open(s):
    """Does it answer another request?"""
    try:
        s.sendall(get())
        return b" 200 " in read_answer(s)[0]
    except OSError:
        return False


def rest_of(s):
    """Everything up to the end; a reset is an end too."""
    raw = b""
    try:
        while True:
            part = s.recv(65536)
            if not part:
                return raw
            raw += part
    except ConnectionError:
        return raw


@pytest.mark.parametrize("name", sorted(CORPUS))
def test_hostile_request(port, name):
    sent, status, fate = CORPUS[name]
    with connect(port) as s:
        s.sendall(sent)
        answer, behind = read_answer(s)
        assert heads_of(answer)[:1] == ([b"%d" % status] if status else []), answer
        if b"application/problem+json" in answer:
            json.loads(answer.split(b"\r\n\r\n", 1)[1])  # UTF-8 and JSON, whatever came.
        if fate == OPEN:
            assert is_open(s)
            return
        behind += rest_of(s)
        # Nothing that was sent behind it was answered.
        assert b"/smuggled" not in answer + behind
        assert b" 404 " not in behind


@pytest.mark.parametrize("name", sorted(CORPUS))
def test_daemon_is_well_afterwards(port, name):
    with connect(port) as s:
        s.sendall(CORPUS[name][0])
    with connect(port) as s:
        assert is_open(s)


def test_pipelined_requests_are_answered_in_order(port):
    with connect(port) as s:
        s.sendall(get() + get(b"/v1/nothing") + get(b"/v1/info"))
        raw = b""
        while raw.count(b"HTTP/1.1 ") < 3 or not raw.rstrip().endswith(b"}"):
            raw += s.recv(65536)
        assert heads_of(raw) == [b"200", b"404", b"200"]


def test_refusal_arrives_although_the_body_is_not_read(port):
    """The peer that sends on is not cut by a reset before it has read why."""
    body = b"x" * (3 * 1024 * 1024)
    with connect(port) as s:
        sent = threading.Event()

        def send():
            try:
                s.sendall(post(JSON + b"Content-Length: %d\r\n" % len(body)) + body)
            except OSError:
                pass
            sent.set()

        threading.Thread(target=send, daemon=True).start()
        answer, _ = read_answer(s)
        assert heads_of(answer) == [b"413"]
        assert b"body-too-large" in answer
        assert b"Connection: close" in answer
        assert sent.wait(20)


def test_chunked_body_over_the_cap_is_413(port):
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    with connect(port) as s:
        s.sendall(post(JSON + b"Transfer-Encoding: chunked\r\n"))
        for _ in range(20):
            s.sendall(chunk)
        s.sendall(b"0\r\n\r\n")
        answer, _ = read_answer(s)
        assert heads_of(answer) == [b"413"]


def test_expect_continue_is_refused_at_once(port):
    with connect(port) as s:
        s.sendall(post(b"Expect: 100-continue\r\nContent-Length: 10\r\n"))
        answer, _ = read_answer(s)
        assert heads_of(answer) == [b"415"]


def drip(port, first, byte, every_s, most_s):
    """Seconds until the daemon ends a connection that gets a byte now and then."""
    pause = threading.Event()
    with connect(port, every_s) as s:
        s.sendall(first)
        began = time.monotonic()
        while time.monotonic() - began < most_s:
            try:
                if s.recv(100) == b"":
                    return time.monotonic() - began
            except socket.timeout:
                pass
            except ConnectionError:
                return time.monotonic() - began
            try:
                s.sendall(byte)
            except OSError:
                return time.monotonic() - began
            pause.wait(0)
    return most_s


def test_headers_have_an_absolute_deadline(port):
    """Ten seconds from the first byte, however lively the connection is."""
    assert drip(port, b"GET /healthz HTTP/1.1\r\nX: ", b"a", 0.5, 60) < 60


def test_headers_of_a_later_request_have_one_too(port):
    with connect(port, 0.5) as s:
        assert is_open(s)
        began = time.monotonic()
        while time.monotonic() - began < 60:
            try:
                s.sendall(b"G")
                if s.recv(100) == b"":
                    return
            except socket.timeout:
                continue
            except OSError:
                return
    pytest.fail("still open")

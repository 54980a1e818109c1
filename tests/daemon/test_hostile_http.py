"""The corpus of hostile requests: bytes on a socket, the status, and the connection's fate.

What must hold: a request that two readers can read in two ways is refused and its
connection closed, so that what follows it is never taken for a request of its own.
"""

import re
import socket
import threading
import time

import pytest

HOST = b"Host: a\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
JSON = b"Content-Type: application/json\r\n"
OPEN, CLOSED = "open", "closed"


def get(target=b"/healthz", headers=HOST, version=b"HTTP/1.1"):
    return b"GET " + target + b" " + version + b"\r\n" + headers + b"\r\n"


def post(headers, body=b"", target=b"/v1/sagas"):
    return b"POST " + target + b" HTTP/1.1\r\n" + HOST + headers + b"\r\n" + body


# name: (bytes, status, fate)
CORPUS = {
    # framing
    "te_and_cl": (
        post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + SMUGGLED),
        400, CLOSED),
    "cl_and_te": (
        post(b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n" + SMUGGLED),
        400, CLOSED),
    "two_cl": (
        post(b"Content-Length: 5\r\nContent-Length: 0\r\n", b"abcde" + SMUGGLED), 400, CLOSED),
    "two_cl_alike": (
        post(b"Content-Length: 5\r\nContent-Length: 5\r\n", b"abcde" + SMUGGLED), 400, CLOSED),
    "te_gzip_chunked": (
        post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n" + SMUGGLED), 400, CLOSED),
    "te_identity": (
        post(b"Transfer-Encoding: identity\r\n", SMUGGLED), 400, CLOSED),
    "te_twice": (
        post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
             b"0\r\n\r\n" + SMUGGLED), 400, CLOSED),
    "te_chunked_twice": (
        post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
             b"0\r\n\r\n" + SMUGGLED), 400, CLOSED),
    "te_with_blank_before_colon": (
        post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n" + SMUGGLED), 400, CLOSED),
    "te_in_http_1_0": (
        b"POST /v1/sagas HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400, CLOSED),
    "cl_plus": (post(b"Content-Length: +5\r\n", b"abcde" + SMUGGLED), 400, CLOSED),
    "cl_minus": (post(b"Content-Length: -5\r\n", b"abcde" + SMUGGLED), 400, CLOSED),
    "cl_list": (post(b"Content-Length: 5, 5\r\n", b"abcde" + SMUGGLED), 400, CLOSED),
    "cl_hex": (post(b"Content-Length: 0x5\r\n", b"abcde" + SMUGGLED), 400, CLOSED),
    "cl_empty": (post(b"Content-Length:\r\n", SMUGGLED), 400, CLOSED),
    "cl_huge": (post(b"Content-Length: 99999999999999999999999\r\n"), 413, CLOSED),
    # lines
    "bare_lf": (b"GET /healthz HTTP/1.1\nHost: a\n\n", 400, CLOSED),
    "bare_lf_in_one_header": (
        b"GET /healthz HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n" + SMUGGLED, 400, CLOSED),
    "bare_lf_after_request_line": (b"GET /healthz HTTP/1.1\nHost: a\r\n\r\n", 400, CLOSED),
    "bare_cr_in_value": (get(headers=HOST + b"X: a\rY: b\r\n"), 400, CLOSED),
    "folded_line": (get(headers=HOST + b"X-A: 1\r\n  two\r\n"), 400, CLOSED),
    "folded_host": (get(headers=b"Host: a\r\n b\r\n"), 400, CLOSED),
    "blank_before_colon": (get(headers=HOST + b"X-A : 1\r\n"), 400, CLOSED),
    "no_colon": (get(headers=HOST + b"abc\r\n"), 400, CLOSED),
    "empty_name": (get(headers=HOST + b": x\r\n"), 400, CLOSED),
    "name_is_no_token": (get(headers=HOST + b"X(a): x\r\n"), 400, CLOSED),
    "nul_in_value": (get(headers=HOST + b"Authorization: Bearer ab\x00cd\r\n"), 400, CLOSED),
    "nul_in_name": (get(headers=HOST + b"X\x00A: b\r\n"), 400, CLOSED),
    "control_in_value": (get(headers=HOST + b"X-A: a\x01b\r\n"), 400, CLOSED),
    "two_blanks_in_request_line": (
        b"GET  /healthz  HTTP/1.1\r\nHost: a\r\n\r\n", 400, CLOSED),
    "blank_in_target": (get(b"/healthz x"), 400, CLOSED),
    # hosts and versions
    "no_host": (get(headers=b""), 400, CLOSED),
    "two_hosts": (get(headers=b"Host: a\r\nHost: b\r\n"), 400, CLOSED),
    "two_hosts_alike": (get(headers=b"Host: a\r\nhost: a\r\n"), 400, CLOSED),
    "empty_host": (get(headers=b"Host:\r\n"), 400, CLOSED),
    "http_1_0_without_host": (get(headers=b"", version=b"HTTP/1.0"), 400, CLOSED),
    "http_0_9": (b"GET /healthz\r\n\r\n", 400, CLOSED),
    "http_1_2": (get(version=b"HTTP/1.2"), 400, CLOSED),
    "http_2_0": (get(version=b"HTTP/2.0"), 505, CLOSED),
    # once only
    "two_authorizations": (
        get(headers=HOST + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"),
        400, CLOSED),
    "two_content_types": (post(JSON + JSON + b"Content-Length: 2\r\n", b"{}"), 400, CLOSED),
    # targets
    "encoded_slash": (get(b"/v1/sagas%2Fx"), 400, CLOSED),
    "encoded_backslash": (get(b"/v1/sagas/%5c"), 400, CLOSED),
    "encoded_nul": (get(b"/healthz%00/x"), 400, CLOSED),
    "encoded_nul_in_query": (get(b"/healthz?q=a%00b"), 400, CLOSED),
    "dots": (get(b"/v1/../healthz"), 400, CLOSED),
    "encoded_dots": (get(b"/v1/%2e%2e/healthz"), 400, CLOSED),
    "dot_at_the_end": (get(b"/v1/."), 400, CLOSED),
    "bad_percent": (get(b"/a%zz"), 400, CLOSED),
    "cut_percent": (get(b"/a%4"), 400, CLOSED),
    "absolute_target": (get(b"http://evil/healthz"), 400, CLOSED),
    "star_target": (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400, CLOSED),
    "control_in_target": (get(b"/a\x01b"), 400, CLOSED),
    "raw_utf8_in_target": (get(b"/\xc3\xa9"), 400, CLOSED),
    "fragment": (get(b"/healthz#x"), 400, CLOSED),
    "long_target": (get(b"/" + b"a" * 9000), 400, CLOSED),
    # sizes
    "big_header": (get(headers=HOST + b"X: " + b"a" * 40000 + b"\r\n"), 431, CLOSED),
    "many_headers": (
        get(headers=HOST + b"".join(b"X%d: 1\r\n" % i for i in range(2000))), 431, CLOSED),
    "body_announced_too_large": (post(JSON + b"Content-Length: 1048577\r\n"), 413, CLOSED),
    # unusual, and right
    "plain": (get(), 200, OPEN),
    "http_1_0_with_host": (get(version=b"HTTP/1.0"), 200, CLOSED),
    "empty_lines_before": (b"\r\n" + get(), 200, OPEN),
    "dots_in_a_name": (get(b"/v1/sagas/a..b"), 404, OPEN),
    "encoded_slash_in_query": (get(b"/v1/sagas?key=a%2Fb"), 200, OPEN),
    "blanks_behind_value": (get(headers=b"Host: a \t \r\n"), 200, OPEN),
    "get_with_a_body": (get(headers=HOST + b"Content-Length: 3\r\n") + b"abc", 200, OPEN),
    "lower_case_method": (b"get /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 405, OPEN),
    "options": (b"OPTIONS /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 405, OPEN),
    "connect": (b"CONNECT /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 405, OPEN),
    "refused_body_is_read": (
        post(b"Content-Length: 5\r\n", b"abcde"), 415, OPEN),
    "chunked": (
        post(JSON + b"Transfer-Encoding: chunked\r\n", b"2\r\n{}\r\n0\r\n\r\n"), 422, CLOSED),
    "chunks_with_bare_lf_end_the_connection": (
        post(JSON + b"Transfer-Encoding: chunked\r\n", b"2\n{}\n0\n\n" + SMUGGLED),
        422, CLOSED),
    "chunk_extension_ends_the_connection": (
        post(JSON + b"Transfer-Encoding: chunked\r\n",
             b'2;x="\r\n{}\r\n0\r\n\r\n' + SMUGGLED), 422, CLOSED),
}


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    from conftest import Daemon

    folder = tmp_path_factory.mktemp("hostile")
    folder.chmod(0o700)
    daemon = Daemon(folder)
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
        assert heads_of(answer)[:1] == [b"%d" % status], answer
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

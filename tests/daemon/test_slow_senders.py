"""A thousand slow connections at once: headers that drip, bodies that drip, readers that
do not read. The API goes on answering; the sweep ends the slow ones in its own time.
"""

import resource
import socket
import threading

import pytest
from conftest import Client, Daemon, eventually

SLOW = 1000
PER_ADDRESS = 2048  # LIMIT_API_PER_ADDRESS
ROUND_S = 1.0  # A byte to each of them so often.

HEADERS = b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: "
BODY = (
    b"POST /v1/sagas HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    b"Content-Length: 100000\r\n\r\n"
)
READER = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n" * 50


@pytest.fixture(autouse=True, scope="module")
def many_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 3 * PER_ADDRESS
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip("needs %d open files" % wanted)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def daemon(tmp_path):
    tmp_path.chmod(0o700)
    made = Daemon(tmp_path)
    made.client.put_definition({"name": "d", "steps": [{"id": "a", "wait": "1ms"}]})
    yield made
    assert made.stop() == 0


def connect(port, source="127.0.0.1"):
    s = socket.socket()
    s.bind((source, 0))
    s.settimeout(30)
    s.connect(("127.0.0.1", port))
    return s


class SlowSenders:
    """A third each drips headers, drips a body, and asks without reading."""

    def __init__(self, port, n):
        self.stopping = threading.Event()
        self.socks = []
        for i in range(n):
            s = connect(port)
            if i % 3 == 2:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.sendall((HEADERS, BODY, READER)[i % 3])
            s.setblocking(False)
            self.socks.append(s)
        self.thread = threading.Thread(target=self.drip, daemon=True)
        self.thread.start()

    def drip(self):
        while not self.stopping.wait(ROUND_S):
            for i, s in enumerate(self.socks):
                if i % 3 == 2:
                    continue
                try:
                    s.send(b" ")
                except OSError:
                    pass  # Full, or ended by the daemon.

    def ended(self):
        """How many of the drippers the daemon has ended."""
        n = 0
        for i, s in enumerate(self.socks):
            try:
                n += i % 3 != 2 and s.recv(65536) == b""
            except BlockingIOError:
                pass
            except OSError:
                n += i % 3 != 2
        return n

    def close(self):
        self.stopping.set()
        self.thread.join()
        for s in self.socks:
            s.close()


def test_the_api_answers_while_a_thousand_are_slow(daemon):
    slow = SlowSenders(daemon.port, SLOW)
    try:
        for i in range(100):
            answer = daemon.client.start("d", id="s-%d" % i)
            assert answer.status in (200, 202), answer
            assert daemon.client.get("/v1/sagas/s-%d" % i).status == 200
        assert daemon.client.get("/readyz").status == 200
        for i in range(100):
            daemon.client.wait_status("s-%d" % i, "completed")
    finally:
        slow.close()
    assert daemon.client.get("/healthz").status == 200


def test_every_dripper_is_ended_however_lively(daemon):
    slow = SlowSenders(daemon.port, 150)
    try:
        eventually(lambda: slow.ended() == 100, "all drippers were ended", 90)
    finally:
        slow.close()


def test_an_address_at_its_limit_does_not_shut_others_out(daemon):
    held = [connect(daemon.port) for _ in range(PER_ADDRESS)]
    try:
        # One more is accepted and ended without an answer.
        with connect(daemon.port) as more:
            with pytest.raises((ConnectionError, AssertionError)):
                more.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
                assert more.recv(100) != b""
        with connect(daemon.port, "127.0.0.2") as other:
            other.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert other.recv(100).startswith(b"HTTP/1.1 200")
    finally:
        for s in held:
            s.close()
    fresh = Client(daemon.port)

    def answers():
        try:
            return fresh.get("/healthz").status == 200
        except OSError:
            return False

    eventually(answers, "the address has places again")

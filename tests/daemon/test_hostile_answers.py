"""Hostile answers: one daemon, one saga for each case of hostile_answers.py, all at once.

The first attempt of a case's call gets the case's bytes over a raw socket, each further
one 200. Every saga has its own path and every answer its own connection.
"""

import re
import select
import socket
import struct
import threading

import pytest
from conftest import Daemon, eventually
from hostile_answers import CASES, CLOSE, HANG, KEEP, RESET, WHOLE

TIMEOUT = "2s"  # Of one attempt.


class RawParticipant:
    """Answers POST /<case> with the case's bytes at first, with 200 afterwards."""

    def __init__(self):
        self.lock = threading.Lock()
        self.came = {}  # path: how often
        self.stopping = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def stop(self):
        self.stopping.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(conn,), daemon=True).start()

    def serve(self, conn):
        with conn:
            try:
                while self.answer(conn):
                    pass
            except OSError:
                pass

    def answer(self, conn):
        """One request; is there another to come?"""
        raw = b""
        while b"\r\n" not in raw:
            part = conn.recv(1 if raw == b"" else 64)
            if not part:
                return False
            raw += part
        path = raw.split(b" ")[1].decode()[1:]
        with self.lock:
            self.came[path] = self.came.get(path, 0) + 1
            is_first = self.came[path] == 1
        case = CASES.get(path)
        if case is None or not is_first:
            self.read_request(conn, raw)
            conn.sendall(WHOLE)
            return False
        if not case.early:
            self.read_request(conn, raw)
        conn.sendall(case.raw)
        if case.early:
            self.read_request(conn, raw)
        return self.end(conn, case)

    def read_request(self, conn, raw):
        while b"\r\n\r\n" not in raw:
            raw += self.more(conn)
        head, _, body = raw.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        while length is not None and len(body) < int(length.group(1)):
            body += self.more(conn)

    @staticmethod
    def more(conn):
        part = conn.recv(65536)
        if not part:
            raise OSError("the caller has gone")
        return part

    def end(self, conn, case):
        if case.ending == KEEP:
            return True
        if case.ending == RESET:
            self.reset(conn)
        if case.ending == CLOSE:
            conn.shutdown(socket.SHUT_WR)
            while conn.recv(65536):  # No reset overtakes what was sent.
                pass
        if case.ending == HANG:
            self.hang(conn, case.drip)
        return False

    @staticmethod
    def reset(conn):
        """Once the caller has what was sent, as far as this side can see it."""
        eventually(lambda: unsent_bytes(conn) == 0, "everything was acknowledged")
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def hang(self, conn, is_dripping):
        while not self.stopping.is_set():
            ready, _, _ = select.select([conn], [], [], 0.02 if is_dripping else 0.2)
            if ready and not conn.recv(65536):
                return
            if is_dripping:
                conn.sendall(b"x")


def unsent_bytes(conn):
    """SIOCOUTQ: what the peer's kernel has not acknowledged."""
    import fcntl
    import termios

    return struct.unpack("i", fcntl.ioctl(conn, termios.TIOCOUTQ, b"\0\0\0\0"))[0]


def definition(name, reads):
    call = {"service": "world", "url": "/${ .input.case }", "body": {"of": "${ .input.case }"},
            "timeout": TIMEOUT,
            "retry": {"maxAttempts": 2, "delay": "10ms", "maxDelay": "20ms",
                      "maxElapsed": "10m"}}
    if reads:
        call["rejectWhen"] = "${ .response.body == \"never\" }"
    return {"name": name, "steps": [{"id": "a", "call": call, "compensate": None}]}


SENT_AGAIN = "sent again on a new connection"


class World:
    def __init__(self, folder):
        self.participant = RawParticipant()
        self.daemon = Daemon(folder, services={"world": {"url": self.participant.url}})
        self.client = self.daemon.client
        for name, reads in (("blind", False), ("reads", True)):
            self.client.put_definition(definition(name, reads))
        for name in CASES:
            self.begin(name, 0)

    @staticmethod
    def saga_id(name, n):
        return "s-%s-%d" % (name.replace("_", "-"), n)

    def begin(self, name, n):
        answer = self.client.start(
            "reads" if CASES[name].reads else "blind", {"case": name},
            id=self.saga_id(name, n))
        assert answer.status in (200, 202), answer

    def calls(self, name):
        """Of the ended saga, oldest first. A kept connection that another case closed
        just then is libcurl's to send on again, and says nothing of this case."""
        for n in range(10):
            saga_id = self.saga_id(name, n)
            saga = self.client.wait_status(
                saga_id, "completed", "compensated", "stuck", deadline_s=60)
            calls = self.client.get("/v1/sagas/%s/calls" % saga_id).json["items"]
            if SENT_AGAIN not in (calls[0]["detail"] or "") or SENT_AGAIN in CASES[name].says:
                break
            with self.participant.lock:
                self.participant.came[name] = 0
            self.begin(name, n + 1)
        return saga, calls


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("answers")
    folder.chmod(0o700)
    made = World(folder)
    yield made
    made.participant.stop()
    assert made.daemon.stop() == 0


@pytest.mark.parametrize("name", sorted(CASES))
def test_hostile_answer(world, name):
    case = CASES[name]
    saga, calls = world.calls(name)
    first = calls[0]
    assert first["outcome"] == case.outcome, first
    assert case.says in (first["detail"] or ""), first
    assert len(calls) == (2 if case.again else 1), calls
    assert world.participant.came[name] == len(calls)
    if case.status is not None:
        assert first["response"]["status"] == case.status, first
    if case.again or case.outcome == "succeeded":
        assert saga["status"] == "completed", saga


def test_no_redirect_is_followed(world):
    for name in CASES:
        world.calls(name)
    assert "trap" not in world.participant.came


def test_daemon_is_well_afterwards(world):
    for name in CASES:
        world.calls(name)
    assert world.client.get("/readyz").status == 200
    assert world.client.start("blind", {"case": "fine"}, wait=20).json["status"] == "completed"

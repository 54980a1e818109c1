"""A scripted participant: an HTTP service that misbehaves as told, and keeps a ledger.

It keeps the three promises of a good participant (S29): a repeated Idempotency-Key gets
the first answer, a compensation of something that never came is accepted and remembered,
an action that comes after its compensation is refused with 409. Each can be switched
off. A behaviour is taken from the script of the request's (method, path) for each
request that arrives, repeated keys included: faults happen on the wire, whatever the
participant remembers.

    with Participant() as shop:
        shop.script("POST", "/charges", Status(503), Ok({"id": "ch_1"}))
        ...
        assert shop.keys("POST", "/charges") == ["s-1.payment.action"] * 2

The last behaviour of a script is used for every further request; without a script the
answer is 200 {"ok": true}. A path of a script may end in "*". Standard library only;
raw sockets, because faults are below what http.server lets one do.
"""

import json
import socket
import struct
import threading
import time

HEADER_MAX = 64 * 1024


# ---- behaviours -------------------------------------------------------------------


class Behaviour:
    """What happens to one request. `applies`: does it have its effect?"""

    applies = True

    def act(self, conn, request, answer):
        conn.sendall(answer)


class Status(Behaviour):
    """An answer with this status and body; headers are (name, value) pairs."""

    def __init__(self, status, body=None, headers=(), applies=None):
        self.status = status
        self.body = body
        self.headers = tuple(headers)
        self.applies = 200 <= status < 300 if applies is None else applies


class Ok(Status):
    def __init__(self, body=None, status=200, headers=()):
        super().__init__(status, {"ok": True} if body is None else body, headers)


class Echo(Status):
    """200 with the request's own body (JSON) as the answer."""

    def __init__(self):
        super().__init__(200)


class _Fault(Status):
    """A fault around an ordinary answer; applies=False: the effect did not happen."""

    def __init__(self, body=None, status=200, applies=True):
        super().__init__(status, {"ok": True} if body is None else body, applies=applies)


class Hang(_Fault):
    """Reads the request and says nothing until release() or the caller hangs up."""

    def __init__(self, **kw):
        super().__init__(**kw)
        self.released = threading.Event()

    def release(self):
        self.released.set()

    def act(self, conn, request, answer):
        while not self.released.is_set():
            conn.settimeout(0.05)
            try:
                if conn.recv(1) == b"":
                    return
            except socket.timeout:
                continue
            except OSError:
                return
        conn.settimeout(None)
        conn.sendall(answer)


class Gate(Hang):
    """Hangs until release(), then answers: for tests that choose the moment."""


class ResetBefore(Behaviour):
    """Resets the connection once the request is read; no effect."""

    applies = False

    def act(self, conn, request, answer):
        _reset(conn)


class ResetAfter(_Fault):
    """The effect happens, then the connection is reset instead of an answer."""

    def act(self, conn, request, answer):
        _reset(conn)


class Close(_Fault):
    """The effect happens, then the connection is closed without an answer."""

    def act(self, conn, request, answer):
        conn.shutdown(socket.SHUT_RDWR)


class CutHeaders(_Fault):
    """The answer stops in the middle of its header block."""

    def act(self, conn, request, answer):
        head, _, _ = answer.partition(b"\r\n\r\n")
        conn.sendall(head[: max(1, len(head) - 4)])
        conn.shutdown(socket.SHUT_RDWR)


class CutBody(_Fault):
    """The answer stops in the middle of its body."""

    def act(self, conn, request, answer):
        head, _, body = answer.partition(b"\r\n\r\n")
        conn.sendall(head + b"\r\n\r\n" + body[: max(1, len(body) // 2)])
        conn.shutdown(socket.SHUT_RDWR)


class Slow(_Fault):
    """The answer comes byte by byte, over `seconds`."""

    def __init__(self, seconds, **kw):
        super().__init__(**kw)
        self.seconds = seconds

    def act(self, conn, request, answer):
        pause = self.seconds / max(1, len(answer))
        for i in range(len(answer)):
            conn.sendall(answer[i : i + 1])
            request.stopping.wait(pause)


class Garbage(_Fault):
    """Something that is not HTTP."""

    def act(self, conn, request, answer):
        conn.sendall(b"\x00\x01 this is not HTTP \xff\r\n\r\n")
        conn.shutdown(socket.SHUT_RDWR)


def _reset(conn):
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()


# ---- the ledger -------------------------------------------------------------------


class Request:
    """One request as it came. `applied`: it had its effect now (not an earlier one)."""

    def __init__(self, method, path, headers, body, at, stopping):
        self.method = method
        self.path = path
        self.headers = headers  # [(name, value)] as they came
        self.body = body  # bytes
        self.at = at  # time.monotonic()
        self.stopping = stopping
        self.applied = False
        self.repeated = False
        self.status = None  # of the answer; None: it got none

    def header(self, name):
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return None

    @property
    def key(self):
        return _bare(self.header("Idempotency-Key"))

    @property
    def action_key(self):
        return _bare(self.header("Saga-Action-Key"))

    @property
    def json(self):
        return json.loads(self.body) if self.body else None

    def __repr__(self):
        return "<%s %s %s applied=%s>" % (self.method, self.path, self.key, self.applied)


def _bare(key):
    if key is not None and len(key) >= 2 and key[0] == key[-1] == '"':
        return key[1:-1]
    return key


class Participant:
    def __init__(self, dedups=True, keeps_tombstones=True, port=0):
        self.dedups = dedups
        self.keeps_tombstones = keeps_tombstones
        self.lock = threading.Condition()
        self.requests = []  # every one, in order of arrival
        self.effects = {}  # key -> how often its action or compensation had its effect
        self.undone = set()  # keys of actions that a compensation took back or forbade
        self.actions_of = {}  # compensation's key -> action's key
        self._answers = {}  # key -> (status, body, headers)
        self._scripts = {}
        self._stopping = threading.Event()
        self._conns = set()
        self._listener = socket.create_server(("127.0.0.1", port), backlog=512)
        self.port = self._listener.getsockname()[1]
        self.url = "http://127.0.0.1:%d" % self.port
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()

    def stop(self):
        self._stopping.set()
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        with self.lock:
            conns = list(self._conns)
        for conn in conns:
            try:
                conn.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self._thread.join(5)

    # ---- scripts

    def script(self, method, path, *behaviours):
        """Behaviours for requests in turn; replaces an earlier script."""
        with self.lock:
            self._scripts[(method, path)] = list(behaviours)
        return behaviours[-1] if behaviours else None

    def _behaviour(self, request):
        exact = self._scripts.get((request.method, request.path.partition("?")[0]))
        found = exact
        if found is None:
            for (method, path), script in self._scripts.items():
                if method in (request.method, "*") and path.endswith("*"):
                    if request.path.startswith(path[:-1]):
                        found = script
        if not found:
            return Ok()
        return found.pop(0) if len(found) > 1 else found[0]

    # ---- what tests ask

    def of(self, method=None, path=None):
        """The requests of a method and path, in order."""
        with self.lock:
            return [
                r
                for r in self.requests
                if (method is None or r.method == method)
                and (path is None or r.path.partition("?")[0] == path)
            ]

    def keys(self, method=None, path=None):
        return [r.key for r in self.of(method, path)]

    def wait_for(self, count, method=None, path=None, timeout=20):
        """Wait until so many requests have come; returns them."""
        end = time.monotonic() + timeout
        with self.lock:
            while True:
                found = [
                    r
                    for r in self.requests
                    if (method is None or r.method == method)
                    and (path is None or r.path.partition("?")[0] == path)
                ]
                if len(found) >= count:
                    return found
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError(
                        "%d of %d requests %s %s came; ledger: %r"
                        % (len(found), count, method, path, self.requests)
                    )
                self.lock.wait(left)

    def net(self, action_key):
        """How often the action's effect is in the world now: 0 or 1 if all is well."""
        with self.lock:
            done = self.effects.get(action_key, 0)
            return 0 if action_key in self.undone else done

    # ---- the wire

    def _accept(self):
        while not self._stopping.is_set():
            try:
                conn, _ = self._listener.accept()
            except OSError:
                return
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self._conns.add(conn)
            threading.Thread(target=self._serve, args=(conn,), daemon=True).start()

    def _serve(self, conn):
        left = b""
        try:
            while not self._stopping.is_set():
                request, left = self._read(conn, left)
                if request is None:
                    return
                self._answer(conn, request)
                if conn.fileno() < 0:
                    return
        except OSError:
            pass
        finally:
            with self.lock:
                self._conns.discard(conn)
            conn.close()

    def _read(self, conn, data):
        while b"\r\n\r\n" not in data:
            piece = conn.recv(65536)
            if not piece or len(data) > HEADER_MAX:
                return None, b""
            data += piece
        head, _, rest = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ", 2)
        headers = [
            (name.strip(), value.strip())
            for name, _, value in (line.partition(":") for line in lines[1:])
        ]
        length = 0
        for name, value in headers:
            if name.lower() == "content-length":
                length = int(value)
            if name.lower() == "expect":
                conn.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        while len(rest) < length:
            piece = conn.recv(65536)
            if not piece:
                return None, b""
            rest += piece
        request = Request(
            method, path, headers, rest[:length], time.monotonic(), self._stopping
        )
        return request, rest[length:]

    def _answer(self, conn, request):
        with self.lock:
            behaviour = self._behaviour(request)
            status, body, headers = self._take_in(request, behaviour)
            request.status = status
            self.requests.append(request)
            self.lock.notify_all()
        payload = b"" if body is None else json.dumps(body).encode()
        head = "HTTP/1.1 %d Because\r\nContent-Type: application/json\r\n" % status
        head += "".join("%s: %s\r\n" % pair for pair in headers)
        head += "Content-Length: %d\r\n\r\n" % len(payload)
        behaviour.act(conn, request, head.encode("latin-1") + payload)

    def _take_in(self, request, behaviour):
        """The ledger's part, under the lock: what is the answer, is there an effect?"""
        key = request.key
        if key is not None and self.dedups and key in self._answers:
            request.repeated = True
            return self._answers[key]
        if not behaviour.applies:
            status = getattr(behaviour, "status", 500)
            return status, getattr(behaviour, "body", None), _headers(behaviour)
        if key is not None and self.keeps_tombstones and key in self.undone:
            return self._remember(key, (409, {"error": "compensated before"}, ()))
        if request.action_key is not None and self.keeps_tombstones:
            self.undone.add(request.action_key)
            self.actions_of[key] = request.action_key
        if key is not None:
            self.effects[key] = self.effects.get(key, 0) + 1
        request.applied = True
        body = request.json if isinstance(behaviour, Echo) else behaviour.body
        return self._remember(key, (behaviour.status, body, _headers(behaviour)))

    def _remember(self, key, answer):
        if key is not None:
            self._answers[key] = answer
        return answer


def _headers(behaviour):
    return getattr(behaviour, "headers", ())

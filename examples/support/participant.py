"""A service that is safe to be part of a saga, in a page and a half.

It keeps the three promises of docs/manual/participants.md: a repeated Idempotency-Key
gets the first answer again; a compensation of something that never came is accepted and
remembered; an action that comes after its compensation is refused. All in memory: a real
one keeps its `answers` and `undone` in the same database as its effects.

    shop = Participant()
    shop.on("POST", "/charges", ok({"id": "ch-1"}))
    shop.on("PUT", "/reservations/*", status(503), status(503), ok())

Answers are given in turn, one for each request that is not a repetition of an answered
one; the last stays. An answer is a function of the request, so it may also wait for
something first.
"""

import http.server
import json
import socketserver
import threading
import time


def ok(body=None, code=200):
    return lambda request: (code, {"ok": True} if body is None else body)


def status(code, error="no", **headers):
    """A refusal or a failure; nothing is done. Headers: Retry_After="1"."""
    return lambda request: (code, {"error": error}, headers)


def lost(body=None):
    """It is done, and then the connection breaks: nobody hears the answer."""
    return lambda request: (None, {"ok": True} if body is None else body)


def held(gate, then):
    """Waits until gate (a threading.Event) is set, then answers as `then` does."""

    def answer(request):
        gate.wait()
        return then(request)

    return answer


class Request:
    def __init__(self, method, path, headers, body):
        self.at = time.monotonic()
        self.method, self.path, self.headers, self.body = method, path, headers, body
        self.key = (headers.get("Idempotency-Key") or "").strip('"') or None
        self.undoes = (headers.get("Saga-Action-Key") or "").strip('"') or None
        self.saga = headers.get("Saga-Id")
        self.repeated = False  # The key was answered before: nothing is done again.
        self.done = False  # It has had its effect.
        self.status = None

    def __repr__(self):
        note = " (again: first answer repeated)" if self.repeated else ""
        note = " (done, but the answer is lost)" if self.status is None else note
        return "%-6s %s -> %s%s" % (self.method, self.path, self.status or "...", note)


class Participant:
    def __init__(self):
        self.ledger = []  # Every request, in order of arrival.
        self.changed = threading.Condition()
        self.at_once = 0  # Requests being answered now, and the most there ever were.
        self.at_once_max = 0
        self._answers = {}  # Idempotency-Key -> (status, body)
        self._undone = set()  # Keys of actions that were taken back, begun or not.
        self._scripts = []  # (method, path, [answers])
        self._server = _Server(("127.0.0.1", 0), _handler_of(self))
        self.url = "http://127.0.0.1:%d" % self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def on(self, method, path, *answers):
        """From now on; a path may end in *."""
        with self.changed:
            self._scripts.insert(0, (method, path, list(answers)))

    def of(self, method, path):
        """The requests of this method and path (which may end in *), in order."""
        with self.changed:
            return [r for r in self.ledger if r.method == method and _fits(r.path, path)]

    def effects(self, method, path):
        """How many of them were carried out and not taken back since."""
        with self.changed:
            done = [r for r in self.of(method, path) if r.done]
            return sum(r.key not in self._undone for r in done)

    def wait_until(self, condition, seconds=20):
        """Wait for a condition about this participant; whether it came true."""
        with self.changed:
            return self.changed.wait_for(condition, seconds)

    # ---- one request

    def take(self, request):
        """(status, body, headers); a status of None breaks the connection."""
        with self.changed:
            self.ledger.append(request)
            self.at_once += 1
            self.at_once_max = max(self.at_once_max, self.at_once)
            request.repeated = request.key in self._answers
            refused = request.key in self._undone
            answer = None if request.repeated or refused else self._next(request)
            self.changed.notify_all()
        try:
            if request.repeated:
                reply = self._answers[request.key]
            elif refused:
                reply = (409, {"error": "taken back before it came"})
            else:
                reply = answer(request)
        finally:
            with self.changed:
                self.at_once -= 1
        with self.changed:
            self._settle(request, reply)
            self.changed.notify_all()
        return reply

    def _next(self, request):
        for method, path, answers in self._scripts:
            if method == request.method and _fits(request.path, path):
                return answers.pop(0) if len(answers) > 1 else answers[0]
        return ok()

    def _settle(self, request, reply):
        request.status = reply[0]
        is_done = reply[0] is None or reply[0] < 300
        if request.repeated or not is_done:
            return
        request.done = True
        if request.key is not None:
            self._answers[request.key] = (reply[0] or 200, reply[1])
        if request.undoes is not None:
            self._undone.add(request.undoes)


def _fits(path, pattern):
    path = path.partition("?")[0]
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 256


def _handler_of(participant):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(length)
            body = json.loads(text) if text else None
            reply = participant.take(Request(self.command, self.path, self.headers, body))
            if reply[0] is None:
                self.close_connection = True
                return
            payload = json.dumps(reply[1]).encode()
            self.send_response(reply[0])
            for name, value in (reply[2] if len(reply) > 2 else {}).items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def log_message(self, *args):
            pass

    return Handler

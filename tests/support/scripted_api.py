"""A small HTTP server that answers as it is told: for what a program does with answers.

    with ScriptedApi() as api:
        api.on("GET", "/v1/stats", Reply({"points": []}))
        ...
        assert api.of("GET", "/v1/stats")[0].query == {"window": "1h"}

Replies of one method and path are given in turn; the last stays. A reply may be a
function of the request. A Stream sends its pieces and then waits until it is let go.
"""

import http.server
import json
import socketserver
import threading
import urllib.parse


class Reply:
    def __init__(self, body=None, status=200, **headers):
        self.body, self.status = body, status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Stream:
    """Server-sent events: (id, event, data) each; held open until release()."""

    def __init__(self, *events, is_held=False):
        self.events = events
        self.released = threading.Event()
        if not is_held:
            self.released.set()

    def release(self):
        self.released.set()


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.headers, self.body = method, headers, body
        self.path, _, query = target.partition("?")
        self.query = dict(urllib.parse.parse_qsl(query))

    @property
    def json(self):
        return json.loads(self.body)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def _serve(self):
        n = int(self.headers.get("Content-Length") or 0)
        request = Request(self.command, self.path, self.headers, self.rfile.read(n))
        reply = self.server.api.take(request)
        if isinstance(reply, Stream):
            self._stream(reply)
            return
        body = b"" if reply.body is None else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        kind = "application/json" if reply.status < 400 else "application/problem+json"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, stream):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for number, event, data in stream.events:
            text = "id: %s\nevent: %s\ndata: %s\n\n" % (number, event, json.dumps(data))
            self.wfile.write(text.encode())
            self.wfile.flush()
        stream.released.wait(30)
        self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = _serve


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128


class ScriptedApi:
    def __init__(self):
        self.requests = []
        self.changed = threading.Condition(threading.RLock())
        self._replies = {}
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.api = self
        self.port = self._server.server_address[1]
        self.url = "http://127.0.0.1:%d" % self.port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def on(self, method, path, *replies):
        with self.changed:
            self._replies[method, path] = list(replies)

    def of(self, method, path):
        with self.changed:
            return [r for r in self.requests if (r.method, r.path) == (method, path)]

    def wait_for(self, n, method, path, seconds=30):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.of(method, path)) >= n, seconds)

    def take(self, request):
        with self.changed:
            self.requests.append(request)
            self.changed.notify_all()
            replies = self._replies.get((request.method, request.path))
            if not replies:
                return Reply({"title": "Not found", "status": 404, "code": "not-found",
                              "detail": "There is no %s" % request.path}, 404)
            reply = replies.pop(0) if len(replies) > 1 else replies[0]
        return reply(request) if callable(reply) else reply

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.stop()

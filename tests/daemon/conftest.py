"""What the daemon's tests share: a daemon on a free port, a client, a participant.

The binaries are named by SAGAD and SAGACTL (default: build/bin). Nothing sleeps: tests
wait for a condition, with a deadline that only a broken daemon reaches.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))

from participant import Participant  # noqa: E402

SAGAD = os.environ.get("SAGAD", os.path.join(ROOT, "build", "bin", "sagad"))
SAGACTL = os.environ.get("SAGACTL", os.path.join(ROOT, "build", "bin", "sagactl"))
DEADLINE_S = 30
FINAL = ("completed", "compensated", "resolved")


def clean_environment(**more):
    """The environment without settings of a person's own sagad."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("SAGAD_")}
    env.update(more)
    return env


def eventually(condition, what="the condition", deadline_s=DEADLINE_S):
    """The first true value of condition(); its own blocking calls set the pace."""
    end = time.monotonic() + deadline_s
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, "%s did not come true" % what
        pause.wait(0.01)


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return "<%d %r>" % (self.status, self.body[:300])


class Client:
    """One connection to the API; made anew when the daemon has closed it."""

    def __init__(self, port, token=None, host="127.0.0.1"):
        self.host, self.port, self.token = host, port, token

    def ask(self, method, path, body=None, headers=None, timeout=DEADLINE_S + 30):
        conn = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        sent = dict(headers or {})
        if self.token is not None:
            sent.setdefault("Authorization", "Bearer " + self.token)
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        try:
            conn.request(method, path, body, sent)
            response = conn.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            conn.close()

    def get(self, path, **headers):
        return self.ask("GET", path, headers=headers)

    def put_definition(self, definition):
        answer = self.ask("PUT", "/v1/definitions/" + definition["name"], definition)
        assert answer.status in (200, 201), answer
        return answer

    def start(self, definition, input=None, wait=None, headers=None, **more):
        body = {"definition": definition, "input": input if input is not None else {}}
        body.update(more)
        sent = dict(headers or {})
        if wait is not None:
            sent["Prefer"] = "wait=%d" % wait
        return self.ask("POST", "/v1/sagas", body, sent)

    def saga(self, saga_id):
        answer = self.get("/v1/sagas/" + saga_id)
        assert answer.status == 200, answer
        return answer.json

    def wait_status(self, saga_id, *statuses, deadline_s=DEADLINE_S):
        """The saga once it has one of the statuses (default: once it is final)."""
        wanted = statuses or FINAL
        end = time.monotonic() + deadline_s
        etag = None
        while True:
            headers = {"Prefer": "wait=5"}
            if etag is not None:
                headers["If-None-Match"] = etag
            answer = self.ask("GET", "/v1/sagas/" + saga_id, headers=headers)
            if answer.status == 200:
                etag = answer.headers.get("ETag")
                saga = answer.json
                if saga["status"] in wanted:
                    return saga
            assert answer.status in (200, 304), answer
            assert time.monotonic() < end, "saga is %s: %s" % (
                saga["status"],
                saga.get("why"),
            )

    def act(self, saga_id, action, **body):
        return self.ask("POST", "/v1/sagas/%s/%s" % (saga_id, action), body)

    def journal(self, saga_id):
        """Every turn, oldest first."""
        items, cursor = [], ""
        while True:
            page = self.get("/v1/sagas/%s/journal?limit=500%s" % (saga_id, cursor)).json
            items += page["items"]
            if page.get("next") is None:
                return items
            cursor = "&cursor=" + page["next"]


class Daemon:
    """sagad on port 0, with a configuration and a database in a folder of its own."""

    def __init__(self, folder, services=None, config=None, args=(), env=None, start=True):
        self.folder = str(folder)
        self.config_path = os.path.join(self.folder, "sagad.json")
        self.store_path = os.path.join(self.folder, "sagad.db")
        self.config = {"listen": ["127.0.0.1:0"], "store": "sqlite:" + self.store_path}
        self.config["services"] = {
            name: {"url": url} if isinstance(url, str) else url
            for name, url in (services or {}).items()
        }
        self.config.update(config or {})
        self.args = list(args)
        self.env = env or {}
        self.process = None
        self.lines = []  # of its log, parsed
        if start:
            self.start()

    def write_config(self):
        with open(self.config_path, "w") as f:
            json.dump(self.config, f, indent=2)

    def start(self):
        """Start it; returns once it listens."""
        self.write_config()
        self.launch()
        assert self.await_listening(), "it ended; its log: %r" % self.lines
        self.wait_ready()
        return self

    def await_listening(self, deadline_s=DEADLINE_S):
        """Wait until it can be asked; False: it ended before."""

        def told():
            return [x for x in self.lines if x is None or x["msg"] == "listening"]

        with self._arrived:
            assert self._arrived.wait_for(told, deadline_s), self.lines
            said = told()[0]
        if said is not None:
            self.port = int(said["address"].rsplit(":", 1)[1])
            self.client = Client(self.port)
        return said is not None

    def launch(self):
        self.lines = []
        self._arrived = threading.Condition()
        self.process = subprocess.Popen(
            [SAGAD, "serve", "--config", self.config_path, "--log-format", "json"]
            + self.args,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=clean_environment(**self.env),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stderr:
            try:
                parsed = json.loads(line)
            except ValueError:
                parsed = {"msg": line.decode(errors="replace").rstrip(), "level": "raw"}
            with self._arrived:
                self.lines.append(parsed)
                self._arrived.notify_all()
        with self._arrived:
            self.lines.append(None)
            self._arrived.notify_all()

    def wait_log(self, msg, deadline_s=DEADLINE_S, after=0):
        """The first log line with that msg, from line `after` on."""
        end = time.monotonic() + deadline_s
        with self._arrived:
            while True:
                for line in self.lines[after:]:
                    if line is not None and line["msg"] == msg:
                        return line
                assert None not in self.lines, "it ended; its log: %r" % self.lines
                left = end - time.monotonic()
                assert left > 0, "no %r in its log: %r" % (msg, self.lines)
                self._arrived.wait(left)

    def wait_ready(self):
        eventually(lambda: self.client.get("/readyz").status == 200, "ready")

    def signal(self, number):
        self.process.send_signal(number)

    def wait_exit(self, deadline_s=DEADLINE_S):
        code = self.process.wait(deadline_s)
        self._reader.join(deadline_s)
        return code

    def stop(self):
        """TERM, and wait; returns the exit code. Fine when it is gone already."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.wait_exit()
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
        return self.wait_exit()

    def restart(self):
        self.stop()
        return self.start()


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return "<exit %d out=%r err=%r>" % (self.code, self.out, self.err)


def run(program, *args, input=None, env=None, cwd=None, timeout=60):
    done = subprocess.run(
        [program, *args],
        input=input,
        stdin=subprocess.DEVNULL if input is None else None,
        capture_output=True,
        text=True,
        env=clean_environment(**(env or {})),
        cwd=cwd,
        timeout=timeout,
    )
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def make_daemon(tmp_path):
    """make_daemon(services={...}, config={...}, args=[...]) -> a running Daemon."""
    made = []

    def make(**kw):
        folder = kw.pop("folder", None)
        if folder is None:
            folder = tmp_path / ("d%d" % len(made))
            folder.mkdir(mode=0o700)
        daemon = Daemon(folder, start=False, **kw)
        made.append(daemon)
        return daemon.start()

    yield make
    for daemon in made:
        if daemon.process is not None and daemon.process.poll() is None:
            daemon.kill()


@pytest.fixture
def participant():
    with Participant() as p:
        yield p


@pytest.fixture
def make_participant():
    made = []

    def make(**kw):
        made.append(Participant(**kw))
        return made[-1]

    yield make
    for p in made:
        p.stop()


@pytest.fixture
def ctl():
    """ctl(daemon, "get", id) runs sagactl against the daemon."""

    def call(daemon, *args, **kw):
        env = dict(kw.pop("env", None) or {})
        if daemon is not None:
            env.setdefault("SAGAD_SERVER", "http://127.0.0.1:%d" % daemon.port)
        return run(SAGACTL, *args, env=env, **kw)

    return call


@pytest.fixture
def sagad():
    """sagad("check-config", ...) runs a command of the daemon's program to its end."""
    return lambda *args, **kw: run(SAGAD, *args, **kw)

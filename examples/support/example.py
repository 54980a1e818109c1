"""What the examples share: a daemon of their own, sagactl, and telling what happens.

An example's folder has a definition.json and a sagad.json as a person would write them.
Here the services' addresses are replaced by those of participants on free ports, one for
each service, and the database is a temporary one; nothing is left behind.

    with Example(__file__) as ex:
        ex.apply()
        saga = ex.start({"orderId": "o-1"})
        ex.check(saga["status"] == "completed", "the order is complete")
    # leaves with exit code 0, or 1 if a check failed

The programs are those of SAGAD and SAGACTL, else build/bin/. Standard library only.
"""

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from participant import Participant

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SAGAD = os.environ.get("SAGAD", os.path.join(ROOT, "build", "bin", "sagad"))
SAGACTL = os.environ.get("SAGACTL", os.path.join(ROOT, "build", "bin", "sagactl"))
DEADLINE_S = 30  # Only something broken reaches it.


class Example:
    def __init__(self, script):
        self.folder = os.path.dirname(os.path.abspath(script))
        self.services = {}  # Name -> Participant
        self.is_right = True
        self._process = None
        self._temporary = tempfile.mkdtemp(prefix="sagad-example-")

    def __enter__(self):
        try:
            self._begin()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind, error, trace):
        self._end()
        if kind is None:
            print("\n%s" % ("All as it should be." if self.is_right else "Something is WRONG."))
            sys.exit(0 if self.is_right else 1)
        return False

    # ---- telling

    def say(self, text):
        print("\n" + text, flush=True)

    def show(self, text):
        print("    " + str(text).rstrip().replace("\n", "\n    "), flush=True)

    def check(self, is_true, sentence):
        self.is_right = self.is_right and bool(is_true)
        print("  %s %s" % ("ok   " if is_true else "WRONG", sentence), flush=True)

    def show_ledgers(self):
        """What the participants saw, in the order it came."""
        seen = [(r.at, name, r) for name, p in self.services.items() for r in p.ledger]
        width = max(map(len, self.services))
        for _, name, request in sorted(seen, key=lambda entry: entry[0]):
            self.show("%-*s  %r" % (width, name, request))

    # ---- the daemon

    def _begin(self):
        with open(os.path.join(self.folder, "sagad.json")) as f:
            config = json.load(f)
        for name, service in config.get("services", {}).items():
            self.services[name] = Participant()
            service["url"] = self.services[name].url
        config["listen"] = ["127.0.0.1:0"]
        config["store"] = "sqlite:" + os.path.join(self._temporary, "sagad.db")
        config.pop("publicUrl", None)
        path = os.path.join(self._temporary, "sagad.json")
        with open(path, "w") as f:
            json.dump(config, f, indent=2)
        self._process = subprocess.Popen(
            [SAGAD, "serve", "--config", path, "--log-format", "json"],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=self._environment(),
        )
        self.port = self._await_port()
        self.server = "http://127.0.0.1:%d" % self.port

    def _await_port(self):
        """Its log names the port; the rest of the log is read and forgotten."""
        log = []
        for line in self._process.stderr:
            log.append(line.decode(errors="replace"))
            if '"listening"' in log[-1]:
                reader = threading.Thread(target=lambda: [None for _ in self._process.stderr])
                reader.daemon = True
                reader.start()
                return int(json.loads(log[-1])["address"].rsplit(":", 1)[1])
        raise SystemExit("sagad did not start:\n" + "".join(log))

    def _end(self):
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for participant in self.services.values():
            participant.stop()
        shutil.rmtree(self._temporary, ignore_errors=True)

    def _environment(self):
        """Without settings of a person's own sagad."""
        return {k: v for k, v in os.environ.items() if not k.startswith("SAGAD_")}

    # ---- sagactl

    def sagactl(self, *words, **options):
        """Runs it and returns (exit code, what it printed)."""
        done = subprocess.run(
            [SAGACTL, *words],
            input=options.get("input"),
            stdin=None if "input" in options else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S + 10,
            env=dict(self._environment(), SAGAD_SERVER=self.server),
        )
        if options.get("is_shown"):
            self.show("$ sagactl " + " ".join(words))
            self.show(done.stdout + done.stderr)
        return done.returncode, done.stdout

    def apply(self, file="definition.json"):
        path = os.path.join(self.folder, file)
        code, _ = self.sagactl("definition", "apply", path)
        if code != 0:
            os.chdir(self.folder)
            self.sagactl("definition", "apply", file, is_shown=True)
            raise SystemExit("the definition was refused")
        with open(path) as f:
            self.definition = json.load(f)["name"]

    # ---- the HTTP API

    def ask(self, method, path, body=None, **headers):
        """(status, parsed answer)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S + 40)
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            if body is not None:
                sent["Content-Type"] = "application/json"
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        finally:
            connection.close()

    def start(self, input, wait=None, **members):
        """POST /v1/sagas of the applied definition; the saga as it was answered, with
        the answer's code as "_status"."""
        body = dict(members, definition=self.definition, input=input)
        headers = {} if wait is None else {"Prefer": "wait=%d" % wait}
        code, saga = self.ask("POST", "/v1/sagas", body, **headers)
        if code not in (200, 202):
            raise SystemExit("the start was refused: %d %s" % (code, saga))
        saga["_status"] = code
        return saga

    def until(self, saga_id, condition):
        """The saga once condition(saga) holds; long polls, so nothing is slept."""
        end = time.monotonic() + DEADLINE_S
        code, saga = self.ask("GET", "/v1/sagas/" + saga_id)
        while not condition(saga):
            if time.monotonic() > end:
                raise SystemExit("waited in vain; %s: %s" % (saga_id, saga))
            etag = 'W/"r%d"' % saga["revision"]
            headers = {"Prefer": "wait=5", "If_None_Match": etag}
            code, changed = self.ask("GET", "/v1/sagas/" + saga_id, **headers)
            saga = changed if code == 200 else saga
        return saga

    def ended(self, saga_id):
        final = ("completed", "compensated", "resolved")
        return self.until(saga_id, lambda saga: saga["status"] in final)

    def signal(self, saga_id, name, body):
        return self.ask("POST", "/v1/sagas/%s/signals/%s" % (saga_id, name), body)[0]


def step_of(saga, step_id):
    return next(s for s in saga["steps"] if s["id"] == step_id)

"""A participant for many sagas at once, in a process of its own that outlives the daemon.

It keeps the promises of S29 and writes down every request in order of arrival. With a
seed it misbehaves: answers late, hangs, resets before or after the effect, closes, cuts
the body, answers 503 with or without the effect, 429. `well` ends that; `calm` ends that
and the lateness.

An action's effect happens when its request arrives, whatever becomes of the answer. The
step that `fail` in its body names answers 422.

Run as a program: ledger.py SEED SLOW_MS; it talks in JSON lines.
    in   after N | well | calm | dump FILE | quit
    out  {"port": p}   {"reached": n, "open": m}   {"dumped": n}
"""

import asyncio
import json
import os
import random
import subprocess
import sys
import threading

FAULTS = (  # name, per mille, has its effect
    ("hang-before", 5, False),
    ("hang-after", 5, True),
    ("reset-before", 10, False),
    ("reset-after", 10, True),
    ("close-after", 10, True),
    ("cut-body", 10, True),
    ("503-before", 15, False),
    ("503-after", 10, True),
    ("429", 10, False),
)
VARYING = ("saga-attempt", "saga-deadline", "traceparent")


class Books:
    """Who did what; the promises of S29."""

    def __init__(self, seed, slow_ms):
        self.seed = seed
        self.slow_ms = slow_ms
        self.is_well = False
        self.rows = []
        self.answers = {}  # key -> (status, body)
        self.undone = set()  # action keys taken back, or forbidden before they came
        self.arrivals = {}  # key -> how many

    def take_in(self, method, path, headers, body):
        """The ledger's row of a request, and how to answer it: (row, fault, answer)."""
        named = {name.lower(): value for name, value in headers}
        key = named.get("idempotency-key", "").strip('"')
        count = self.arrivals[key] = self.arrivals.get(key, 0) + 1
        dice = random.Random("%s %s %d" % (self.seed, key, count))
        fault, has_effect = self._fault(dice)
        row = {
            "n": len(self.rows),
            "method": method,
            "path": path,
            "key": key,
            "saga": named.get("saga-id"),
            "step": named.get("saga-step"),
            "operation": named.get("saga-operation"),
            "attempt": int(named.get("saga-attempt", "0")),
            "rest": sorted([n, v] for n, v in headers if n.lower() not in VARYING),
            "body": body.decode("utf-8", "replace"),
            "fault": fault,
            "result": "none",  # none | repeat | refused | rejected | effect
            "status": None,
        }
        self.rows.append(row)
        answer = self._result(row, named, has_effect)
        return row, fault, answer, dice.uniform(0.0, self.slow_ms / 1000)

    def _fault(self, dice):
        roll = dice.randrange(1000)
        if not self.is_well:
            for name, share, has_effect in FAULTS:
                if roll < share:
                    return name, has_effect
                roll -= share
        return None, True

    def _result(self, row, named, has_effect):
        key = row["key"]
        if key in self.answers:
            row["result"] = "repeat"
            return self.answers[key]
        if not has_effect:
            return 503, {"error": "not now"}
        if row["operation"] == "compensation":
            self.undone.add(named.get("saga-action-key", "").strip('"'))
        elif key in self.undone:
            row["result"] = "refused"
            return self._keep(key, 409, {"error": "taken back before it came"})
        elif self._fails(row):
            row["result"] = "rejected"
            return self._keep(key, 422, {"error": "no"})
        row["result"] = "effect"
        return self._keep(key, 200, {"id": "%s-%d" % (row["step"], row["n"])})

    def _fails(self, row):
        return row["body"] != "" and json.loads(row["body"]).get("fail") == row["step"]

    def _keep(self, key, status, body):
        self.answers[key] = (status, body)
        return self.answers[key]


class Connection(asyncio.Protocol):
    def __init__(self, server):
        self.server = server
        self.data = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.data += data
        while True:
            head, mark, rest = self.data.partition(b"\r\n\r\n")
            if not mark:
                return
            lines = head.decode("latin-1").split("\r\n")
            headers = [tuple(line.split(": ", 1)) for line in lines[1:]]
            length = sum(int(v) for n, v in headers if n.lower() == "content-length")
            if len(rest) < length:
                return
            self.data = rest[length:]
            method, path, _ = lines[0].split(" ")
            self.request(method, path, headers, rest[:length])

    def request(self, method, path, headers, body):
        books = self.server.books
        row, fault, answer, delay_s = books.take_in(method, path, headers, body)
        self.server.open += 1
        self.server.arrived()
        if fault is None or not fault.startswith("hang"):
            asyncio.get_running_loop().call_later(
                delay_s, self.answer, row, fault, answer
            )

    def answer(self, row, fault, answer):
        self.server.open -= 1
        if self.transport.is_closing():
            return
        if fault in ("reset-before", "reset-after"):
            self.transport.abort()
            return
        if fault == "close-after":
            self.transport.close()
            return
        status, body = answer
        if fault in ("503-before", "503-after"):
            status, body = 503, {"error": "not now"}
        elif fault == "429":
            status, body = 429, {"error": "too many"}
        payload = json.dumps(body).encode()
        head = "HTTP/1.1 %d Because\r\nContent-Type: application/json\r\n" % status
        head += "Content-Length: %d\r\n\r\n" % len(payload)
        if fault == "cut-body":
            self.transport.write(head.encode() + payload[: len(payload) // 2])
            self.transport.close()
            return
        row["status"] = status
        self.transport.write(head.encode() + payload)


class Server:
    def __init__(self, seed, slow_ms):
        self.books = Books(seed, slow_ms)
        self.open = 0
        self.wanted = None  # rows at which to say "reached"

    def arrived(self):
        if self.wanted is not None and len(self.books.rows) >= self.wanted:
            self.wanted = None
            say(reached=len(self.books.rows), open=self.open)

    def command(self, line):
        word, _, rest = line.partition(" ")
        if word == "after":
            self.wanted = len(self.books.rows) + int(rest)
            self.arrived()
        elif word in ("well", "calm"):
            self.books.is_well = True
            self.books.slow_ms = 1 if word == "calm" else self.books.slow_ms
        elif word == "dump":
            with open(rest, "w") as f:
                json.dump(self.books.rows, f)
            say(dumped=len(self.books.rows))
        elif word == "quit":
            asyncio.get_running_loop().stop()

    async def serve(self):
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(
            lambda: Connection(self), "127.0.0.1", 0, backlog=1024
        )
        threading.Thread(target=self._read, args=(loop,), daemon=True).start()
        say(port=listener.sockets[0].getsockname()[1])

    def _read(self, loop):
        for line in sys.stdin:
            loop.call_soon_threadsafe(self.command, line.rstrip("\n"))
        loop.call_soon_threadsafe(loop.stop)


def say(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Ledger:
    """The program above, as a test holds it."""

    def __init__(self, seed, slow_ms):
        self.process = subprocess.Popen(
            [sys.executable, os.path.abspath(__file__), str(seed), str(slow_ms)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._said = threading.Condition()
        self._lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.url = "http://127.0.0.1:%d" % self._wait("port", 20)["port"]

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.stdin.close()
        self.process.wait(20)
        self._reader.join(20)
        self.process.stdout.close()

    def _read(self):
        for line in self.process.stdout:
            with self._said:
                self._lines.append(json.loads(line))
                self._said.notify_all()

    def _wait(self, word, deadline_s):
        """The next line that has the word; None when none came."""

        def found():
            return next((line for line in self._lines if word in line), None)

        with self._said:
            self._said.wait_for(lambda: found() is not None, deadline_s)
            line = found()
            if line is not None:
                self._lines.remove(line)
            return line

    def _tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def after(self, n, deadline_s):
        """Wait until n more requests have come; how many are unanswered, or None."""
        self._tell("after %d" % n)
        line = self._wait("reached", deadline_s)
        return line["open"] if line is not None else None

    def well(self):
        self._tell("well")

    def calm(self):
        self._tell("calm")

    def rows(self, folder):
        """Every request so far."""
        path = os.path.join(str(folder), "ledger.json")
        self._tell("dump " + path)
        assert self._wait("dumped", 60) is not None
        with open(path) as f:
            return json.load(f)


def main():
    loop = asyncio.new_event_loop()
    loop.run_until_complete(Server(sys.argv[1], float(sys.argv[2])).serve())
    loop.run_forever()


if __name__ == "__main__":
    main()

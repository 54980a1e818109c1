"""What the curves need: a daemon of their own, a sink that counts, many equal sagas."""

import http.client
import json
import os
import resource
import selectors
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time

COPY_TABLES = ("saga", "saga_input", "journal")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def steps(n, service="sink", whole_input=False):
    """n POSTs: the second of saga3 is /b, the last is /c, as sagabench expects."""
    body = "${ .input }" if whole_input else {"id": "${ .input.id }"}
    made = []
    for i in range(n):
        path = "/c" if i == n - 1 else "/b" if i == 1 else "/a"
        made.append({
            "id": "s%d" % i,
            "call": {"service": service, "url": path, "body": body, "timeout": "30s"},
            "compensate": None,
        })
    return made


class Daemon:
    """A sagad with a folder of its own; sagabench plays the participant at sink_port."""

    def __init__(self, program, services=("sink",), concurrent=1000, limits=None):
        self.program = program
        self.folder = tempfile.mkdtemp(prefix="bench-")
        self.store = os.path.join(self.folder, "sagad.db")
        self.sink_port = free_port()
        self.process = None
        self.config = {
            "listen": ["127.0.0.1:0"],
            "store": "sqlite:" + self.store,
            "limits": limits or {},
            "services": {
                name: {"url": "http://127.0.0.1:%d" % self.sink_port,
                       "maxConcurrent": concurrent}
                for name in services
            },
        }

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder)

    def start(self):
        path = os.path.join(self.folder, "sagad.json")
        with open(path, "w") as f:
            json.dump(self.config, f)
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            [self.program, "serve", "--config", path, "--log-format", "json"],
            stderr=subprocess.PIPE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most)),
        )
        for line in self.process.stderr:
            told = json.loads(line)
            if told["msg"] == "listening":
                self.port = int(told["address"].rsplit(":", 1)[1])
                break
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        while self.ask("GET", "/readyz")[0] != 200:
            time.sleep(0.005)
        self.ready_s = time.monotonic() - self.begun
        return self

    def stop(self, kind=signal.SIGTERM):
        if self.process is not None:
            self.process.send_signal(kind)
            self.process.wait()
            self.process = None

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def ask(self, method, path, body=None, conn=None):
        own = conn is None
        conn = conn or self.connect()
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            conn.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = conn.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text[:1] in (b"{", b"[") else text
        finally:
            if own:
                conn.close()

    def publish(self, name, made):
        status, told = self.ask(
            "PUT", "/v1/definitions/" + name, {"name": name, "steps": made})
        if status not in (200, 201):
            raise SystemExit("refused: %r" % (told,))

    def at(self):
        """For sagabench --at."""
        return "%d,%d,%d" % (self.port, self.process.pid, self.sink_port)

    def cpu_us(self):
        with open("/proc/%d/stat" % self.process.pid) as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000000 // os.sysconf("SC_CLK_TCK")

    def rss_kib(self):
        with open("/proc/%d/status" % self.process.pid) as f:
            return int(f.read().split("VmRSS:")[1].split()[0])

    def switches(self):
        """Times that its threads went to sleep: as often they were woken."""
        n = 0
        tasks = "/proc/%d/task" % self.process.pid
        for task in os.listdir(tasks):
            with open(os.path.join(tasks, task, "status")) as f:
                n += int(f.read().split("\nvoluntary_ctxt_switches:")[1].split()[0])
        return n

    def await_status(self, saga_id, status):
        while self.ask("GET", "/v1/sagas/" + saga_id)[1]["status"] != status:
            time.sleep(0.01)

    def multiply(self, saga_id, copies):
        """The stopped store's saga so many times more, in rows that are copies of its own
        but for number and id: what the store would hold after that many. The ids are
        m-1 and so on."""
        db = sqlite3.connect(self.store)
        db.execute("PRAGMA journal_mode = OFF")  # A WAL would be as large as the file.
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -200000")
        num, name, status = db.execute(
            "SELECT num, name, status FROM saga WHERE id = ?", (saga_id,)).fetchone()
        first = db.execute("SELECT max(num) FROM saga").fetchone()[0]
        seq = db.execute("SELECT max(seq) FROM journal").fetchone()[0]
        db.execute("CREATE TEMP TABLE copies (c INTEGER PRIMARY KEY)")
        db.execute("WITH RECURSIVE r (c) AS (SELECT 1 UNION ALL SELECT c + 1 FROM r WHERE "
                   "c < ?) INSERT INTO copies SELECT c FROM r", (copies,))
        db.commit()
        for table in COPY_TABLES:
            columns = [row[1] for row in db.execute("PRAGMA table_info(%s)" % table)]
            values = {"num": "c + %d" % first, "id": "'m-' || c", "saga": "c + %d" % first}
            order = "c"
            if table == "journal":
                n = db.execute("SELECT count(*) FROM journal WHERE saga = ?", (num,))
                values["seq"] = "%d + (c - 1) * %d + turn + 1" % (seq, n.fetchone()[0])
                order = "c, turn"
            db.execute("INSERT INTO %s (%s) SELECT %s FROM copies CROSS JOIN %s WHERE %s = %d "
                       "ORDER BY %s" % (
                           table, ", ".join(columns),
                           ", ".join(values.get(c, c) for c in columns), table,
                           "num" if table == "saga" else "saga", num, order))
        db.execute("UPDATE saga_count SET n = n + ? WHERE name = ? AND status = ?",
                   (copies, name, status))
        db.commit()
        db.execute("PRAGMA journal_mode = WAL")
        db.close()
        os.sync()  # What lies in the kernel would be written during the measurement.


class Sink:
    """A participant that counts; answers after `delay` seconds, or never (None)."""

    ANSWER = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
              b"Content-Length: 11\r\n\r\n{\"ok\":true}")

    def __init__(self, port, delay):
        self.delay, self.first_at, self.n, self.now, self.most = delay, None, 0, 0, 0
        self.listener = socket.create_server(("127.0.0.1", port), backlog=1024)
        self.listener.setblocking(False)
        self.is_over = False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def close(self):
        self.is_over = True
        self.thread.join()

    def take(self, conn):
        try:
            if not conn.recv(65536):
                return False
        except OSError:  # Killed.
            return False
        self.n += 1
        self.now += 1
        self.most = max(self.most, self.now)
        self.first_at = self.first_at or time.monotonic()
        return True

    def run(self):
        due, conns = [], []
        with selectors.DefaultSelector() as select:
            select.register(self.listener, selectors.EVENT_READ)
            while not self.is_over:
                for key, _ in select.select(0.005):
                    if key.fileobj is self.listener:
                        conn = self.listener.accept()[0]
                        conns.append(conn)
                        select.register(conn, selectors.EVENT_READ)
                    elif self.take(key.fileobj):
                        due.append((time.monotonic(), key.fileobj))
                    else:
                        select.unregister(key.fileobj)
                while self.delay is not None and due and (
                        due[0][0] + self.delay <= time.monotonic()):
                    self.now -= 1
                    try:
                        due.pop(0)[1].send(self.ANSWER)
                    except OSError:
                        pass
        for conn in conns + [self.listener]:
            conn.close()

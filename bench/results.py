"""What the benchmark scripts share: the machine, the commit, a file of JSON lines."""

import json
import os
import platform
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def cpu_model():
    try:
        with open("/proc/cpuinfo") as f:
            for line in f:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()


def commit():
    """The commit, with a plus when what was built may differ from it."""
    told = subprocess.run(
        ["git", "-C", ROOT, "describe", "--always", "--dirty=+", "--exclude=*"],
        capture_output=True, text=True, check=False,
    )
    return told.stdout.strip() or "unknown"


def load():
    return round(os.getloadavg()[0], 1)


class Results:
    """One file of bench/results; each line says where and under which load it arose."""

    def __init__(self, name, path=None):
        self.path = path or os.path.join(ROOT, "bench", "results", name + ".jsonl")
        self.place = {
            "at": time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime()),
            "commit": commit(),
            "cores": os.cpu_count(),
            "cpu": cpu_model(),
            "kernel": platform.release(),
        }

    def add(self, row):
        with open(self.path, "a") as f:
            f.write(json.dumps(dict(row, load=load(), **self.place)) + "\n")


def sagabench(folder, *options):
    """One run's line, with the program's folder left out."""
    args = [os.path.join(folder, "sagabench")] + [str(o) for o in options]
    told = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if told.returncode != 0 or "did not end" in told.stderr:
        raise SystemExit("sagabench: %s" % told.stderr)
    row = json.loads(told.stdout)
    row["program"] = os.path.basename(row["program"])
    return row

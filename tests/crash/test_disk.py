"""The disk fills up (S95): starts stop, then calls; nothing is lost, and it goes on.

On a disk that tests/failing makes small, everywhere; and on a real file system of that
size, a tmpfs, where we may mount one; elsewhere those tests are skipped and say so.
"""

import os
import subprocess

import pytest
import scaffold
from breaking import FAILING
from participant import Gate, Ok
from scaffold import eventually

MIB = 1024 * 1024
DISK = 100 * MIB
TWO = {
    "name": "two",
    "steps": [
        {"id": "a", "call": {"service": "s", "url": "/a", "timeout": "60s"},
         "compensate": {"service": "s", "url": "/undo"}},
        {"id": "b", "call": {"service": "s", "url": "/b"}, "compensate": None},
    ],
}


class Ballast:
    """A file that leaves `free` bytes of the disk, by size and, on a real one, in truth."""

    def __init__(self, folder, is_real):
        self.folder, self.is_real = folder, is_real
        self.path = os.path.join(folder, "ballast")

    def leave(self, free):
        self.drop()
        if self.is_real:
            fs = os.statvfs(self.folder)
            n = fs.f_bavail * fs.f_frsize - free
        else:
            sizes = (os.path.getsize(os.path.join(self.folder, f)) for f in os.listdir(self.folder))
            n = DISK - sum(sizes) - free
        with open(self.path, "wb") as f:
            if self.is_real:
                os.posix_fallocate(f.fileno(), 0, max(1, n))
            else:
                f.truncate(max(0, n))

    def drop(self):
        if os.path.exists(self.path):
            os.unlink(self.path)


@pytest.fixture
def simulated(make_daemon, participant, monkeypatch):
    monkeypatch.setattr(scaffold, "SAGAD", FAILING)
    daemon = make_daemon(
        services={"s": participant.url}, env={"FAILPOINT_DISK": str(DISK)}
    )
    return daemon, Ballast(daemon.folder, is_real=False)


@pytest.fixture
def mounted(make_daemon, participant, tmp_path):
    folder = tmp_path / "small"
    folder.mkdir(mode=0o700)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=%d,mode=0700" % DISK, "tmpfs", str(folder)],
        capture_output=True,
        text=True,
    )
    if made.returncode != 0:
        pytest.skip("no small file system can be mounted here: " + made.stderr.strip())
    try:
        daemon = make_daemon(folder=folder, services={"s": participant.url})
        yield daemon, Ballast(str(folder), is_real=True)
        daemon.kill()
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def start_until(daemon, status):
    """Start sagas until one is answered so; the ids that were taken."""
    taken = []

    def asked():
        answer = daemon.client.start("two", wait=1)
        if answer.status in (200, 202):
            taken.append(answer.json["id"])
        assert answer.status in (200, 202, 503), answer
        return answer if answer.status == status else None

    return eventually(asked, "a start answered %d" % status), taken


def fill_up(daemon, ballast, participant):
    client = daemon.client
    client.put_definition(TWO)
    assert os.path.getsize(daemon.store_path + ".reserve") == 8 * MIB
    gate = participant.script("POST", "/a", Gate())
    held = client.start("two", id="held").json["id"]
    participant.wait_for(1, "POST", "/a")
    participant.script("POST", "/a", Ok())

    ballast.leave(40 * MIB)  # Below the mark of starts.
    refused, taken = start_until(daemon, 503)
    assert refused.json["code"] == "disk-full"
    assert "Retry-After" in refused.headers
    for saga in taken:
        assert client.wait_status(saga)["status"] == "completed"

    ballast.leave(12 * MIB)  # Below that of calls.
    daemon.wait_log("calls stop: the disk is nearly full")
    n = len(participant.of("POST", "/b"))
    gate.release()
    saga = eventually(
        lambda: [s for s in client.saga(held)["steps"] if s["id"] == "a"][0]["status"]
        == "succeeded", "the answer of the call in flight")
    assert saga
    return held, taken, n


def room_again(daemon, ballast, participant, held, n):
    assert len(participant.of("POST", "/b")) == n  # No new call.
    ballast.drop()
    daemon.wait_log("calls go on: there is room on the disk again")
    assert daemon.client.wait_status(held)["status"] == "completed"
    answer = daemon.client.start("two")
    assert answer.status == 202, answer
    assert daemon.client.wait_status(answer.json["id"])["status"] == "completed"


def test_simulated_disk_that_is_nearly_full(simulated, participant):
    daemon, ballast = simulated
    held, _, n = fill_up(daemon, ballast, participant)
    room_again(daemon, ballast, participant, held, n)


def test_mounted_disk_that_is_nearly_full(mounted, participant):
    daemon, ballast = mounted
    held, _, n = fill_up(daemon, ballast, participant)
    room_again(daemon, ballast, participant, held, n)


def full_all_the_same(daemon, ballast, participant, sagad):
    """Not even the commit fits: the reserve goes, the daemon ends and recovers."""
    held, taken, _ = fill_up(daemon, ballast, participant)
    client = daemon.client
    ballast.leave(0)
    reserve = daemon.store_path + ".reserve"

    def ended():
        if daemon.process.poll() is None:
            try:
                # A definition is stored whatever the marks say.
                client.ask("PUT", "/v1/definitions/two",
                           dict(TWO, description="x" * 200000 + str(os.urandom(8))))
            except (OSError, scaffold.http.client.HTTPException):
                pass
        return daemon.process.poll() is not None

    eventually(ended, "the end of the daemon")
    assert daemon.wait_exit() == 1, daemon.lines
    assert [x for x in daemon.lines if x][-1]["msg"] == "stopped: the store failed"
    assert not os.path.exists(reserve)
    daemon.start()  # In the room that the reserve left.
    assert daemon.client.saga(held)["status"] == "running"
    for saga in taken:
        assert daemon.client.saga(saga)["status"] == "completed"
    ballast.drop()
    assert daemon.client.wait_status(held)["status"] == "completed"
    daemon.kill()
    checked = sagad("verify", "--config", daemon.config_path)
    assert checked.code == 0, checked


def test_simulated_disk_that_is_full_all_the_same(simulated, participant, sagad):
    full_all_the_same(*simulated, participant, sagad)


def test_mounted_disk_that_is_full_all_the_same(mounted, participant, sagad):
    full_all_the_same(*mounted, participant, sagad)

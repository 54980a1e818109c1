"""A read of the store fails, once: nothing is told that is not so.

Each round: a database with a purged saga, one that is over and whose Idempotency-Key is
kept, and a definition; the daemon whose N-th read fails is asked about all of them. It says
what is true, or 503, or ends; never that a key was used for something else, that a saga is
unknown, that a definition is not there. N goes on until it is not reached.
"""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
import scaffold
from breaking import AT_ONCE, FAILING
from scaffold import Daemon

KEY = {"Idempotency-Key": '"kept"'}
CHILD = {"name": "child", "steps": [{"id": "rest", "wait": {"until": "${ 1 }"}}]}
PARENT = {"name": "parent", "steps": [{"id": "one", "saga": {"definition": "child"}}]}
OTHER = dict(PARENT, name="other")


def question(method, path, body, *true):
    return method, path, body, true


QUESTIONS = [
    question("POST", "/v1/sagas", {"definition": "child", "id": "gone", "input": {}}, 410),
    question("GET", "/v1/sagas/gone", None, 410),
    question("DELETE", "/v1/sagas/gone", None, 410),
    question("POST", "/v1/sagas", {"definition": "child", "id": "over", "input": {}}, 200),
    question("GET", "/v1/sagas/over", None, 200),
    question("PUT", "/v1/definitions/other", OTHER, 200, 201),
    question("PUT", "/v1/definitions/parent", PARENT, 200),
    question("GET", "/v1/definitions/parent", None, 200),
]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder with the database, to be copied."""
    folder = tmp_path_factory.mktemp("prepared")
    daemon = Daemon(folder)
    daemon.client.put_definition(CHILD)
    daemon.client.put_definition(PARENT)
    for saga_id in ("gone", "over"):
        key = KEY if saga_id == "over" else None
        assert daemon.client.start("child", id=saga_id, headers=key).status == 200
        daemon.client.wait_status(saga_id)
    assert daemon.client.ask("DELETE", "/v1/sagas/gone").status == 204
    daemon.stop()
    return str(folder)


def ask_all(daemon):
    """Every question, and what was told that is not so."""
    wrong = []
    for method, path, body, true in QUESTIONS + QUESTIONS:
        headers = KEY if body is not None and body.get("id") == "over" else None
        try:
            answer = daemon.client.ask(method, path, body, headers)
        except (OSError, scaffold.http.client.HTTPException):
            daemon.wait_exit()  # Nothing else is a reason.
            return wrong
        if answer.status not in true + (503,):
            wrong.append((method, path, answer))
    return wrong


def one(prepared, folder, at):
    """(was the read reached, what was told wrongly)."""
    shutil.copytree(prepared, folder)
    seen = os.path.join(folder, "seen")
    plan = {"FAILPOINT": "read", "FAILPOINT_AT": str(at), "FAILPOINT_SEEN": seen}
    daemon = Daemon(folder, env=plan, start=False)
    wrong = []
    try:
        daemon.write_config()
        daemon.launch()
        if daemon.await_listening():
            wrong = ask_all(daemon)
        ended = daemon.stop()
        last = [x["msg"] for x in daemon.lines if x][-1:]
        if ended != 0 and last not in (["cannot start"], ["stopped: the store failed"]):
            wrong.append((ended, daemon.lines))
    finally:
        daemon.kill()
    is_reached = os.path.exists(seen)
    shutil.rmtree(folder)
    return is_reached, wrong


def test_a_read_that_fails_is_not_taken_for_an_answer(prepared, tmp_path, monkeypatch):
    monkeypatch.setattr(scaffold, "SAGAD", FAILING)
    wrong, first, is_over = [], 1, False
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while not is_over:
            some = range(first, first + AT_ONCE)
            rounds = [pool.submit(one, prepared, str(tmp_path / str(n)), n) for n in some]
            for n, (is_reached, told) in zip(some, [r.result() for r in rounds]):
                is_over = is_over or not is_reached
                wrong += [(n, told)] if told else []
            first += AT_ONCE
    print("%d reads" % (first - AT_ONCE))
    assert first > 40
    assert wrong == [], wrong[:5]

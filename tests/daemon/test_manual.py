"""The manual's examples are what it says they are: right, wrong, or warned about.

A fenced block of docs/manual begins with its kind:

    json definition      a whole definition: no error, no warning
    json step            one step: the same, in a definition of its own
    json warns CODE      a definition or step that gets this warning and nothing else
    json tested          a definition whose own tests pass
    json wrong CODE      one that is refused with this error
    json configuration   a configuration that check-config accepts
    sql NAME             a statement of the participants' recipe
"""

import json
import os
import re
import sqlite3

import pytest

from conftest import ROOT, SAGACTL, SAGAD, run

MANUAL = os.path.join(ROOT, "docs", "manual")
SCHEMA = os.path.join(ROOT, "definitions", "definition.schema.json")


def blocks_of(page):
    """(page, line, kind, text) of each fenced block with a kind."""
    with open(os.path.join(MANUAL, page), encoding="utf-8") as f:
        text = f.read()
    for block in re.finditer(r"^```json (\w+(?: [\w-]+)?)\n(.*?)^```$", text, re.S | re.M):
        yield page, text.count("\n", 0, block.start()) + 1, block.group(1), block.group(2)


def pages():
    return sorted(n for n in os.listdir(MANUAL) if n.endswith(".md"))


BLOCKS = [block for page in pages() for block in blocks_of(page)]
DEFINITIONS = [b for b in BLOCKS if b[2] != "configuration"]
CONFIGURATIONS = [b for b in BLOCKS if b[2] == "configuration"]


def place_of(block):
    return "%s:%d" % block[:2]


def is_step(text):
    return "steps" not in json.loads(text) or "id" in json.loads(text)


def checked(text, tmp_path):
    """(exit code, issues as severity and code) of sagactl definition check."""
    if is_step(text):
        text = '{ "name": "example", "steps": [ %s ] }' % text
    path = tmp_path / "definition.json"
    path.write_text(text)
    done = run(SAGACTL, "definition", "check", str(path), "-o", "json")
    assert done.out.startswith("{"), done
    return done.code, [(i["severity"], i["code"], i["detail"]) for i in done.json["issues"]]


@pytest.mark.parametrize("block", DEFINITIONS, ids=place_of)
def test_an_example_is_as_the_manual_says(block, tmp_path):
    _, _, kind, text = block
    if kind == "tested":
        path = tmp_path / "definition.json"
        path.write_text(text)
        done = run(SAGACTL, "definition", "test", str(path))
        assert done.code == 0, done
        return
    code, issues = checked(text, tmp_path)
    word, _, expected = kind.partition(" ")
    if word in ("definition", "step"):
        assert (code, issues) == (0, [])
    elif word == "warns":
        assert code == 0
        assert [i[:2] for i in issues] == [("warning", expected)]
    else:
        assert word == "wrong"
        assert code == 10
        assert [i[:2] for i in issues] == [("error", expected)]


@pytest.mark.parametrize("block", CONFIGURATIONS, ids=place_of)
def test_a_configuration_is_accepted(block, tmp_path):
    path = tmp_path / "sagad.json"
    path.write_text(block[3])
    done = run(SAGAD, "check-config", "--config", str(path), env={"SAGAD_TEST_SECRET": "s"})
    assert done.code == 0, done


def names_in_schema(value):
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "properties":
                yield from inner
            yield from names_in_schema(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from names_in_schema(inner)


def names_in(value):
    if isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from names_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from names_in(inner)


def test_every_field_of_the_language_has_an_example():
    with open(SCHEMA, encoding="utf-8") as f:
        fields = set(names_in_schema(json.load(f)))
    shown = {name for b in DEFINITIONS if b[0] == "definitions.md" for name in names_in(json.loads(b[3]))}
    assert fields - shown == set()


def test_every_setting_stands_in_the_table():
    """check-config knows them all; what has a name of its own is listed by hand."""
    known = set(re.findall(r"^([\w.]+) = ", run(SAGAD, "check-config").out, re.M))
    with open(os.path.join(MANUAL, "operations.md"), encoding="utf-8") as f:
        listed = set(re.findall(r"^\| `([\w.]+)` \|", f.read(), re.M))
    assert {k for k in known if k not in listed and k.partition(".")[0] not in listed} == set()


def test_every_route_stands_in_the_tour_and_no_other():
    with open(os.path.join(ROOT, "adminapi", "openapi.json"), encoding="utf-8") as f:
        paths = json.load(f)["paths"]
    routes = {"%s %s" % (m.upper(), p) for p, methods in paths.items() for m in methods}
    with open(os.path.join(MANUAL, "http-api.md"), encoding="utf-8") as f:
        text = f.read()
    told = set(re.findall(r"^\| `([A-Z]+ /[^`?]*)` \|", text, re.M))
    assert told == routes - {"POST /v1/sagas"}
    assert "POST /v1/sagas\n" in text


def test_every_reason_for_being_stuck_is_explained():
    with open(os.path.join(ROOT, "definitions", "told.c"), encoding="utf-8") as f:
        table = re.search(r"reasons\[SAGA_REASONS\][^{]*\{(.*?)\};", f.read(), re.S).group(1)
    reasons = [r for r in re.findall(r'"([^"]+)"', table) if r != "nothing is wrong with it"]
    with open(os.path.join(MANUAL, "when-stuck.md"), encoding="utf-8") as f:
        told = re.findall(r"^\*\*(.*?)\*\*", f.read(), re.S | re.M)
    told = {" ".join(t.rstrip(".").split()).lower() for t in told}
    assert reasons and [r for r in reasons if r not in told] == []


class Books:
    """A participant made of nothing but the recipe in participants.md."""

    def __init__(self):
        with open(os.path.join(MANUAL, "participants.md"), encoding="utf-8") as f:
            found = re.findall(r"^```sql (\w+)\n(.*?)^```$", f.read(), re.S | re.M)
        self.sql = dict(found)
        self.db = sqlite3.connect(":memory:")
        self.db.execute(self.sql["table"])
        self.charged = 0

    def run(self, statement, **values):
        return self.db.execute(self.sql[statement], values)

    def action(self, key):
        with self.db:
            if self.run("claim", key=key).rowcount == 1:
                self.charged += 1
                self.run("keep", key=key, status=201, body="charge %d" % self.charged)
                return 201, "charge %d" % self.charged
            status, body, undone = self.run("look", key=key).fetchone()
            return (409, None) if status is None and undone else (status, body)

    def compensation(self, key, action_key):
        with self.db:
            if self.run("claim", key=key).rowcount == 1:
                (status,) = self.run("undo", action_key=action_key).fetchone()
                if status is not None and status < 300:
                    self.charged -= 1
                self.run("keep", key=key, status=200, body="gone")
                return 200, "gone"
            return self.run("look", key=key).fetchone()[:2]


def test_the_recipe_answers_a_repeated_key_with_the_first_result():
    books = Books()
    assert books.action("a") == books.action("a") == (201, "charge 1")
    assert books.charged == 1
    assert books.compensation("u", "a") == books.compensation("u", "a") == (200, "gone")
    assert books.charged == 0


def test_the_recipe_accepts_the_undo_of_what_never_came_and_refuses_what_comes_after():
    books = Books()
    assert books.compensation("u", "a") == (200, "gone")
    assert books.action("a") == books.action("a") == (409, None)
    assert books.charged == 0


@pytest.mark.parametrize("page", pages())
def test_a_pages_links_lead_somewhere(page):
    with open(os.path.join(MANUAL, page), encoding="utf-8") as f:
        links = re.findall(r"\]\(([^)#:]+)\)", f.read())
    assert [l for l in links if not os.path.exists(os.path.join(MANUAL, l))] == []


def test_the_table_of_contents_has_every_page():
    with open(os.path.join(MANUAL, "README.md"), encoding="utf-8") as f:
        listed = set(re.findall(r"\]\((\w[\w-]*\.md)\)", f.read()))
    assert listed == set(pages()) - {"README.md"}

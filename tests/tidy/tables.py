"""ARCHITECTURE.md shows the core's tables as they are in the code.

    python3 tests/tidy/tables.py [tree]     # compares
    scripts/tables                          # writes the section anew
"""
import re
import sys

import source

PAGE = "ARCHITECTURE.md"
BEGIN, END = "<!-- tables:begin -->", "<!-- tables:end -->"
SAGA, CELL, CELL_EVENT, HEADER = ("engine/core/saga.c", "engine/core/cell.c",
                                  "engine/core/cell_event.c", "engine/core/saga.h")

LISTS = [
    ("SAGA_STATE_MAP", "States of a saga"), ("SAGA_FLAG_MAP", "Flags beside the state"),
    ("CELL_STATE_MAP", "States of a cell"), ("CALL_MAP", "What a cell calls"),
    ("OUTCOME_MAP", "Outcomes"), ("SAGA_EVENT_MAP", "Events"),
    ("SAGA_ASK_MAP", "Questions"), ("SAGA_EFFECT_MAP", "Effects"),
    ("SAGA_REASON_MAP", "Why a cell is stuck"), ("SAGA_STATUS_MAP", "What the world is shown"),
]


def _list(text, name):
    """[(NAME, "word" or None, comment or None)] of an X-macro list."""
    body = re.search(r"#define " + name + r"\(X\)((?:.*\\\n)*.*)", text).group(1).replace("\\\n", "\n")
    found = []
    for part in re.finditer(r'X\((\w+)(?:,\s*"([^"]*)")?\)([^X]*?(?:/\*(.*?)\*/)?)\s*(?=X\(|$)', body, re.S):
        comment = part.group(4)
        found.append((part.group(1), part.group(2), comment and " ".join(comment.split())))
    return found


def _rows(text, table):
    """{state: [handlers]} of the ROWs of a table, and the columns' comment."""
    body = text[text.index(table):]
    body = body[:body.index("};\n")]
    head = re.findall(r"/\*([^*]*)\*/\s*(?:#define ROW|ROW)", body)[-1].split()
    rows = {}
    for row in re.finditer(r"^\s*ROW\(([^)]*)\)", body, re.M):
        cells = [c.strip() for c in row.group(1).split(",")]
        if cells[0] != "state":
            rows[cells[0]] = [c.replace("operate_", "") for c in cells[1:]]
    return [h for h in head if h != "state"], rows


def _moves(text, name):
    body = text[text.index(name + "["):]
    body = body[body.index("{"):body.index("};")]
    return [(state, re.findall(r"TO\((\w+)\)", to)) for state, to in
            re.findall(r"\[\w+?_(\w+)\]\s*=\s*([^,]*?),", body)]


def _table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def _event_table(columns, rows):
    states = list(rows)
    return _table(["event"] + states,
                  [[event] + [rows[s][k] for s in states] for k, event in enumerate(columns)])


def _list_lines(title, entries):
    items = []
    for name, word, comment in entries:
        shown = f"{name} \"{word}\"" if word and word.upper().replace("-", "_") != name else name
        items.append(f"{shown} ({comment.rstrip('.')})" if comment else shown)
    return [f"**{title}.** " + " · ".join(items) + ".", ""]


def render(root):
    saga, cell, event = (source.read(root, p) for p in (SAGA, CELL, CELL_EVENT))
    header = source.read(root, HEADER)
    lines = ["*Written by `scripts/tables` from `engine/core`; `tidy_tables` compares.*", "",
             "### The saga: what each event means in each state", ""]
    lines += _event_table(*_rows(saga, "handler table["))
    lines += ["", "`late`: normal, nothing changes. `reject`: its sender is told. `never`: a bug of the shell.", "",
              "### The cell", ""]
    lines += _event_table(*_rows(event, "cell_handler table["))
    lines += ["", "### Allowed moves", "",
              "Stated apart from the handlers and asserted at each move; closing a cell is always allowed.", ""]
    lines += _table(["saga", "may enter"], [[s, " ".join(to) or "nothing"] for s, to in _moves(saga, "may_enter")])
    lines += [""] + _table(["cell", "may move to"], [[s, " ".join(to)] for s, to in _moves(cell, "may_move")])
    lines += ["", "### The lists", "",
              "The order is the number on disk. R: a row of the same transaction. A: after the commit.", ""]
    for name, title in LISTS:
        lines += _list_lines(title, _list(header, name))
    return "\n".join(lines).rstrip() + "\n"


def _section(text):
    if BEGIN not in text or END not in text:
        return None
    return text[text.index(BEGIN) + len(BEGIN):text.index(END)].strip() + "\n"


def check(root):
    shown = _section(source.read(root, PAGE))
    if shown is None:
        return [f"{PAGE}:1: has no section between {BEGIN} and {END}"]
    if shown != render(root):
        return [f"{PAGE}:1: its tables are not those of engine/core; run scripts/tables"]
    return []


def write(root):
    text = source.read(root, PAGE)
    new = text[:text.index(BEGIN) + len(BEGIN)] + "\n" + render(root) + text[text.index(END):]
    with open(f"{root}/{PAGE}", "w", encoding="utf-8") as file:
        file.write(new)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        write(source.root_of(sys.argv[1:]))
    else:
        source.main("tables", check)

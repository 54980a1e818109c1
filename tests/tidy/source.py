"""What the tidy checks share: the files of a tree, and C without its words.

A finding is one line of text, "path:line: sentence"; a check gives a list of them.
"""
import os
import re
import sys

SKIPPED = {"node_modules", "__pycache__"}
TEXT = (".c", ".h", ".py", ".sh", ".cmake", ".sql", ".js", ".css", ".html", ".json", ".md", ".txt", ".yml", ".toml")


def root_of(argv):
    """The tree to look at: the argument, or the one this file is in."""
    if len(argv) > 1:
        return argv[1]
    return os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def files(root, *endings):
    """Paths below root, with '/', sorted; build folders and hidden ones left out."""
    found = []
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [s for s in subfolders
                         if s not in SKIPPED and not s.startswith((".", "build"))]
        for name in names:
            if name.endswith(endings):
                found.append(os.path.relpath(os.path.join(folder, name), root))
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


_WORDS = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code_only(text):
    """C text with comments, strings and characters blanked; lines stay lines."""
    return _WORDS.sub(lambda m: _blank(m.group()), text)


def line_comments(text):
    """Line numbers of // comments."""
    return [text.count("\n", 0, m.start()) + 1
            for m in _WORDS.finditer(text) if m.group().startswith("//")]


def functions(text):
    """(name, first line, lines) of each function body, brace to brace."""
    lines = code_only(text).split("\n")
    found, depth, head, start, goes_on = [], 0, "", None, False
    for number, line in enumerate(lines, 1):
        is_macro = goes_on or line.lstrip().startswith("#")
        goes_on = is_macro and line.rstrip().endswith("\\")
        for char in "" if is_macro else line + "\n":
            if char == "{":
                if depth == 0:
                    name = re.search(r"(\w+)\s*\([^{}]*\)\s*$", head)
                    start = (name.group(1), number) if name and "=" not in head else None
                depth += 1
            elif char == "}":
                depth = max(0, depth - 1)
                if depth == 0:
                    if start:
                        found.append((start[0], start[1], number - start[1] + 1))
                    head = ""
            elif depth == 0:
                head = "" if char == ";" else head + char
    return found


def report(name, findings):
    """Print findings; the exit status."""
    for finding in findings:
        print(finding)
    print(f"{name}: {len(findings)} findings")
    return 1 if findings else 0


def main(name, check):
    sys.exit(report(name, check(root_of(sys.argv))))

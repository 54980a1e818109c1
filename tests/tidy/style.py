"""The rules of STYLE.md that a script can see.

    python3 tests/tidy/style.py [tree]
"""
import os
import re

import source

FILE_LINES = 600      # A file stays under it.
FUNCTION_LINES = 70   # A body has at most so many.

BANNED = {
    "strcpy": "buf or arena_text", "strcat": "buf", "strncpy": "buf or memcpy",
    "strncat": "buf", "sprintf": "snprintf or buf_printf", "vsprintf": "vsnprintf",
    "atoi": "json_span_int", "atol": "json_span_int", "strtol": "json_span_int",
    "gets": "read", "rand": "ids_random_hex", "srand": "ids_random_hex",
    "time": "clk_wall_ms", "gettimeofday": "clk_wall_ms", "localtime": "clk_to_text",
    "localtime_r": "clk_to_text", "clock_gettime": "clk_mono_ms", "alloca": "arena_take",
}
HEAP = {"malloc": "mem_alloc", "calloc": "mem_alloc", "realloc": "mem_grow",
        "strdup": "mem_text"}
MAY_USE = {"base/clk.c": {"clock_gettime"}}

# Put together here so that this file does not find itself.
LEFT_OVER = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b")
MACHINE = re.compile(r"(?<![\w./~-])/(" + "|".join(["wo" + "rk", "fa" + "rm", "ro" + "ot", "ho" + "me"]) + r")/\w")
EMPTY_NAME = re.compile(r"(^|_)(util|utils|helper|helpers|manager|misc|common)\.[ch]$")


def _check_size(path, text):
    n = text.count("\n")
    findings = []
    if n >= FILE_LINES:
        findings.append(f"{path}:1: {n} lines; a file stays under {FILE_LINES}")
    for name, first, lines in source.functions(text):
        if lines > FUNCTION_LINES:
            findings.append(f"{path}:{first}: {name}() has {lines} lines; {FUNCTION_LINES} at most")
    return findings


def _check_bans(path, text):
    banned = dict(BANNED)
    if not path.startswith(("base/", "tests/", "bench/")):
        banned.update(HEAP)
    findings = []
    for number, line in enumerate(source.code_only(text).split("\n"), 1):
        for name in re.findall(r"(?<![\w.>])(\w+)\s*\(", line):
            if name in banned and name not in MAY_USE.get(path, ()):
                findings.append(f"{path}:{number}: {name}() is banned; use {banned[name]}")
        if re.match(r"\s*typedef\s+(struct|enum|union)\b(?!.*\(\*)", line):
            findings.append(f"{path}:{number}: no typedef for a struct, enum or union")
    return findings


def _check_words(path, text):
    findings = [f"{path}:{number}: comments are /* */" for number in source.line_comments(text)]
    name = os.path.basename(path)
    if EMPTY_NAME.search(name):
        findings.append(f"{path}:1: the name does not tell what is in it")
    if path.endswith(".h") and not text.startswith(f"/*\n * {name} - "):
        findings.append(f"{path}:1: a header opens with a comment: /*, then * {name} - what it is for")
    return findings


def _check_own_header(root, path, text):
    header = path[:-2] + ".h"
    if not path.endswith(".c") or not os.path.exists(os.path.join(root, header)):
        return []
    first = re.search(r'^#include\s+["<]([^">]+)', text, re.M)
    if first is None or first.group(1) != header:
        return [f"{path}:1: the first include is its own header, \"{header}\""]
    return []


def _check_left_over(path, text):
    findings = []
    for number, line in enumerate(text.split("\n"), 1):
        if not path.endswith((".md", ".txt", ".json")) and LEFT_OVER.search(line):
            findings.append(f"{path}:{number}: work left over; do it or file it")
        if MACHINE.search(line):
            findings.append(f"{path}:{number}: a path of somebody's machine")
    return findings


def _has_readme(root, folder):
    """A folder's own, or its parent's; the folders of engine/ have their own."""
    parent = os.path.dirname(folder)
    candidates = [folder] if parent in ("", "engine") else [folder, parent]
    return any(os.path.exists(os.path.join(root, c, "README.md")) for c in candidates)


def _check_readmes(root):
    folders = sorted({os.path.dirname(p) for p in source.files(root, ".c", ".h", ".sql", ".cmake")})
    return [f"{f}:1: has no README.md" for f in folders if f and not _has_readme(root, f)]


def check(root):
    findings = _check_readmes(root)
    for path in source.files(root, ".c", ".h"):
        text = source.read(root, path)
        findings += _check_size(path, text) + _check_bans(path, text)
        findings += _check_words(path, text) + _check_own_header(root, path, text)
    for path in source.files(root, *source.TEXT):
        findings += _check_left_over(path, source.read(root, path))
    return findings


if __name__ == "__main__":
    source.main("style", check)

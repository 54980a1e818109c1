"""The core touches nothing: its objects call nothing and keep nothing.

Compiles engine/core plainly (-O2, no hardening, no position independence) and
reads the symbols: undefined ones must be on the short list, and there is no
writable data.

    python3 tests/tidy/purity.py [tree]
"""
import os
import subprocess
import tempfile

import source

CORE = "engine/core"
MAY_CALL = {"__assert_fail", "memcpy", "memmove", "memset", "memcmp"}
FLAGS = ["-std=c17", "-O2", "-D_XOPEN_SOURCE=700", "-fno-pic", "-fno-stack-protector",
         "-U_FORTIFY_SOURCE", "-I."]


def _run(root, *command):
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def _symbols(root, path, folder):
    """[(kind letter, name)], or a finding when it does not compile."""
    made = os.path.join(folder, path.replace("/", "_") + ".o")
    compiler = os.environ.get("CC", "gcc")
    result = _run(root, compiler, *FLAGS, "-c", path, "-o", made)
    if result.returncode != 0:
        return [], [f"{path}:1: does not compile plainly: {result.stderr.strip()[-500:]}"]
    lines = _run(root, "nm", made).stdout.split("\n")
    return [tuple(line.split()[-2:]) for line in lines if line.strip()], []


def check(root):
    paths = [p for p in source.files(root, ".c") if os.path.dirname(p) == CORE]
    if not paths:
        return [f"{CORE}:1: has no sources, so nothing was proved"]
    findings, called, defined = [], [], set()
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            symbols, broken = _symbols(root, path, folder)
            findings += broken
            for kind, name in symbols:
                if kind == "U":
                    called.append((path, name))
                else:
                    defined.add(name)
                if kind in "BbDdCSsGg":
                    findings.append(f"{path}:1: keeps state in '{name}'")
    findings += [f"{path}:1: calls {name}" for path, name in called
                 if name not in defined | MAY_CALL]
    return findings


if __name__ == "__main__":
    source.main("purity", check)

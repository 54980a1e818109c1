"""Includes point one way: tests/tidy/directions.txt says which.

    python3 tests/tidy/directions.py [tree]
"""
import re

import source

RULES = "tests/tidy/directions.txt"
ANYWHERE = ("tests", "bench", "examples")  # These may include all, and nobody them.


def rules_of(text):
    """Folder -> set of folders or headers it may include."""
    rules = {}
    for line in text.split("\n"):
        line = line.split("#")[0].strip()
        if line:
            folder, allowed = line.split(":")
            rules[folder.strip()] = set(allowed.split())
    return rules


def home_of(path, rules):
    """The longest folder of the rules that path is in, or None."""
    homes = [folder for folder in rules if path.startswith(folder + "/")]
    return max(homes, key=len, default=None)


def _may(home, header, rules):
    allowed = rules[home]
    target = home_of(header, rules)
    if target == home or header in allowed:
        return True
    return target is not None and ("*" in allowed or target in allowed)


def _check_file(root, path, rules):
    home = home_of(path, rules)
    if home is None:
        if path.split("/")[0] in ANYWHERE:
            return []
        return [f"{path}:1: its folder is not in {RULES}"]
    findings = []
    for number, line in enumerate(source.read(root, path).split("\n"), 1):
        include = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if include and not _may(home, include.group(1), rules):
            findings.append(f"{path}:{number}: {home} may not include \"{include.group(1)}\"")
    return findings


def _parts(text):
    """(folder, [linked targets]) and target -> folder, from CMakeLists.txt."""
    links, homes = {}, {}
    text = re.sub(r"#[^\n]*", "", text)
    for body in re.findall(r"\bpart\(([^)]*)\)", text):
        words = body.split()
        folder = words[words.index("FOLDERS") + 1]
        homes[words[0]] = folder
        links[folder] = words[words.index("LINKS") + 1:]
    return links, homes


def _check_links(root, rules):
    links, homes = _parts(source.read(root, "CMakeLists.txt"))
    findings = []
    for folder, targets in links.items():
        linked = {homes[t] for t in targets if t in homes}
        allowed = rules.get(folder)
        if allowed is None:
            findings.append(f"CMakeLists.txt:1: {folder} is not in {RULES}")
        elif "*" not in allowed and linked - allowed:
            extra = " ".join(sorted(linked - allowed))
            findings.append(f"CMakeLists.txt:1: {folder} links {extra}, which it may not include")
    return findings


def check(root):
    rules = rules_of(source.read(root, RULES))
    findings = _check_links(root, rules)
    for path in source.files(root, ".c", ".h"):
        findings += _check_file(root, path, rules)
    return findings


if __name__ == "__main__":
    source.main("directions", check)

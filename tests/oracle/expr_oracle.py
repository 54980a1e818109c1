"""The expression language against the jq program.

    python3 tests/oracle/expr_oracle.py EXPR_RUN [pairs] [seed]
    python3 tests/oracle/expr_oracle.py EXPR_RUN meanings.txt

Makes expressions and documents, evaluates each pair with EXPR_RUN (expr_run.c) and
with jq, and compares. What our language accepts must mean the same there; where jq's
own versions disagree, ours fails instead (STRICTER lists those sentences), and such
pairs are counted, not compared. Exit status 77 without jq: the test is skipped.
"""
import collections
import json
import math
import random
import re
import shutil
import subprocess
import sys

BATCH = 40

STRICTER = {
    "element number": r"an array has no element number",
    "repeat": r"a string can be repeated 1 or more",
    "too large": r"too large",
    "map_values": r"map_values gives no result",
    "any/all": r"the condition of (any|all) gives",
    "last": r"last\(\.\.\.\) has no result",
    "tonumber": r"is not a number$",
    "separator": r"join's separator needs a string",
    "has": r"has on an array needs a whole number",
    "entries": r"from_entries needs \"value\" for \"v\"",
    "fromjson": r"fromjson cannot read",
    "steps": r"it takes more than \d+ steps",
    "depth": r"nested deeper than",
    "zero byte": r"zero byte",
    "base64": r"behind the end of its base64",
    "size": r"larger than \d+ bytes",
    "search": r"between \[ \] stands a name or a number",
}

NAMES = ["a", "b", "c", "id", "key", "value", "name", "x y"]
TEXTS = ["", "a", "abc", "a,b,,c", "Ab-Cd", "12", "-1.5", "x=1&y=2", "h\u00e9llo", "\U0001f600",
         "YWJj", "YQ==", "[1,2]", "{\"a\":null}", "true", " ", "line\nbreak", "\"quoted\"",
         "back\\slash", "a/b c"]
NUMBERS = [0, 1, 2, 3, 5, 7, -1, -3, 10, 42, 100, 1000, 1.5, 0.1, 19.99, -2.5, 12345,
           0.25, 65536, 1000000, -0.5, 1e-3]  # Small: products stay exact in jq, too.
SIMPLE = ["length", "keys", "add", "any", "all", "not", "ascii_downcase", "ascii_upcase",
          "tostring", "tonumber", "tojson", "fromjson", "type", "floor", "min", "max",
          "unique", "first", "last", "to_entries", "from_entries", "@base64", "@base64d",
          "@json", "@text", "@uri", "values"]
WITH_VALUE = ["has", "join", "split", "ltrimstr", "rtrimstr", "startswith", "endswith",
              "contains"]
WITH_FILTER = ["map", "select", "map_values", "any", "all", "sort_by", "first", "last",
               "with_entries"]
BINARY = ["+", "-", "*", "/", "%", "//", "and", "or"]
COMPARE = ["==", "!=", "<", "<=", ">", ">="]


class Maker:
    """Expressions and documents from one seeded source."""

    def __init__(self, seed):
        self.r = random.Random(seed)

    def value(self, depth):
        kind = self.r.random()
        if depth == 0 or kind < 0.45:
            return self.r.choice([
                None, True, False, self.r.choice(NUMBERS), self.r.choice(NUMBERS),
                self.r.choice(TEXTS), self.r.choice(TEXTS)])
        n = self.r.choice([0, 1, 2, 3, 3, 4, 12] if depth > 1 else [0, 1, 2, 3])
        if kind < 0.72:
            if self.r.random() < 0.4:  # Of one kind: what add, join and sort work on.
                one = self.r.choice([NUMBERS, TEXTS])
                return [self.r.choice(one) for _ in range(n)]
            if self.r.random() < 0.2:
                return [{"key": self.r.choice(NAMES), "value": self.value(depth - 1)}
                        for _ in range(n)]
            return [self.value(depth - 1) for _ in range(n)]
        names = NAMES if n <= 4 else NAMES + [f"n{i}" for i in range(12)]
        return {self.r.choice(names): self.value(depth - 1) for _ in range(n)}

    def document(self):
        return {"input": self.value(3)}

    def literal(self):
        kind = self.r.random()
        if kind < 0.1:
            return self.r.choice(["null", "true", "false"])
        if kind < 0.5:
            return str(abs(self.r.choice(NUMBERS)))
        return json.dumps(self.r.choice(TEXTS), ensure_ascii=self.r.random() < 0.5)

    def text(self, depth):
        pieces = []
        for _ in range(self.r.randint(1, 3)):
            if self.r.random() < 0.5:
                pieces.append(json.dumps(self.r.choice(TEXTS))[1:-1])
            else:
                pieces.append("\\(" + self.pipe(depth - 1) + ")")
        prefix = self.r.choice(["", "", "", "@base64 ", "@json ", "@text ", "@uri "])
        return prefix + '"' + "".join(pieces) + '"'

    def suffix(self, depth):
        kind = self.r.random()
        mark = self.r.choice(["", "", "", "?"])
        if kind < 0.4:
            return "." + self.r.choice(NAMES[:-1]) + mark
        if kind < 0.5:
            return self.r.choice(['["x y"]', '."x y"', '["a"]']) + mark
        if kind < 0.65:
            return "[" + str(self.r.choice([0, 1, 2, -1, -2, 5])) + "]" + mark
        if kind < 0.8:
            return "[]" + mark
        if kind < 0.9:
            ends = ["", "0", "1", "2", "-1", "10", "1.5"]
            a, b = self.r.choice(ends), self.r.choice(ends)
            return f"[{a}:{b}]" + mark if a or b else "[0:]" + mark
        return "[" + self.pipe(depth - 1) + "]" + mark

    def object(self, depth):
        members = []
        for _ in range(self.r.randint(0, 3)):
            kind = self.r.random()
            value = self.term(depth - 1)
            if self.r.random() < 0.15:
                value = value + " | " + self.term(depth - 1)
            if kind < 0.4:
                members.append(self.r.choice(["a", "b", "c", "if", "then"]) + ": " + value)
            elif kind < 0.6:
                members.append(json.dumps(self.r.choice(NAMES)) + ": " + value)
            elif kind < 0.75:
                members.append(self.r.choice(["a", "b", '"x y"']))
            elif kind < 0.85:
                members.append(self.text(1).split("@")[0] or '"z"')
                if not members[-1].startswith('"'):
                    members[-1] = '"z"'
            else:
                members.append("(" + self.pipe(depth - 1) + "): " + value)
        return "{" + ", ".join(members) + "}"

    def call(self, depth):
        kind = self.r.random()
        if kind < 0.5:
            return self.r.choice(SIMPLE)
        if kind < 0.7:
            argument = self.literal() if self.r.random() < 0.6 else self.pipe(depth - 1)
            return self.r.choice(WITH_VALUE) + "(" + argument + ")"
        return self.r.choice(WITH_FILTER) + "(" + self.pipe(depth - 1) + ")"

    def array(self, depth):
        n = self.r.randint(0, 3)
        parts = [self.pipe(depth - 1) for _ in range(n)]
        if n == 1 and self.r.random() < 0.5:
            # Only here: behind a ? jq 1.6 swallows the errors of what follows.
            return "[(" + parts[0] + ")?]"
        return "[" + ", ".join(parts) + "]"

    def base(self, depth):
        kind = self.r.random()
        if depth <= 0 or kind < 0.35:
            return self.r.choice([".", ".", self.literal(), ".input" if kind < 0.02 else "."])
        if kind < 0.45:
            return self.literal()
        if kind < 0.55:
            return "(" + self.pipe(depth - 1) + ")"
        if kind < 0.65:
            return self.array(depth)
        if kind < 0.73:
            return self.object(depth)
        if kind < 0.8:
            return self.text(depth)
        return self.call(depth)

    def term(self, depth):
        text = self.base(depth)
        if text[0].isdigit():
            return text
        for _ in range(self.r.choice([0, 0, 1, 1, 2]) if depth >= 0 else 0):
            more = self.suffix(max(depth, 1))
            if text.endswith("."):
                if more.startswith("."):
                    text = text[:-1]
            elif more.startswith("[") and text.startswith("."):
                pass
            text += more
        return text

    def operand(self, depth):
        kind = self.r.random()
        if kind < 0.06:
            return "-" + self.term(depth)
        if kind < 0.12 and depth > 0:
            middle = ""
            if self.r.random() < 0.3:
                middle = f"elif {self.pipe(depth - 1)} then {self.pipe(depth - 1)} "
            return (f"if {self.pipe(depth - 1)} then {self.pipe(depth - 1)} {middle}"
                    f"else {self.pipe(depth - 1)} end")
        return self.term(depth)

    def operators(self, depth):
        text = self.operand(depth)
        n = self.r.choice([0, 0, 0, 1, 1, 2])
        for _ in range(n):
            text += " " + self.r.choice(BINARY) + " " + self.operand(depth - 1)
        if n == 0 and self.r.random() < 0.2:
            text += " " + self.r.choice(COMPARE) + " " + self.operand(depth - 1)
        return text

    def pipe(self, depth):
        text = self.operators(depth)
        while self.r.random() < 0.25 and depth > 0:
            text += " | " + self.operators(depth - 1)
        return text

    def any_expression(self):
        return ".input | " + self.pipe(self.r.choice([1, 2, 2, 3, 3, 4]))

    # ---- expressions whose types fit, over documents of one shape ----

    def item(self):
        return {"id": self.r.choice(["p", "q", "r"]), "n": self.r.choice(NUMBERS),
                "s": self.r.choice(TEXTS), "tags": self.r.sample(TEXTS, 2)}

    def shaped_document(self):
        def some(make):
            return [make() for _ in range(self.r.choice([0, 1, 2, 3, 5, 11]))]
        return {"input": {
            "n": self.r.choice(NUMBERS), "s": self.r.choice(TEXTS), "b": self.r.random() < 0.5,
            "z": None, "ns": some(lambda: self.r.choice(NUMBERS)),
            "ss": some(lambda: self.r.choice(TEXTS)), "os": some(self.item),
            "o": {k: self.r.choice(NUMBERS) for k in self.r.sample(NAMES + list("ABCDEFGHI"),
                                                                  self.r.randint(0, 12))}}}

    def leaf(self, kind, within):
        at = {"doc": {"n": ".n", "s": ".s", "b": ".b", "ns": ".ns", "ss": ".ss", "os": ".os",
                      "o": ".o"},
              "item": {"n": ".n", "s": ".s", "ss": ".tags"}, "n": {"n": "."}, "s": {"s": "."}}
        if kind in at.get(within, {}) and self.r.random() < 0.8:
            return at[within][kind]
        return {"n": lambda: str(abs(self.r.choice(NUMBERS))),
                "s": lambda: json.dumps(self.r.choice(TEXTS)),
                "b": lambda: self.r.choice(["true", "false"]),
                "ns": lambda: self.r.choice(["[]", "[3, 1, 2, 1]", "[0.5, -1]"]),
                "ss": lambda: self.r.choice(["[]", '["b", "a", "b"]', '["", "x"]']),
                "os": lambda: '[{id: "z", n: 1, s: "t", tags: ["u"]}]',
                "o": lambda: self.r.choice(["{}", "{a: 1, b: 2}", '{"x y": 3, c: -1}'])}[kind]()

    RULES = {
        "n": ["FLAT", "FLAT", "{n} + {n}", "{n} - {n}", "{n} * {n}", "{n} / 4", "{n} % 7", "{s} | length",
              "{ns} | add // 0", "{ns} | length", "{ns} | max // {n}", "{ns} | min // 0",
              "{ns} | .[1] // 0", "{ns} | first // {n}", "{ns} | last // 1", "{n} | floor",
              "-({n} + 0.125)", "if {b} then {n} else {n} end", "{o} | add // 0", "{o} | length",
              "{o} | .a // 1", "FLAT", "[({s} | tonumber)?] | first // 0",
              "first({ns} | .[] | select({b:n})) // 0", "{os} | map({n:item}) | add // 0",
              "{ns} | map({n:n}) | add // 5", "{s} | split(\",\") | length",
              "{n} | tostring | tonumber", "{n} | tojson | fromjson", "{z} // {n}",
              "{ns} | [.[] | {n:n}] | length", "last({ns} | 1, .[]) ", "{n} | length"],
        "s": ["{s} + {s}", "{s} | ascii_upcase", "{s} | ascii_downcase", "{s} | ltrimstr({s})",
              "{s} | rtrimstr({s})", "{ss} | join({s})", "{ns} | join(\"-\")",
              "{s} | split({s}) | join(\"+\")", "{n} | tostring", "{o} | tojson",
              "{os} | tojson", "{ns} | @json", "{s} | @base64", "{s} | @base64 | @base64d",
              "{n} | @text", "{s} | tojson", "{s} | .[1:]", "{s} | .[:2]", "{s} | .[-3:-1]",
              "{any} | type", "{ss} | first // \"none\"", "if {b} then {s} else {s} end",
              "{ss} | max // \"\"", "{ss} | add // \"\"", "{s} | @uri", "{s} * 2",
              "{o} | keys | join(\",\")", "{o} | to_entries | map(.key) | join(\"/\")",
              "TEXT", "{s} | tojson | fromjson", "{any} | tostring", "{s} / {s} | join(\"\")"],
        "b": ["FLATB", "FLATB", "{n} < {n}", "{n} >= {n}", "{n} == {n}", "{s} == {s}", "{s} < {s}", "{b} and {b}",
              "{b} or {b}", "{b} | not", "{s} | startswith({s})", "{s} | endswith({s})",
              "{o} | has(\"a\")", "{ns} | has(1)", "{s} | contains({s})",
              "{ss} | contains([{s}])", "{ns} | any({b:n})", "{ns} | all({b:n})",
              "{ss} | any({b:s})", "{os} | any({b:item})", "{os} | all({b:item})",
              "{ns} | map({b:n}) | any", "{ns} | map({b:n}) | all", "{ns} == {ns}",
              "{ns} < {ns}", "{os} != {os}", "{o} == {o}", "{o} > {o}", "{any} == {any}",
              "{any} < {any}", "{o} | contains({o})", "{os} | contains({os})"],
        "ns": ["[{n}, {n}]", "{ns} + {ns}", "{ns} - {ns}", "{ns} | map({n:n})",
               "{ns} | map(select({b:n}))", "{ns} | sort_by({n:n})", "{ns} | unique",
               "{ns} | .[1:]", "{ns} | .[-2:]", "{ns} | .[0.5:1.5]", "{ns} | .[:3]", "[{os}[].n]",
               "{os} | map({n:item})", "{ns} | keys", "[{o}[]]", "{ns} | map_values({n:n})",
               "[{ns} | .[] | {n:n}, {n:n}]", "[{ns} | .[] | select({b:n})]", "{o} | map({n:n})",
               "if {b} then {ns} else {ns} end", "[{ns}, {ns}] | add", "[{ns}[] + {ns}[]] | .[:20]"],
        "ss": ["{s} | split({s})", "{s} / {s}", "{o} | keys", "{os} | map({s:item})",
               "{ss} + {ss}", "{ss} | unique", "{ss} | sort_by({s:s})", "{ss} | map({s:s})",
               "{ss} - {ss}", "[{s}, {s}]", "{ss} | map(select({b:s}))", "{ns} | map({s:n})",
               "{os} | map(.tags) | add // []", "[{ss} | .[] | values]", "{ss} | .[1:3]"],
        "os": ["{os} | map(select({b:item}))", "{os} | sort_by({n:item})",
               "{os} | sort_by({s:item}, {n:item})", "{os} + {os}", "{os} | unique",
               "[first({os}[] | select({b:item}))]", "{os} | .[:2]", "{os} - {os}",
               "{os} | map({{id, n: ({n:item}), s, tags}})", "{os} | map(. + {{n: ({n:item})}})"],
        "o": ["{{a: ({n}), b: ({n})}}", "{o} + {o}", "{o} * {o}", "{o} | map_values({n:n})",
              "{o} | with_entries({{key: .key, value: (.value | {n:n})}})",
              "{o} | to_entries | from_entries", "{os} | map({{(.id): .n}}) | add // {{}}",
              "{o} | with_entries(select(.value | {b:n}))", "{{({s}): ({n})}}",
              "{{\"k\\({s})\": ({n})}}", "{o} | map_values(select({b:n}))",
              "{o} | to_entries | map({{name: .key, value}}) | from_entries",
              "{ss} | map({{(.): length}}) | add // {{}}"],
    }

    def of(self, kind, depth, within):
        """An expression of that type, in ( ) where it is more than a word."""
        if kind == "any":
            kind = self.r.choice(list(self.RULES))
        if kind == "z":
            return self.r.choice([".zz", "null"]) if within == "doc" else "null"
        if depth <= 0 or self.r.random() < 0.15:
            return self.leaf(kind, within)
        rule = self.r.choice(self.RULES[kind])
        if rule == "FLAT":  # No ( ): what binds tighter, and to which side.
            text = self.leaf("n", within)
            for _ in range(self.r.randint(1, 4)):
                text += self.r.choice([" + ", " - ", " * ", " / ", " % ", " // ", " - -", " * -"])
                text += self.leaf("n", within)
            return "(" + text + ")"
        if rule == "FLATB":
            text = "{} {} {}".format(self.leaf("n", within), self.r.choice(COMPARE),
                                     self.leaf("n", within))
            for _ in range(self.r.randint(1, 3)):
                text += self.r.choice([" and ", " or ", " // "]) + self.leaf("b", within)
            return "(" + text + ")"
        if rule == "TEXT":
            return ('"' + json.dumps(self.r.choice(TEXTS))[1:-1] + "\\("
                    + self.of("s", depth - 1, within) + ")-\\(" + self.of("n", depth - 1, within)
                    + ')"')

        def fill(match):
            one, _, inner = match.group(1).partition(":")
            return self.of(one, depth - 1, inner or within)
        text = re.sub(r"\{(\w+(?::\w+)?)\}", fill, rule)
        return "(" + text.replace("{{", "{").replace("}}", "}") + ")"

    def typed_expression(self):
        kind = self.r.choice(list(self.RULES))
        return ".input | " + self.of(kind, self.r.choice([1, 2, 2, 3, 3]), "doc")

    def pair(self):
        if self.r.random() < 0.75:
            return self.typed_expression(), self.shaped_document()
        return self.any_expression(), self.document()


def ours(program, pairs):
    text = "".join(e + "\t" + json.dumps(d, ensure_ascii=False) + "\n" for e, d in pairs)
    done = subprocess.run([program], input=text.encode(), capture_output=True, check=True)
    lines = done.stdout.decode().split("\n")[:-1]
    if len(lines) != len(pairs):
        raise SystemExit(f"{len(pairs)} pairs, {len(lines)} answers\n{done.stderr.decode()}")
    return lines


def jq_batch(pairs):
    """For each pair {"v": [results]} or {"e": error}; a text when one does not compile."""
    parts = [f"(.[{i}] | try {{v: [{e}]}} catch {{e: .}})" for i, (e, _) in enumerate(pairs)]
    program = "[" + ", ".join(parts) + "]"
    documents = json.dumps([d for _, d in pairs])
    try:
        done = subprocess.run(["jq", "-c", program], input=documents.encode(),
                              capture_output=True, timeout=60)
    except subprocess.TimeoutExpired:
        return "it takes too long"
    if done.returncode != 0:
        return done.stderr.decode(errors="replace")
    return json.loads(done.stdout.decode(errors="replace"))


def theirs(pairs):
    found = jq_batch(pairs)
    if not isinstance(found, str) or len(pairs) == 1:
        return [found] if isinstance(found, str) else found
    half = len(pairs) // 2
    return theirs(pairs[:half]) + theirs(pairs[half:])


NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")


def is_same_but_for_zeros(ours, theirs):
    """A zero has no sign with us; the - in front of it may also be one of the text."""
    unsigned = re.sub(r"\\-0(?![\d.])", r"\\-?0", re.escape(theirs))
    return re.fullmatch(unsigned, ours, re.S) is not None


def is_same(a, b):
    if isinstance(a, bool) or isinstance(b, bool) or a is None or b is None:
        return a is b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        # Beyond 2^53 ours are exact where jq's are rounded.
        return float(a) == float(b) or (abs(a) > 2**53 and math.isclose(a, b, rel_tol=1e-12))
    if isinstance(a, str) and isinstance(b, str):
        # Numbers inside of texts: jq writes 1e+20 and -0 in its own way.
        plain = [NUMBER.sub(lambda m: repr(float(m.group()) + 0.0), t) for t in (a, b)]
        return a == b or plain[0] == plain[1] or is_same_but_for_zeros(a, b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(is_same(x, y) for x, y in zip(a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(is_same(a[k], b[k]) for k in a)
    return False


def judge(line, answer, counts):
    """None when both agree, else what is wrong."""
    if isinstance(answer, str):  # jq does not read it: then we must not either.
        counts["refused by jq"] += 1
        # jq folds constants early: {(1 + 1): 2} and 1 / 0 it does not even compile.
        is_early = "as object key" in answer or "Division by zero" in answer
        is_large = re.search(r"larger than|more than \d+ steps", line)  # jq had no memory.
        is_fine = is_early or is_large or line.startswith("?")
        return None if is_fine else "jq does not compile it: " + answer
    if line.startswith("?") and "name of a member must be" in line and "e" in answer:
        return None  # And {(-1): 2} we do not.
    if line.startswith("?"):
        return "we do not compile it: " + line[2:]
    if line.startswith("!"):
        for name, sentence in STRICTER.items():
            if re.search(sentence, line) and "v" in answer:
                counts["stricter: " + name] += 1
                return None
        several = "more than one result" in line or "it gives no result" in line
        if "more than one result" in line and "e" in answer:
            counts["error"] += 1  # We end at the second result, jq at its failure.
            return None
        if several:
            counts["not one result"] += 1
            return None if len(answer.get("v", [None])) != 1 else "number of results"
        if "e" in answer:
            counts["error"] += 1
            return None
        return "only we fail: " + line[2:]
    if "e" in answer:
        return f"only jq fails: {answer['e']}"
    if len(answer["v"]) != 1:
        return "number of results"
    counts["value"] += 1
    return None if is_same(json.loads(line[2:]), answer["v"][0]) else "value"


def mutated(maker, expression):
    """The text with a piece cut out, doubled, or put elsewhere."""
    words = re.findall(r'"(?:\\.|[^"\\])*"|\w+|\.\w+|//|[<>=!]=|.', expression)
    i, k = maker.r.randrange(len(words)), maker.r.randrange(len(words))
    kind = maker.r.random()
    if kind < 0.4:
        del words[i]
    elif kind < 0.7:
        words.insert(i, words[k])
    else:
        words[i], words[k] = words[k], words[i]
    return "".join(words)


def run(program, n_pairs, seed):
    maker = Maker(seed)
    counts = collections.Counter()
    wrong = 0
    done = 0
    while done < n_pairs:
        pairs = []
        while len(pairs) < BATCH * 10:
            pairs.append(maker.pair())
        lines = ours(program, pairs)
        for first in range(0, len(pairs), BATCH):
            batch = pairs[first:first + BATCH]
            answers = theirs(batch)
            for (e, d), line, answer in zip(batch, lines[first:], answers):
                problem = judge(line, answer, counts)
                if problem:
                    wrong += 1
                    show(e, d, line, answer, problem)
        done += len(pairs)
    wrong += run_mutated(program, maker, n_pairs // 100, counts)
    print(f"{done} pairs, {wrong} wrong;", ", ".join(f"{k} {v}" for k, v in sorted(counts.items())))
    return 1 if wrong else 0


def run_mutated(program, maker, n, counts):
    """Broken texts: what we accept all the same, jq accepts and understands alike."""
    pairs = [(mutated(maker, maker.any_expression()), maker.document()) for _ in range(n * 4)]
    pairs = [(e, d) for e, d in pairs if "\t" not in e and "\n" not in e]
    wrong = 0
    for (e, d), line in zip(pairs, ours(program, pairs)):
        if line.startswith("?"):
            counts["broken, refused"] += 1
            continue
        # Alone, in a program of its own: brackets that do not fit must not reach out.
        one = theirs([(e, d)])[0]
        compiled = subprocess.run(["jq", "-n", f"def f: {e}; 1"], capture_output=True)
        if compiled.returncode != 0:
            one = compiled.stderr.decode(errors="replace")
        if "?" in e and "v" in one and line.startswith("!"):
            counts["broken, with ?"] += 1
            continue
        problem = judge(line, one, counts)
        if problem:
            wrong += 1
            show(e, d, line, one, problem)
    return wrong


def cases_of(path):
    """(kind, expression, document, expected) of each line of a file like meanings.txt."""
    document = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            kind, _, rest = line.rstrip("\n").partition("  ")
            if kind == "document":
                document = json.loads(rest)
            elif kind and not kind.startswith("#"):
                expression, _, expected = ("  " + rest).partition("  =>  ")
                yield kind, expression.removeprefix("  "), document, expected


def claim(kind, expected, answer):
    """Is what the file says of an expression true of jq? None, or what is not."""
    if kind == "refused":  # jq has more words than the language; the others it refuses, too.
        return None
    if isinstance(answer, str):
        return None if kind == "strict" else "jq does not compile it"
    if kind == "value":
        same = "v" in answer and len(answer["v"]) == 1 and is_same(json.loads(expected),
                                                                   answer["v"][0])
        return None if same else "jq gives something else"
    if kind == "error":
        return "jq gives a result" if len(answer.get("v", [])) == 1 else None
    return None


def run_cases(program, path):
    cases = list(cases_of(path))
    lines = ours(program, [(e, d) for _, e, d, _ in cases])
    answers = []
    for first in range(0, len(cases), BATCH):  # What is refused may break others' brackets.
        batch = [(e, d) if kind != "refused" else ("null", d)
                 for kind, e, d, _ in cases[first:first + BATCH]]
        answers += theirs(batch)
    wrong = 0
    for (kind, e, d, expected), line, answer in zip(cases, lines, answers):
        problem = claim(kind, expected, answer)
        if problem is None and kind != "refused":
            problem = judge(line, answer, collections.Counter())
        if problem:
            wrong += 1
            show(e, {} if len(json.dumps(d)) > 500 else d, line, answer, problem)
    print(f"{len(cases)} cases, {wrong} wrong")
    return 1 if wrong or not cases else 0


def show(e, d, line, answer, problem):
    print("WRONG:", problem)
    print("  expression:", e)
    print("  document:  ", json.dumps(d))
    print("  ours:      ", line[:300])
    print("  jq:        ", json.dumps(answer)[:300])


def main():
    if shutil.which("jq") is None:
        print("jq is not installed")
        return 77
    if len(sys.argv) > 2 and not sys.argv[2].isdigit():
        return run_cases(sys.argv[1], sys.argv[2])
    n_pairs = int(sys.argv[2]) if len(sys.argv) > 2 else 3000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    return run(sys.argv[1], n_pairs, seed)


if __name__ == "__main__":
    sys.exit(main())

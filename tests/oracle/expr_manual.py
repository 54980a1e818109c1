"""The examples of the manual's page about expressions are true.

    python3 tests/oracle/expr_manual.py EXPR_RUN PAGE

The page's examples are tables whose rows begin with two or three code spans:
expression | result, or expression | error. The document is the first ```json block.
Besides, each function of the language must have an example. With jq installed each
result is compared with jq's, too, unless the row says "sagad".
"""
import json
import re
import shutil
import subprocess
import sys

FUNCTIONS = """length keys values has map select map_values add any all not join split
ascii_downcase ascii_upcase ltrimstr rtrimstr startswith endswith tostring tonumber tojson
fromjson type floor min max sort_by unique first last to_entries from_entries with_entries
contains @uri @base64 @base64d @json @text""".split()

ROW = re.compile(r"^\| `` ?(.*?) ?`` \| `` ?(.*?) ?`` \|(.*)\|$")


def rows_of(page):
    """(expression, result, remark) of each example; \\| stands for | in a table."""
    for line in page.split("\n"):
        row = ROW.match(line)
        if row:
            expression, result, remark = (c.replace("\\|", "|") for c in row.groups())
            yield expression, result, remark


def answers(program, document, expressions):
    text = "".join(f"{e}\t{document}\n" for e in expressions)
    done = subprocess.run([program], input=text.encode(), capture_output=True, check=True)
    return done.stdout.decode().split("\n")[:-1]


def is_right(answer, result):
    if answer.startswith("= "):
        try:
            return answer[2:] == result or json.loads(answer[2:]) == json.loads(result)
        except ValueError:
            return False
    return re.sub(r"^.*?column \d+: ", "", answer[2:]) == result


def jq_says(document, expression):
    done = subprocess.run(["jq", "-c", expression], input=document.encode(),
                          capture_output=True)
    return json.loads(done.stdout) if done.returncode == 0 else None


def main():
    page = open(sys.argv[2], encoding="utf-8").read()
    document = json.dumps(json.loads(re.search(r"```json\n(.*?)```", page, re.S).group(1)))
    rows = list(rows_of(page))
    wrong = 0
    got = answers(sys.argv[1], document, [e for e, _, _ in rows])
    for (expression, result, remark), answer in zip(rows, got):
        if not is_right(answer, result):
            print(f"{expression}\n  the page says {result}\n  it is        {answer}")
            wrong += 1
        elif answer.startswith("= ") and "sagad" not in remark and shutil.which("jq"):
            if jq_says(document, expression) != json.loads(result):
                print(f"{expression}: jq gives {jq_says(document, expression)}")
                wrong += 1
    written = " ".join(e for e, _, _ in rows)
    for name in FUNCTIONS:
        if not re.search(re.escape(name) + r"(?![\w])", written):
            print(f"{name} has no example")
            wrong += 1
    print(f"{len(rows)} examples, {wrong} wrong")
    return 1 if wrong or not rows else 0


if __name__ == "__main__":
    sys.exit(main())

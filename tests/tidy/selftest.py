"""Each tidy check is tried on a small tree with a planted bug, and on the same
tree without it.

    python3 tests/tidy/selftest.py
"""
import os
import tempfile
import unittest

import directions
import purity
import source
import style
import tables

CLEAN = {
    "CMakeLists.txt": "part(base\n    FOLDERS base\n    LINKS Threads::Threads)\n"
                      "part(engine_core FOLDERS engine/core LINKS base)\n",
    "tests/tidy/directions.txt": "# who\nbase :\nengine/core : base\nprograms/sagad : *\n",
    "base/README.md": "# base\n",
    "base/one.h": "/*\n * one.h - a thing.\n */\n",
    "base/one.c": "/* one.c */\n#include \"base/one.h\"\n\nint one(void);\n\nint one(void)\n{\n    return 1;\n}\n",
    "engine/core/README.md": "# core\n",
    "engine/core/core.c": "#include <string.h>\n#include \"base/one.h\"\nint core(char *to);\n"
                          "int core(char *to)\n{\n    memset(to, 0, 99999);\n    return to[0];\n}\n",
    "programs/README.md": "# programs\n",
    "programs/sagad/main.c": "#include \"engine/core/core.h\"\n#include \"base/one.h\"\n",
    "tests/README.md": "# tests\n",
    "tests/unit/test_one.c": "#include \"engine/core/core.h\"\n",
}


class Tree:
    """CLEAN with some files added, replaced or (None) left out."""

    def __init__(self, changes):
        self.files = {**CLEAN, **changes}
        self.folder = tempfile.TemporaryDirectory()

    def __enter__(self):
        for path, text in self.files.items():
            if text is not None:
                full = os.path.join(self.folder.name, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w", encoding="utf-8") as file:
                    file.write(text)
        return self.folder.name

    def __exit__(self, *_):
        self.folder.cleanup()


class Planted(unittest.TestCase):
    def finds(self, module, words, path, text):
        with Tree({path: text}) as root:
            findings = module.check(root)
        self.assertEqual(len(findings), 1, findings)
        self.assertIn(words, findings[0])

    def clean(self, module, changes=None):
        with Tree(changes or {}) as root:
            self.assertEqual(module.check(root), [])


class Directions(Planted):
    def test_a_clean_tree_has_no_findings(self):
        self.clean(directions)

    def test_an_include_against_the_direction_is_found(self):
        self.finds(directions, "base/two.c:2: base may not include \"engine/core/core.h\"",
                   "base/two.c", "\n#include \"engine/core/core.h\"\n")

    def test_an_include_not_from_the_root_is_found(self):
        self.finds(directions, "may not include \"one.h\"", "base/two.c", "#include \"one.h\"\n")

    def test_an_include_of_a_test_is_found(self):
        self.finds(directions, "may not include", "base/two.c", "#include \"tests/support/x.h\"\n")

    def test_a_folder_without_a_rule_is_found(self):
        self.finds(directions, "its folder is not in", "other/x.c", "int x;\n")

    def test_a_target_that_links_against_the_direction_is_found(self):
        self.finds(directions, "base links engine/core", "CMakeLists.txt",
                   "part(base FOLDERS base LINKS engine_core)\n"
                   "part(engine_core FOLDERS engine/core LINKS base)\n")

    def test_a_single_header_may_be_allowed(self):
        self.clean(directions, {
            "tests/tidy/directions.txt": "base : engine/core/core.h\nengine/core : base\n"
                                         "programs/sagad : *\n",
            "base/two.c": "#include \"engine/core/core.h\"\n"})


class Purity(Planted):
    def test_a_clean_core_has_no_findings(self):
        self.clean(purity)

    def test_a_call_that_leaves_the_core_is_found(self):
        self.finds(purity, "calls puts", "engine/core/bad.c",
                   "#include <stdio.h>\nint bad(void);\nint bad(void)\n{\n    return puts(\"x\");\n}\n")

    def test_an_allocation_is_found(self):
        self.finds(purity, "calls malloc", "engine/core/bad.c",
                   "#include <stdlib.h>\nvoid *bad(void);\nvoid *bad(void)\n{\n    return malloc(9);\n}\n")

    def test_a_variable_that_lives_on_is_found(self):
        self.finds(purity, "keeps state in", "engine/core/bad.c",
                   "int bad(void);\nint bad(void)\n{\n    static int n;\n\n    return ++n;\n}\n")

    def test_a_core_without_sources_proves_nothing(self):
        self.finds(purity, "nothing was proved", "engine/core/core.c", None)

    def test_a_core_that_does_not_compile_is_found(self):
        self.finds(purity, "does not compile", "engine/core/bad.c", "int bad(\n")


class Style(Planted):
    def test_a_clean_tree_has_no_findings(self):
        self.clean(style)

    def test_a_file_of_600_lines_is_found(self):
        self.finds(style, "600 lines", "base/two.c", "int x;\n" * 600)

    def test_a_file_of_599_lines_is_not(self):
        self.clean(style, {"base/two.c": "int x;\n" * 599})

    def test_a_function_of_71_lines_is_found(self):
        self.finds(style, "long_one() has 71 lines", "base/two.c",
                   "static int long_one(int a,\n                    int b)\n{\n"
                   + "    a++;\n" * 69 + "}\n")

    def test_a_function_of_70_lines_is_not(self):
        self.clean(style, {"base/two.c": "int f(void)\n{\n" + "    g();\n" * 68 + "}\n"})

    def test_a_long_table_is_not_a_function(self):
        self.clean(style, {"base/two.c": "int t[] = {\n" + "    (1),\n" * 99 + "};\n"})

    def test_banned_functions_are_found(self):
        for name in style.BANNED:
            self.finds(style, f"{name}() is banned", "base/two.c", f"int x = {name}(1);\n")

    def test_the_heap_outside_base_is_found(self):
        self.finds(style, "malloc() is banned", "engine/core/two.c", "x = malloc(1);\n")

    def test_banned_words_in_comments_strings_and_names_are_not(self):
        self.clean(style, {"base/two.c": "/* strcpy(a) */ char *s = \"rand(1)\"; json_time(1);\n"})

    def test_a_line_comment_is_found(self):
        self.finds(style, "base/two.c:2: comments are", "base/two.c", "int x;\nint y; // why\n")

    def test_slashes_in_a_string_are_not(self):
        self.clean(style, {"base/two.c": "/* a // b */ char *s = \"http://x\";\n"})

    def test_work_left_over_is_found(self):
        for word in ("TO" + "DO", "FIX" + "ME"):
            self.finds(style, "work left over", "base/two.c", f"/* {word}: more */\n")

    def test_a_header_without_a_purpose_is_found(self):
        self.finds(style, "a header opens", "base/two.h", "#ifndef BASE_TWO_H\n")

    def test_a_header_that_is_not_first_is_found(self):
        self.finds(style, "first include is its own", "base/one.c",
                   "#include <stdio.h>\n#include \"base/one.h\"\n")

    def test_a_typedef_of_a_struct_is_found(self):
        self.finds(style, "no typedef", "base/two.c", "typedef struct two two;\n")

    def test_a_name_that_tells_nothing_is_found(self):
        self.finds(style, "does not tell", "base/string_utils.c", "int x;\n")

    def test_a_folder_without_a_readme_is_found(self):
        self.finds(style, "base:1: has no README.md", "base/README.md", None)
        self.finds(style, "engine/core:1: has no README.md", "engine/core/README.md", None)

    def test_a_path_of_a_machine_is_found(self):
        for folder in ("wo" + "rk", "ho" + "me"):
            self.finds(style, "somebody's machine", "base/notes.md", f"see /{folder}/ann/x\n")

    def test_a_path_of_an_address_is_not(self):
        self.clean(style, {"base/notes.md": "http://host/" + "wo" + "rk/1 and a/" + "ho" + "me/2\n"})


class Tables(unittest.TestCase):
    """Tried on this tree's own files, one of them changed."""

    PATHS = (tables.PAGE, tables.SAGA, tables.CELL, tables.CELL_EVENT, tables.HEADER)

    def findings(self, path="", old="", new=""):
        root = source.root_of([])
        texts = {p: source.read(root, p) for p in self.PATHS}
        if path:
            self.assertIn(old, texts[path])
            texts[path] = texts[path].replace(old, new)
        with Tree(texts) as changed:
            return tables.check(changed)

    def test_a_page_that_shows_the_code_has_no_findings(self):
        self.assertEqual(self.findings(), [])

    def test_a_changed_decision_is_found(self):
        self.assertEqual(len(self.findings(tables.SAGA, "keep_signal, late,", "late, late,")), 1)

    def test_a_changed_move_is_found(self):
        self.assertEqual(len(self.findings(tables.CELL, "[CELL_DUE] = TO(QUEUED) | ", "[CELL_DUE] = ")), 1)

    def test_a_new_reason_is_found(self):
        self.assertEqual(len(self.findings(tables.HEADER, "X(KEY_EXPIRED)", "X(NEW_ONE) X(KEY_EXPIRED)")), 1)

    def test_a_page_without_the_section_is_found(self):
        self.assertEqual(len(self.findings(tables.PAGE, tables.BEGIN, "")), 1)


class Source(unittest.TestCase):
    def test_build_folders_are_not_looked_at(self):
        with Tree({"build/x.c": "int x; // y\n", "build-asan/x.c": "int x; // y\n"}) as root:
            self.assertNotIn("build/x.c", source.files(root, ".c"))
            self.assertNotIn("build-asan/x.c", source.files(root, ".c"))

    def test_a_finding_fails_the_run(self):
        self.assertEqual(source.report("planted", ["x:1: y"]), 1)
        self.assertEqual(source.report("clean", []), 0)


if __name__ == "__main__":
    unittest.main()

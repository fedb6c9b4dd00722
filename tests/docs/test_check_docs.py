#!/usr/bin/env python3
"""Proves that check_docs.py catches what it is there for, on small trees made for the purpose."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import check_docs

OPTIONS = {"": {"--time", "--out", "--dt"}, "train": {"--time", "--out"}, "run": {"--dt"}}


def with_pages(check, files):
    """Calls `check` with a tree of `files` (path → text)."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        return check(root)


class Links(unittest.TestCase):
    def problems(self, readme, page="# A page\n\n## Δt, and more\n\n## Twice\n\n## Twice\n"):
        return with_pages(check_docs.check_links, {"README.md": readme, "docs/page.md": page})

    def test_good_links_pass(self):
        self.assertEqual(self.problems("# Top\n\n[a](docs/page.md) [b](docs/page.md#δt-and-more) [c](#top) [d](docs)\n"
                                       "[e](docs/page.md#twice-1) [f](https://example.org/x) [g](mailto:a@b)\n"), [])

    def test_a_file_that_is_not_there(self):
        self.assertEqual(self.problems("one\n[a](docs/pages.md)\n"), ["README.md:2: the link docs/pages.md leads nowhere"])

    def test_links_start_at_the_folder_of_their_page(self):
        self.assertEqual(self.problems("", "[a](docs/page.md) [b](page.md) [c](../README.md)\n"),
                         ["docs/page.md:1: the link docs/page.md leads nowhere"])

    def test_a_heading_that_is_not_there(self):
        self.assertEqual(self.problems("[a](docs/page.md#a-pages) [b](docs/page.md#twice-2)\n"),
                         ["README.md:1: docs/page.md has no heading #a-pages",
                          "README.md:1: docs/page.md has no heading #twice-2"])

    def test_code_has_no_links_and_no_headings(self):
        self.assertEqual(self.problems("```cpp\nv[0](x.md);\n# Not one\n```\n`f[0](y.md)`\n"), [])
        self.assertEqual(self.problems("```\n# Not one\n```\n[a](#not-one)\n"), ["README.md:4: README.md has no heading #not-one"])


class Commands(unittest.TestCase):
    def problems(self, text, page="docs/page.md"):
        return with_pages(lambda root: check_docs.check_commands(root, OPTIONS.get), {page: text})

    def test_good_commands_pass(self):
        self.assertEqual(self.problems("```sh\nelegans train a.csv --time t --out m   # --fast\n"
                                       "build/bin/elegans run m --dt 0.1 | tool --other\n```\n`--time` and `scripts/x --y`\n"), [])

    def test_an_option_of_another_command(self):
        self.assertEqual(self.problems("\n```\nelegans run m --out x\n```\n"), ["docs/page.md:3: elegans run has no option --out"])

    def test_a_line_that_goes_on(self):
        self.assertEqual(self.problems("```sh\nelegans train a.csv \\\n  --time t \\\n  --outt m\n```\n"),
                         ["docs/page.md:2: elegans train has no option --outt"])

    def test_a_command_that_is_none(self):
        self.assertEqual(self.problems("```\nelegans trian a.csv\n```\n"), ["docs/page.md:2: elegans has no command trian"])

    def test_an_option_in_prose(self):
        self.assertEqual(self.problems("Take `--times` or ``--dt 'x'``.\n"), ["docs/page.md:1: elegans has no option --times"])
        self.assertEqual(self.problems("`--check` of another program\n", "CONTRIBUTING.md"), [])


class Snippets(unittest.TestCase):
    def source(self, text):
        return with_pages(check_docs.source_of, {"docs/page.md": text, "include/elegans/nn/dense.hpp": ""})

    def test_a_block_with_page_and_line(self):
        text, count = self.source("# Page\n\n```cpp\n#include <vector>\nf();\n```\n\n```sh\ng\n```\n")
        self.assertEqual(count, 1)
        self.assertIn('#line 4 "docs/page.md"\n#include <vector>\n', text)
        self.assertIn('struct Snippet0 : Context { void run() {\n#line 4 "docs/page.md"\n\nf();\n}};\n', text)
        self.assertIn('#include "elegans/nn/dense.hpp"\n', text)

    def test_a_table_with_a_column_elegans(self):
        text, count = self.source("| Keras | elegans | Mind |\n|---|---|---|\n| `a` | `b()` `c();` | `d` |\n| `e` | `x \\| y` | |\n")
        self.assertEqual(count, 3)
        self.assertIn('#line 3 "docs/page.md"\nstatic_cast<void>(b());\n', text)
        self.assertIn('#line 3 "docs/page.md"\nc();\n', text)
        self.assertIn('#line 4 "docs/page.md"\nstatic_cast<void>(x | y);\n', text)

    def test_another_table_has_none(self):
        self.assertEqual(self.source("| A | elegans |\n|---|---|\n\n| A | B |\n|---|---|\n| `a` | `b` |\n")[1], 0)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""Checks the exit status and the lines of check_cells.

usage: test_check_cells.py PROGRAM GOLDEN
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM, GOLDEN = sys.argv[1], pathlib.Path(sys.argv[2])


def run(*arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)


class CheckCells(unittest.TestCase):
    def altered(self, change):
        """Runs the program on the first two cases after `change` of them."""
        cases = json.loads(GOLDEN.read_text())["cases"][:2]
        change(cases)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "altered.json"
            path.write_text(json.dumps({"cases": cases}))
            return run(path)

    def expect_failure(self, change, text):
        result = self.altered(change)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        lines = result.stdout.splitlines()
        self.assertEqual(len(lines), 3)
        self.assertTrue(lines[0].startswith("FAIL ltc_units:"), lines[0])
        self.assertIn(text, lines[0])
        self.assertTrue(lines[1].startswith("OK   "), lines[1])
        self.assertIn("1 of 2 cases hold", lines[2])

    def test_all_hold(self):
        for options in (), ("--dtype", "f32"), ("--target", "scalar"), ("--dtype", "f64", "--target", "best"):
            result = run(GOLDEN, *options)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            lines = result.stdout.splitlines()
            self.assertTrue(all(line.startswith("OK   ") for line in lines[:-1]), result.stdout)
            self.assertRegex(lines[-1], "^maximum: values .* gradients .*; 14 of 14 cases hold")
            for word in "output", "state", "loss", "gradients: ", "rnn_cell.gleak", " x ":
                self.assertIn(word, lines[0])

    def test_broken_bounds(self):
        def move(numbers):
            while isinstance(numbers[0], list):
                numbers = numbers[0]
            numbers[0] += 1e-5

        self.expect_failure(lambda cases: move(cases[0]["y"]), "broken: output (bound 1e-10)")
        self.expect_failure(lambda cases: move(cases[0]["state"]), "broken: state (bound 1e-10)")
        self.expect_failure(lambda cases: cases[0].update(loss=cases[0]["loss"] + 1e-5), "broken: loss (bound 1e-10)")
        self.expect_failure(lambda cases: move(cases[0]["grad_x"]), "broken: x (bound 1e-08)")
        self.expect_failure(lambda cases: move(cases[0]["grads"]["rnn_cell.w"]), "broken: rnn_cell.w (bound 1e-08)")
        self.expect_failure(lambda cases: move(cases[0]["x"]), "broken: ")

    def test_cases_that_cannot_run(self):
        self.expect_failure(lambda cases: cases[0].update(cell="gru"), "cell: 'gru' is unknown")
        self.expect_failure(lambda cases: cases[0]["options"].update(unfolds=3), "options: 'unfolds' is unknown")
        self.expect_failure(lambda cases: cases[0].pop("batch"), "the case cannot be read")
        self.expect_failure(lambda cases: cases[0]["parameters"].pop("rnn_cell.mu"), "no parameter 'rnn_cell.mu'")

    def test_unreadable(self):
        self.assertEqual(run().returncode, 2)
        self.assertEqual(run(GOLDEN, "--dtype", "f16").returncode, 2)
        self.assertEqual(run(GOLDEN, GOLDEN).returncode, 2)
        self.assertEqual(run("no such file.json").returncode, 2)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "broken.json"
            for text in "{", "[]", '{"cases": []}':
                path.write_text(text)
                result = run(path)
                self.assertEqual(result.returncode, 2, result.stdout)
                self.assertIn("broken.json", result.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

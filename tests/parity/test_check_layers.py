#!/usr/bin/env python3
"""Checks the exit status and the lines of check_layers.

usage: test_check_layers.py PROGRAM GOLDEN
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


class CheckLayers(unittest.TestCase):
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
        self.assertTrue(lines[0].startswith("FAIL lstm_empty_sequence_last:"), lines[0])
        self.assertIn(text, lines[0])
        self.assertTrue(lines[1].startswith("OK   "), lines[1])
        self.assertIn("1 of 2 cases hold, 0 missing", lines[2])

    def test_all_hold(self):
        for options in (), ("--dtype", "f32"), ("--target", "scalar"), ("--dtype", "f64", "--target", "best"):
            result = run(GOLDEN, *options)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            lines = result.stdout.splitlines()
            self.assertTrue(all(line.startswith("OK   ") for line in lines[:-1]), result.stdout)
            self.assertRegex(lines[-1], "^maximum: values .* gradients .*; 9 of 9 cases hold, 0 missing")
            for word in "y ", "h ", "c ", "loss", "gradients: ", " x ", "h0", "c0", "recurrent_kernel":
                self.assertIn(word, lines[0])

    def test_missing_layers_are_counted_and_no_failure(self):
        result = self.altered(lambda cases: cases[0].update(layer="Conv1D"))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        lines = result.stdout.splitlines()
        self.assertIn("missing lstm_empty_sequence_last", lines[0])
        self.assertIn("'Conv1D'", lines[0])
        self.assertIn("1 of 2 cases hold, 1 missing", lines[2])

    def test_broken_bounds(self):
        def move(tensor):
            tensor["data"][0] += 1e-5

        for key, name, bound in (("outputs", "y", "1e-10"), ("outputs", "c", "1e-10"), ("gradients", "x", "1e-08"),
                                 ("gradients", "kernel", "1e-08"), ("gradients", "c0", "1e-08")):
            self.expect_failure(lambda cases: move(cases[0][key][name]), f"broken: {name} (bound {bound})")
        self.expect_failure(lambda cases: cases[0].update(loss=cases[0]["loss"] + 1e-5), "broken: loss (bound 1e-10)")
        self.expect_failure(lambda cases: move(cases[0]["weights"]["bias"]), "broken: ")

    def test_cases_that_cannot_run(self):
        self.expect_failure(lambda cases: cases[0]["config"].update(unit=3), "key 'unit' is unknown")
        self.expect_failure(lambda cases: cases[0]["weights"].pop("bias"), "'bias': the array is missing")
        self.expect_failure(lambda cases: cases[0].pop("inputs"), "the case cannot be read")

    def test_unreadable(self):
        self.assertEqual(run().returncode, 2)
        self.assertEqual(run(GOLDEN, "--target", "fast").returncode, 2)
        self.assertEqual(run("no such file.json").returncode, 2)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "broken.json"
            path.write_text('{"cases": []}')
            result = run(path)
            self.assertEqual(result.returncode, 2, result.stdout)
            self.assertIn("broken.json", result.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

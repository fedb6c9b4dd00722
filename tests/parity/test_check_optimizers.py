#!/usr/bin/env python3
"""Checks the exit status and the lines of check_optimizers.

usage: test_check_optimizers.py PROGRAM GOLDEN
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


class CheckOptimizers(unittest.TestCase):
    def altered(self, change):
        """Runs the program on two cases and two schedules after `change` of them."""
        file = json.loads(GOLDEN.read_text())
        file = {"cases": file["cases"][:2], "schedules": file["schedules"][:2]}
        change(file)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "altered.json"
            path.write_text(json.dumps(file))
            return run(path)

    def test_all_hold(self):
        for options in (), ("--dtype", "f32"), ("--target", "scalar"), ("--dtype", "f64", "--target", "best"):
            result = run(GOLDEN, *options)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            lines = result.stdout.splitlines()
            self.assertTrue(all(line.startswith("OK   ") for line in lines[:-1]), result.stdout)
            self.assertIn("19 of 19 cases hold, 0 missing", lines[-1])
            for word in "global_norm", "p0", "p1":
                self.assertIn(word, lines[0])

    def expect_failure(self, change, line, text):
        result = self.altered(change)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        lines = result.stdout.splitlines()
        self.assertTrue(lines[line].startswith("FAIL "), result.stdout)
        self.assertIn(text, lines[line])
        self.assertIn("3 of 4 cases hold, 0 missing", lines[-1])

    def test_broken_bounds(self):
        def move(file, *path):
            for key in path[:-1]:
                file = file[key]
            file[path[-1]] += 1e-9

        self.expect_failure(lambda file: move(file, "cases", 0, "parameters_after", 3, "p1", "data", 1), 0,
                            "broken: p1 (bound 1e-10)")
        self.expect_failure(lambda file: move(file, "cases", 1, "global_norms", 2), 1, "broken: global_norm (bound 1e-10)")
        self.expect_failure(lambda file: move(file, "schedules", 0, "values", 2), 2, "broken: rates (bound 1e-10)")

    def test_cases_that_cannot_run(self):
        self.expect_failure(lambda file: file["cases"][0]["config"].pop("nesterov"), 0, "key 'nesterov' is missing")
        self.expect_failure(lambda file: file["schedules"][1]["config"].update(decay=1), 3, "key 'decay' is unknown")
        self.expect_failure(lambda file: file["cases"][0].pop("gradients"), 0, "the case cannot be read")

    def test_what_is_missing_is_counted(self):
        def change(file):
            file["cases"][1]["optimizer"] = "adafactor"
            file["schedules"][0]["config"]["type"] = "polynomial"

        result = self.altered(change)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        lines = result.stdout.splitlines()
        self.assertIn("missing sgd_nesterov_decay_value: elegans has no optimizer 'adafactor'", lines)
        self.assertIn("missing step_long: elegans has no schedule 'polynomial'", lines)
        self.assertIn("2 of 4 cases hold, 2 missing", lines[-1])

    def test_unreadable(self):
        self.assertEqual(run().returncode, 2)
        self.assertEqual(run(GOLDEN, "--dtype", "f16").returncode, 2)
        self.assertEqual(run("no such file.json").returncode, 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

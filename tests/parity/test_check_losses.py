#!/usr/bin/env python3
"""Checks the exit status and the lines of check_losses.

usage: test_check_losses.py PROGRAM
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv[1]


def tensor(shape, data, **more):
    return {**more, "shape": shape, "data": data}


def case(name="mse", loss="mean_squared_error", **config):
    return {"name": name, "loss": loss, "config": {"reduction": "sum", **config},
            "inputs": {"predictions": tensor([2, 1], [1, 2]), "targets": tensor([2, 1], [0, 4])},
            "weight": tensor([2], [1, 1]), "value": tensor([], [5]), "cotangent": tensor([], [1]),
            "gradients": {"predictions": tensor([2, 1], [2, -4])}}


def run(*arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)


class CheckLosses(unittest.TestCase):
    def on(self, *cases, options=()):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "losses.json"
            path.write_text(json.dumps({"reference": "by hand", "cases": cases}))
            return run(path, *options)

    def test_all_hold(self):
        for options in (), ("--dtype", "f32"), ("--target", "scalar"):
            result = self.on(case(), options=options)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            first, last = result.stdout.splitlines()
            self.assertRegex(first, "^OK   mse: value .*; gradients: predictions ")
            self.assertRegex(last, "^maximum: values .* gradients .*; 1 of 1 cases hold, 0 missing, f")

    def test_a_broken_bound(self):
        wrong = case()
        wrong["value"]["data"][0] += 1e-6
        result = self.on(wrong, case())
        self.assertEqual(result.returncode, 1)
        self.assertIn("FAIL mse:", result.stdout)
        self.assertIn("broken: value (bound 1e-10)", result.stdout)
        self.assertIn("1 of 2 cases hold", result.stdout)
        self.assertEqual(self.on(wrong, options=("--dtype", "f32")).returncode, 0)

    def test_a_loss_that_is_missing_is_counted_and_no_failure(self):
        result = self.on(case("one", "ctc"), case())
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("missing one: elegans has no loss 'ctc'", result.stdout)
        self.assertIn("1 of 2 cases hold, 1 missing", result.stdout)

    def test_cases_that_cannot_run(self):
        for broken, text in ((case(delta=1), "key 'delta' is unknown"), (case(reduction="total"), "'reduction' is \"total\""),
                             ({"loss": "mean_squared_error"}, "FAIL cases 0:"), ({}, "the case cannot be read"),
                             ([], "FAIL cases 0:")):
            result = self.on(broken, case())
            self.assertEqual(result.returncode, 1, result.stdout)
            self.assertIn(text, result.stdout)

    def test_unreadable(self):
        self.assertEqual(run().returncode, 2)
        self.assertEqual(run("no such file.json").returncode, 2)
        self.assertEqual(self.on().returncode, 2)
        self.assertIn("usage: check_losses FILE", run("--dtype", "f16").stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

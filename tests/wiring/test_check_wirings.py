#!/usr/bin/env python3
"""Checks the exit status and the lines of check_wirings.

usage: test_check_wirings.py PROGRAM GOLDEN
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


class CheckWirings(unittest.TestCase):
    def altered(self, change):
        """Runs the program on the golden file after `change` of its cases."""
        golden = json.loads(GOLDEN.read_text())
        change(golden["cases"])
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "altered.json"
            path.write_text(json.dumps(golden))
            return run(path)

    def expect_failure(self, change, text):
        result = self.altered(change)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        lines = result.stdout.splitlines()
        self.assertTrue(lines[0].startswith("FAIL 0 ") and lines[0].endswith(text), lines[0])
        self.assertTrue(all(line.startswith("OK ") for line in lines[1:-1]), result.stdout)
        self.assertEqual(lines[-1], "5 of 6 wirings are equal to the reference's")

    def test_equal(self):
        result = run(GOLDEN)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        lines = result.stdout.splitlines()
        self.assertEqual(len(lines), 7)
        self.assertEqual(lines[-1], "6 of 6 wirings are equal to the reference's")

    def test_differences(self):
        def polarity(cases):
            cases[0]["recurrent"][1][2] *= -1

        def removed(cases):
            del cases[0]["sensory"][-1]

        def order(cases):
            cases[0]["recurrent"].reverse()

        self.expect_failure(polarity, "recurrent[1], sorted, is [0,1,-1], expected [0,1,1] (16 synapses, expected 16)")
        self.expect_failure(removed, "sensory[7], sorted, is [1,3,1], expected no synapse (8 synapses, expected 7)")
        self.assertEqual(self.altered(order).returncode, 0)
        self.expect_failure(lambda cases: cases[0]["types"].__setitem__(2, "motor"), 'types[2] is "inter", expected "motor"')
        self.expect_failure(lambda cases: cases[0]["layers"][0].pop(), "layers[0] has 4 entries, expected 3")
        self.expect_failure(lambda cases: cases[0].update(synapses=15), "synapses is 16, expected 15")
        self.expect_failure(lambda cases: cases[0].update(sensory_synapses=7), "sensory_synapses is 8, expected 7")
        self.expect_failure(lambda cases: cases[0].update(outputs=3), "outputs is 2, expected 3")
        self.expect_failure(lambda cases: cases[0]["args"].update(units=0), "key 'units' is 0; expected an integer from 1 to 1048576.")

    def test_further_keys_are_ignored(self):
        self.assertEqual(self.altered(lambda cases: cases[0].update(remark="x")).returncode, 0)

    def test_unreadable(self):
        for arguments in ((), (GOLDEN, GOLDEN), ("--help",), ("/nonexistent/golden.json",)):
            result = run(*arguments)
            self.assertEqual(result.returncode, 2)
            self.assertIn("check_wirings", result.stderr)
        for change in (lambda cases: cases.clear(), lambda cases: cases[0].pop("inputs"), lambda cases: cases[1].update(args=[])):
            self.assertEqual(self.altered(change).returncode, 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

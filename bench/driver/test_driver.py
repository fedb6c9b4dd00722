#!/usr/bin/env python3
"""Tests of what judges benchmarks: ratios, floors, bars, options and counts of instructions. Times nothing."""

import json
import os
import random
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import bars
import bench
import floors
import instructions
import measure
import outside
import ratios

RATES = {"flop_per_second": 2e9, "sigmoid_ns": 3.0, "tanh_ns": 5.0, "kind": "test",
         "read": [[1024, 8e9], [4096, 2e9], [32768, 2e9], [1 << 20, 2e9]], "copy": [[1024, 4e9], [1 << 20, 1e9]]}
COUNTS = {"flop": 100.0, "sigmoids": 2.0, "tanhs": 1.0, "bytes": 0.0, "traffic": "read", "synapses": 10.0, "memory": 40.0}


def series(bursts, counts=None, **more):
    low, high = ratios.quantile(bursts, 0.25), ratios.quantile(bursts, 0.75)
    return {"bursts": bursts, "median": ratios.quantile(bursts, 0.5), "quartiles": [low, high], "version": None,
            "counts": COUNTS | (counts or {}), "peak_bytes": 1000} | more


def result(**names):
    return {"case": "step/x", "text": "step: x", "series": names, "ingredients": RATES, "missing": {}}


class Ratios(unittest.TestCase):
    def test_quantiles_lie_between_the_two_nearest(self):
        self.assertEqual(ratios.quantile([4, 1, 3, 2], 0.5), 2.5)
        self.assertEqual(ratios.quantile([10, 20, 30], 0.25), 15)
        self.assertEqual(ratios.quantile([7], 0.9), 7)

    def test_pairs_cancel_what_both_met(self):
        slowdown = [1, 1, 5, 1, 3, 1, 1]
        value, (low, high) = ratios.paired_ratio([20 * s for s in slowdown], [2 * s for s in slowdown])
        self.assertEqual((value, low, high), (10, 10, 10))

    def test_unequal_numbers_of_bursts_are_refused(self):
        with self.assertRaisesRegex(ValueError, "3 and 2 bursts are no pairs"):
            ratios.paired_ratio([1, 2, 3], [1, 2])

    def test_interval_holds_the_truth_about_as_often_as_it_says(self):
        generator, hits = random.Random(5), 0
        for _ in range(100):
            low, high = ratios.bootstrap([generator.gauss(10, 1) for _ in range(25)])
            hits += low <= 10 <= high
        # 95 of 100 are expected; a binomial has a standard deviation of 2.2, and medians of few are slightly off.
        self.assertGreaterEqual(hits, 86)
        self.assertLess(hits, 100)  # else it would be too wide

    def test_interval_narrows_with_more_bursts(self):
        generator = random.Random(6)
        values = [generator.gauss(10, 1) for _ in range(400)]
        few, many = ratios.bootstrap(values[:10]), ratios.bootstrap(values)
        self.assertLess(many[1] - many[0], 0.5 * (few[1] - few[0]))

    def test_processes_that_differ_widen_the_interval(self):
        # Five processes whose bursts agree among themselves: 10, 10, 10, 10 and 12.
        values = [10.0 + 0.001 * i for _ in range(4) for i in range(8)] + [12.0 + 0.001 * i for i in range(8)]
        low, high = ratios.bootstrap(values)
        self.assertLess(high - low, 0.01)
        low, high = ratios.bootstrap(values, [8] * 5)
        self.assertLess(low, 10.01)
        self.assertGreater(high, 11.9)
        with self.assertRaisesRegex(ValueError, "groups of 39 are none of 40 values"):
            ratios.bootstrap(values, [8, 8, 8, 8, 7])

    def test_verdicts(self):
        self.assertEqual(ratios.verdict((20, 21), at_least=20), ratios.MET)
        self.assertEqual(ratios.verdict((18, 19.9), at_least=20), ratios.NOT_MET)
        self.assertEqual(ratios.verdict((19, 21), at_least=20), ratios.UNDECIDED)
        self.assertEqual(ratios.verdict((1.1, 1.5), at_most=1.5), ratios.MET)
        self.assertEqual(ratios.verdict((1.6, 1.7), at_most=1.5), ratios.NOT_MET)
        self.assertEqual(ratios.verdict((1.4, 1.6), at_most=1.5), ratios.UNDECIDED)


class Floors(unittest.TestCase):
    def test_bandwidth_lies_on_a_line_over_the_logarithm(self):
        self.assertEqual(floors.bandwidth(RATES["read"], 10), 8e9)
        self.assertEqual(floors.bandwidth(RATES["read"], 2048), 5e9)
        self.assertEqual(floors.bandwidth(RATES["read"], 1 << 30), 2e9)

    def test_floor_is_the_larger_of_arithmetic_and_traffic_and_the_functions(self):
        self.assertAlmostEqual(floors.floor_ns(COUNTS, RATES), 50 + 2 * 3 + 5)
        self.assertAlmostEqual(floors.floor_ns(COUNTS | {"bytes": 1024.0}, RATES), 128 + 11)
        self.assertAlmostEqual(floors.floor_ns(COUNTS | {"bytes": 1024.0, "traffic": "copy"}, RATES), 256 + 11)
        self.assertIsNone(floors.floor_ns(COUNTS | {"flop": 0.0}, RATES))


class Bars(unittest.TestCase):
    def load(self, written):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(written)
            file.flush()
            return bars.load(file.name)

    def test_the_file_of_the_repository_is_well_formed(self):
        loaded = bars.load(os.path.join(instructions.ROOT, "bench", "bars.toml"))
        self.assertIn("ort-c", bars.peers_of(loaded, "step/cfc-ncp"))
        self.assertEqual(bars.peers_of(loaded, "adam/10M"), ["fused", "eager"])

    def test_what_is_wrong_in_the_file_is_named(self):
        for written, message in (('case = "a"\nours = "run"\nfastr = 2', "unknown key 'fastr'"),
                                 ('case = "a"', "needs 'case' and 'ours'"),
                                 ('case = "a"\nours = "run"', "against nothing"),
                                 ('case = "a"\nours = "run"\nagainst = "x"\nmeasure = "size"', "measures 'size'")):
            with self.assertRaisesRegex(bars.BarError, message):
                self.load("[[bar]]\n" + written)

    def test_bars_of_what_does_not_exist_are_refused(self):
        series_of = {"step/x": ["run", "policy"]}
        bar = {"case": "step/x", "ours": "run", "against": ["policy", "eager", "floor"]}
        bars.check([bar], series_of)
        for wrong, message in (({"case": "step/y"}, "no case 'step/y'; cases are step/x"),
                               ({"ours": "rum"}, "'ours' of a bar of 'step/x' is 'rum'; expected one of policy, run"),
                               ({"against": ["policy", "eeger"]}, "'against' of a bar of 'step/x' is 'eeger'")):
            with self.assertRaisesRegex(bars.BarError, message):
                bars.check([bar | wrong], series_of)
        with self.assertRaisesRegex(bars.BarError, "the case 'step/y' has none"):
            bars.check([bar], series_of | {"step/y": ["run"]})

    def judge(self, measured, **bar):
        lines = bars.judge_case([{"case": "step/x", "ours": "run"} | bar], measured)
        self.assertEqual(len(lines), 1)
        return lines[0]

    def test_faster_divides_the_other_by_ours_and_within_ours_by_the_other(self):
        measured = result(run=series([10.0] * 5), eager=series([300.0] * 5))
        line = self.judge(measured, against="eager", faster=20)
        self.assertEqual((line["value"], line["verdict"]), (30, "met"))
        line = self.judge(measured, against="eager", within=0.01)
        self.assertAlmostEqual(line["value"], 1 / 30)
        self.assertEqual(line["verdict"], "not met")

    def test_floor_of_what_is_not_counted(self):
        nothing = result(run=series([122.0] * 5, {"flop": 0.0}))
        self.assertEqual(self.judge(nothing, against="floor")["verdict"], "not measured: nothing of it is counted")

    def test_floor(self):
        line = self.judge(result(run=series([122.0] * 5)), against="floor", within=1.5)
        self.assertAlmostEqual(line["value"], 2)
        self.assertEqual(line["verdict"], "not met")

    def test_per_count_and_sums_of_series(self):
        measured = result(run=series([100.0] * 5), a=series([10.0] * 5), b=series([30.0] * 5))
        line = self.judge(measured, against=["a", "b"], per="operations", within=5)
        self.assertAlmostEqual(line["value"], (100 / 130) / (40 / 260))  # 100 flop and 10 each of three functions
        line = self.judge(measured | {"series": measured["series"] | {"a": series([10.0] * 5, {"synapses": 1.0})}},
                          against="a", per="synapses", within=1.3)
        self.assertAlmostEqual(line["value"], 1)

    def test_memory_peak_bits_and_absolute(self):
        measured = result(run=series([3e6] * 5, {"memory": 80.0}, checksum=7), a=series([1.0] * 5, peak_bytes=9000, checksum=7))
        self.assertEqual(self.judge(measured, against="a", measure="memory", within=1.3)["value"], 2)
        self.assertEqual(self.judge(measured, against="a", measure="peak", faster=8)["value"], 9)
        self.assertEqual(self.judge(measured, against="a", measure="bits")["verdict"], "met")
        measured["series"]["a"]["checksum"] = 8
        self.assertEqual(self.judge(measured, against="a", measure="bits")["verdict"], "not met")
        line = self.judge(measured, most_ms=20)
        self.assertEqual((line["value"], line["verdict"]), (3, "met"))

    def test_what_is_missing_says_why(self):
        measured = result(run=series([1.0] * 5)) | {"missing": {"ort": "no onnxruntime"}}
        self.assertEqual(self.judge(measured, against="ort", faster=2)["verdict"], "not measured: ort (no onnxruntime)")

    def test_without_a_number_it_is_reported(self):
        measured = result(run=series([1.0] * 5), eager=series([3.0] * 5))
        self.assertEqual(self.judge(measured, against="eager")["verdict"], "reported")


class Options(unittest.TestCase):
    def test_wrong_options_are_told_before_anything_is_built(self):
        program = ["--program", "no/such/program", "--parse"]
        for options, told in ([["--only", "stepp"], "--only is 'stepp', with which no case begins; there are: step/cfc-ncp"],
                              [["--page", "x.md", "--from", "no.json"], "--from is 'no.json', which is no file"],
                              [["--page", "no/such/x.md"], "folder is not there"],
                              [["--results", "."], "--results writes '.', which is a folder"],
                              [["--page", "x.txt"], "expected the path of a file that ends in .md"],
                              [["--page", ".md"], "expected the path of a file that ends in .md"],
                              [["--quick", "--json"], "leave out --json"],
                              [["--quick", "--core", "0"], "leave out --core"],
                              [["--quick", "--results", "x.json"], "leave out --results"],
                              [["--quick", "--seconds", "1"], "--quick judges no time: leave out --seconds"],
                              [["--seconds", "0"], "expected a number above 0"]):
            done = subprocess.run([sys.executable, bench.__file__, *program, *options], capture_output=True, text=True)
            self.assertEqual((done.returncode, told in done.stderr), (2, True), done.stderr)
        for options, told in ([["--only", "train/lstm-65"], "--only is 'train/lstm-65'"],
                              [["--only", "size"], "there are: step/cfc-ncp"],  # sizes are not counted
                              [["--page", "x.md"], "unrecognized arguments: --page x.md"],
                              [["--quick"], "scripts/bench --instructions: error"]):
            done = subprocess.run([sys.executable, instructions.__file__, *program, *options], capture_output=True, text=True)
            self.assertEqual((done.returncode, told in done.stderr), (2, True), done.stderr)
        done = subprocess.run([sys.executable, bench.__file__, *program, "--only", "step"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_what_cannot_be_written_or_read_is_told_before_anything_is_measured(self):
        with tempfile.TemporaryDirectory() as folder:
            page, kept = os.path.join(folder, "x.md"), os.path.join(folder, "kept.json")
            self.assertIsNone(bench.unwritable(page))
            self.assertIn("cannot be written", bench.unwritable("/proc/x.md"))
            os.mkdir(os.path.join(folder, "x.svg"))
            done = subprocess.run([sys.executable, bench.__file__, "--program", "no/such/program", "--parse", "--page", page],
                                  capture_output=True, text=True)
            self.assertEqual((done.returncode, "x.svg', which is a folder" in done.stderr), (2, True), done.stderr)
            with open(kept, "w") as file:
                file.write("{}")
            done = subprocess.run([sys.executable, bench.__file__, "--program", "no/such/program", "--parse", "--page",
                                   os.path.join(folder, "y.md"), "--from", kept], capture_output=True, text=True)
            self.assertEqual((done.returncode, "expected one that  scripts/bench --results FILE" in done.stderr), (1, True), done.stderr)

    def test_names_are_cases_then_groups_then_beginnings(self):
        cases = ["step/lstm-16", "step/lstm-32", "step/cfc", "step/cfc-fixed", "train/lstm/1", "train/lstm/2"]
        self.assertEqual(bars.chosen(cases, []), cases)
        self.assertEqual(bars.chosen(cases, ["step/cfc"]), ["step/cfc"])
        self.assertEqual(bars.chosen(cases, ["train/lstm", "step/lstm"]), cases[:2] + cases[4:])
        self.assertEqual(bars.chosen(cases, ["step/"]), cases[:4])

    def test_the_page_says_how_it_is_repeated_without_paths_of_this_machine(self):
        def command(*options):
            before, sys.argv = sys.argv, ["bench", "--program", "p", *options]
            try:
                return bench.command_of(bench.parse())
            finally:
                sys.argv = before

        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(command("--seconds", "3", "--clock", "cpu", "--page", os.path.join(folder, "zen.md")),
                             "scripts/bench --seconds 3 --clock cpu --page zen.md")
        os.environ["ELEGANS_TARGET"] = "AVX2"
        try:
            self.assertEqual(command("--page", os.path.join(bench.ROOT, "docs", "benchmarks.md")),
                             "ELEGANS_TARGET=AVX2 scripts/bench --seconds 12 --page docs/benchmarks.md")
        finally:
            del os.environ["ELEGANS_TARGET"]

    def test_processors_have_a_generation(self):
        amd = "processor\t: 0\nmodel name\t: AMD EPYC\ncpu family\t: 26\nmodel\t\t: 2\n\nprocessor\t: 1\nmodel\t\t: 3\n"
        self.assertEqual(bench.processor(amd), "AMD EPYC (family 26, model 2)")
        self.assertEqual(bench.processor("processor: 0\nBogoMIPS: 50\n"), "unknown")


class Instructions(unittest.TestCase):
    def test_counts_of_cases_that_are_gone_are_told(self):
        before = instructions.BASELINE
        with tempfile.TemporaryDirectory() as folder:
            instructions.BASELINE = os.path.join(folder, "baseline.json")
            try:
                with open(instructions.BASELINE, "w") as file:
                    json.dump({"of": {"compiler": "of another"}, "instructions": {"step/x": 1, "step/y": 2}}, file)
                with self.assertRaisesRegex(SystemExit, "counts step/y, which bench_e2e does not have"):
                    instructions.check({"step/x": 1}, "dev")
                with self.assertRaisesRegex(SystemExit, "Not judged: .*of another"):
                    instructions.check({"step/x": 1}, "dev", whole=False)
                with open(instructions.BASELINE, "w") as file:
                    json.dump({"of": instructions.machine() | {"preset": "dev"}, "instructions": {"step/x": 100}}, file)
                instructions.check({"step/x": 103}, "dev", whole=False)
                with self.assertRaisesRegex(SystemExit, "Make it cheaper"):
                    instructions.check({"step/x": 104}, "dev", whole=False)
            finally:
                instructions.BASELINE = before

    def test_growth_beyond_three_percent_and_new_cases(self):
        before = {"a": 1000, "b": 1000, "c": 1000}
        self.assertEqual(instructions.grown(before, {"a": 1030, "b": 1031, "c": 900, "d": 5}),
                         {"b": (1000, 1031), "d": (None, 5)})


class Outside(unittest.TestCase):
    """With the path of bench_e2e: that nothing is asked of the system while running, and that what is would be seen."""

    program = None

    def setUp(self):
        if not self.program:
            self.skipTest("no path of bench_e2e was given")

    def count(self, *arguments):
        try:
            return outside.count(self.program, *arguments)
        except outside.NotAllowed as reason:
            self.skipTest(str(reason))

    def test_counters_see_what_compiling_asks_for(self):
        asked = self.count("compile", "train/cfc-ncp/128x100")
        self.assertGreater(asked["allocations"], 1000)
        self.assertGreater(sum(asked["system calls"].values()), 0)  # for memory of such size

    def test_running_asks_for_nothing(self):
        nothing = {"allocations": 0, "locks": 0, "system calls": {}}
        for case in measure.Ours(self.program).cases():
            for name in case["series"]:
                if outside.is_silent(case["case"], name):
                    with self.subTest(case=case["case"], series=name):
                        self.assertEqual(self.count(case["case"], name), nothing)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        Outside.program = sys.argv.pop(1)
    unittest.main()

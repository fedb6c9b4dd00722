#!/usr/bin/env python3
"""Tests of the page and the chart that are written from kept numbers."""

import json
import os
import sys
import tempfile
import unittest
import xml.dom.minidom

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import bars
import bench
import chart
import files
import outside
import page
import text
from test_driver import result, series


class Pages(unittest.TestCase):
    def kept(self):
        measured = result(run=series([10.0, 12.0, 11.0]), eager=series([300.0, 310.0, 320.0]))
        measured["bars"] = bars.judge_case(
            [{"case": "step/x", "ours": "run", "against": "eager", "faster": 20, "stretch": 40},
             {"case": "step/x", "ours": "run", "against": "mlx", "note": "it is read so"}], measured)
        measured["outside"] = {"run": {"allocations": 0, "locks": 0, "system calls": {202: 3}}}
        setting = {"date": "2000-01-01", "processor": "P", "cores": 1, "clock": "wall", "kind": "AVX2", "compiler": "c",
                   "commit": "abc", "versions": ["Peer 1"], "command": "scripts/bench"}
        return {"setting": setting, "cases": [measured]}

    def test_page_has_every_bar_and_series(self):
        written = page.render(self.kept())
        self.assertIn("| step/x | run against eager | 29.1 × (25.8 … 30) | ≥ 20 × (stretch 40) | met |", written)
        self.assertIn("not measured: mlx (not measured)", written)
        self.assertIn("\n\nHow these are read:\n\n- step/x: it is read so.\n\n", written)
        self.assertIn("| step: x | run | 11 ns | 10.5 ns … 11.5 ns | 1 KB |", written)
        self.assertIn("| step/x | run | 0 | 0 | 3 | **not met** |", written)
        self.assertEqual(written, page.render(self.kept()))

    def test_page_shows_what_is_counted_and_what_is_left(self):
        kept = self.kept()
        self.assertNotIn("## Work", page.render(kept))
        measured = result(run=series([200.0] * 5, {"flop": 23080.0, "bytes": 1024.0}), eager=series([300.0] * 5))
        measured["bars"] = bars.judge_case([{"case": "step/x", "ours": "run", "against": "floor", "within": 1.5},
                                            {"case": "step/x", "ours": "run", "against": "floor"},
                                            {"case": "step/x", "ours": "run", "against": "eager"}], measured)
        kept["cases"] = [measured]
        # 23080 flop at 2 GFLOP/s, 1 KB at 8 GB/s, two sigmoids of 3 ns and a tanh of 5; nothing is left below the floor.
        row = "| step/x | run | 23.1 k | 3 | 1.02 KB | 11.5 µs | 128 ns | 11 ns | 11.6 µs | 0 ns |"
        self.assertEqual(page.render(kept).count(row), 1)
        measured["series"]["run"] |= {"median": 12551.0}
        self.assertIn("| 11.6 µs | 1 µs |", page.render(kept))

    def test_a_series_that_asks_for_nothing_meets_the_bar(self):
        nothing = {"allocations": 0, "locks": 0, "system calls": {}}
        self.assertEqual(outside.verdict(nothing), "met")
        for one in ({"allocations": 1}, {"locks": 1}, {"system calls": {202: 1}}):
            self.assertEqual(outside.verdict(nothing | one), "not met")

    def test_groups_of_one_machine_are_one_page(self):
        with tempfile.TemporaryDirectory() as folder:
            files = [os.path.join(folder, name) for name in ("a.json", "b.json")]
            kept = [self.kept(), self.kept()]
            kept[0]["cases"][0]["case"] = "train/x"
            kept[1]["setting"]["versions"] = ["Other 2"]

            def write():
                for name, one in zip(files, kept):
                    with open(name, "w") as file:
                        json.dump(one, file)

            write()
            joined = bench.joined(files, ["step/x", "train/x"])
            self.assertEqual([case["case"] for case in joined["cases"]], ["step/x", "train/x"])
            self.assertEqual(joined["left out"], [])
            self.assertEqual(bench.joined(files[:1], ["step/x", "train/x"])["left out"], ["step/x"])
            self.assertEqual(joined["setting"]["versions"], ["Other 2", "Peer 1"])
            with self.assertRaisesRegex(SystemExit, "no case 'train/x' any more"):
                bench.joined(files, ["step/x"])
            with self.assertRaisesRegex(SystemExit, "two files have the case 'train/x'"):
                bench.joined([files[0], files[0]], ["step/x", "train/x"])
            kept[1]["setting"]["commit"] = "def"
            write()
            with self.assertRaisesRegex(SystemExit, "differ in their commit: abc, def"):
                bench.joined(files, ["step/x", "train/x"])

    def test_a_page_that_cannot_be_written_stays_as_it_was(self):
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, "page.md")
            with open(name, "w") as file:
                file.write("as it was")
            broken = self.kept()
            broken["cases"][0]["ingredients"] = {}
            with self.assertRaisesRegex(SystemExit, "the results lack something"):
                bench.write_page(broken, name)
            with open(name) as file:
                self.assertEqual(file.read(), "as it was")

    def test_a_file_is_written_whole_or_not_at_all(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "kept.json")
            files.write_whole(path, "before")
            with self.assertRaises(TypeError):
                files.write_whole(path, None)  # what ends it may come at any time
            with open(path) as file:
                self.assertEqual(file.read(), "before")
            self.assertEqual(os.listdir(folder), ["kept.json"])

    def test_a_page_of_some_cases_names_the_others(self):
        self.assertNotIn("Not measured: step", page.render(self.kept()))
        self.assertIn("Not measured: step/y, train/z.", page.render(self.kept() | {"left out": ["step/y", "train/z"]}))

    def test_chart_is_well_formed_and_draws_what_was_measured(self):
        drawn = xml.dom.minidom.parseString(chart.render(self.kept()["cases"]))
        labels = [node.firstChild.data for node in drawn.getElementsByTagName("text")]
        self.assertIn("step/x / eager", labels)
        colours = [rect.getAttribute("fill") for rect in drawn.getElementsByTagName("rect")]
        legend = list(chart.COLOURS.values())
        self.assertEqual(colours, legend + [chart.COLOURS["met"]])
        self.assertEqual(len(xml.dom.minidom.parseString(chart.render([])).getElementsByTagName("rect")), 0)

    def test_numbers_as_people_read_them(self):
        self.assertEqual([text.duration(ns) for ns in (12.34, 1500, 2.5e6, 3e9)], ["12.3 ns", "1.5 µs", "2.5 ms", "3 s"])
        self.assertEqual([text.size(n) for n in (12, 2048, 3e6)], ["12 B", "2.05 KB", "3 MB"])


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""Proves that check_layers.py and check_names.py catch what they are there for, on small trees made for the purpose."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import check_layers
import check_names

LAYERS = "# from the ground up\nbase\nops\ngraph\n"
HEADERS = {
    "include/elegans/base/error.hpp": "#pragma once\n#include <string>\n",
    "include/elegans/ops/add.hpp": '#pragma once\n#include "elegans/base/error.hpp"\n',
    "include/elegans/graph/graph.hpp": '#pragma once\n#  include "elegans/ops/add.hpp"\n',
    "include/elegans/elegans.hpp": '#include "elegans/graph/graph.hpp"\n',
    "src/ops/add.cpp": '#include "elegans/ops/add.hpp"\n\n#include "ops/shapes.hpp"\n#include "shapes.hpp"\n#include "hwy/highway.h"\n#include <fmt/format.h>\n',
    "src/ops/shapes.hpp": "",
}


def problems_of(check, files):
    """Runs `check` on a tree of HEADERS overlaid with `files` (path → text)."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "layers.txt").write_text(LAYERS, encoding="utf-8")
        for path, text in {**HEADERS, **files}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        return check(root)


class Layers(unittest.TestCase):
    def one(self, files, *parts):
        problems = problems_of(check_layers.check, files)
        self.assertEqual(len(problems), 1, problems)
        for part in parts:
            self.assertIn(part, problems[0])

    def test_a_clean_tree_passes(self):
        self.assertEqual(problems_of(check_layers.check, {}), [])

    def test_a_room_may_not_include_a_room_listed_below_it(self):
        self.one({"src/base/error.cpp": '\n#include "elegans/graph/graph.hpp"\n'},
                 "src/base/error.cpp:2:", "belongs to graph, which layers.txt lists below base")

    def test_angle_brackets_do_not_hide_an_include(self):
        self.one({"include/elegans/base/b.hpp": "# include  <elegans/ops/add.hpp>\n"},
                 "include/elegans/base/b.hpp:1:", "belongs to ops")

    def test_a_room_must_be_listed(self):
        self.one({"src/shed/tool.cpp": ""}, "src/shed/tool.cpp", "does not list the room shed")

    def test_a_source_lives_in_a_room(self):
        self.one({"src/stray.cpp": ""}, "src/stray.cpp", "into the folder of its room")

    def test_a_private_header_belongs_to_its_room(self):
        self.one({"src/graph/graph.cpp": '#include "ops/shapes.hpp"\n'}, "private to ops")

    def test_a_public_header_may_not_include_a_private_one(self):
        self.one({"include/elegans/ops/b.hpp": '#include "ops/shapes.hpp"\n'}, "a public header cannot include it")

    def test_relative_paths_are_refused(self):
        self.one({"src/graph/graph.cpp": '#include "../ops/shapes.hpp"\n'}, "relative path")

    def test_no_room_includes_the_umbrella(self):
        self.one({"src/graph/graph.cpp": '#include "elegans/elegans.hpp"\n'}, "stands above all rooms")


class Names(unittest.TestCase):
    def test_planted_names_are_caught(self):
        for text in ("void ltc_step();", "CfC", "struct CfCStep {};", "cfc_step", "run_LSTM_kernel", "LSTMstep", "myGRUGate",
                     "// the cells of the network", 'name = "dense";', "kDense", "is_dense_", "Layer* layer;", "layers_",
                     "AutoNCP", "autoNcp", "ncp2", "class RNNBody", "neuron_count", "for (Neuron n : all)", "MOTOR_COUNT",
                     "liquidStep", "sensory", "WiredDense", "LayerNorm"):
            for path in ("include/elegans/ops/x.hpp", "src/graph/passes/fuse.cpp", "src/kernels/scalar/x.inc",
                         "src/backends/native/x.cpp"):
                problems = problems_of(check_names.check, {path: "\n" + text + "\n"})
                self.assertTrue(problems and problems[0].startswith(f"{path}:2: "), (text, problems))

    def test_a_file_name_is_caught(self):
        problems = problems_of(check_names.check, {"src/kernels/simd/cfc_step.cpp": ""})
        self.assertEqual(problems, ["src/kernels/simd/cfc_step.cpp: cfc, in the file's name"])

    def test_near_misses_pass(self):
        for text in ("cancel excellent parcel", "layout relay player", "condense", "DefaultCache", "default_constants",
                     "incept", "agrument grunt", "bilinear", "full matrix", "turn on", "resultCount", "kernel", "Ltd"):
            self.assertEqual(problems_of(check_names.check, {"src/ops/x.cpp": text}), [], text)

    def test_other_rooms_may_name_layers(self):
        self.assertEqual(problems_of(check_names.check, {"src/nn/cfc.cpp": "CfC cell", "tests/ops/x.cpp": "layer"}), [])


if __name__ == "__main__":
    unittest.main()

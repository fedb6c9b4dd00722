#!/usr/bin/env python3
"""How the program explains itself, and what it tells and draws of model files.

usage: test_cli.py PROGRAM [unittest arguments]
"""
import datetime
import json
import math
import os
import pathlib

import program


def ozone_days(last):
    """330 days as eighthr.data has them. The last two lie behind the last window of 32, and all they measure is `last`."""
    lines = []
    for day in range(330):
        date, bad = datetime.date(1998, 1, 1) + datetime.timedelta(day), math.sin(day * 1.7) > 0.6
        measured = [bad + 0.3 * math.sin(day * (2 + k)) if day < 328 else last for k in range(72)]
        cells = ["?" if (day + k) % 41 == 0 else f"{x:.3f}" for k, x in enumerate(measured)]
        lines.append(f"{date.month}/{date.day}/{date.year},{','.join(cells)},{int(bad)}.")
    return "\n".join(lines) + "\n"


class Cli(program.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.train_lag()
        cls.train_gestures()

    # Usage.

    def test_help_shows_examples_and_exit_codes(self):
        for command in ("demo", "train", "sweep", "evaluate", "run", "forecast", "inspect", "draw", "results"):
            code, out, _ = self.run_here(command, "--help")
            self.assertEqual(code, 0)
            self.assertIn(f"  elegans {command}", out)
            self.assertIn("Exit codes", out)
            self.assertNotIn("{", out)
        code, out, _ = self.run_here("--version")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"^elegans \d+\.\d+\.\d+\n$")

    def test_misspelt_options_are_answered_with_the_nearest(self):
        self.assertIn("'--epochs'", self.refused(2, "train", "lag.csv", "--target", "y", "--epoch", "3"))
        self.assertIn("'cfc'", self.refused(2, "train", "lag.csv", "--target", "y", "--cell", "cfs"))
        self.refused(2)
        self.assertIn("'trian' is no command. Did you mean 'train'?",
                      self.refused(2, "trian"))
        self.assertIn("'inpect' is no command. Did you mean 'inspect'?", self.refused(2, "inpect", "lag.safetensors"))
        self.assertIn("'--missing'", self.refused(2, "run", "lag.safetensors", "--mising", "drop"))
        self.assertIn("--stride is given without --window",
                      self.refused(2, "evaluate", "lag.safetensors", "lag.csv", "--stride", "2"))
        self.assertIn("batch-size", self.refused(2, "train", "lag.csv", "--target", "y", "--batch-size", "0"))

    def test_seeds_stay_below_2_63(self):
        self.assert_parts(("--first-seed is 9223372036854775807, the first of 2 seeds", "at most 9223372036854775806"),
                          self.refused(2, "results", "japanese_vowels", "--first-seed", "9223372036854775807", "--seeds", "2"))

    def test_errors_are_json_where_json_is_asked(self):
        code, out, errors = self.run_here("train", "nowhere.csv", "--target", "y", "--json")
        self.assertEqual((code, out), (3, ""))
        error = json.loads(errors)["error"]
        self.assertEqual((error["kind"], error["exit_code"]), ("file", 3))
        self.assertIn("nowhere.csv", error["message"])

    # A model file.

    def test_evaluate_reads_a_file_as_in_training(self):
        figures = json.loads(self.done("evaluate", "lag.safetensors", "lag.csv", "--json"))
        self.assertEqual((figures["sequences"], figures["steps"]), (1, 160))
        self.assertIn("root_mean_squared_error", figures["figures"])
        self.write("clock.csv", self.read("lag.csv").decode().replace("t,u,y", "clock,u,y"))
        errors = self.refused(2, "evaluate", "lag.safetensors", "clock.csv")
        self.assert_parts(("the time column 't' is not in the file", "--time names another column"), errors)
        again = json.loads(self.done("evaluate", "lag.safetensors", "clock.csv", "--time", "clock", "--json"))
        self.assertEqual(again["figures"], figures["figures"])
        self.assertIn("trained with time stamps", self.refused(2, "evaluate", "lag.safetensors", "lag.csv", "--time", ""))

    def test_evaluate_takes_groups_and_answers_as_in_training(self):
        figures = json.loads(self.done("evaluate", "gestures.safetensors", "gestures.csv", "--json"))
        self.assertEqual((figures["sequences"], figures["steps"]), (20, 120))
        # Without groups the second recording's clock seems to run backwards.
        self.assertIn("line 8", self.refused(3, "evaluate", "gestures.safetensors", "gestures.csv", "--group", ""))
        figures = json.loads(self.done("evaluate", "gestures.safetensors", "gestures.csv", "--answer", "last-step", "--json"))
        self.assertEqual(figures["sequences"], 20)

    def test_evaluate_counts_what_is_taken_for_what(self):
        made = json.loads(self.done("evaluate", "gestures.safetensors", "gestures.csv", "--json", "--metrics",
                                    "accuracy,f1,f1:up,roc_auc,balanced_accuracy"))
        (a, b), (c, d) = made["confusion_matrix"]["counts"]
        self.assertEqual(made["confusion_matrix"]["classes"], ["down, then", "up"])
        figures = made["figures"]
        self.assertEqual((a + b, c + d), (10, 10))
        self.assertAlmostEqual(figures["accuracy"], (a + d) / 20)
        self.assertAlmostEqual(figures["balanced_accuracy"], (a + d) / 20)
        self.assertAlmostEqual(figures["f1"], 2 * d / (2 * d + b + c))
        self.assertEqual(figures["f1"], figures["f1:up"])
        self.assertTrue(0 <= figures["roc_auc"] <= 1)
        text = self.done("evaluate", "gestures.safetensors", "gestures.csv").splitlines()
        row = next(line for line in text if line.lstrip().startswith("up"))
        self.assertEqual([float(cell) for cell in row.split()[1:3]], [c, d])
        self.assertIn("'acuracy'", self.refused(2, "evaluate", "lag.safetensors", "lag.csv", "--metrics", "acuracy"))
        self.assertIn("r2 ", self.done("evaluate", "lag.safetensors", "lag.csv", "--metrics", "r2,mae"))
        # Of one class alone nothing can be ranked.
        one = [line for line in program.gestures_csv().splitlines() if not line.endswith("up")]
        self.write("one.csv", "\n".join(one) + "\n")
        made = json.loads(self.done("evaluate", "gestures.safetensors", "one.csv", "--json", "--metrics", "roc_auc"))
        self.assertIsNone(made["figures"]["roc_auc"])

    def test_evaluate_says_what_its_loss_is(self):
        # Whatever the loss that was trained: the file of a model does not tell.
        self.train_lag("huber.safetensors", "--loss", "huber:delta=0.5", "--quiet")
        self.train_lag("plain.safetensors", "--no-standardise", "--quiet")
        for model, data, name in (("huber", "lag", "mean squared error of standardised targets"),
                                  ("plain", "lag", "mean squared error"), ("gestures", "gestures", "cross-entropy")):
            files = (f"{model}.safetensors", f"{data}.csv")
            figures = json.loads(self.done("evaluate", *files, "--json"))["figures"]
            self.assertEqual(self.done("evaluate", *files).splitlines()[1].split(", ")[0], f"{name} {figures['loss']:.4g}")
            if model == "plain":
                self.assertAlmostEqual(figures["loss"], figures["root_mean_squared_error"] ** 2, 6)

    def test_evaluate_fills_missing_values_as_in_training(self):
        errors = self.refused(3, "evaluate", "lag.safetensors", "holes.csv")
        self.assert_parts(("holes.csv, line", "column 'u' is empty"), errors)
        self.done("evaluate", "lag.safetensors", "holes.csv", "--missing", "drop")
        self.train_lag("fill.safetensors", "--missing", "forward-fill", "--quiet")
        self.done("evaluate", "fill.safetensors", "holes.csv")
        self.refused(3, "evaluate", "fill.safetensors", "holes.csv", "--missing", "error")

    def test_a_model_of_format_version_1_is_told_the_columns(self):
        sample = pathlib.Path(__file__).parents[1] / "data/model_v1.safetensors"
        self.write("steps.csv", "t,x,y,z,activity\n0,1,2,3,rest\n0.1,1,2,3,walk\n")
        self.assertIn("--time", self.refused(2, "evaluate", sample, "steps.csv"))
        self.done("evaluate", sample, "steps.csv", "--time", "t")
        self.done("run", sample, "--time", "t", stdin="t,x,y,z\n0,1,2,3\n")

    def test_evaluate_names_a_class_it_does_not_know(self):
        (self.folder / "new.csv").write_text('t,who,x,gesture\n0,a,1,up\n1,a,1,up\n0,b,1,wave\n1,b,1,wave\n')
        errors = self.refused(3, "evaluate", "gestures.safetensors", "new.csv")
        for part in ("wave", "line 4"):
            self.assertIn(part, errors)

    def test_a_damaged_model_is_refused(self):
        (self.folder / "cut.safetensors").write_bytes((self.folder / "lag.safetensors").read_bytes()[:-9])
        for command in ("inspect", "run", "draw"):
            self.assertIn("cut.safetensors", self.refused(3, command, "cut.safetensors"))

    def test_inspect(self):
        code, out, _ = self.run_here("inspect", "lag.safetensors")
        self.assertEqual(code, 0)
        for word in ("Layer (type)", "Synapses (possible)", "FLOP", "Training", "AutoNCP", "Seed        7"):
            self.assertIn(word, out)
        made = json.loads(self.run_here("inspect", "lag.safetensors", "--json")[1])
        self.assertEqual(made["metadata"]["features"], ["u"])
        self.assertGreater(made["training_arena_bytes"], 0)
        self.assertIn({"path": "dense/bias", "shape": "[1]", "trainable": True}, made["weights"])
        self.assertIn("LTC", self.refused(2, "inspect", "lag.safetensors", "--synapses"))

    def test_inspect_explains_a_step(self):
        out = self.done("inspect", "lag.safetensors", "--explain")
        for part in ("kernels: ", "pass fuse: ", "as for batch 1, time 1", "nodes that depend on weights alone computed once\n", " by run_packed_row: one row that stays where it is", "memory: "):
            self.assertIn(part, out)
        code, _, errors = self.run_here("inspect", "lag.safetensors", "--explain", "--json")
        self.assertEqual((code, json.loads(errors)["error"]["kind"]), (2, "usage"))
        for value in ("--explain=3", "--explain="):
            self.assertIn("--explain takes no value: it is there or not", self.refused(2, "inspect", "lag.safetensors", value))
        for other in (("--synapses",), ("--time-constants",), ("--batch", "3"), ("--steps", "3")):
            self.assertIn("excludes --explain", self.refused(2, "inspect", "lag.safetensors", "--explain", *other))

    def test_what_the_environment_has_wrong_is_no_fault_of_the_file(self):
        for variable, value, told in (("ELEGANS_TARGET", "AVX9", "the environment variable ELEGANS_TARGET is 'AVX9'; expected one of "),
                                      ("ELEGANS_DISABLE", "fuse, hoistt",
                                       "a pass that the environment variable ELEGANS_DISABLE names is 'hoistt'")):
            os.environ[variable] = value
            try:
                message = self.refused(2, "inspect", "lag.safetensors")
            finally:
                del os.environ[variable]
            self.assertIn(told, message)
            self.assertNotIn("lag.safetensors", message)

    def test_inspect_counts(self):
        # 12 synapses from layer to layer of the circuit (nn/wired_cfc_cell.hpp), of 1·5 + 5·2 + 2·1.
        made = json.loads(self.done("inspect", "lag.safetensors", "--json"))
        cfc, dense = made["layers"]
        self.assertEqual((cfc["synapses"], cfc["possible_synapses"]), (12, 17))
        self.assertEqual((dense["synapses"], dense["possible_synapses"], dense["parameters"]), (0, 0, 2))
        for key in ("parameters", "weight_bytes", "synapses", "possible_synapses"):
            self.assertEqual(made["total"][key], cfc[key] + dense[key], key)
        self.assertEqual(made["total"]["weight_bytes"], 4 * made["total"]["parameters"])
        self.assertEqual((made["state_numbers"], made["state_bytes"]), (8, 32))
        # Every parameter is at least a product and a sum, but for biases and w_tau.
        self.assertGreater(made["flop_per_step"], 2 * made["total"]["parameters"] - 40)
        text = self.done("inspect", "lag.safetensors", "--batch", "4", "--steps", "8")
        self.assert_parts(("12 (17)", "State       8 numbers, 32 bytes", f"Step        {made['flop_per_step']:.0f} FLOP",
                           "for 4 sequences of 8 steps", "Time        t\n", "1 output, "), text)
        self.assertIn("Groups      who\n", self.done("inspect", "gestures.safetensors"))

    def test_inspect_of_a_stack(self):
        sample = pathlib.Path(__file__).parents[1] / "data/model_v2.safetensors"
        made = json.loads(self.done("inspect", sample, "--json"))
        self.assertEqual([layer["type"] for layer in made["layers"]], ["Dense", "LTC", "CfC", "Dense"])
        for key in ("parameters", "weight_bytes", "synapses", "possible_synapses"):
            self.assertEqual(made["total"][key], sum(layer[key] for layer in made["layers"]), key)
        # 9 potentials and the LSTM's 9, then 4 + 3 + 2 of the CfC.
        self.assertEqual(made["state_numbers"], 9 + 9 + 9)
        text = self.done("inspect", sample)
        self.assert_parts(("an answer a recording", "Missing     filled forward", "First Δt    0.5 s"), text)

    def test_inspect_of_an_ltc(self):
        code, _, errors = self.run_here("train", "lag.csv", "--time", "t", "--target", "y", "--cell", "ltc", "--wiring", "autoncp:8,1",
                                        "--epochs", "1", "--out", "ltc.safetensors", "--quiet", "--dtype", "f64")
        self.assertEqual(code, 0, errors)
        made = json.loads(self.run_here("inspect", "ltc.safetensors", "--json", "--synapses", "--time-constants")[1])
        self.assertEqual(len(made["synapse_tables"]["ltc"]), made["total"]["synapses"])
        self.assertTrue(all(row["w"] >= 0 for row in made["synapse_tables"]["ltc"]))
        self.assertEqual(len(made["time_constants"]["ltc"]), 8)
        self.assertTrue(all(row["seconds"] > 0 for row in made["time_constants"]["ltc"]))

    # Drawing.

    def test_draw(self):
        code, out, errors = self.run_here("draw", "autoncp:28,4", "--inputs", "8", "--out", "circuit.svg")
        self.assertEqual(code, 0, errors)
        self.assertIn("AutoNCP, 8 inputs, 28 units, 4 outputs", out)
        self.assertIn("AutoNCP, 1 input, 28 units, 1 output, ",
                      self.done("draw", "autoncp:28,1", "--inputs", "1", "--out", "one.svg"))
        self.assertIn("<svg", (self.folder / "circuit.svg").read_text())
        self.assertEqual(self.done("draw", "autoncp:28,4", "--inputs", "8"), (self.folder / "circuit.svg").read_text())
        made = json.loads(self.done("draw", "autoncp:28,4", "--inputs", "8", "--json"))
        self.assertEqual((made["type"], made["units"], made["svg"]), ("AutoNCP", 28, (self.folder / "circuit.svg").read_text()))
        made = json.loads(self.done("draw", "autoncp:28,4", "--inputs", "8", "--json", "--out", "circuit.svg"))
        self.assertEqual((made["out"], "svg" in made), ("circuit.svg", False))
        self.assertEqual(self.run_here("draw", "lag.safetensors", "--out", "lag.dot")[0], 0)
        self.assertIn("digraph", (self.folder / "lag.dot").read_text())
        self.assertIn("--inputs", self.refused(2, "draw", "autoncp:28,4"))
        self.assertIn(".svg", self.refused(2, "draw", "autoncp:28,4", "--inputs", "8", "--out", "circuit.png"))
        self.assertIn("'autoncp'", self.refused(2, "draw", "autoncpp:28,4", "--inputs", "8"))
        self.assertIn("--layer", self.refused(2, "draw", "autoncp:28,4", "--inputs", "8", "--layer", "cfc"))
        self.assertIn("--inputs", self.refused(2, "draw", "lag.safetensors", "--inputs", "8"))

    # Experiments.

    def test_the_units_of_the_ozone_days_are_those_of_the_training_part(self):
        figures = []
        for last in (0, 1e5):
            self.write("eighthr.data", ozone_days(last))
            made = json.loads(self.done("results", "ozone", "--data", ".", "--seeds", "1", "--json"))
            figures.append([variant["runs"][0]["figure"] for variant in made["variants"]])
        # With units of all days, two that no window holds would make all others alike.
        self.assertEqual(figures[0], figures[1])

    def test_the_deviation_of_one_run_is_left_out(self):
        self.write("eighthr.data", ozone_days(0))
        base = ("results", "ozone", "--data", ".", "--threads", "1", "--seeds")
        made = json.loads(self.done(*base, "1", "--json"))
        self.assertEqual([one["deviation"] for one in (*made["variants"], made["difference"])], [None] * 3)
        self.assertTrue(all(math.isfinite(one["mean"]) for one in made["variants"]))
        figures = self.done(*base, "1").split("on the test part, seed 1\n")[1].splitlines()
        for line in figures[:3]:
            self.assertRegex(line, r" -?\d\.\d{3}$")
        figures = self.done(*base, "2").split("on the test part, seeds 1 to 2\n")[1].splitlines()
        for line in figures[:3]:
            self.assertRegex(line, r" -?\d\.\d{3} ± \d\.\d{3}$")

    def test_recordings_are_looked_for_before_anything_is_said(self):
        for name, file in (("occupancy", "datatraining.txt"), ("ozone", "eighthr.data"), ("timespans", "trace_0005.npy"),
                           ("basic_motions", "BasicMotions_TRAIN.ts"), ("cheetah", "trace_0005.npy")):
            self.assertIn(f"results {name}: --data is not given; expected the folder with {file}. It is from ",
                          self.refused(2, "results", name))
            for folder, why in (("/nix", "No such file or directory"), ("lag.csv", "Not a directory")):
                self.assertIn(f"results {name}: the folder '{folder}' cannot be opened ({why}); expected the folder with {file}. "
                              "Check the name", self.refused(3, "results", name, "--data", folder))
            (self.folder / "nothing").mkdir(exist_ok=True)
            self.assertIn(f"results {name}: the folder 'nothing' is without {file}; expected it there.",
                          self.refused(3, "results", name, "--data", "nothing"))
        self.assertIn("--data is given", self.refused(2, "results", "event_xor", "--data", "nothing"))

    def test_experiments_are_listed_once(self):
        errors = self.refused(2, "results", "something else")
        self.assertEqual(errors.count("japanese_vowels"), 1)
        self.assertIn("Did you mean 'ozone'?", self.refused(2, "results", "ozon"))

    # The demonstration.

    def test_demo_tells_beforehand_that_it_cannot_write(self):
        self.assertIn("/nowhere", self.refused(3, "demo", "--out", "/nowhere/demo.safetensors"))

    def test_demo(self):
        code, out, errors = self.run_here("demo", "--epochs", "1", "--out", "demo.safetensors", "--json")
        self.assertEqual(code, 0, errors)
        made = json.loads(out)
        self.assertTrue(0 <= made["test"]["accuracy"] <= 1)
        self.assertEqual(made["streaming"]["correct"], round(made["test"]["accuracy"] * 370))
        self.assertEqual(made["streaming"].get("allocations", 0), 0)
        self.assertTrue((self.folder / "demo.safetensors").exists())


if __name__ == "__main__":
    program.main()

#!/usr/bin/env python3
"""Runs the program `elegans` as a user does: exit codes, messages, JSON, round trips.

usage: test_cli.py PROGRAM [unittest arguments]
"""
import json
import math
import os
import pathlib
import re
import select
import subprocess
import sys
import tempfile
import unittest

PROGRAM = ""


def elegans(*arguments, stdin="", folder=None):
    done = subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, text=True, cwd=folder,
                          timeout=240)
    return done.returncode, done.stdout, done.stderr


def regression_csv(rows=160, time="t"):
    """A first-order lag y of a square wave u, at uneven times."""
    lines = [f"{time},u,y"]
    t = y = 0.0
    for row in range(rows):
        dt = 0.5 + 0.4 * math.sin(row * 0.7)
        u = 1.0 if math.sin(t / 4) > 0 else -1.0
        t += dt
        y += (u - y) * (1 - math.exp(-dt / 2))
        lines.append(f"{t:.6f},{u},{y:.6f}")
    return "\n".join(lines) + "\n"


def gestures_csv():
    """Twenty recordings of two gestures, which rise or fall."""
    lines = ["t,who,x,gesture"]
    for recording in range(20):
        up = recording % 2 == 0
        for step in range(6):
            x = (1 if up else -1) * step * 0.5 + 0.1 * math.sin(recording * 3 + step)
            lines.append(f"{step * 0.1:.1f},r{recording},{x:.4f},{'up' if up else 'down, then'}".replace(
                "down, then", '"down, then"'))
    return "\n".join(lines) + "\n"


SMALL = ("--wiring", "autoncp:8,1", "--epochs", "2", "--window", "16", "--threads", "1")


class Cli(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kept = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.kept.name)
        (cls.folder / "lag.csv").write_text(regression_csv())
        (cls.folder / "gestures.csv").write_text(gestures_csv())
        code, cls.trained, errors = elegans("train", "lag.csv", "--time", "t", "--target", "y", *SMALL, "--seed", "7",
                                            "--out", "lag.safetensors", "--write-config", "lag.toml", "--history",
                                            "history.csv", folder=cls.folder)
        assert code == 0, errors
        code, _, errors = elegans("train", "gestures.csv", "--time", "t", "--group", "who", "--target", "gesture",
                                  "--answer", "recording", "--wiring", "autoncp:8,2", "--epochs", "2", "--threads", "1",
                                  "--out", "gestures.safetensors", "--quiet", folder=cls.folder)
        assert code == 0 and errors == "", errors

    @classmethod
    def tearDownClass(cls):
        cls.kept.cleanup()

    def run_here(self, *arguments, stdin=""):
        return elegans(*arguments, stdin=stdin, folder=self.folder)

    def refused(self, expected_code, *arguments, stdin=""):
        code, out, errors = self.run_here(*arguments, stdin=stdin)
        self.assertEqual(code, expected_code, errors)
        self.assertEqual(out, "")
        self.assertTrue(errors.startswith("elegans: "), errors)
        self.assertEqual(errors.count("\n"), 1, errors)
        return errors

    # Usage.

    def test_help_shows_examples_and_exit_codes(self):
        for command in ("demo", "train", "evaluate", "run", "inspect", "draw"):
            code, out, _ = self.run_here(command, "--help")
            self.assertEqual(code, 0)
            self.assertIn(f"  elegans {command}", out)
            self.assertIn("Exit codes", out)
        code, out, _ = self.run_here("--version")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"^elegans \d+\.\d+\.\d+\n$")

    def test_misspelt_options_are_answered_with_the_nearest(self):
        self.assertIn("'--epochs'", self.refused(2, "train", "lag.csv", "--target", "y", "--epoch", "3"))
        self.assertIn("'cfc'", self.refused(2, "train", "lag.csv", "--target", "y", "--cell", "cfs"))
        self.refused(2)
        self.refused(2, "trian")
        self.assertIn("batch-size", self.refused(2, "train", "lag.csv", "--target", "y", "--batch-size", "0"))

    def test_errors_are_json_where_json_is_asked(self):
        code, out, errors = self.run_here("train", "nowhere.csv", "--target", "y", "--json")
        self.assertEqual((code, out), (3, ""))
        error = json.loads(errors)["error"]
        self.assertEqual((error["kind"], error["exit_code"]), ("file", 3))
        self.assertIn("nowhere.csv", error["message"])

    # Training.

    def test_the_printed_settings_reproduce_the_model(self):
        text = self.trained[self.trained.index("# The same again"):]
        self.assertEqual(text.split("\n", 1)[1], (self.folder / "lag.toml").read_text())
        code, _, errors = self.run_here("train", "--config", "lag.toml", "--out", "again.safetensors", "--threads", "2")
        self.assertEqual(code, 0, errors)
        self.assertEqual((self.folder / "lag.safetensors").read_bytes(), (self.folder / "again.safetensors").read_bytes())

    def test_the_command_line_wins_over_the_file(self):
        (self.folder / "three.json").write_text(json.dumps({"data": "lag.csv", "time": "t", "target": "y", "epochs": 3,
                                                            "wiring": "autoncp:8,1", "window": 16}))
        code, out, errors = self.run_here("train", "--config", "three.json", "--epochs", "1", "--json")
        self.assertEqual(code, 0, errors)
        made = json.loads(out)
        self.assertEqual((made["epochs"], made["settings"]["window"]), (1, 16))

    def test_a_misspelt_key_in_a_file(self):
        (self.folder / "wrong.toml").write_text('data = "lag.csv"\nepoch = 3\n')
        self.assertIn("'epochs'", self.refused(3, "train", "--config", "wrong.toml"))

    def test_history_has_a_line_an_epoch(self):
        lines = (self.folder / "history.csv").read_text().splitlines()
        self.assertEqual(len(lines), 3)
        self.assertTrue(lines[0].startswith("epoch,step,loss,val_loss"), lines[0])

    def test_a_failed_training_leaves_the_old_model(self):
        kept = self.folder / "kept.safetensors"
        kept.write_text("old")
        (self.folder / "nan.csv").write_text("t,u,y\n0,1,2\n1,nan,3\n")
        errors = self.refused(3, "train", "nan.csv", "--time", "t", "--target", "y", "--out", "kept.safetensors")
        for part in ("nan.csv", "line 3", "'u'"):
            self.assertIn(part, errors)
        self.assertEqual(kept.read_text(), "old")

    def test_bad_data_is_named(self):
        (self.folder / "back.csv").write_text("t,u,y\n0,1,2\n2,1,3\n1,1,3\n")
        self.assertIn("line 4", self.refused(3, "train", "back.csv", "--time", "t", "--target", "y"))
        (self.folder / "empty.csv").write_text("")
        self.assertIn("empty", self.refused(3, "train", "empty.csv", "--target", "y"))
        self.assertIn("'y'", self.refused(2, "train", "lag.csv", "--time", "t", "--target", "yy"))

    # A model file.

    def test_evaluate_needs_time_where_the_model_learnt_it(self):
        self.assertIn("--time", self.refused(2, "evaluate", "lag.safetensors", "lag.csv"))
        code, out, _ = self.run_here("evaluate", "lag.safetensors", "lag.csv", "--time", "t", "--json")
        self.assertEqual(code, 0)
        self.assertIn("root_mean_squared_error", json.loads(out)["figures"])

    def test_evaluate_names_a_class_it_does_not_know(self):
        (self.folder / "new.csv").write_text('t,who,x,gesture\n0,a,1,up\n1,a,1,up\n0,b,1,wave\n1,b,1,wave\n')
        errors = self.refused(3, "evaluate", "gestures.safetensors", "new.csv", "--time", "t", "--group", "who",
                              "--answer", "recording")
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
        self.assertIn("LTC", self.refused(2, "inspect", "lag.safetensors", "--synapses"))

    def test_inspect_of_an_ltc(self):
        code, _, errors = self.run_here("train", "lag.csv", "--time", "t", "--target", "y", "--cell", "ltc", "--wiring", "autoncp:8,1",
                                        "--epochs", "1", "--out", "ltc.safetensors", "--quiet", "--dtype", "f64")
        self.assertEqual(code, 0, errors)
        made = json.loads(self.run_here("inspect", "ltc.safetensors", "--json", "--synapses", "--time-constants")[1])
        self.assertEqual(len(made["synapse_tables"]["ltc"]), made["total"]["synapses"])
        self.assertTrue(all(row["w"] >= 0 for row in made["synapse_tables"]["ltc"]))
        self.assertEqual(len(made["time_constants"]["ltc"]), 8)
        self.assertTrue(all(row["seconds"] > 0 for row in made["time_constants"]["ltc"]))

    # Rows one by one.

    def test_run_answers_each_row_before_the_next(self):
        process = subprocess.Popen([PROGRAM, "run", "lag.safetensors", "--time", "t"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True, cwd=self.folder)
        process.stdin.write("t,u\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), "line,y\n")
        for row in range(3):
            process.stdin.write(f"{row},1\n")
            process.stdin.flush()
            self.assertTrue(select.select([process.stdout], [], [], 60)[0], "no answer while the pipe is open")
            self.assertRegex(process.stdout.readline(), rf"^{row + 2},-?\d")
        process.stdin.close()
        self.assertEqual(process.wait(60), 0)
        process.stdout.close()

    def test_run_equals_itself_without_the_refused_rows(self):
        good = ["0,1", "0.5,1", "1.5,-1", "2,1"]
        bad = ["0,1", "0.5,1", "0.7,nan", "0.8,", "0.2,1", "x,1", "1,2,3", "1.5,-1", "2,1"]
        code, expected, errors = self.run_here("run", "lag.safetensors", "--time", "t", stdin="t,u\n" + "\n".join(good))
        self.assertEqual((code, errors), (0, ""))
        code, out, errors = self.run_here("run", "lag.safetensors", "--time", "t", stdin="t,u\n" + "\n".join(bad))
        self.assertEqual(code, 1)
        answers = lambda text: [line.split(",", 1)[1] for line in text.splitlines()]
        self.assertEqual(answers(out), answers(expected))
        for part in ("line 4: column 'u'", "line 5: column 'u' is empty", "line 6: column 't'", "line 7: column 't'",
                     "line 8: the row", "4 rows answered, 5 refused"):
            self.assertIn(part, errors)

    def test_a_group_starts_afresh(self):
        rows = "t,who,x\n0,a,1\n0.1,a,0.5\n0,b,1\n0.1,b,0.5\n"
        code, out, errors = self.run_here("run", "gestures.safetensors", "--time", "t", "--group", "who", "--json",
                                          stdin=rows)
        self.assertEqual(code, 0, errors)
        lines = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([line["line"] for line in lines], [2, 3, 4, 5])
        self.assertEqual([l["probabilities"] for l in lines[:2]], [l["probabilities"] for l in lines[2:]])
        self.assertEqual(set(lines[0]["probabilities"]), {"up", "down, then"})
        self.assertAlmostEqual(sum(lines[0]["probabilities"].values()), 1, places=5)

    def test_run_with_a_constant_or_a_column_of_seconds(self):
        _, constant, _ = self.run_here("run", "lag.safetensors", "--dt", "0.5", stdin="u\n1\n1\n")
        _, column, _ = self.run_here("run", "lag.safetensors", "--dt", "d", stdin="u,d\n1,0.5\n1,0.5\n")
        self.assertEqual(constant, column)
        self.assertEqual(len(constant.splitlines()), 3)
        self.refused(2, "run", "lag.safetensors", stdin="u\n1\n")
        self.refused(2, "run", "lag.safetensors", "--dt", "-1", stdin="u\n1\n")

    # Drawing.

    def test_draw(self):
        code, out, errors = self.run_here("draw", "autoncp:28,4", "--inputs", "8", "--out", "circuit.svg")
        self.assertEqual(code, 0, errors)
        self.assertIn("AutoNCP, 8 inputs, 28 units, 4 outputs", out)
        self.assertIn("<svg", (self.folder / "circuit.svg").read_text())
        self.assertEqual(self.run_here("draw", "lag.safetensors", "--out", "lag.dot")[0], 0)
        self.assertIn("digraph", (self.folder / "lag.dot").read_text())
        self.assertIn("--inputs", self.refused(2, "draw", "autoncp:28,4"))
        self.assertIn(".svg", self.refused(2, "draw", "autoncp:28,4", "--inputs", "8", "--out", "circuit.png"))
        self.refused(2, "draw", "autoncpp:28,4", "--inputs", "8")

    # The demonstration.

    def test_demo(self):
        code, out, errors = self.run_here("demo", "--epochs", "1", "--out", "demo.safetensors", "--json")
        self.assertEqual(code, 0, errors)
        made = json.loads(out)
        self.assertTrue(0 <= made["test"]["accuracy"] <= 1)
        self.assertEqual(made["streaming"]["correct"], round(made["test"]["accuracy"] * 370))
        self.assertEqual(made["streaming"].get("allocations", 0), 0)
        self.assertTrue((self.folder / "demo.safetensors").exists())


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)

#!/usr/bin/env python3
"""elegans sweep: grids, seeds and folds; what is refused beforehand; going on after a break; the table.

usage: test_sweep.py PROGRAM [unittest arguments]
"""
import csv
import io
import json
import os
import pathlib
import pty
import signal
import statistics
import subprocess
import time

import program

SETTINGS = """[settings]
data = "lag.csv"
time = "t"
target = ["y"]
epochs = 2
window = 16
threads = 1
seed = 7
"""
GRID = SETTINGS + """units = 4
[grid]
cell = ["cfc", "gru"]
learning_rate = [0.01, 0.001]
[repeat]
seeds = 2
"""
GESTURES = """[settings]
data = "gestures.csv"
time = "t"
group = "who"
target = ["gesture"]
answer = "recording"
units = 4
epochs = 1
threads = 1
validation = 0.2
"""


class Sweep(program.Case):
    def sweep(self, name, text, *arguments):
        self.write(f"{name}.toml", text)
        return json.loads(self.done("sweep", f"{name}.toml", "--json", *arguments))

    def refused_sweep(self, code, text, *parts):
        self.write("refused.toml", text)
        errors = self.refused(code, "sweep", "refused.toml")
        self.assert_parts(parts, errors)
        self.assertFalse((self.folder / "refused.results.jsonl").exists())

    # What is found.

    def test_every_combination_and_seed_is_trained_as_train_does(self):
        made = self.sweep("grid", GRID)
        self.assertEqual(len(made["runs"]), 8)
        self.assertEqual((made["part"], made["sorted_by"]), ("test", "root_mean_squared_error"))
        for run in made["runs"]:
            swept = run["settings"]
            alone = json.loads(self.done("train", "lag.csv", "--time", "t", "--target", "y", "--epochs", "2", "--window", "16",
                                         "--threads", "1", "--units", "4", "--cell", swept["cell"], "--learning-rate",
                                         swept["learning_rate"], "--seed", run["seed"], "--quiet", "--json"))
            self.assertEqual(run["figures"], alone["test"])
            self.assertEqual(run.get("best_epoch"), alone.get("best_epoch"))
        self.assertEqual([run["seed"] for run in made["runs"][:2]], [7, 8])

    def test_the_table_is_mean_and_deviation_best_first(self):
        made = self.sweep("table", GRID)
        means = []
        for row in made["combinations"]:
            figures = [run["figures"] for run in made["runs"] if run["settings"] == row["settings"]]
            self.assertEqual((row["runs"], row["failed"], len(figures)), (2, 0, 2))
            for name in ("loss", "root_mean_squared_error"):
                numbers = [figure[name] for figure in figures]
                self.assertAlmostEqual(row["figures"][name]["mean"], statistics.mean(numbers), 12)
                self.assertAlmostEqual(row["figures"][name]["deviation"], statistics.stdev(numbers), 12)
            means.append(row["figures"]["root_mean_squared_error"]["mean"])
        self.assertEqual(means, sorted(means))
        # All runs are known: nothing is trained again, and the text says the same.
        text = self.done("sweep", "table.toml")
        self.assert_parts(("4 combinations, 8 runs, 0 of them to do", "test part, lowest root_mean_squared_error first",
                           "table.results.jsonl"), text)
        lines = text.splitlines()
        header = next(i for i, line in enumerate(lines) if line.startswith("cell"))
        self.assertEqual(lines[header].split(), ["cell", "learning_rate", "runs", "root_mean_squared_error", "loss"])
        for line, row in zip(lines[header + 1:], made["combinations"]):
            cells = line.split()
            figure = row["figures"]["root_mean_squared_error"]
            self.assertEqual(cells[:3], [row["settings"]["cell"], str(row["settings"]["learning_rate"]), "2"])
            self.assertAlmostEqual(float(cells[3]), figure["mean"], delta=1e-3 * figure["mean"])
            self.assertAlmostEqual(float(cells[5]), figure["deviation"], delta=6e-2 * figure["deviation"] + 1e-12)
        by_loss = json.loads(self.done("sweep", "table.toml", "--json", "--sort-by", "loss"))
        self.assertEqual(by_loss["sorted_by"], "loss")
        self.assertIn("'loss'", self.refused(2, "sweep", "table.toml", "--sort-by", "los"))

    def test_higher_is_better_where_the_figure_says_so(self):
        made = self.sweep("higher", GESTURES + 'metrics = ["accuracy"]\n[grid]\nlearning_rate = [1e-6, 0.05]\n'
                          "[repeat]\nseeds = [3, 5]\n")
        means = [row["figures"]["accuracy"]["mean"] for row in made["combinations"]]
        self.assertEqual(means, sorted(means, reverse=True))
        self.assertEqual({run["seed"] for run in made["runs"]}, {3, 5})

    def test_several_grids_stand_below_each_other(self):
        made = self.sweep("grids", SETTINGS + 'units = 4\n[[grid]]\ncell = ["gru"]\n[[grid]]\ncell = ["ltc"]\node_unfolds = [2, 3]\n')
        self.assertEqual(sorted(json.dumps(row["settings"]) for row in made["combinations"]),
                         ['{"cell": "gru"}', '{"cell": "ltc", "ode_unfolds": 2}', '{"cell": "ltc", "ode_unfolds": 3}'])
        self.assertEqual([row["runs"] for row in made["combinations"]], [1, 1, 1])

    def test_a_file_of_json_and_no_grid(self):
        self.write("plain.json", json.dumps({"settings": {"data": "lag.csv", "time": "t", "target": "y", "epochs": 1, "test": 0,
                                                          "validation": 0.3, "units": 4}, "repeat": {"seeds": 2}}))
        made = json.loads(self.done("sweep", "plain.json", "--json"))
        self.assertEqual((made["part"], len(made["runs"]), made["combinations"][0]["settings"]), ("validation", 2, {}))
        self.assertTrue((self.folder / "plain.results.jsonl").exists())

    def test_without_a_test_part_the_epoch_that_is_kept_is_judged(self):
        # So fast that the best epoch is not the last.
        fast = ("learning_rate", 0.3), ("epochs", 12), ("units", 4), ("test", 0), ("validation", 0.3)
        made = self.sweep("kept", SETTINGS.replace("epochs = 2\n", "") + "".join(f"{key} = {value}\n" for key, value in fast))
        options = [word for key, value in fast for word in (f"--{key.replace('_', '-')}", value)]
        self.done("train", "lag.csv", "--time", "t", "--target", "y", "--window", "16", "--seed", "7", "--threads", "1", "--quiet",
                  "--history", "kept.csv", *options)
        epochs = list(csv.DictReader(io.StringIO(self.read("kept.csv").decode())))
        best = min(epochs, key=lambda epoch: float(epoch["val_loss"]))
        self.assertNotEqual(best, epochs[-1])
        run = made["runs"][0]
        self.assertEqual((run["part"], str(run["best_epoch"]), str(run["epochs"])), ("validation", best["epoch"], "12"))
        self.assertEqual((run["figures"]["loss"], run["figures"]["root_mean_squared_error"]),
                         (float(best["val_loss"]), float(best["val_root_mean_squared_error"])))

    def test_the_example_of_the_guide_is_one(self):
        root = pathlib.Path(__file__).parents[2]
        code, out, errors = program.elegans("sweep", "docs/examples/sweep.toml", "--dry-run", "--json", "--results",
                                            self.folder / "example.jsonl", folder=root)
        self.assertEqual(code, 0, errors)
        made = json.loads(out)
        self.assertEqual((len(made["combinations"]), made["runs"], made["done"]), (4, 16, 0))

    # Folds.

    def test_each_fold_is_tested_once(self):
        made = self.sweep("folds", GESTURES + "[repeat]\nseeds = 2\nfolds = 5\n")
        self.assertEqual([(run["seed"], run["fold"]) for run in made["runs"]],
                         [(seed, fold) for seed in (0, 1) for fold in range(1, 6)])
        self.assertEqual((made["combinations"][0]["runs"], made["part"]), (10, "test"))
        # Each fold has 4 of the 20 recordings.
        for run in made["runs"]:
            self.assertEqual(round(run["figures"]["accuracy"] * 4, 9) % 1, 0)
        stratified = self.sweep("stratified", GESTURES + "stratify = true\nmetrics = [\"recall\"]\n[repeat]\nfolds = 5\n")
        # Of each class 2 are in every fold: a recall is 0, 1/2 or 1, and defined.
        for run in stratified["runs"]:
            self.assertIn(run["figures"]["recall"], (0, 0.5, 1))

    def test_folds_in_time_and_of_windows(self):
        for by in ("time", "window"):
            made = self.sweep(f"by_{by}", SETTINGS + f'units = 4\n[repeat]\nfolds = 3\nfold_by = "{by}"\n')
            self.assertEqual([run["fold"] for run in made["runs"]], [1, 2, 3])
            self.assertEqual(len({run["figures"]["loss"] for run in made["runs"]}), 3)

    def test_one_run_is_one_run_without_a_deviation(self):
        self.write("single.toml", SETTINGS + "units = 4\n")
        self.assertIn("1 run, 0 done\n", self.done("sweep", "single.toml", "--dry-run"))
        text = self.done("sweep", "single.toml")
        self.assertIn("single.toml: 1 combination, 1 run, 1 of them to do\n", text)
        for figure in self.sweep("single", SETTINGS + "units = 4\n")["combinations"][0]["figures"].values():
            self.assertIsNone(figure["deviation"])

    # What is refused before anything is trained.

    def test_keys_and_values_are_checked_first(self):
        grid = SETTINGS + "[grid]\n"
        self.refused_sweep(3, grid + "unitz = [4]\n", "refused.toml, [grid]", "'unitz'", "'units'")
        self.refused_sweep(3, SETTINGS + "epoch = 3\n", "refused.toml, [settings]", "'epoch'", "'epochs'")
        self.refused_sweep(3, grid + 'units = [4, "many"]\n', "refused.toml, [grid]", "'units'", '"many"')
        self.refused_sweep(3, SETTINGS + "[repeats]\nseeds = 3\n", "'repeats'", "'repeat'")
        self.refused_sweep(3, SETTINGS + "[repeat]\nseed = 3\n", "refused.toml, [repeat]", "'seeds'")
        last = SETTINGS.replace("seed = 7", "seed = 9223372036854775807")
        self.refused_sweep(2, last + "[repeat]\nseeds = 2\n", "refused.toml, [settings]: key 'seed'",
                           "9223372036854775807, the first of 2 seeds", "at most 9223372036854775806")
        self.refused_sweep(3, SETTINGS + "[repeat]\nfolds = 1\n", "'folds'", "2 or more")
        self.refused_sweep(3, SETTINGS + '[repeat]\nfold_by = "time"\n', "'fold_by'", "nothing without folds")
        self.refused_sweep(3, SETTINGS + "[repeat]\nseeds = [1, 1]\n", "'seeds'", "distinct")
        self.refused_sweep(3, '[grid]\nunits = [4]\n', "'settings'", "missing")
        self.refused_sweep(2, grid + "units = 4\n", "'units'", "a list of values", "units = [4]")
        self.refused_sweep(2, grid + "units = []\n", "'units'", "an empty list")
        self.refused_sweep(2, grid + "units = [4, 4]\n", "'units'", "4 twice")
        self.refused_sweep(2, grid + "seed = [1, 2]\n", "'seed'", "[repeat]")
        self.refused_sweep(2, grid + "epochs = [1, 2]\n", "'epochs'", "in [settings], too")
        self.refused_sweep(2, SETTINGS + 'out = "m.safetensors"\n', "'out'", "every run would write the same file")
        self.refused_sweep(2, SETTINGS + "test = 0.1\n[repeat]\nfolds = 3\nfold_by = \"time\"\n", "'test'", "beside folds")
        self.refused_sweep(2, SETTINGS + "[repeat]\nfolds = 3\n", "fold_by", "group")
        self.refused_sweep(2, SETTINGS + 'copies = 2\n[repeat]\nfolds = 3\nfold_by = "window"\n',
                           '--copies is given beside fold_by = "window"; expected recording or time')
        self.refused_sweep(2, SETTINGS + 'schedule = "cosine"\n[grid]\nmin_learning_rate = [0, 1]\n',
                           "min_learning_rate = 1: ", "--min-learning-rate is 1; expected at most 0.005")
        self.refused_sweep(2, SETTINGS + "test = 0\nvalidation = 0\n", "the test part and the validation part", "to compare by")
        self.refused_sweep(2, grid + "units = [" + ", ".join(map(str, range(1, 120))) + "]\nbatch_size = ["
                           + ", ".join(map(str, range(1, 120))) + "]\n", "the number of runs")

    def test_the_combination_that_does_not_go_together_is_named(self):
        self.refused_sweep(2, SETTINGS + '[grid]\ncell = ["ltc", "cfc"]\node_unfolds = [3]\n',
                           "refused.toml, cell = cfc, ode_unfolds = 3: ", "--ode-unfolds", "would change nothing")
        # What only the data can tell, too.
        self.refused_sweep(2, SETTINGS + '[grid]\nmetrics = ["rmse", "accuracy"]\n', "metrics = accuracy", "numbers")
        self.refused_sweep(2, SETTINGS + '[grid]\nfeatures = ["u", "w"]\n', "features = w: ", "'w'")
        self.refused_sweep(2, SETTINGS + '[grid]\nreadout = ["none", "dense"]\n', "readout = none", "--readout")

    def test_a_dry_run_trains_nothing(self):
        self.write("dry.toml", GRID)
        text = self.done("sweep", "dry.toml", "--dry-run")
        self.assert_parts(("cell = gru, learning_rate = 0.001, seed 8\n", "8 runs, 0 done\n"), text)
        self.assertFalse((self.folder / "dry.results.jsonl").exists())
        self.sweep("dry", GRID.replace("seeds = 2", "seeds = 1"))
        text = self.done("sweep", "dry.toml", "--dry-run")
        self.assertIn("4 runs, 4 done", text)
        self.write("dry.toml", GRID)
        self.assertEqual(json.loads(self.done("sweep", "dry.toml", "--dry-run", "--json"))["done"], 4)

    # The results file.

    def test_a_killed_sweep_goes_on_where_it_was(self):
        whole = self.sweep("whole", GRID.replace("epochs = 2", "epochs = 30"))
        self.write("killed.toml", GRID.replace("epochs = 2", "epochs = 30"))
        file = self.folder / "killed.results.jsonl"
        running = subprocess.Popen([program.program, "sweep", "killed.toml"], cwd=self.folder, stdout=subprocess.DEVNULL)
        while running.poll() is None and (not file.exists() or file.read_bytes().count(b"\n") < 2):
            time.sleep(0.002)
        running.send_signal(signal.SIGKILL)
        running.wait()
        lines = file.read_bytes().split(b"\n")
        # As if it had been killed in the middle of a line.
        file.write_bytes(b"\n".join(lines[:2]) + b"\n" + lines[0][:70])
        made = json.loads(self.done("sweep", "killed.toml", "--json"))
        self.assertEqual([run["figures"] for run in made["runs"]], [run["figures"] for run in whole["runs"]])
        again = file.read_bytes().split(b"\n")
        self.assertEqual(again[:2], lines[:2])
        self.assertEqual((len(again), again[-1]), (9, b""))
        for line in again[:-1]:
            self.assertEqual(json.loads(line)["elegans_sweep"], 1)

    def test_what_decides_the_figures_decides_whether_a_run_is_known(self):
        text = SETTINGS + "units = 4\n"
        self.write("known.csv", self.read("lag.csv"))
        known = lambda text: json.loads((self.write("known.toml", text), self.done("sweep", "known.toml", "--dry-run", "--json"))[1])["done"]
        text = text.replace("lag.csv", "known.csv")
        self.sweep("known", text)
        self.assertEqual(known(text), 1)
        self.assertEqual(known(text.replace("threads = 1", "threads = 2")), 1)
        self.assertEqual(known(text.replace("seed = 7", "seed = 8")), 0)
        self.assertEqual(known(text + "clip_norm = 2\n"), 0)
        self.assertEqual(known(text + '[repeat]\nfolds = 2\nfold_by = "time"\n'), 0)
        self.write("known.csv", self.read("lag.csv").replace(b"1.0", b"1.5", 1))
        self.assertEqual(known(text), 0)

    def test_a_foreign_or_damaged_file_is_refused(self):
        self.write("foreign.toml", SETTINGS + "units = 4\n")
        for content in ("t,u,y\n0,1,2\n", "notes", '{"a": 1}\n'):
            self.write("notes.txt", content)
            errors = self.refused(3, "sweep", "foreign.toml", "--results", "notes.txt")
            self.assert_parts(("notes.txt, line 1", "--results names another file"), errors)
            self.assertEqual(self.read("notes.txt"), content.encode())
        self.done("sweep", "foreign.toml", "--results", "mine.jsonl", "--quiet")
        self.write("mine.jsonl", self.read("mine.jsonl").replace(b'"epochs":2,"fig', b'"epochs":0,"fig'))
        self.assert_parts(("mine.jsonl, line 1", "epochs"), self.refused(3, "sweep", "foreign.toml", "--results", "mine.jsonl"))
        self.assertIn("/nowhere", self.refused(3, "sweep", "foreign.toml", "--results", "/nowhere/x.jsonl"))

    def test_a_failed_run_is_listed_and_the_others_go_on(self):
        text = SETTINGS + ('units = 4\noptimizer = "sgd"\nclip_norm = 0\nbatch_size = 1\n[grid]\nlearning_rate = [1e30, 0.01]\n')
        self.write("failing.toml", text)
        code, out, errors = self.run_here("sweep", "failing.toml")
        self.assertEqual((code, errors), (4, ""))
        self.assert_parts(("failed: learning_rate = 1e+30, seed 7: ", "expected finite numbers", "failed"), out)
        rows = [line.split() for line in out.splitlines() if line.startswith(("0.01", "1e+30"))]
        self.assertEqual([row[0] for row in rows], ["0.01", "1e+30"])
        # It is known, too.
        code, out, errors = self.run_here("sweep", "failing.toml", "--json")
        self.assertEqual((code, errors), (4, ""))
        made = json.loads(out)
        self.assertEqual([(row["runs"], row["failed"]) for row in made["combinations"]], [(1, 0), (0, 1)])
        self.assertIn("error", made["runs"][0])
        self.assertEqual(len(self.read("failing.results.jsonl").splitlines()), 2)

    # Progress.

    def test_progress_is_for_terminals(self):
        self.write("watched.toml", GRID.replace("seeds = 2", "seeds = 1"))
        code, _, errors = self.run_here("sweep", "watched.toml", "--results", "unwatched.jsonl")
        self.assertEqual((code, errors), (0, ""))
        leader, follower = pty.openpty()
        running = subprocess.Popen([program.program, "sweep", "watched.toml"], cwd=self.folder, stdout=subprocess.DEVNULL,
                                   stderr=follower)
        os.close(follower)
        text = b""
        try:
            while chunk := os.read(leader, 4096):
                text += chunk
        except OSError:  # the other end is closed
            pass
        os.close(leader)
        self.assertEqual(running.wait(), 0)
        lines = text.decode().split("\r\n")
        self.assertEqual(len(lines), 5)
        self.assertRegex(lines[0], r"^\[1/4\] cell = cfc, learning_rate = 0.01, seed 7: root_mean_squared_error \S+, "
                                   r"\d+:\d\d elapsed, \d+:\d\d left$")


if __name__ == "__main__":
    program.main()

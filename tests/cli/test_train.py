#!/usr/bin/env python3
"""elegans train: settings, files, what is reproduced and what is refused.

usage: test_train.py PROGRAM [unittest arguments]
"""
import array
import json

import program
from program import SMALL


class Train(program.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.trained = cls.train_lag("lag.safetensors", "--write-config", "lag.toml", "--history", "history.csv")

    def test_the_printed_settings_reproduce_the_model(self):
        text = self.trained[self.trained.index("# The same again"):]
        self.assertEqual(text.split("\n", 1)[1], (self.folder / "lag.toml").read_text())
        code, _, errors = self.run_here("train", "--config", "lag.toml", "--out", "again.safetensors", "--threads", "2")
        self.assertEqual(code, 0, errors)
        self.assertEqual((self.folder / "lag.safetensors").read_bytes(), (self.folder / "again.safetensors").read_bytes())

    def assert_reproduced(self, name, *arguments):
        """The model, and the one from the settings that train printed, are the same bytes."""
        out = self.done("train", *arguments, "--out", f"{name}.safetensors", "--quiet")
        self.write(f"{name}.toml", out[out.index("# The same again"):].split("\n", 1)[1])
        self.done("train", "--config", f"{name}.toml", "--out", "again.safetensors", "--quiet")
        self.assertEqual(self.read(f"{name}.safetensors"), self.read("again.safetensors"))
        return json.loads(self.done("inspect", f"{name}.safetensors", "--json"))

    def test_every_option_of_an_ltc_is_reproduced(self):
        made = self.assert_reproduced(
            "ltc", "lag.csv", "--time", "t", "--target", "y", "--cell", "ltc", "--wiring", "autoncp:8,2,sparsity=0.6,seed=3",
            "--mixed-memory", "--ode-unfolds", "3", "--no-implicit", "--ode-epsilon", "1e-6", "--input-mapping", "linear",
            "--output-mapping", "none", "--proj-size", "3", "--checkpoint-every", "5", "--readout", "dense", "--dtype", "f64",
            "--epochs", "3", "--batch-size", "2", "--optimizer", "sgd", "--momentum", "0.5", "--learning-rate", "0.001",
            "--clip-norm", "0.3", "--no-shuffle", "--loss", "mse", "--metrics", "mae,rmse", "--monitor",
            "val_mean_absolute_error", "--min-delta", "0.001", "--patience", "2", "--seed", "12345678901", "--threads", "1",
            "--kernels", "scalar", "--window", "20", "--stride", "10", "--remainder", "align", "--split", "clock",
            "--validation", "0.15", "--test", "0.15", "--first-dt", "0.25", "--time-unit", "0.125", "--missing", "drop")
        layer = made["config"]["layers"][0]
        for key, value in {"ode_unfolds": 3, "implicit_param_constraints": False, "epsilon": 1e-6, "input_mapping": "linear",
                           "output_mapping": "none", "projection": 3, "checkpoint_every": 5, "mixed_memory": True}.items():
            self.assertIn(f'"{key}": {json.dumps(value)}', json.dumps(layer), key)
        self.assertEqual((made["dtype"], made["metadata"]["seed"], made["metadata"]["time_unit"]), ("f64", 12345678901, 0.125))
        self.assertEqual({key: made["metadata"][key] for key in ("time", "group", "missing", "first_dt")},
                         {"time": "t", "group": "", "missing": "drop", "first_dt": 0.25})

    def test_options_of_continuous_time_cells_are_reproduced(self):
        base = ("lag.csv", "--time", "t", "--target", "y", "--epochs", "1", "--window", "20")
        for name, options, parts in (
                ("ltc_heun", ("--cell", "ltc", "--wiring", "autoncp:8,1", "--solver", "heun"), ('"solver": "heun"',)),
                ("ctrnn", ("--cell", "ctrnn", "--units", "5", "--solver", "rk4", "--ode-unfolds", "2", "--tau", "1.5",
                           "--no-fix-tau", "--proj-size", "2"),
                 ('"type": "CTRNN"', '"solver": "rk4"', '"ode_unfolds": 2', '"tau": 1.5', '"fix_tau": false', '"projection": 2')),
                ("ctrnn_wired", ("--cell", "ctrnn", "--wiring", "autoncp:8,2", "--mixed-memory"),
                 ('"type": "MixedMemory"', '"type": "CTRNNCell"', '"solver": "semi_implicit"')),
                ("ctgru", ("--cell", "ctgru", "--units", "4", "--scales", "3", "--tau", "0.5", "--layers", "2"),
                 ('"type": "CTGRU"', '"scales": 3', '"tau": 0.5')),
                ("node", ("--cell", "node", "--units", "4", "--hidden-layers", "2", "--hidden-units", "3", "--solver", "euler"),
                 ('"type": "NeuralODE"', '"hidden_layers": 2', '"hidden_units": 3', '"solver": "euler"'))):
            made = self.assert_reproduced(name, *base, *options)
            text = json.dumps(made["config"]["layers"][0])
            for part in parts:
                self.assertIn(part, text, name)
            self.assertIn("Circuit" if "wired" in name else "Layer", self.done("inspect", f"{name}.safetensors"))
        self.assertIn("'semi_implicit'; expected 'euler', 'heun' or 'rk4'",
                      self.refused(2, "train", *base, "--cell", "node", "--solver", "semi_implicit"))
        self.assertIn("'heun'", self.refused(2, "train", *base, "--cell", "ltc", "--solver", "hein"))

    def test_every_option_of_a_cfc_is_reproduced(self):
        made = self.assert_reproduced(
            "cfc", "gestures.csv", "--time", "t", "--group", "who", "--target", "gesture", "--task", "classification",
            "--answer", "last-step", "--features", "x", "--units", "6", "--mode", "no_gate", "--backbone-units", "5",
            "--backbone-layers", "2", "--backbone-dropout", "0.2", "--activation", "silu", "--epochs", "2", "--beta-1", "0.8",
            "--beta-2", "0.99", "--epsilon", "1e-6", "--learning-rate", "0.02", "--no-standardise", "--time-unit", "off",
            "--split", "group", "--stratify", "--window", "0", "--loss",
            "categorical_crossentropy:label_smoothing=0.1", "--metrics", "accuracy,f1_macro,f1:up", "--class-weight", "up=2",
            "--monitor", "val_f1:up")
        text = json.dumps(made["config"]["layers"][0])
        for part in ('"mode": "no_gate"', '"activation": "silu"', '"backbone_units": 5', '"backbone_layers": 2',
                     '"backbone_dropout": 0.2'):
            self.assertIn(part, text)
        self.assertEqual((made["metadata"]["answer_at"], made["metadata"]["time_unit"]), ("last_step", 1))
        self.assertEqual(made["metadata"]["median_dt"], 0.1)

    def test_every_number_of_training_changes_the_model(self):
        # An option that is read and then forgotten would leave the bytes as they are.
        base = ("lag.csv", "--time", "t", "--target", "y", *SMALL, "--seed", "7")
        weights = lambda arguments, name: (self.done("train", *arguments, "--out", name, "--quiet"), self.read(name))[1]
        adam = weights(base, "base.safetensors")
        self.assertEqual(adam, self.read("lag.safetensors"))
        sgd = weights((*base, "--batch-size", "2", "--optimizer", "sgd"), "sgd.safetensors")
        strided = weights((*base, "--stride", "5"), "strided.safetensors")
        copied = weights((*base, "--copies", "2"), "copied.safetensors")
        cosine = weights((*base, "--schedule", "cosine"), "cosine.safetensors")
        unclipped = weights((*base, "--clip-norm", "0"), "unclipped.safetensors")
        momentum = ("--batch-size", "2", "--optimizer", "sgd", "--momentum", "0.9")
        heavy = weights((*base, *momentum), "heavy.safetensors")
        squares = ("--optimizer", "rmsprop", "--batch-size", "2", "--learning-rate", "0.0005")
        rmsprop = weights((*base, *squares), "rmsprop.safetensors")
        nadam = weights((*base, "--optimizer", "nadam"), "nadam.safetensors")
        adagrad = weights((*base, "--optimizer", "adagrad"), "adagrad.safetensors")
        lion = weights((*base, "--optimizer", "lion"), "lion.safetensors")
        steps = ("--batch-size", "2", "--schedule", "step", "--decay-epochs", "1")
        stepped = weights((*base, *steps), "stepped.safetensors")
        decayed = weights((*base, "--weight-decay", "0.1"), "decayed.safetensors")
        long = (*(base[:base.index("--epochs")]), *(base[base.index("--epochs") + 2:]), "--epochs", "4", "--monitor", "loss",
                "--validation", "0")
        once = ("--reduce-on-plateau", "1", "--plateau-min-delta", "1000")
        reduced = weights((*long, *once), "reduced.safetensors")
        for option in (("--plateau-factor", "0.5"), ("--plateau-cooldown", "2"), ("--plateau-min-lr", "0.004")):
            self.assertTrue(weights((*long, *once, *option), "other.safetensors") != reduced, option)
        self.assertTrue(weights((*long, *once[:2]), "other.safetensors") != reduced, "--plateau-min-delta")
        for start, *option in ((adam, "--copies", "2"), (copied, "--copies", "3"), (copied, "--copies", "2", "--noise", "0.3"),
                               (copied, "--copies", "2", "--offset", "0.2"), (adam, "--schedule", "cosine"),
                               (cosine, "--schedule", "cosine", "--warmup", "0.5"), (adam, "--warmup", "0.5"),
                               (adam, "--beta-1", "0.5"), (adam, "--beta-2", "0.9"), (adam, "--epsilon", "0.1"),
                               (adam, "--learning-rate", "0.1"), (adam, "--clip-norm", "0.01"), (adam, "--batch-size", "2"),
                               (adam, "--no-standardise"), (adam, "--time-unit", "off"), (adam, "--first-dt", "0"),
                               (adam, "--mode", "pure"), (adam, "--mixed-memory"), (adam, "--proj-size", "2"),
                               (adam, "--stride", "5"), (strided, "--stride", "5", "--remainder", "drop"),
                               (adam, "--no-shuffle", "--batch-size", "2"),
                               (sgd, *momentum), (heavy, *momentum, "--nesterov"),
                               (adam, "--optimizer", "amsgrad", "--beta-2", "0.5"), (adam, "--optimizer", "adamw"),
                               (rmsprop, *squares, "--rho", "0.5"), (rmsprop, *squares, "--centered"),
                               (rmsprop, *squares, "--momentum", "0.5"), (rmsprop, *squares, "--epsilon", "0.1"),
                               (nadam, "--optimizer", "nadam", "--momentum-decay", "1"),
                               (adagrad, "--optimizer", "adagrad", "--initial-accumulator-value", "1"),
                               (lion, "--optimizer", "lion", "--beta-2", "0.5"),
                               (lion, "--optimizer", "lion", "--weight-decay", "0.5"),
                               (adam, "--weight-decay", "0.1"),
                               (decayed, "--weight-decay", "0.1", "--decoupled-weight-decay"),
                               (decayed, "--weight-decay", "0.1", "--parameter-groups", "*bias weight_decay=0"),
                               (adam, "--parameter-groups", "*bias learning_rate=0.1"), (adam, "--frozen", "dense/*"),
                               (unclipped, "--clip-norm", "0", "--clip-value", "0.001"), (adam, "--ema-decay", "0.9"),
                               (strided, "--batch-size", "2", "--gradient-accumulation-steps", "3"),
                               (adam, *steps), (stepped, *steps, "--decay-rate", "0.1"),
                               (stepped, *steps[:-1], "2"), (stepped, *steps, "--warmup", "0.5"),
                               (stepped, "--batch-size", "2", "--schedule", "exponential", "--decay-epochs", "1"),
                               (cosine, "--schedule", "cosine", "--min-learning-rate", "0.001"),
                               (adam, "--schedule", "one-cycle")):
            self.assertTrue(weights((*base, *option), "other.safetensors") != start, option)

    def test_the_part_whose_groups_are_not_named_keeps_its_share(self):
        def sizes(*arguments):
            made = self.done("train", "gestures.csv", "--time", "t", "--group", "who", "--target", "gesture", "--answer",
                             "recording", "--units", "4", "--epochs", "1", "--json", "--quiet", *arguments)
            return json.loads(made)["sequences"]
        names = sorted({line.split(",")[1] for line in self.read("gestures.csv").decode().splitlines()[1:]})
        self.assertEqual(len(names), 20)
        self.assertEqual(sizes("--test-groups", ",".join(names[:5]), "--validation", "0.2"),
                         {"train": 12, "validation": 3, "test": 5})
        self.assertEqual(sizes("--validation-groups", ",".join(names[:4]), "--test", "0.25"),
                         {"train": 12, "validation": 4, "test": 4})
        self.assertEqual(sizes("--validation-groups", ",".join(names[:4]), "--test-groups", names[7], "--test", "0.25"),
                         {"train": 15, "validation": 4, "test": 1})

    def test_classes_have_weights(self):
        base = ("train", "gestures.csv", "--time", "t", "--group", "who", "--target", "gesture", "--answer", "recording", "--epochs",
                "1", "--units", "4", "--threads", "1", "--quiet")
        self.done(*base, "--class-weight", "balanced", "--metrics", "f1,roc_auc,balanced_accuracy")
        self.assertIn("'upp'; expected one of the classes. Did you mean 'up'?", self.refused(2, *base, "--class-weight", "upp=2"))
        self.assertIn("'up'; expected balanced, or NAME=WEIGHT", self.refused(2, *base, "--class-weight", "up"))
        self.assertIn("expected each class once", self.refused(2, *base, "--class-weight", "up=1,up=2"))
        self.assertIn("-2; expected a finite number >= 0", self.refused(2, *base, "--class-weight", "up=-2"))
        self.assertIn("'upp'; expected one of the classes", self.refused(2, *base, "--metrics", "f1:upp"))
        # Names with commas stand in a file.
        self.write("weights.json", json.dumps({"class_weight": ["down, then=0.5", "up=3"], "metrics": ["recall:down, then"]}))
        out = self.done(*base, "--config", "weights.json")
        self.assertIn("recall:down, then", out)
    def test_every_option_of_classic_cells_is_reproduced(self):
        made = self.assert_reproduced(
            "gru", "lag.csv", "--time", "t", "--target", "y", "--cell", "gru", "--units", "5", "--layers", "2", "--dropout", "0.1",
            "--recurrent-dropout", "0.2", "--timespan-as-feature", "--proj-size", "3", "--epochs", "2", "--window", "20")
        layers = made["config"]["layers"]
        self.assertEqual([layer["type"] for layer in layers], ["GRU", "Dropout", "GRU", "Dropout", "Dense"])
        self.assertEqual((layers[0]["config"]["recurrent_dropout"], layers[0]["config"]["timespan_as_feature"],
                          layers[2]["config"]["projection"], layers[3]["config"]["rate"]), (0.2, True, 3, 0.1))
        for cell, kind in (("lstm", "LSTM"), ("simple_rnn", "SimpleRNN")):
            made = self.assert_reproduced(cell, "lag.csv", "--time", "t", "--target", "y", "--cell", cell, "--units", "4",
                                          "--epochs", "1")
            self.assertEqual([layer["type"] for layer in made["config"]["layers"]], [kind, "Dense"])

    def test_a_network_of_both_directions(self):
        made = self.assert_reproduced(
            "both", "gestures.csv", "--time", "t", "--group", "who", "--target", "gesture", "--task", "classification",
            "--cell", "lstm", "--units", "4", "--layers", "2", "--bidirectional", "--answer", "last-step", "--window", "0",
            "--split", "group", "--epochs", "2")
        self.assertEqual([layer["type"] for layer in made["config"]["layers"]], ["Bidirectional", "Bidirectional", "Dense"])
        self.done("evaluate", "both.safetensors", "gestures.csv")
        code, _, errors = self.run_here("run", "both.safetensors", "--time", "t", stdin="t,x\n0,1\n")
        self.assertNotEqual(code, 0)
        self.assertIn("looks ahead in time", errors)

    def test_settings_are_written_in_the_language_of_the_file(self):
        for name in ("settings.json", "settings.toml"):
            self.done("train", "lag.csv", "--time", "t", "--target", "y", *SMALL, "--write-config", name, "--out", "one.safetensors",
                      "--quiet")
            self.done("train", "--config", name, "--out", "two.safetensors", "--quiet")
            self.assertEqual(self.read("one.safetensors"), self.read("two.safetensors"))
        self.assertEqual(json.loads(self.read("settings.json"))["time"], "t")

    def test_options_that_would_change_nothing_are_refused(self):
        base = ("train", "lag.csv", "--target", "y")
        for where, *option in (("--cell cfc", "--cell", "ltc", "--mode", "pure"), ("--cell ltc", "--ode-unfolds", "3"),
                               ("--cell ltc, ctrnn or node", "--cell", "ctgru", "--solver", "rk4"),
                               ("--cell cfc, ltc or ctrnn", "--cell", "node", "--wiring", "autoncp:8,1"),
                               ("--cell ctrnn or ctgru", "--tau", "2"), ("--cell ctrnn", "--cell", "ltc", "--no-fix-tau"),
                               ("--cell ctgru", "--scales", "3"), ("--cell node", "--hidden-layers", "1"),
                               ("--hidden-layers above 0", "--cell", "node", "--hidden-units", "8"),
                               ("--cell ltc", "--no-implicit"), ("--cell lstm", "--recurrent-dropout", "0.2"),
                               ("--cell lstm", "--timespan-as-feature"),
                               ("--cell cfc, ltc or ctrnn", "--cell", "gru", "--wiring", "autoncp:8,1"),
                               ("--cell cfc, ltc, ctrnn, ctgru or node", "--cell", "gru", "--mixed-memory"), ("backbone", "--wiring", "autoncp:8,1", "--activation", "relu"),
                               ("--optimizer sgd or rmsprop", "--momentum", "0.9"), ("--time", "--time-unit", "off"),
                               ("--optimizer adam", "--optimizer", "sgd", "--beta-1", "0.5"),
                               ("--optimizer adam", "--optimizer", "sgd", "--beta-2", "0.5"),
                               ("sgd and lion", "--optimizer", "lion", "--epsilon", "1e-6"),
                               ("--momentum above 0", "--optimizer", "sgd", "--nesterov"),
                               ("--optimizer rmsprop", "--rho", "0.5"), ("--optimizer rmsprop", "--centered"),
                               ("--optimizer nadam", "--momentum-decay", "0.5"),
                               ("--optimizer adagrad", "--initial-accumulator-value", "0.5"),
                               ("--weight-decay above 0", "--decoupled-weight-decay"),
                               ("--clip-norm 0", "--clip-value", "1"),
                               ("--schedule step", "--decay-rate", "0.1"), ("--schedule step", "--decay-epochs", "3"),
                               ("--schedule cosine", "--min-learning-rate", "0.001"),
                               ("--reduce-on-plateau", "--plateau-factor", "0.5"),
                               ("--checkpoint", "--checkpoint-steps", "5"), ("--checkpoint", "--checkpoint-keep", "2"),
                               ("--copies", "--noise", "0.3"),
                               ("--answer recording", "--repeat-target"),
                               ("--window 0, or a longer window", "--tbptt-steps", "64"),
                               ("--window", "--window", "0", "--stride", "2"),
                               ("validation", "--validation", "0", "--patience", "3"),
                               ("--split random", "--stratify")):
            self.assert_parts(("is given where it would change nothing; expected", where), self.refused(2, *base, *option))
        self.assertIn("--units is given beside --wiring", self.refused(2, *base, "--units", "3", "--wiring", "autoncp:8,1"))
        self.assertIn("1.1; expected less than 1", self.refused(2, *base, "--validation", "0.6", "--test", "0.5"))

    def test_settings_out_of_their_range(self):
        base = ("train", "lag.csv", "--time", "t", "--target", "y")
        for option, value, expected in (("beta-1", "1", "a number ≥ 0 and < 1"), ("epochs", "0", "an integer ≥ 1"),
                                        ("learning-rate", "nan", "a finite number"),
                                        ("learning-rate", "1e999", "a finite number"),
                                        ("learning-rate", "0", "a number > 0"), ("seed", "-1", "an integer ≥ 0"),
                                        ("seed", "99999999999999999999", "an integer below 2^63"),
                                        ("copies", "1000000000000000000", "an integer from 0 to 1000000"),
                                        ("epochs", "many", "an integer"),
                                        ("time-unit", "of", "auto, off, or a number"), ("first-dt", "-1", "median, or a number"),
                                        ("kernels", "scaler", "'scalar'"), ("activation", "relo", "'relu'"),
                                        ("input-mapping", "afine", "'affine'"), ("metrics", "acuracy", "'accuracy'"),
                                        ("beta-2", "1", "auto, or a number ≥ 0 and < 1"), ("epsilon", "none", "auto, or a number > 0"),
                                        ("weight-decay", "-1", "auto, or a number ≥ 0"), ("schedule", "cosin", "'cosine'"),
                                        ("parameter-groups", "*/bias", "patterns, then learning_rate=NUMBER"),
                                        ("parameter-groups", "*/bias decay=1", "learning_rate=NUMBER or weight_decay=NUMBER"),
                                        ("frozen", "lstm/*", "a pattern that names a weight of the model"),
                                        ("loss", "huber:detla=1", "'delta'"), ("loss", "gaussian_nll", "one of one number"),
                                        ("loss", "bce:predictions=probabilities", "one of logits"),
                                        ("class-weight", "balanced", "the targets are numbers"),
                                        ("loss", "msse", "'mse'"), ("optimizer", "adm", "'adam'")):
            extra = ("--cell", "ltc") if option == "input-mapping" else ()
            code, _, errors = self.run_here(*base, *extra, f"--{option}", value, "--quiet")
            self.assertEqual(code, 2, errors)
            self.assertIn(expected, errors)
            self.assertTrue(option in errors or value in errors, errors)
        self.assertIn("huber: delta is -1; expected a finite number > 0", self.refused(2, *base, "--loss", "huber:delta=-1"))
        self.assertIn("--epochs is given more than once", self.refused(2, *base, "--epochs", "2", "--epochs", "3"))

    def test_more_batches_together_than_an_epoch_has_are_the_epoch(self):
        files = []
        for together in ("1000", "1000000000000000000"):
            code, _, errors = self.run_here("train", "lag.csv", "--time", "t", "--target", "y", "--quiet", "--epochs", "2",
                                            "--gradient-accumulation-steps", together, "--out", f"{together}.safetensors")
            self.assertEqual(code, 0, errors)
            files.append((self.folder / f"{together}.safetensors").read_bytes())
        self.assertEqual(*files)

    def test_settings_of_a_file(self):
        base = {"data": "lag.csv", "time": "t", "target": "y", "epochs": 1, "window": 16, "wiring": "autoncp:8,1"}
        for key, value, expected in (("epohs", 3, "Did you mean 'epochs'?"), ("batch_size", "three", "an integer ≥ 1"),
                                     ("batch_size", 1.5, "an integer ≥ 1"), ("beta_1", 1, "a number ≥ 0 and < 1"),
                                     ("mixed_memory", 1, "true or false"), ("target", 3, "a list of texts"),
                                     ("cell", ["cfc"], "text"), ("first_dt", True, "text")):
            self.write("wrong.json", json.dumps({**base, key: value}))
            errors = self.refused(3, "train", "--config", "wrong.json")
            self.assert_parts((f"wrong.json: key '{key}' is", expected), errors)
        self.write("right.json", json.dumps({**base, "first_dt": 0.5, "time_unit": "off", "target": ["y"]}))
        self.done("train", "--config", "right.json", "--quiet")
        self.write("cut.toml", 'data = "lag.csv\n')
        self.assertIn("cut.toml, line 1", self.refused(3, "train", "--config", "cut.toml"))
        self.assertIn("'.toml' or '.json'", self.refused(2, "train", "--config", self.write("a.yaml", "data: x\n")))
        self.assertIn("nowhere.toml", self.refused(3, "train", "--config", "nowhere.toml"))

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

    def test_outputs_are_checked_before_the_training(self):
        base = ("train", "lag.csv", "--time", "t", "--target", "y", *SMALL)
        for option in ("--out", "--history", "--write-config", "--checkpoint"):
            nowhere = "/nowhere/file" + (".toml" if option == "--write-config" else "")
            self.assertIn(nowhere, self.refused(3, *base, option, nowhere))
            self.assertIn("the same file as the data", self.refused(2, *base, option, "./lag.csv"))
        self.assertIn("the same file as --out", self.refused(2, *base, "--out", "one", "--history", "one"))
        self.assertEqual(self.read("lag.csv").decode(), program.regression_csv())

    def test_what_could_not_be_read_again_is_not_written(self):
        for name in ("w.txt", "w", "w.TOML", ".toml"):
            self.assertIn(f"train: --write-config is {name}; expected a name that ends in .toml or .json",
                          self.refused(2, "train", "lag.csv", "--time", "t", "--target", "y", *SMALL, "--write-config", name))
            self.assertFalse((self.folder / name).exists())

    def test_the_rate_does_not_rise_to_its_minimum(self):
        base = ("train", "lag.csv", "--time", "t", "--target", "y", *SMALL, "--schedule", "cosine", "--min-learning-rate")
        self.assertIn("train: --min-learning-rate is 1; expected at most 0.005, which is --learning-rate", self.refused(2, *base, "1"))
        self.done(*base, "0.005", "--quiet")
        self.done(*base, "1", "--learning-rate", "1", "--explain")

    def test_windows_are_not_copied(self):
        base = ("train", "lag.csv", "--time", "t", "--target", "y", *SMALL, "--copies", "2")
        self.assertIn("train: --copies is given beside --split random; expected --split time, clock or group. Copies are made of "
                      "whole recordings, which --window 0 keeps, too.", self.refused(2, *base, "--split", "random"))
        self.done(*base, "--split", "clock", "--quiet")
        # What is not cut may be copied.
        groups = ("train", "gestures.csv", "--time", "t", "--group", "who", "--target", "gesture", "--units", "4", "--epochs", "1",
                  "--copies", "2", "--split", "random", "--quiet")
        self.done(*groups, "--answer", "recording")
        self.done(*groups, "--window", "0")

    def test_things_are_counted(self):
        out = self.train_lag("one.safetensors", "--quiet")
        self.assertIn("lag.csv: 160 rows, 1 recording, 1 feature -> y, time unit", out)
        self.write("wide.csv", "t,u,v,y\n" + "".join(f"{t},{t % 3},{t % 5},{t % 7}\n" for t in range(80)))
        self.assertIn(", 2 features -> y", self.done("train", "wide.csv", "--time", "t", "--target", "y", *SMALL, "--quiet"))

    def test_names_are_listed_once(self):
        errors = self.refused(2, "train", "lag.csv", "--target", "y", "--remainder", "everything else")
        self.assertTrue(errors.endswith("the value is 'everything else'; expected one of keep, drop, align.\n"), errors)

    def test_files_that_are_read_are_not_written_over(self):
        rows = program.regression_csv().splitlines()
        self.write("second.csv", "t,v\n" + "".join(f"{row.split(',')[0]},{i % 5}\n" for i, row in enumerate(rows[1:])))
        self.write("circuit.json", self.done("draw", "autoncp:8,1", "--inputs", "2", "--json"))
        base = ("train", "lag.csv", "--time", "t", "--target", "y", "--epochs", "1", "--quiet")
        for option in ("--out", "--history", "--write-config", "--checkpoint"):
            for extra, file, told in (
                    (("--merge", "second.csv"), "./second.csv", "./second.csv, the same file as a file of --merge"),
                    (("--wiring", "@circuit.json"), "./circuit.json", "./circuit.json, the same file as the file of --wiring")):
                kept = self.read(file)
                self.assertIn(f"{option} is {told}; expected a file of its own", self.refused(2, *base, *extra, option, file))
                self.assertEqual(self.read(file), kept)
        # A file that is not there yet has several names, too.
        self.assertIn("the same file as --out", self.refused(2, *base, "--out", "new", "--history", "./new"))

    def test_nothing_is_written_into_the_folder_of_the_data(self):
        for place in ("frames", "elsewhere"):
            (self.folder / place).mkdir()
        data = b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '<f8', 'fortran_order': False, 'shape': (40, 2), }".ljust(117) + b"\n"
        data += array.array("d", [i % 7 for i in range(80)]).tobytes()
        for file in ("frames/a.npy", "elsewhere/b.npy"):
            self.write(file, data)
        (self.folder / "frames/b.npy").symlink_to("../elsewhere/b.npy")
        base = ("train", "frames/", "--target", "1", "--units", "4", "--epochs", "1", "--window", "8", "--quiet")
        for option in ("--out", "--history", "--write-config", "--checkpoint"):
            for file in ("frames/a.npy", "frames/b.npy", "./elsewhere/../frames/new.npy"):
                self.assertIn(f"{option} is {file}, in the folder of the data; expected a file in another folder",
                              self.refused(2, *base, option, file))
        self.assertEqual(sorted(path.name for path in (self.folder / "frames").iterdir()), ["a.npy", "b.npy"])
        self.assertEqual((self.read("frames/a.npy"), self.read("elsewhere/b.npy")), (data, data))
        self.done(*base, "--out", "elsewhere/model.safetensors")

    def test_the_json_tells_what_an_update_costs(self):
        made = json.loads(self.train_lag("one.safetensors", "--quiet", "--json"))
        self.assertEqual(made["update"]["state_bytes_per_parameter"], 8)
        # The norm reads the gradient (4 bytes), and keeps a number for each row of 16 to 1024.
        self.assertGreater(made["update"]["bytes_per_parameter"], 32)
        self.assertLessEqual(made["update"]["bytes_per_parameter"], 32.5)
        made = json.loads(self.train_lag("one.safetensors", "--quiet", "--json", "--clip-norm", "0", "--ema-decay", "0.9"))
        self.assertEqual(made["update"], {"bytes_per_parameter": 36, "state_bytes_per_parameter": 12})

    def test_a_step_is_explained_instead_of_trained(self):
        out = self.done("train", "--config", "lag.toml", "--explain", "--out", "explained.safetensors")
        for part in ("gradients of a shard\n", "norm of all gradients\n", "update by adam (", "bytes a parameter read and written", "memory: "):
            self.assertIn(part, out)
        self.assertFalse((self.folder / "explained.safetensors").exists())
        code, _, errors = self.run_here("train", "--config", "lag.toml", "--explain", "--json")
        self.assertEqual((code, json.loads(errors)["error"]["kind"]), (2, "usage"))

    def test_long_recordings_are_trained_on_in_segments(self):
        base = ("train", "gestures.csv", "--time", "t", "--group", "who", "--target", "gesture", "--task", "classification",
                "--units", "6", "--backbone-units", "8", "--epochs", "2", "--split", "group", "--window", "0", "--batch-size", "2",
                "--schedule", "step", "--quiet")
        whole = json.loads(self.done(*base, "--json", "--out", "unrolled.safetensors"))
        cut = json.loads(self.done(*base, "--tbptt-steps", "3", "--json", "--out", "cut.safetensors", "--checkpoint", "cut.checkpoint"))
        self.assertEqual(cut["settings"]["tbptt_steps"], 3)
        self.assertNotEqual(self.read("cut.safetensors"), self.read("unrolled.safetensors"))
        # Nothing is cut.
        self.done(*base, "--tbptt-steps", "1000000", "--out", "same.safetensors")
        self.assertEqual(self.read("same.safetensors"), self.read("unrolled.safetensors"))
        self.assertGreater(len(whole["test"]), 0)
        # Segments are other updates, so that a schedule of epochs has another length.
        self.assertIn("expected step (step_size 140, gamma 0.5), as in cut.checkpoint",
                      self.refused(2, *base, "--resume", "cut.checkpoint"))
        for expected, *option in (("--tbptt-steps is given beside --bidirectional", "--bidirectional"),
                                  ("--tbptt-steps is given beside --answer recording; expected a target at every step. Add --rep",
                                   "--answer", "recording"),
                                  ("Leave --answer out", "--answer", "last-step")):
            self.assertIn(expected, self.refused(2, *base, "--tbptt-steps", "7", *option))

    def test_a_failed_training_leaves_the_old_history(self):
        self.write("kept.csv", "the run of yesterday\n")
        code, _, errors = self.run_here("train", "lag.csv", "--time", "t", "--target", "y", "--units", "4", "--optimizer", "sgd",
                                        "--learning-rate", "1e30", "--clip-norm", "0", "--batch-size", "1", "--window", "4",
                                        "--history", "kept.csv", "--quiet")
        self.assertEqual(code, 4, errors)
        self.assertEqual(self.read("kept.csv"), b"the run of yesterday\n")

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


if __name__ == "__main__":
    program.main()

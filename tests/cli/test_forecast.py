#!/usr/bin/env python3
"""elegans train --horizon and elegans forecast: what is foreseen, how far off it is, what is refused.

usage: test_forecast.py PROGRAM [unittest arguments]
"""
import csv
import io
import json
import math

import program


def wave_csv(rows=200, header="t,x,v", stamp=lambda row: f"{0.5 * row:g}", extra=""):
    """x and v of a pendulum that turns by 0.2 a row."""
    lines = [header]
    for row in range(rows):
        lines.append(f"{stamp(row)},{math.cos(0.2 * row):.6f},{-math.sin(0.2 * row):.6f}{extra}")
    return "\n".join(lines) + "\n"


TRAIN = ("--time", "t", "--horizon", "1", "--units", "8", "--epochs", "3", "--window", "20", "--batch-size", "4", "--threads", "1",
         "--quiet")


class Forecast(program.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.write("wave.csv", wave_csv())
        cls.done("train", "wave.csv", *TRAIN, "--out", "wave.safetensors")

    def rows(self, *arguments):
        return list(csv.DictReader(io.StringIO(self.done("forecast", *arguments))))

    # Training.

    def test_targets_are_features_some_steps_later(self):
        made = json.loads(self.done("train", "wave.csv", *TRAIN, "--json"))
        self.assertEqual((made["features"], made["targets"], made["rows"]), (["x", "v"], ["x", "v"], 200))
        # Two rows from the end have no feature two steps later. A column shifted by hand is the same target.
        lines = self.read("wave.csv").decode().splitlines()
        shifted = [lines[0] + ",later"] + [lines[i] + "," + lines[i + 2].split(",")[2] for i in range(1, 199)]
        self.write("shifted.csv", "\n".join(shifted) + "\n")
        base = ("--time", "t", "--units", "8", "--epochs", "2", "--threads", "1", "--quiet", "--json")
        foreseen = json.loads(self.done("train", "wave.csv", *base, "--horizon", "2", "--target", "v"))
        by_hand = json.loads(self.done("train", "shifted.csv", *base, "--target", "later"))
        self.assertEqual(foreseen["test"], by_hand["test"])
        self.assertEqual(foreseen["targets"], ["v"])

    def test_the_model_remembers_its_horizon(self):
        about = json.loads(self.done("inspect", "wave.safetensors", "--json"))["metadata"]
        self.assertEqual((about["horizon"], about["targets"]), (1, ["x", "v"]))
        self.assertIn("Horizon     1 step\n", self.done("inspect", "wave.safetensors"))
        self.train_lag()
        self.assertNotIn("horizon", json.loads(self.done("inspect", "lag.safetensors", "--json"))["metadata"])
        self.assertNotIn("Horizon", self.done("inspect", "lag.safetensors"))
        made = json.loads(self.done("evaluate", "wave.safetensors", "wave.csv", "--json"))
        self.assertEqual((made["steps"], made["sequences"]), (199, 1))
        # run answers each row with what comes next, and its error is what evaluate counts.
        answers = list(csv.DictReader(io.StringIO(self.done("run", "wave.safetensors", stdin=self.read("wave.csv").decode()))))
        truth = list(csv.DictReader(io.StringIO(self.read("wave.csv").decode())))
        squares = [(float(answers[i][name]) - float(truth[i + 1][name])) ** 2 for i in range(199) for name in ("x", "v")]
        self.assertAlmostEqual(made["figures"]["root_mean_squared_error"], math.sqrt(sum(squares) / len(squares)), 5)
        self.assertIn("every-step", self.refused(2, "evaluate", "wave.safetensors", "wave.csv", "--answer", "last-step"))

    def test_what_does_not_go_with_a_horizon(self):
        base = ("train", "lag.csv", "--time", "t", "--horizon", "1")
        for arguments, parts in ((("--task", "classification"), ("--task", "beside --horizon")),
                                 (("--answer", "last-step"), ("--answer", "every-step")),
                                 (("--missing", "inputs"), ("--missing", "forward-fill")),
                                 (("--target", "yy"), ("'yy'", "'y'")),
                                 (("--horizon", "-1"), ("horizon",))):
            arguments = base[:-2] + arguments if arguments[0] == "--horizon" else base + arguments
            self.assert_parts(parts, self.refused(2, *arguments))
        self.assertIn("less than 160", self.refused(2, *base[:-1], "160"))
        self.assertIn(".ts file", self.refused(2, "train", "x.ts", "--horizon", "1"))

    # Forecasts.

    def test_a_forecast_goes_on_as_run_would(self):
        made = self.rows("wave.safetensors", "wave.csv", "--steps", "4")
        self.assertEqual([row["t"] for row in made], ["100", "100.5", "101", "101.5"])
        # By hand: each answer of run is the next row.
        text = self.read("wave.csv").decode()
        for row in made:
            answer = list(csv.DictReader(io.StringIO(self.done("run", "wave.safetensors", stdin=text))))[-1]
            # run prints 7 digits, which go in again.
            for name in ("x", "v"):
                self.assertAlmostEqual(float(row[name]), float(answer[name]), delta=1e-5)
            text += f"{row['t']},{answer['x']},{answer['v']}\n"

    def test_a_forecast_of_a_longer_one_begins_with_it(self):
        self.assertEqual(self.rows("wave.safetensors", "wave.csv", "--steps", "9")[:3],
                         self.rows("wave.safetensors", "wave.csv", "--steps", "3"))
        made = json.loads(self.done("forecast", "wave.safetensors", "wave.csv", "--steps", "3", "--json"))
        rows = made["forecasts"][0]["rows"]
        self.assertEqual(([row["step"] for row in rows], rows[0]["time"], made["forecasts"][0]["dt"]), ([1, 2, 3], "100", 0.5))

    def test_features_that_are_not_foreseen_keep_their_last_value(self):
        self.write("driven.csv", wave_csv(header="t,x,v,u", extra=",3"))
        self.done("train", "driven.csv", *TRAIN, "--target", "v", "--out", "driven.safetensors")
        made = self.rows("driven.safetensors", "driven.csv", "--steps", "2")
        self.assertEqual(list(made[0]), ["t", "v"])
        text = self.read("driven.csv").decode()
        last = text.splitlines()[-1].split(",")
        text += f"100,{last[1]},{made[0]['v']},{last[3]}\n"
        answer = list(csv.DictReader(io.StringIO(self.done("run", "driven.safetensors", stdin=text))))[-1]
        self.assertAlmostEqual(float(made[1]["v"]), float(answer["v"]), delta=1e-5)

    def test_what_is_held_back_is_compared_with_the_last_row(self):
        made = json.loads(self.done("forecast", "wave.safetensors", "wave.csv", "--steps", "3", "--hold-back", "--json"))
        truth = list(csv.DictReader(io.StringIO(self.read("wave.csv").decode())))
        lines = self.read("wave.csv").decode().splitlines()
        self.write("known.csv", "\n".join(lines[:-3]) + "\n")
        foreseen = self.rows("wave.safetensors", "known.csv", "--steps", "3")
        self.assertEqual([row["time"] for row in made["forecasts"][0]["rows"]], [row["t"] for row in truth[-3:]])
        for name in ("x", "v"):
            for k in range(3):
                actual = float(truth[-3 + k][name])
                self.assertAlmostEqual(made["rmse"][name]["model"][k], abs(float(foreseen[k][name]) - actual), 5)
                self.assertAlmostEqual(made["rmse"][name]["last_row"][k], abs(float(truth[-4][name]) - actual), 9)
            for kind in ("model", "last_row"):
                errors = made["rmse"][name]
                self.assertAlmostEqual(errors[f"{kind}_of_all"], math.sqrt(sum(e * e for e in errors[kind]) / 3), 12)
        text = self.done("forecast", "wave.safetensors", "wave.csv", "--steps", "3", "--hold-back")
        self.assert_parts(("the last 3 rows of 1 recording, held back", "as the last row"), text)
        row = next(line for line in text.splitlines() if line.startswith("x") and "1 to 3" in line)
        self.assertAlmostEqual(float(row.split()[-2]), made["rmse"]["x"]["model_of_all"], delta=1e-3)
        self.assertAlmostEqual(float(row.split()[-1]), made["rmse"]["x"]["last_row_of_all"], delta=1e-3)

    def test_every_recording_goes_on(self):
        text = wave_csv(60, "t,x,v,who", extra=",a") + wave_csv(40, "t,x,v,who", extra=",b").split("\n", 1)[1]
        self.write("two.csv", text)
        self.done("train", "two.csv", *TRAIN, "--group", "who", "--out", "two.safetensors")
        made = self.rows("two.safetensors", "two.csv", "--steps", "2")
        self.assertEqual([(row["who"], row["t"]) for row in made], [("a", "30"), ("a", "30.5"), ("b", "20"), ("b", "20.5")])
        only = "\n".join(line for line in text.splitlines() if not line.endswith(",a")) + "\n"
        self.write("b.csv", only)
        self.assertEqual(self.rows("two.safetensors", "b.csv", "--steps", "2"), made[2:])
        both = json.loads(self.done("forecast", "two.safetensors", "two.csv", "--steps", "2", "--hold-back", "--json"))["rmse"]
        alone = json.loads(self.done("forecast", "two.safetensors", "b.csv", "--steps", "2", "--hold-back", "--json"))["rmse"]
        self.write("a.csv", "\n".join(line for line in text.splitlines() if not line.endswith(",b")) + "\n")
        other = json.loads(self.done("forecast", "two.safetensors", "a.csv", "--steps", "2", "--hold-back", "--json"))["rmse"]
        for k in range(2):
            self.assertAlmostEqual(both["x"]["model"][k] ** 2, (alone["x"]["model"][k] ** 2 + other["x"]["model"][k] ** 2) / 2, 12)

    def test_time_is_written_as_in_the_file(self):
        self.write("dates.csv", wave_csv(30, stamp=lambda row: f"2015-02-{1 + row // 24:02}T{row % 24:02}:00:00Z"))
        self.done("train", "dates.csv", *TRAIN[:2], "--horizon", "1", "--units", "4", "--epochs", "1", "--quiet", "--out",
                  "dates.safetensors")
        made = self.rows("dates.safetensors", "dates.csv", "--steps", "20")
        self.assertEqual((made[0]["t"], made[-1]["t"]), ("2015-02-02T06:00:00Z", "2015-02-03T01:00:00Z"))
        self.write("steps.csv", "\n".join(line.split(",", 1)[1] for line in wave_csv(30).splitlines()) + "\n")
        self.done("train", "steps.csv", "--horizon", "1", "--units", "4", "--epochs", "1", "--quiet", "--out", "steps.safetensors")
        self.assertEqual([row["step"] for row in self.rows("steps.safetensors", "steps.csv", "--steps", "2")], ["1", "2"])

    def test_time_is_written_as_in_the_first_row_that_has_one(self):
        text = wave_csv(30, stamp=lambda row: "" if row in (0, 7) else f"2015-02-{1 + row // 24:02}T{row % 24:02}:00:00Z")
        self.write("late.csv", text)
        self.done("train", "late.csv", "--time", "t", "--horizon", "1", "--units", "4", "--epochs", "1", "--missing", "drop",
                  "--quiet", "--out", "late.safetensors")
        made = self.rows("late.safetensors", "late.csv", "--steps", "2")
        self.assertEqual([row["t"] for row in made], ["2015-02-02T06:00:00Z", "2015-02-02T07:00:00Z"])

    def test_answers_have_the_digits_that_their_scale_takes(self):
        rows = [line.split(",") for line in self.read("wave.csv").decode().splitlines()[1:]]
        self.write("high.csv", "t,x,v\n" + "".join(f"{t},{1e9 + float(x):.6f},{v}\n" for t, x, v in rows))
        self.done("train", "high.csv", *TRAIN, "--out", "high.safetensors")
        printed = self.rows("high.safetensors", "high.csv", "--steps", "9")
        exact = json.loads(self.done("forecast", "high.safetensors", "high.csv", "--steps", "9", "--json"))["forecasts"][0]["rows"]
        self.assertGreater(len({row["x"] for row in printed}), 4)
        for one, other in zip(printed, exact, strict=True):
            self.assertAlmostEqual(float(one["x"]), other["answer"]["x"], delta=2e-7)
            self.assertAlmostEqual(float(one["v"]), other["answer"]["v"], delta=1e-6)

    def test_what_cannot_be_forecast_is_refused(self):
        self.train_lag()
        self.train_gestures()
        for model, data in (("lag.safetensors", "lag.csv"), ("gestures.safetensors", "gestures.csv")):
            self.assert_parts((model, "--horizon 1"), self.refused(2, "forecast", model, data, "--steps", "2"))
        self.done("train", "wave.csv", "--time", "t", "--horizon", "3", "--units", "4", "--epochs", "1", "--quiet", "--out",
                  "far.safetensors")
        self.assert_parts(("far.safetensors", "horizon", "is 3", "expected 1"),
                          self.refused(2, "forecast", "far.safetensors", "wave.csv", "--steps", "2"))
        forecast = ("forecast", "wave.safetensors")
        self.assert_parts(("of 200 rows", "--steps"), self.refused(2, *forecast, "wave.csv", "--steps", "200", "--hold-back"))
        self.assertIn("--steps", self.refused(2, *forecast, "wave.csv", "--steps", "0"))
        self.assertIn("--steps", self.refused(2, *forecast, "wave.csv"))
        for steps in ("10000001", "4611686018427387904", "9223372036854775808"):
            self.assertIn(f"is '{steps}'; expected an integer from 1 to 10000000",
                          self.refused(2, *forecast, "wave.csv", "--steps", steps))
        self.assertIn("'x'", self.refused(2, *forecast, "lag.csv", "--steps", "1"))
        self.assertIn("--time", self.refused(2, *forecast, "wave.csv", "--steps", "1", "--time", ""))
        self.write("empty.csv", "t,x,v\n")
        self.assertIn("empty.csv", self.refused(3, *forecast, "empty.csv", "--steps", "1"))
        self.write("hole.csv", "t,x,v\n0,1,\n")
        self.assert_parts(("hole.csv, line 2", "'v'"), self.refused(3, *forecast, "hole.csv", "--steps", "1"))
        # One row is enough.
        self.write("one.csv", "t,x,v\n7,1,0\n")
        self.assertEqual([row["t"] for row in self.rows("wave.safetensors", "one.csv", "--steps", "2")], ["7.5", "8"])


if __name__ == "__main__":
    program.main()

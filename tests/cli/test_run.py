#!/usr/bin/env python3
"""elegans run: rows one by one.

usage: test_run.py PROGRAM [unittest arguments]
"""
import json
import math
import select
import subprocess

import program
from program import SMALL


class Run(program.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.train_lag()
        cls.train_gestures()

    def test_run_answers_each_row_before_the_next(self):
        process = subprocess.Popen([program.program, "run", "lag.safetensors", "--time", "t"], stdin=subprocess.PIPE,
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

    def test_a_stray_quote_costs_its_row_alone(self):
        code, out, errors = self.run_here("run", "lag.safetensors", "--time", "t", stdin='t,u\n0,1\n0.5,"1\n1.5,-1\n2,1\n')
        _, expected, _ = self.run_here("run", "lag.safetensors", "--time", "t", stdin="t,u\n0,1\n1.5,-1\n2,1\n")
        answers = lambda text: [line.split(",", 1)[1] for line in text.splitlines()]
        self.assertEqual((code, answers(out)), (1, answers(expected)))
        self.assertIn("line 3: the quote that opens field 2 is never closed; expected a '\"' before the end of the line", errors)

    def test_columns_are_those_of_the_training(self):
        rows = "t,u\n0,1\n0.5,1\n1.5,-1\n"
        self.assertEqual(self.done("run", "lag.safetensors", stdin=rows),
                         self.done("run", "lag.safetensors", "--time", "t", stdin=rows))
        self.assertEqual(self.done("run", "lag.safetensors", "--time", "clock", stdin=rows.replace("t,", "clock,", 1)),
                         self.done("run", "lag.safetensors", stdin=rows))
        errors = self.refused(2, "run", "lag.safetensors", stdin="clock,u\n0,1\n")
        self.assert_parts(("the time column 't' is not in the file", "--time names another column"), errors)
        rows = "t,who,x\n0,a,1\n0.1,a,0.5\n0,b,1\n"
        self.assertEqual(self.done("run", "gestures.safetensors", stdin=rows),
                         self.done("run", "gestures.safetensors", "--time", "t", "--group", "who", stdin=rows))
        # Without groups the clock of the third row runs backwards.
        code, _, errors = self.run_here("run", "gestures.safetensors", "--group", "", stdin=rows)
        self.assertEqual(code, 1)
        self.assertIn("line 4: column 't' is '0', before '0.1' of line 3", errors)

    def test_answers_equal_what_evaluate_counts(self):
        self.train_lag("first.safetensors", "--first-dt", "0.5", "--quiet")
        figures = json.loads(self.done("evaluate", "first.safetensors", "lag.csv", "--json"))["figures"]
        targets = [float(line.split(",")[2]) for line in self.read("lag.csv").decode().splitlines()[1:]]
        out = self.done("run", "first.safetensors", stdin=self.read("lag.csv").decode())
        answers = [float(line.split(",")[1]) for line in out.splitlines()[1:]]
        self.assertEqual(len(answers), len(targets))
        error = math.sqrt(sum((a - t) ** 2 for a, t in zip(answers, targets)) / len(targets))
        self.assertAlmostEqual(error, figures["root_mean_squared_error"], places=5)

    def test_answers_have_the_digits_that_their_scale_takes(self):
        # Of targets around 1e9 with a deviation below 1, seven digits say 1e+09 in each row.
        rows = [line.split(",") for line in self.read("lag.csv").decode().splitlines()[1:]]
        self.write("high.csv", "t,u,y\n" + "".join(f"{t},{u},{1e9 + float(y):.6f}\n" for t, u, y in rows))
        self.done("train", "high.csv", "--time", "t", "--target", "y", *SMALL, "--out", "high.safetensors", "--quiet")
        text = self.read("high.csv").decode()
        exact = [json.loads(line)["answer"]["y"] for line in self.done("run", "high.safetensors", "--json", stdin=text).splitlines()]
        printed = [line.split(",")[1] for line in self.done("run", "high.safetensors", stdin=text).splitlines()[1:]]
        self.assertGreater(len(set(printed)), 100)
        for one, other in zip(printed, exact, strict=True):
            self.assertAlmostEqual(float(one), other, delta=2e-7)
        # Answers that are as small as their deviation have no more than before, but for one.
        small = [line.split(",")[1] for line in self.done("run", "lag.safetensors", stdin=self.read("lag.csv").decode()).splitlines()[1:]]
        for number in small:
            self.assertLessEqual(len(number.lstrip("-").lstrip("0.").replace(".", "")), 8, number)

    def test_the_first_timespan(self):
        # A recording's median Δt is not known at its first row: that of the training part stands for it.
        self.train_lag("off.safetensors", "--time-unit", "off", "--quiet")
        metadata = json.loads(self.done("inspect", "off.safetensors", "--json"))["metadata"]
        self.assertEqual(metadata["time_unit"], 1)
        row = "t,u\n7,1\n"
        self.assertEqual(self.done("run", "off.safetensors", stdin=row),
                         self.done("run", "off.safetensors", "--dt", str(metadata["median_dt"]), stdin=row))
        self.train_lag("zero.safetensors", "--first-dt", "0", "--quiet")
        self.assertEqual(self.done("run", "zero.safetensors", stdin=row),
                         self.done("run", "zero.safetensors", "--dt", "0", stdin=row))

    def rows_of_groups(self):
        """Rows of three recordings as (group, text), each with a clock of its own; some are to be refused."""
        rows = {name: [f"{start + step * (0.1 + 0.01 * step)},{name},{math.sin(start + step)}" for step in range(6)]
                for name, start in (("a", 0), ("b", 50), ("c", 7))}
        rows["b"].insert(3, "49,b,1")    # time runs backwards
        rows["c"].insert(2, "7.2,c,nan")
        return rows

    def probabilities(self, rows, *arguments):
        code, out, errors = self.run_here("run", "gestures.safetensors", "--json", *arguments,
                                          stdin="t,who,x\n" + "\n".join(rows) + "\n")
        self.assertIn(code, (0, 1), errors)
        made = [json.loads(line) for line in out.splitlines()]
        return {rows[line["line"] - 2]: line["probabilities"] for line in made}, errors

    def test_interleaved_groups_answer_as_each_alone(self):
        rows = self.rows_of_groups()
        alone = {}
        for name in rows:
            alone.update(self.probabilities(rows[name])[0])
        self.assertEqual(len(alone), 18)
        interleaved = [r for step in range(7) for name in "abca" for r in rows[name][step:step + 1]]
        interleaved = list(dict.fromkeys(interleaved))
        together, errors = self.probabilities(interleaved)
        self.assertEqual(together, alone)
        self.assert_parts(("column 't' is '49', before", "column 'x' is missing ('nan')"), errors)

    def test_of_too_many_groups_the_most_silent_is_forgotten(self):
        rows = self.rows_of_groups()
        few = [rows["a"][0], rows["c"][0], rows["a"][1], rows["b"][0], rows["c"][1], rows["a"][2]]
        all_kept, errors = self.probabilities(few)
        self.assertEqual(errors, "")
        two, errors = self.probabilities(few, "--groups", "2")
        # Where b comes c was silent for longest; so c begins anew, for which a goes.
        self.assertEqual([row for row in few if two[row] != all_kept[row]], [rows["c"][1], rows["a"][2]])
        self.assertEqual(errors.count("more than 2 groups"), 1, errors)
        self.assertIn("'0'; expected an integer ≥ 1", self.refused(2, "run", "lag.safetensors", "--groups", "0"))

    def test_missing_values_are_treated_as_in_training(self):
        self.done("train", "holes.csv", "--time", "t", "--target", "y", *SMALL, "--missing", "forward-fill", "--out",
                  "fill.safetensors", "--quiet")
        holes, filled = "t,u\n0,1\n0.5,\n1.5,NA\n2,3\n", "t,u\n0,1\n0.5,1\n1.5,1\n2,3\n"
        self.assertEqual(self.done("run", "fill.safetensors", stdin=holes), self.done("run", "fill.safetensors", stdin=filled))
        # What fills is the last number that was accepted, and of the same group.
        grouped = "t,g,u\n0,a,1\n0,b,5\n0.5,a,\n0.4,a,7\n1,a,?\n1,b,\n"
        by_hand = "t,g,u\n0,a,1\n0,b,5\n0.5,a,1\n0.4,a,7\n1,a,1\n1,b,5\n"
        both = [self.run_here("run", "fill.safetensors", "--group", "g", stdin=text) for text in (grouped, by_hand)]
        self.assertEqual(both[0], both[1])
        self.assertIn("line 5: column 't' is '0.4', before '0.5' of line 4", both[0][2])
        # Nothing to fill with.
        code, out, errors = self.run_here("run", "fill.safetensors", stdin="t,u\n0,\n0.5,1\n")
        self.assertEqual((code, len(out.splitlines())), (1, 2))
        self.assert_parts(("line 2: column 'u' is missing in the first row of its recording", "nothing to fill it with"),
                          errors)

    def test_missing_values_as_inputs_answer_as_in_training(self):
        # Holes in both columns, also before the first value and at the end.
        rows = self.read("lag.csv").decode().splitlines()
        for at in (1, 2, 3, 7, 20, 21, 22, 90, len(rows) - 1):
            t, _, y = rows[at].split(",")
            rows[at] = f"{t},{'?' if at % 2 else ''},{y}"
        holes = self.write("sporadic.csv", "\n".join(rows) + "\n")
        self.done("train", holes, "--time", "t", "--target", "y", *SMALL, "--missing", "inputs", "--first-dt", "0.5", "--out",
                  "inputs.safetensors", "--quiet")
        metadata = json.loads(self.done("inspect", "inputs.safetensors", "--json"))["metadata"]
        self.assertEqual((metadata["missing"], metadata["sporadic"]), ("as_inputs", ["u"]))
        figures = json.loads(self.done("evaluate", "inputs.safetensors", holes, "--json"))["figures"]
        targets = [float(line.split(",")[2]) for line in rows[1:]]
        out = self.done("run", "inputs.safetensors", stdin="\n".join(rows) + "\n")
        answers = [float(line.split(",")[1]) for line in out.splitlines()[1:]]
        self.assertEqual(len(answers), len(targets))
        error = math.sqrt(sum((a - t) ** 2 for a, t in zip(answers, targets)) / len(targets))
        self.assertAlmostEqual(error, figures["root_mean_squared_error"], places=5)
        # Groups have what they saw last each for itself, and a refused row leaves no trace.
        alone = "t,g,u\n0,a,1\n0.5,a,\n1,a,\n"
        mixed = "t,g,u\n0,a,1\n0,b,5\n0.5,a,\n0.4,a,7\n0.5,b,\n1,a,\n"
        _, mixed_out, _ = self.run_here("run", "inputs.safetensors", "--group", "g", stdin=mixed)
        answer = lambda text, *lines: [text.splitlines()[i].split(",", 1)[1] for i in lines]
        self.assertEqual(answer(self.done("run", "inputs.safetensors", "--group", "g", stdin=alone), 1, 2, 3),
                         answer(mixed_out, 1, 3, 5))
        self.assertIn("Circuit", self.done("inspect", "inputs.safetensors"))
        self.assertIn("u elapsed", self.done("draw", "inputs.safetensors"))
        # What is asked for instead; and what this model cannot do.
        filled = self.done("run", "inputs.safetensors", "--missing", "forward-fill", stdin="t,u\n0,1\n0.5,\n")
        self.assertEqual(filled, self.done("run", "inputs.safetensors", stdin="t,u\n0,1\n0.5,1\n"))
        self.assertIn("--missing: inputs is asked of a model that was not trained so", self.refused(
            2, "run", "lag.safetensors", "--missing", "inputs"))
        self.assertIn("--sporadic", self.refused(2, "train", holes, "--time", "t", "--target", "y", "--sporadic", "u"))
        self.assertIn("line 2: column 'u' is missing ('?')", self.refused(
            3, "train", holes, "--target", "y", "--missing", "inputs", "--sporadic", "t"))

    def test_missing_values_as_asked_for(self):
        holes = "t,u\n0,1\n0.5,\n1.5,2\n"
        code, refused, errors = self.run_here("run", "lag.safetensors", stdin=holes)
        self.assertEqual(code, 1)
        self.assertIn("line 3: column 'u' is empty; expected a number", errors)
        code, dropped, errors = self.run_here("run", "lag.safetensors", "--missing", "drop", stdin=holes)
        self.assertEqual((code, errors), (0, ""))
        self.assertEqual(dropped, refused)
        filled = self.done("run", "lag.safetensors", "--missing", "forward-fill", stdin=holes)
        self.assertEqual(len(filled.splitlines()), 4)
        self.assertIn("'drop'", self.refused(2, "run", "lag.safetensors", "--missing", "dropp", stdin=holes))

    def test_a_stream_without_rows(self):
        self.assertEqual(self.done("run", "lag.safetensors", stdin="t,u\n"), "line,y\n")
        self.assertIn("empty", self.refused(3, "run", "lag.safetensors", stdin=""))

    def test_a_number_that_is_too_large_is_refused(self):
        code, _, errors = self.run_here("run", "lag.safetensors", stdin="t,u\n0,1e300\n1,1\n")
        self.assertEqual(code, 1)
        self.assertIn("line 2: observation 0 ('u') is NaN, infinite or too large for f32", errors)

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


if __name__ == "__main__":
    program.main()

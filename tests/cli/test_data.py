#!/usr/bin/env python3
"""Data that is not what it should be: every message names file, line and column, what was found and what was expected.

usage: test_data.py PROGRAM [unittest arguments]
"""
import program

BACKWARDS = "expected time stamps that never run backwards"


class Data(program.Case):
    def refuse(self, expected_code, text, parts, *arguments):
        self.write("bad.csv", text)
        errors = self.refused(expected_code, "train", "bad.csv", "--units", "4", "--epochs", "1", *arguments)
        self.assert_parts(("bad.csv", *parts), errors)

    def refuse_rows(self, rows, *parts, options=("--time", "t", "--target", "y")):
        self.refuse(3, "t,u,y\n" + rows, parts, *options)

    def test_time(self):
        self.refuse_rows("0,1,2\n2,1,3\n1,1,3\n", "line 4: column 't' is '1', before '2' of line 3", BACKWARDS)
        self.refuse(3, "t,g,u,y\n0,a,1,2\n2,b,1,3\n0,a,1,3\n1,b,1,3\n",
                    ("line 5: column 't' is '1', before '2' of line 3", BACKWARDS), "--time", "t", "--target", "y", "--group", "g")
        self.refuse_rows("0,1,2\n5 s,1,2\n", "line 3: column 't' is '5 s'", "expected seconds")
        self.refuse_rows("2015-02-30,1,2\n", "line 2: column 't' is '2015-02-30'", "a calendar time that exists")
        self.refuse_rows("2015-02-04T17:51:00Z,1,2\n2015-02-04T18:52:00,2,3\n",
                         "line 3: column 't' is '2015-02-04T18:52:00', a calendar time without a zone",
                         "with a zone, as in line 2")
        self.refuse_rows(",1,2\n", "line 2: column 't' is empty; expected a time stamp")

    def test_numbers(self):
        for cell, found in (("nan", "is missing ('nan')"), ("", "is empty"), ("inf", "is 'inf'"), ("x", "is 'x'"),
                            ('"1,5"', "is '1,5'"), ("1e999", "is '1e999'")):
            self.refuse_rows(f"0,1,2\n1,{cell},3\n", f"line 3: column 'u' {found}; expected a ", "number")
        self.refuse_rows("0,1,\n", "line 2: column 'y' is empty; expected a target")
        self.refuse_rows("0,1,2\n1,1,up\n", "line 3: column 'y' is 'up'; expected a number")
        self.refuse_rows("0,1,up\n1,1,\n", "line 3: column 'y' is empty; expected the name of a class")

    def test_columns(self):
        rows = "time,speed,y\n0,1,2\n"
        self.refuse(2, rows, ("the time column 'Time' is not in the file", "one of its 3 columns", "Did you mean 'time'?"),
                    "--time", "Time", "--target", "y")
        self.refuse(2, rows, ("the feature column 'spede' is not in the file", "'speed'"), "--features", "spede",
                    "--target", "y")
        self.refuse(2, rows, ("column 'y' is both time and target",), "--time", "y", "--target", "y")
        self.refuse(2, "t,y\n0,1\n", ("no column is left for the features",), "--time", "t", "--target", "y")
        self.refuse(3, "t,u,u\n0,1,2\n", ("line 1: the name 'u' stands over columns 2 and 3",), "--target", "t")
        self.refuse(3, "t,,y\n0,1,2\n", ("line 1: column 2 has no name",), "--target", "t")

    def test_the_file(self):
        for text in ("", "\n\n", "\r\n"):
            self.refuse(3, text, ("the file is empty; expected a header line",), "--target", "y")
        self.refuse_rows("", "the file has a header and no rows; expected at least one row")
        self.refuse_rows("0,1,2\n0,1\n", "line 3: the row is 2 fields long; expected 3, as there are in the header")
        self.refuse_rows("0,1,2,3\n", "line 2: the row is 4 fields long; expected 3")
        self.refuse_rows('0,1,2\n1,"2,3\n', "line 3: the quote that opens field 2 is never closed")
        self.refuse_rows("0,1,2\r1,2,3\n", "line 2: character 6 is a carriage return")
        self.refuse(3, b"\xff\xfet\x00", ("the file is UTF-16; expected UTF-8",), "--target", "y")

    def test_classes(self):
        self.refuse(3, "g,u,y\na,1,2\na,1,3\n",
                    ("line 3: column 'y' is '3'; expected '2', as in line 2 of the same recording",),
                    "--target", "y", "--group", "g", "--answer", "recording")
        rows = "".join(f"{i},{i % 3},{'up' if i % 2 else 'down'}\n" for i in range(16)) + "16,1,sideways\n" * 4
        self.refuse_rows(rows, "line 18: the class is 'sideways'", "'down'", "'up'")
        # A saved model knows its classes, too.
        rows = rows.replace("sideways", "up")
        self.write("good.csv", "t,u,y\n" + rows)
        self.done("train", "good.csv", "--time", "t", "--target", "y", "--units", "4", "--epochs", "1", "--quiet", "--out",
                  "good.safetensors")
        self.write("new.csv", "t,u,y\n0,1,up\n1,1,sideways\n")
        self.assert_parts(("new.csv, line 3: the class is 'sideways'", "'down'"),
                          self.refused(3, "evaluate", "good.safetensors", "new.csv"))

    def test_zones_and_line_ends_mean_the_same_times(self):
        stamps = [f"2015-02-04T17:{minute:02}:00Z" for minute in range(0, 60, 2)]
        same = [stamp.replace("17:", "19:").replace("Z", "+02:00") if i % 2 else stamp.replace("T", " ")
                for i, stamp in enumerate(stamps)]
        rows = lambda times, end: "t,u,y" + end + end.join(f"{t},{i % 5},{i % 3}" for i, t in enumerate(times)) + end
        models = []
        for name, text in (("utc", rows(stamps, "\n")), ("zones", rows(same, "\r\n")),
                           ("seconds", rows([120 * i for i in range(len(stamps))], "\n"))):
            self.write("data.csv", text)
            self.done("train", "data.csv", "--time", "t", "--target", "y", "--units", "4", "--epochs", "2", "--window", "8",
                      "--quiet", "--out", f"{name}.safetensors")
            models.append(self.read(f"{name}.safetensors"))
        self.assertTrue(models[0] == models[1] == models[2])


if __name__ == "__main__":
    program.main()

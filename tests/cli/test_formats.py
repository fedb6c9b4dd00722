#!/usr/bin/env python3
"""elegans train and evaluate on every format of file.

usage: test_formats.py PROGRAM [unittest arguments]
"""
import array
import json
import math
import zipfile

import program
from program import SMALL


def npy(shape, values):
    """The bytes of a .npy file of doubles."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({''.join(f'{n},' for n in shape)}), }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + array.array("d", values).tobytes()


def wave(recordings, steps):
    """Rows (time, u, y) of each recording: y is u a step later."""
    return [[(0.5 * t + 0.125 * (t % 2), math.sin(t + r), math.sin(t - 1 + r)) for t in range(steps)]
            for r in range(recordings)]


class Formats(program.Case):
    def train(self, *arguments):
        out = self.done("train", *arguments, *SMALL, "--quiet", "--json", "--out", "m.safetensors")
        return json.loads(out)

    def figures(self, *arguments):
        return json.loads(self.done("evaluate", "m.safetensors", *arguments, "--json"))["figures"]

    def test_arrays_train_as_the_table_does(self):
        rows = wave(1, 80)[0]
        self.write("wave.csv", "0,1,2\n" + "\n".join(",".join(map(repr, row)) for row in rows) + "\n")
        self.write("wave.npy", npy((80, 3), [x for row in rows for x in row]))
        columns = ("--time", "0", "--target", "2")
        self.train("wave.csv", *columns)
        model = self.read("m.safetensors")
        figures = self.figures("wave.csv")
        self.train("wave.npy", *columns)
        self.assertEqual(self.read("m.safetensors"), model)
        self.assertEqual(self.figures("wave.npy"), figures)

    def test_a_folder_of_arrays_is_a_recording_a_file(self):
        (self.folder / "waves").mkdir()
        for r, rows in enumerate(wave(5, 30)):
            self.write(f"waves/{r}.npy", npy((30, 3), [x for row in rows for x in row]))
        made = self.train("waves", "--time", "0", "--target", "2", "--test-groups", "4.npy", "--validation-groups", "3.npy")
        self.assertEqual((made["recordings"], made["rows"]), (5, 150))
        self.assertEqual(made["sequences"], {"train": 6, "validation": 2, "test": 2})
        self.figures("waves")
        self.assertIn("'5.npy' is not in the data", self.refused(2, "train", "waves", "--target", "2", "--test-groups", "5.npy"))

    def test_an_archive_names_its_arrays(self):
        recordings = wave(8, 12)
        arrays = {"x": npy((8, 12, 1), [u for rows in recordings for _, u, _ in rows]),
                  "t": npy((8, 12), [t for rows in recordings for t, _, _ in rows]),
                  "y": npy((8,), [rows[-1][2] for rows in recordings])}
        for name, method in (("a.npz", zipfile.ZIP_STORED), ("b.npz", zipfile.ZIP_DEFLATED)):
            with zipfile.ZipFile(self.folder / name, "w", method) as archive:
                for array_name, data in arrays.items():
                    archive.writestr(array_name + ".npy", data)
        probe = self.run_here("train", "a.npz", "--epochs", "1", "--units", "4")
        if "built with libzip" in probe[2]:
            self.skipTest("built without libzip")
        made = self.train("a.npz")
        self.assertEqual((made["targets"], made["sequences"]), (["y"], {"train": 5, "validation": 1, "test": 2}))
        model = self.read("m.safetensors")
        self.train("b.npz")
        self.assertEqual(self.read("m.safetensors"), model)
        self.figures("b.npz")
        metadata = json.loads(self.done("inspect", "m.safetensors", "--json"))["metadata"]
        self.assertEqual((metadata["time"], metadata["answer_at"]), ("t", "whole_recording"))
        self.done("run", "m.safetensors", stdin="t,0\n0,1\n0.5,2\n")

    def test_what_is_wrong_with_arrays_is_told_with_their_file(self):
        nan, options = math.nan, "(--missing forward-fill), let them be inputs (--missing inputs), or leave such steps out (--missing drop)"
        x, y = npy((4, 1), [1, nan, 3, 4]), npy((4,), [1, 2, 3, 4])
        self.write("nan.npy", npy((4, 2), [1, 1, nan, 2, 3, 3, 4, 4]))
        self.assert_parts(("nan.npy, recording 'nan.npy', step 1: feature '0' is missing", options),
                          self.refused(3, "train", "nan.npy", "--target", "1"))
        for name, arrays in (("nan.npz", {"x": x, "y": y}),
                             ("back.npz", {"x": y, "y": y, "dt": npy((4,), [1, 1, -0.5, 1])})):
            with zipfile.ZipFile(self.folder / name, "w") as archive:
                for array_name, data in arrays.items():
                    archive.writestr(array_name + ".npy", data)
        errors = self.run_here("train", "nan.npz")[2]
        if "built with libzip" in errors:
            self.skipTest("built without libzip")
        self.assert_parts(("nan.npz, recording 'nan.npz', step 1: feature '0' is missing", options), errors)
        self.assertIn("back.npz, array 'dt': Δt of recording 'back.npz', step 2 is -0.5; expected a finite number of seconds, 0 or "
                      "more. dt holds durations; time stamps are the array t.", self.refused(3, "train", "back.npz"))

    def test_windows_of_an_archive_are_not_copied(self):
        values = [math.sin(t) for t in range(80)]
        with zipfile.ZipFile(self.folder / "long.npz", "w") as archive:
            archive.writestr("x.npy", npy((80, 1), values))
            archive.writestr("y.npy", npy((80,), values))
        code, _, errors = self.run_here("train", "long.npz", *SMALL, "--copies", "2", "--split", "random")
        if "built with libzip" in errors:
            self.skipTest("built without libzip")
        self.assertEqual(code, 2, errors)
        self.assertIn("train: --copies is given beside --split random; expected --split time, clock or group", errors)

    def ts(self, header, cases):
        return self.write("data.ts", "@problemName A Problem\n" + header + "@data\n" + "\n".join(cases) + "\n")

    def test_ts_with_targets_stamps_and_holes(self):
        case = lambda r: ",".join(f"({0.5 * t},{'?' if (t + r) % 5 == 0 else math.sin(t + r)})" for t in range(8))
        other = lambda r: ",".join(f"({0.5 * t + 0.25},{math.cos(t + r)})" for t in range(6))
        cases = [f"{case(r)}:{other(r)}:{math.sin(r)}" for r in range(12)]
        self.ts("@timeStamps true\n@missing true\n@targetlabel true\n", cases)
        self.ts("@timeStamps true\n@missing true\n@targetlabel true\n", cases)
        self.assertIn("data.ts, line 6: value 1 of channel 1 is '?'; expected a finite number. Fill missing values with the last "
                      "one (--missing forward-fill), let them be inputs (--missing inputs), or leave such steps out (--missing drop).",
                      self.refused(3, "train", "data.ts"))
        made = self.train("data.ts", "--missing", "inputs")
        self.assertEqual(made["targets"], ["target"])
        self.assertEqual(made["rows"], 12 * 14)
        metadata = json.loads(self.done("inspect", "m.safetensors", "--json"))["metadata"]
        self.assertEqual((metadata["time"], metadata["sporadic"]), ("t", ["channel 1", "channel 2"]))
        self.figures("data.ts")
        self.figures("data.ts", "--missing", "inputs")
        self.assertIn("--time", self.refused(2, "evaluate", "m.safetensors", "data.ts", "--time", "t"))
        self.ts("@targetlabel true\n", ["1,2:3,4:0.5"] * 9)
        self.assertIn("data.ts: the file is without time stamps", self.refused(2, "evaluate", "m.safetensors", "data.ts"))
        self.assertIn("--first-dt is given where it would", self.refused(2, "train", "data.ts", "--first-dt", "0"))

    def test_channels_of_several_files_and_of_the_long_format(self):
        fast = [(0.1 * t, math.sin(t)) for t in range(60)]
        slow = [(0.25 * t + 0.001, math.cos(t), math.sin(t / 3)) for t in range(24)]
        self.write("fast.csv", "t,a\n" + "".join(f"{t:.3f},{a!r}\n" for t, a in fast))
        self.write("slow.csv", "t,b,y\n" + "".join(f"{t:.3f},{b!r},{y!r}\n" for t, b, y in slow))
        rows = sorted([(t, "a", a) for t, a in fast] + [(t, n, v) for t, b, y in slow for n, v in (("b", b), ("y", y))])
        self.write("long.csv", "t,sensor,value\n" + "".join(f"{t:.3f},{n},{v!r}\n" for t, n, v in rows))
        common = ("--time", "t", "--target", "y", "--missing", "inputs")
        long = ("--channel", "sensor", "--value", "value")
        made = self.train("fast.csv", "--merge", "slow.csv", *common)
        self.assertEqual((made["features"], made["rows"]), (["a", "b"], 84))
        model = self.read("m.safetensors")
        self.assertEqual(self.figures("fast.csv", "--merge", "slow.csv"), self.figures("long.csv", *long))
        self.train("long.csv", *long, *common)
        self.assertEqual(self.read("m.safetensors"), model)
        self.assertEqual(self.train("long.csv", *long, *common, "--tolerance", "0.001")["rows"], 72)
        # What runs is rows with gaps.
        self.assertEqual(len(self.done("run", "m.safetensors", stdin="t,a,b\n0,1,\n0.1,,2\n").splitlines()), 3)
        for arguments, part in ((("fast.csv", *common, "--tolerance", "1"), "--tolerance"),
                                (("fast.csv", *common, "--value", "a"), "--value"),
                                (("data.ts", "--merge", "fast.csv"), "--merge")):
            self.assertIn(part, self.refused(2, "train", *arguments))
        # evaluate refuses what train refuses.
        self.write("wide.npy", npy((4, 2), range(8)))
        for arguments, part in ((("long.csv", *long, "--tolerance", "-1"), "tolerance is -1"),
                                (("fast.csv", "--tolerance", "1"), "--tolerance is given where it would change nothing; expected --merge"),
                                (("fast.csv", "--value", "a"), "--value is given where it would change nothing; expected --channel"),
                                (("long.csv", "--channel", "sensor"), "--value is missing beside --channel"),
                                (("wide.npy", "--merge", "slow.csv"), "--merge is given where it would change nothing; expected a CSV"),
                                (("wide.npy", "--channel", "sensor"), "--channel is given where it would change nothing; expected a CSV"),
                                (("wide.npy", "--tolerance", "1"), "--tolerance is given where"),
                                (("wide.npy", "--value", "a"), "--value is given where"),
                                (("data.ts", "--tolerance", "1"), "--tolerance is given where"),
                                (("data.ts", "--value", "a"), "--value is given where")):
            self.assertIn(part, self.refused(2, "evaluate", "m.safetensors", *arguments))

    def test_streams_of_events(self):
        events = [(0.05 * t + 0.001 * (t % 7), "ab"[t % 3 == 0], 1 if t % 2 else -1, math.sin(t / 5)) for t in range(120)]
        self.write("events.csv", "t,pixel,polarity,y\n" + "".join(f"{t:.3f},{p},{v},{y!r}\n" for t, p, v, y in events))
        how = ("--events", "--channel", "pixel", "--value", "polarity")
        made = self.train("events.csv", *how, "--time", "t", "--target", "y")
        self.assertEqual((made["features"], made["rows"]), (["a", "b"], 120))
        # The same as rows with a column a channel.
        wide = [(t, v * (p == "a"), v * (p == "b"), y) for t, p, v, y in events]
        self.write("wide.csv", "t,a,b,y\n" + "".join(f"{t:.3f},{a},{b},{y!r}\n" for t, a, b, y in wide))
        model = self.read("m.safetensors")
        self.train("wide.csv", "--time", "t", "--target", "y")
        self.assertEqual(self.read("m.safetensors"), model)
        self.assertEqual(self.figures("events.csv", *how), self.figures("wide.csv"))
        self.assertEqual(len(self.done("run", "m.safetensors", stdin="t,a,b\n0,1,0\n0.1,0,-1\n").splitlines()), 3)
        for arguments, part in ((("--events",), "--events is given where"),
                                ((*how, "--missing", "forward-fill"), "--missing is forward-fill, beside --events"),
                                ((*how, "--merge", "wide.csv"), "--merge"), ((*how, "--tolerance", "1"), "--tolerance")):
            self.assertIn(part, self.refused(2, "train", "events.csv", "--time", "t", "--target", "y", *arguments))
            self.assertIn(part, self.refused(2, "evaluate", "m.safetensors", "events.csv", *arguments))
        self.assertIn("--missing is inputs, beside --events", self.refused(2, "train", "events.csv", "--time", "t", "--target", "y",
                                                                           *how, "--missing", "inputs"))


if __name__ == "__main__":
    program.main()

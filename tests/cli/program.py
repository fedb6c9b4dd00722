"""What the tests of the program `elegans` share: running it as a user does, and files to run it on."""
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

program = ""


def elegans(*arguments, stdin="", folder=None):
    done = subprocess.run([program, *map(str, arguments)], input=stdin, capture_output=True, text=True, cwd=folder,
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


class Case(unittest.TestCase):
    """Runs in a folder of its own with recordings, of which train_…() make models."""

    @classmethod
    def setUpClass(cls):
        cls.kept = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.kept.name)
        cls.write("lag.csv", regression_csv())
        cls.write("holes.csv", regression_csv().replace(",1.0,", ",,", 3))
        cls.write("gestures.csv", gestures_csv())

    @classmethod
    def tearDownClass(cls):
        cls.kept.cleanup()

    @classmethod
    def write(cls, name, text):
        # As bytes: line ends are what the test says.
        (cls.folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
        return name

    @classmethod
    def read(cls, name):
        return (cls.folder / name).read_bytes()

    @classmethod
    def train_lag(cls, out="lag.safetensors", *arguments):
        return cls.done("train", "lag.csv", "--time", "t", "--target", "y", *SMALL, "--seed", "7", "--out", out,
                        *arguments)

    @classmethod
    def train_gestures(cls, out="gestures.safetensors", *arguments):
        return cls.done("train", "gestures.csv", "--time", "t", "--group", "who", "--target", "gesture", "--answer", "recording",
                        "--wiring", "autoncp:8,2", "--epochs", "2", "--threads", "1", "--out", out, "--quiet", *arguments)

    @classmethod
    def run_here(cls, *arguments, stdin=""):
        return elegans(*arguments, stdin=stdin, folder=cls.folder)

    @classmethod
    def done(cls, *arguments, stdin=""):
        """Standard output of what must succeed."""
        code, out, errors = cls.run_here(*arguments, stdin=stdin)
        assert code == 0, f"exit code {code}: {errors}"
        return out

    def refused(self, expected_code, *arguments, stdin=""):
        """The one line of error, without result, of what must fail."""
        code, out, errors = self.run_here(*arguments, stdin=stdin)
        self.assertEqual(code, expected_code, errors)
        self.assertEqual(out, "")
        self.assertTrue(errors.startswith("elegans: "), errors)
        self.assertEqual(errors.count("\n"), 1, errors)
        return errors

    def assert_parts(self, parts, text):
        for part in parts:
            self.assertIn(part, text)


def main():
    global program
    program = os.path.abspath(sys.argv.pop(1))
    unittest.main(module="__main__", verbosity=2)

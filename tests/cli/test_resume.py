#!/usr/bin/env python3
"""elegans train --checkpoint and --resume: the same model as without a break, and what is refused.

usage: test_resume.py PROGRAM [unittest arguments]
"""
import signal
import subprocess

import program
from program import SMALL


class Resume(program.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.train_lag("lag.safetensors")

    RESUMED = ("train", "lag.csv", "--time", "t", "--target", "y", "--wiring", "autoncp:8,1", "--mixed-memory", "--epochs", "60",
               "--window", "16", "--batch-size", "2", "--seed", "7", "--quiet", "--optimizer", "nadam", "--schedule", "cosine",
               "--warmup", "0.1", "--ema-decay", "0.9", "--gradient-accumulation-steps", "2", "--copies", "3", "--patience", "50",
               "--reduce-on-plateau", "2")

    def test_killed_training_is_resumed_to_the_same_model(self):
        self.done(*self.RESUMED, "--threads", "1", "--out", "whole.safetensors", "--history", "whole.csv")
        # Killed once a checkpoint is there, wherever that is: long before the end, for every update is written.
        saving = ("--checkpoint", "run.checkpoint", "--checkpoint-steps", "1")
        running = subprocess.Popen([program.program, *self.RESUMED, "--threads", "2", *saving], cwd=self.folder)
        while not (self.folder / "run.checkpoint").exists() and running.poll() is None:
            pass
        running.kill()
        self.assertEqual(running.wait(), -signal.SIGKILL, "it was over before it could be killed")
        # A killed process may leave its temporary file.
        for left in self.folder.glob(".elegans-*.tmp"):
            left.unlink()
        self.done(*self.RESUMED, "--threads", "2", "--resume", "run.checkpoint", "--out", "resumed.safetensors", "--history",
                  "resumed.csv")
        self.assertEqual(self.read("whole.safetensors"), self.read("resumed.safetensors"))
        without_seconds = lambda name: [line.rsplit(",", 1)[0] for line in self.read(name).decode().splitlines()]
        self.assertEqual(without_seconds("whole.csv"), without_seconds("resumed.csv"))

    def test_a_checkpoint_of_other_options_is_refused(self):
        base = ("train", "lag.csv", "--time", "t", "--target", "y", *SMALL, "--quiet")
        self.done(*base, "--checkpoint", "small.checkpoint")
        for option, expected in ((("--batch-size", "2"), "resume: batch_size is 2; expected 32, as in small.checkpoint"),
                                 (("--optimizer", "lion"), "resume: optimizer is lion"),
                                 (("--mode", "pure"), "resume: the model's layers/0/"), (("--seed", "3"), "resume: the model's seed"),
                                 (("--stride", "8"), "resume: the training part is "),
                                 (("--reduce-on-plateau", "3"), "the callbacks with a state is reduce_on_plateau(val_loss, min_delta 0.0001"),
                                 (("--monitor", "val_root_mean_squared_error"), "expected early_stopping(val_loss)"),
                                 (("--min-delta", "0.5"), "is early_stopping(val_loss, min_delta 0.5)"),
                                 (("--loss", "huber:delta=0.5"), "resume: loss is huber (delta 0.5); expected by the targets"),
                                 (("--kernels", "scalar"), "resume: kernels is scalar; expected best")):
            code, _, errors = self.run_here(*base, *option, "--resume", "small.checkpoint")
            self.assertEqual(code, 2, errors)
            self.assertIn(expected, errors)
        self.assertIn("nowhere", self.refused(3, *base, "--resume", "nowhere"))
        self.assertIn("lag.safetensors", self.refused(3, *base, "--resume", "lag.safetensors"))
        self.assertIn("the same file as --resume", self.refused(2, *base, "--resume", "small.checkpoint", "--out", "small.checkpoint"))
        self.done(*base, "--resume", "small.checkpoint", "--checkpoint", "small.checkpoint")


if __name__ == "__main__":
    program.main()

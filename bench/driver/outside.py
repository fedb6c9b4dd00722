"""What a series asks of the system while it runs, counted from outside: allocations and locks by a library in front of the
program, system calls by a tracer around it (bench/outside)."""

import os
import subprocess
import tempfile

NOT_ALLOWED = 77


class NotAllowed(Exception):
    """Tracing is not possible here; the text says why."""


def count(program, case, series, calls=3):
    """{'allocations', 'locks', 'system calls'} of so many calls; the last one is a dictionary by number of the call."""
    folder = os.path.dirname(os.path.abspath(program))
    with tempfile.TemporaryDirectory() as temporary:
        traced, allocated = os.path.join(temporary, "calls"), os.path.join(temporary, "allocations")
        run = ["/usr/bin/env", f"LD_PRELOAD={os.path.join(folder, 'libbench_allocations.so')}",
               f"BENCH_ALLOCATIONS={allocated}", os.path.abspath(program),
               "--case", case, "--series", series, "--calls", str(calls)]
        tracer = os.path.join(folder, "bench_system_calls")
        if not os.path.exists(tracer):
            raise NotAllowed(f"there is no {tracer}; build the target bench_system_calls")
        done = subprocess.run([tracer, traced, *run], capture_output=True, text=True)
        if done.returncode == NOT_ALLOWED:
            raise NotAllowed("this machine lets no program trace another")
        if done.returncode:
            raise RuntimeError(f"{' '.join(run)} ended with {done.returncode}: {done.stderr.strip()}")
        with open(allocated) as file:
            allocations, locks = map(int, file.read().split())
        with open(traced) as file:
            calls_made = {int(number): int(times) for number, times in (line.split() for line in file)}
    return {"allocations": allocations, "locks": locks, "system calls": calls_made}


def is_silent(case, series):
    """Whether a series is one that may ask for nothing: steps, training steps and updates on one thread."""
    return (case.split("/")[0] in ("step", "train", "adam", "loss", "dense", "product", "size", "unnamed") and
            series not in ("by-hand", "openblas")) or \
        (case.startswith("threads/") and series == "one")


def verdict(counts):
    """The bar of such a series is nothing at all."""
    return "not met" if counts["allocations"] or counts["locks"] or sum(counts["system calls"].values()) else "met"

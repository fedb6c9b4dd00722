#!/usr/bin/env python3
"""Instructions of one call of each step, and of each network's smallest training step (a larger one runs the same code),
counted by valgrind with the AVX2 kernels.

    instructions.py --program build/dev/bin/bench_e2e            writes bench/baseline.json
    instructions.py --program build/dev/bin/bench_e2e --check    compares with it: exits 1 where a count grew by over 3 %
    … --only step/cfc-ncp                                        of one case; with --check, or it is only shown

Only what lies between the marks of bench_e2e --calls is counted: the number does not depend on the machine, its load or
its clock. It depends on compiler and C library; the baseline names them, and --check exits with 1 where they are others: it
cannot say whether a count has grown."""

import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys

import bars
from files import write_whole

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BASELINE = os.path.join(ROOT, "bench", "baseline.json")
ALLOWED_GROWTH = 1.03
CALLS = {"step": 1000, "train": 1}


def counted(cases):
    """Those of the names of cases that are counted; they are listed by ascending size."""
    first = {}
    for case in cases:
        kind, network = case.split("/")[:2] if "/" in case else (case, "")
        if kind in CALLS:
            first.setdefault((kind, network), case)
    return list(first.values())


def all_series(program):
    """The series of each case, the one that is counted first."""
    listed = subprocess.run([program, "--list", "--json"], capture_output=True, text=True, check=True).stdout
    return {case["case"]: case["series"] for case in map(json.loads, listed.splitlines())}


def of_one_call(program, case, series):
    calls = CALLS[case.split("/")[0]]
    command = ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--callgrind-out-file=/dev/null",
               program, "--case", case, "--series", series, "--calls", str(calls)]
    try:
        done = subprocess.run(command, env=os.environ | {"ELEGANS_TARGET": "AVX2"}, capture_output=True, text=True)
    except FileNotFoundError:
        sys.exit("valgrind is missing: run scripts/install-deps ci")
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not found:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    if int(found.group(1)) == 0:
        sys.exit(f"{program} was compiled without valgrind's headers: run scripts/install-deps ci, and compile "
                 "bench/e2e/outside_count.cpp again")
    return round(int(found.group(1)) / calls)


def machine():
    """What counts depend on: versions without those of the distribution's package, which change more often than code."""
    compiler = subprocess.run(["c++", "-dumpfullversion"], capture_output=True, text=True).stdout.strip()
    library = subprocess.run(["ldd", "--version"], capture_output=True, text=True).stdout.splitlines()[0]
    return {"compiler": compiler, "library": library.split()[-1], "target": "AVX2"}


def described(of):
    return ", ".join(f"{key} {value}" for key, value in of.items())


def grown(before, now):
    """Cases whose count grew by more than is allowed, with both counts; a case without a count before has grown."""
    return {case: (before.get(case), count) for case, count in now.items()
            if case not in before or count > ALLOWED_GROWTH * before[case]}


def check(now, preset, whole=True):
    """Ends with an error where a count has grown; `whole`: where `now` are all cases, too if one of the baseline is gone."""
    with open(BASELINE) as file:
        baseline = json.load(file)
    gone = sorted(set(baseline["instructions"]) - set(now))
    if whole and gone:
        sys.exit(f"bench/baseline.json counts {', '.join(gone)}, which bench_e2e does not have; write the file again")
    for case, count in now.items():
        before = baseline["instructions"].get(case)
        print(f"{case:28} {count:>14,}  {f'{100 * (count / before - 1):+.2f} %' if before else 'new'}")
    if baseline["of"] != machine() | {"preset": preset}:
        sys.exit(f"Not judged: bench/baseline.json is of {described(baseline['of'])}, these counts are of "
                 f"{described(machine() | {'preset': preset})}. Compare where the versions are those, or write the file again.")
    worse = grown(baseline["instructions"], now)
    for case, (before, count) in worse.items():
        print(f"{case} takes {count:,} instructions a call; bench/baseline.json allows "
              f"{'none: the case is new' if before is None else f'{before:,} and 3 %'}", file=sys.stderr)
    if worse:
        sys.exit("Make it cheaper, or run  scripts/bench --instructions --preset dev  and commit bench/baseline.json with "
                 "the change and the reason.")


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench --instructions", usage="see  scripts/bench --help", add_help=False,
                                     allow_abbrev=False)
    parser.add_argument("--program", required=True, help="bench_e2e")
    parser.add_argument("--only", action="append", default=[], help="a case, or what its name begins with")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--parse", action="store_true", help="only see whether the options can be read")
    arguments = parser.parse_args()
    every_bar = bars.load(os.path.join(ROOT, "bench", "bars.toml"))
    cases = bars.chosen(counted(bars.cases_of(every_bar)), arguments.only)
    if arguments.parse:
        return
    preset = os.path.basename(os.path.dirname(os.path.dirname(os.path.abspath(arguments.program))))
    series_of = all_series(arguments.program)
    bars.check(every_bar, series_of)
    chosen = [(case, series_of[case][0]) for case in cases]
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        counts = pool.map(lambda one: of_one_call(arguments.program, *one), chosen)
        now = {case: count for (case, _), count in zip(chosen, counts)}
    if arguments.check:
        return check(now, preset, whole=not arguments.only)
    for case, count in now.items():
        print(f"{case:28} {count:>14,}")
    if arguments.only:
        return
    write_whole(BASELINE, json.dumps({"of": machine() | {"preset": preset}, "instructions": now}, indent=2) + "\n")


if __name__ == "__main__":
    main()

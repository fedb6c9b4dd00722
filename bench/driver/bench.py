#!/usr/bin/env python3
"""The table of benchmarks; scripts/bench calls this (its --help has examples)."""

import argparse
import datetime
import json
import os
import subprocess
import sys

import bars as all_bars
import measure
import text
from workers import Peers

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def parse():
    parser = argparse.ArgumentParser(prog="scripts/bench", usage="see  scripts/bench --help", add_help=False, allow_abbrev=False)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall")
    parser.add_argument("--seconds", type=float, default=measure.SECONDS)
    parser.add_argument("--rtneural")
    parser.add_argument("--python", help="an interpreter that has the peers")
    parser.add_argument("--program", required=True, help="bench_e2e")
    parser.add_argument("--results", help="where the numbers are kept")
    parser.add_argument("--parse", action="store_true", help="only see whether the options can be read")
    parser.add_argument("--page", help="write the page and its chart from --results: a path that ends in .md")
    arguments = parser.parse_args()
    if arguments.page and (arguments.only or arguments.quick):
        parser.error("--page is written from all cases: leave out --only and --quick")
    if arguments.seconds <= 0:
        parser.error(f"--seconds is {arguments.seconds:g}; expected more than 0")
    if arguments.core not in os.sched_getaffinity(0):
        parser.error(f"--core is {arguments.core}; this machine has {', '.join(map(str, sorted(os.sched_getaffinity(0))))}")
    return arguments


def chosen(cases, only):
    """The cases that `only` names, or that begin with what it names."""
    def named(name):
        return [case for case in cases if case["case"] == name or case["case"].startswith(name.rstrip("/") + "/")]

    for name in only:
        if not named(name):
            sys.exit(f"no case begins with '{name}'; there are: {', '.join(case['case'] for case in cases)}")
    return [case for case in cases if not only or any(case in named(name) for name in only)]


def processor():
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return "unknown"


def output_of(*command):
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    return done.stdout.strip()


def setting(arguments, results):
    """Machine, versions and command: what the figures belong to."""
    versions = sorted({series["version"] for result in results for series in result["series"].values() if series["version"]})
    command = " ".join(["scripts/bench"] + ["--with-peers"] * bool(arguments.python) +
                       ["--rtneural DIR"] * bool(arguments.rtneural) + ["--page"] * bool(arguments.page))
    return {"date": datetime.date.today().isoformat(), "processor": processor(), "cores": len(os.sched_getaffinity(0)),
            "clock": arguments.clock, "kind": results[0]["ingredients"]["kind"],
            "compiler": output_of("c++", "--version").splitlines()[0], "commit": output_of("git", "rev-parse", "--short", "HEAD"),
            "versions": versions, "command": command}


def main():
    arguments = parse()
    if arguments.parse:
        return
    ours = measure.Ours(arguments.program)
    known = ours.cases()
    cases = chosen(known, arguments.only)
    bars = all_bars.load(os.path.join(ROOT, "bench", "bars.toml"))
    all_bars.check(bars, {case["case"]: case["series"] for case in known})
    if arguments.quick:
        return measure.run_once(cases, ours)
    peers = Peers(arguments.python, arguments.rtneural, os.path.join(ROOT, "build", "peers"))
    results = []
    for case in cases:
        result = measure.measure(case, ours, peers, bars, arguments.core, {"wall": "ns", "cpu": "cpu_ns"}[arguments.clock], arguments.seconds)
        results.append(result)
        print(json.dumps(result) if arguments.json else text.report(result), flush=True)
        kept = {"setting": setting(arguments, results), "cases": results}
        if arguments.results:  # after each case: nothing that was measured is lost
            with open(arguments.results, "w") as file:
                json.dump(kept, file, indent=1)
    if arguments.page:
        import chart
        import page
        drawing = arguments.page.removesuffix(".md") + ".svg"
        page.write(kept, arguments.page, drawing)
        chart.write(kept, drawing)
    failed = [f"{result['case']}: {name}: {result['missing'][name]}"
              for case, result in zip(cases, results) for name in case["series"] if name in result["missing"]]
    if failed:
        sys.exit("series of elegans itself failed:\n" + "\n".join(failed))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The table of benchmarks; scripts/bench calls this (its --help has examples)."""

import argparse
import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib

import bars as all_bars
import measure
import text
from files import write_whole
from workers import Missing, Peers

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def parse():
    parser = argparse.ArgumentParser(prog="scripts/bench", usage="see  scripts/bench --help", add_help=False, allow_abbrev=False)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--core", type=int)
    parser.add_argument("--clock", choices=["wall", "cpu"])
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--rtneural")
    parser.add_argument("--python", help="an interpreter that has the peers")
    parser.add_argument("--program", required=True, help="bench_e2e")
    parser.add_argument("--results", help="where the numbers are kept")
    parser.add_argument("--parse", action="store_true", help="only see whether options, and the files they name, can be read")
    parser.add_argument("--page", help="write the page and its chart: a path that ends in .md")
    parser.add_argument("--from", dest="kept", action="append", default=[], metavar="RESULTS",
                        help="measure nothing: write --page from files of --results, of groups of cases on one machine")
    arguments = parser.parse_args()
    if arguments.page and (arguments.only or arguments.quick):
        parser.error("--page is written from all cases: leave out --only and --quick")
    if arguments.kept and not arguments.page:
        parser.error("--from writes a page: add --page FILE.md")
    if arguments.quick or arguments.kept:
        for option in ("json", "core", "clock", "seconds", "rtneural", "results"):
            given = getattr(arguments, option)
            if given is not None and given is not False:  # core 0 is given too
                parser.error(f"{'--quick judges' if arguments.quick else '--from measures'} no time: leave out --{option}")
    arguments.core = max(os.sched_getaffinity(0)) if arguments.core is None else arguments.core
    arguments.clock = arguments.clock or "wall"
    arguments.seconds = measure.SECONDS if arguments.seconds is None else arguments.seconds
    if not (0 < arguments.seconds < float("inf")):
        parser.error(f"--seconds is {arguments.seconds:g}; expected a number above 0")
    if arguments.core not in os.sched_getaffinity(0):
        parser.error(f"--core is {arguments.core}; this machine has {', '.join(map(str, sorted(os.sched_getaffinity(0))))}")
    if arguments.rtneural and not os.path.exists(os.path.join(arguments.rtneural, "RTNeural", "RTNeural.h")):
        parser.error(f"--rtneural is '{arguments.rtneural}', which has no RTNeural/RTNeural.h; expected a checkout of RTNeural")
    if arguments.python and not shutil.which(arguments.python):
        parser.error(f"--python is '{arguments.python}'; expected an interpreter that can be run")
    if arguments.page and not os.path.basename(arguments.page).removesuffix(".md") * arguments.page.endswith(".md"):
        parser.error(f"--page is '{arguments.page}'; expected the path of a file that ends in .md")
    for option, file in (("--page", arguments.page), ("--page", arguments.page and drawing_of(arguments.page)),
                         ("--results", arguments.results)):
        if file and (reason := unwritable(file)):
            parser.error(f"{option} writes '{file}', {reason}")
    for file in arguments.kept:
        if not os.path.isfile(file):
            parser.error(f"--from is '{file}', which is no file; {WRITTEN_BY}")
    return arguments


WRITTEN_BY = "expected one that  scripts/bench --results FILE  has written"


def unwritable(file):
    """Why no file can be written there, found before hours are measured; None where it can."""
    folder = os.path.dirname(os.path.abspath(file))
    if not os.path.isdir(folder):
        return "whose folder is not there; make it first"
    if os.path.isdir(file):
        return "which is a folder; name another, or move it away"
    try:
        with open(file, "a") if os.path.exists(file) else tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return f"which cannot be written ({error.strerror}); name another, or change whose it is"


def processor(cpuinfo):
    """Its name, and family and model where Linux tells them: names that clouds give tell no generation."""
    told = {}
    for line in cpuinfo.splitlines():
        key, _, value = line.partition(":")
        told.setdefault(key.strip(), value.strip())
    name = told.get("model name", "unknown")
    return f"{name} (family {told['cpu family']}, model {told['model']})" if "cpu family" in told and "model" in told else name


def output_of(*command):
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    return done.stdout.strip()


def command_of(arguments):
    """As one would repeat it elsewhere: without the paths of this machine."""
    page = arguments.page and os.path.relpath(os.path.abspath(arguments.page), ROOT)
    if page and page.startswith(".."):
        page = os.path.basename(page)
    target = os.environ.get("ELEGANS_TARGET")
    return " ".join([f"ELEGANS_TARGET={target}"] * bool(target) +
                    ["scripts/bench"] + ["--with-peers"] * bool(arguments.python) +
                    ["--rtneural DIR"] * bool(arguments.rtneural) + [f"--seconds {arguments.seconds:g}"] +
                    [f"--clock {arguments.clock}"] * (arguments.clock != "wall") +
                    [f"--only {name}" for name in arguments.only] + [f"--page {page}"] * bool(page))


def setting(arguments, results):
    """Machine, versions and command: what the figures belong to."""
    versions = sorted({series["version"] for result in results for series in result["series"].values() if series["version"]})
    with open("/proc/cpuinfo") as file:
        name = processor(file.read())
    return {"date": datetime.date.today().isoformat(), "processor": name, "cores": len(os.sched_getaffinity(0)),
            "clock": arguments.clock, "kind": results[0]["ingredients"]["kind"],
            "compiler": results[0]["ingredients"]["compiler"], "commit": output_of("git", "rev-parse", "--short", "HEAD"),
            "versions": versions, "command": command_of(arguments)}


def drawing_of(page):
    return page.removesuffix(".md") + ".svg"


def write_page(kept, file):
    import chart
    import page
    try:
        page.write(kept, file, drawing_of(file))
        chart.write(kept, drawing_of(file))
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        sys.exit(f"--page: the results lack something ({error!r}); {WRITTEN_BY}, of this version")


SETTING = ("date", "processor", "cores", "clock", "kind", "compiler", "commit", "versions", "command")


def kept_in(name):
    """What a file of --results holds."""
    try:
        with open(name) as file:
            kept = json.load(file)
        if kept["cases"] and all(key in kept["setting"] for key in SETTING) and \
                all({"case", "text", "series", "ingredients", "bars"} <= case.keys() for case in kept["cases"]):
            return kept
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    sys.exit(f"--from: '{name}' holds no results; {WRITTEN_BY}")


def joined(files, order):
    """What several runs on one machine kept, as one: cases in the order of the table, commands one after the other."""
    parts = []
    for name in files:
        parts.append(kept_in(name))
    names = [case["case"] for part in parts for case in part["cases"]]
    for name in sorted(set(names)):
        if name not in order:
            sys.exit(f"--from: there is no case '{name}' any more; measure again")
        if names.count(name) > 1:
            sys.exit(f"--from: two files have the case '{name}'; expected each case once")
    setting = dict(parts[0]["setting"])
    for key in ("processor", "kind", "commit", "compiler", "clock"):
        if len({part["setting"][key] for part in parts}) > 1:
            sys.exit(f"--from: the files differ in their {key}: {', '.join(str(part['setting'][key]) for part in parts)}; "
                     "expected runs of one program on one machine")
    setting["versions"] = sorted({version for part in parts for version in part["setting"]["versions"]})
    setting["command"] = "`, `".join(part["setting"]["command"] for part in parts)
    cases = sorted((case for part in parts for case in part["cases"]), key=lambda case: order.index(case["case"]))
    return {"setting": setting, "cases": cases, "left out": [name for name in order if name not in names]}


def main():
    try:
        run(parse())
    except (Missing, all_bars.BarError, tomllib.TOMLDecodeError, OSError, ValueError, RuntimeError) as error:
        sys.exit(f"scripts/bench: {error}")


def run(arguments):
    bars = all_bars.load(os.path.join(ROOT, "bench", "bars.toml"))
    names = all_bars.cases_of(bars)  # every case has bars: nothing has to be built to know them
    kept = joined(arguments.kept, names) if arguments.kept else None
    chosen = all_bars.chosen(names, arguments.only)
    if arguments.parse:
        return
    if kept:
        return write_page(kept, arguments.page)
    ours = measure.Ours(arguments.program)
    known = ours.cases()
    all_bars.check(bars, {case["case"]: case["series"] for case in known})
    cases = [case for case in known if case["case"] in chosen]
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
            write_whole(arguments.results, json.dumps(kept, indent=1))
    if arguments.page:
        write_page(kept, arguments.page)
    failed = [f"{result['case']}: {name}: {result['missing'][name]}"
              for case, result in zip(cases, results) for name in case["series"]
              if result["missing"].get(name, measure.NO_SECOND_CORE) != measure.NO_SECOND_CORE]
    if failed:
        sys.exit("series of elegans itself failed:\n" + "\n".join(failed))


if __name__ == "__main__":
    main()

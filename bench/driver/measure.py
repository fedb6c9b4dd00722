"""Measures a case: all its series and peers in turns, so that each burst of one has a burst of every other beside it."""

import json
import os
import subprocess
import sys

import bars as all_bars
import outside
import ratios
from workers import Missing, Worker

# Of a series: so many processes, and of each at least so many rounds, then as many as fit.
PROCESSES, LEAST_ROUNDS, MOST_ROUNDS, SECONDS = 5, 2, 8, 12
BURST_MS = 20
NO_SECOND_CORE = "there is no second core here"


class Ours:
    """The program bench_e2e."""

    def __init__(self, program):
        self.program = program

    def lines(self, *arguments):
        done = subprocess.run([self.program, *arguments], capture_output=True, text=True)
        if done.returncode:
            raise Missing(f"bench_e2e {' '.join(arguments)}: {done.stderr.strip()}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def cases(self):
        return self.lines("--list", "--json")

    def calls(self, case, series, calls):
        return self.lines("--case", case, "--series", series, "--calls", str(calls))[0]

    def ingredients(self, core):
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {core})
        try:
            return self.lines("--ingredients")[0]
        finally:
            os.sched_setaffinity(0, before)

    def worker(self, case, series, cores, process):
        # Each with its memory elsewhere: by itself a program finds the same places every time.
        return Worker([self.program, "--case", case, "--series", series, "--serve", "--displaced", str(process)], cores)


def cores_of(case, core):
    """One core, and a second one where the case is about it."""
    others = sorted(os.sched_getaffinity(0) - {core})
    return {core, *others[:1]} if case.startswith("threads/") else {core}


def makers_of(case, ours, peers, bars, core):
    """What starts a process, given its number, by series; nothing where the case needs a second core and there is none."""
    cores = cores_of(case["case"], core)
    if case["case"].startswith("threads/") and len(cores) < 2:
        return {}
    return {name: lambda process, name=name: ours.worker(case["case"], name, cores, process) for name in case["series"]} | \
        {peer: lambda process, peer=peer: peers.worker(peer, case["case"], cores) for peer in all_bars.peers_of(bars, case["case"])}


def start(makers, process, workers, missing):
    """Starts what has no worker yet; why one cannot is among the missing ones."""
    for name in makers:
        if name not in workers and name not in missing:
            try:
                workers[name] = makers[name](process)
            except Missing as reason:
                missing[name] = str(reason)


def rounds_of(workers, clock, seconds, missing, bursts, last):
    """Bursts of every worker in turns, added to those of `bursts`, with the last answers: how many rounds. One that ends on
    the way is among the missing ones, and the others go on."""
    rounds, spent = 0, 0.0
    for name in missing:
        bursts.pop(name, None)
    while bursts and rounds < MOST_ROUNDS and (rounds < LEAST_ROUNDS or spent < seconds * len(bursts)):
        names = list(bursts)
        for name in names[rounds % len(names):] + names[:rounds % len(names)]:  # each comes first in turn
            try:
                answer = workers[name].burst(BURST_MS)
            except Missing as reason:
                missing[name] = f"it ended after {len(bursts.pop(name))} bursts: {reason}"
                continue
            bursts[name].append(answer[clock])
            last[name] = answer
            spent += answer["ns"] * answer["calls"] / 1e9
        rounds += 1
    return rounds


def close(workers, names):
    for name in names:
        workers.pop(name).close()


def in_processes(makers, clock, seconds, missing):
    """Bursts by series, the last answers, what processes say of themselves, and how many rounds the processes had. All but
    Python's are started anew each time: these take long to start and compile."""
    workers, bursts, last, headers, processes = {}, {}, {}, {}, []
    try:
        for process in range(PROCESSES):
            start(makers, process, workers, missing)
            if process == 0:
                bursts = {name: [] for name in workers}
                headers = {name: worker.header for name, worker in workers.items()}
            processes.append(rounds_of(workers, clock, seconds / PROCESSES, missing, bursts, last))
            close(workers, [name for name in workers if name not in all_bars.PYTHON_PEERS])
    finally:
        close(workers, list(workers))
    return bursts, last, headers, processes


def measure(case, ours, peers, bars, core, clock="ns", seconds=SECONDS):
    """What is known of the case: its series with bursts, quartiles and counts, the ingredients of its floor, its bars."""
    result = {"case": case["case"], "text": case["text"], "series": {}, "ingredients": ours.ingredients(core)}
    if case["case"].startswith("threads/"):
        clock = "ns"  # two threads take twice the processor time of one
    makers = makers_of(case, ours, peers, bars, core)
    result["missing"] = {} if makers else {name: NO_SECOND_CORE for name in case["series"]}
    bursts, last, headers, result["processes"] = in_processes(makers, clock, seconds, result["missing"])
    for name in bursts:
        result["series"][name] = {
            "bursts": bursts[name], "median": ratios.quantile(bursts[name], 0.5),
            "quartiles": [ratios.quantile(bursts[name], 0.25), ratios.quantile(bursts[name], 0.75)],
            "counts": headers[name].get("counts"), "version": headers[name].get("version"),
            "peak_bytes": last[name]["peak_bytes"]}
    if any(bar.get("measure") == "bits" for bar in bars if bar["case"] == case["case"]):
        for name in set(case["series"]) & set(result["series"]):
            result["series"][name]["checksum"] = ours.calls(case["case"], name, 3)["checksum"]
    result["bars"] = all_bars.judge_case(bars, result)
    try:
        result["outside"] = {name: outside.count(ours.program, case["case"], name)
                             for name in case["series"]
                             if name in result["series"] and outside.is_silent(case["case"], name)}
    except outside.NotAllowed as reason:
        result["missing"]["what is asked of the system"] = str(reason)
    return result


def run_once(cases, ours):
    """Every case for correctness: a few calls of each series, and whether two that must agree do."""
    for case in cases:
        checksums = {}
        for name in case["series"]:
            checksums[name] = ours.calls(case["case"], name, 1).get("checksum")
        agree = not case["case"].startswith("threads/") or len(set(checksums.values())) == 1
        print(f"{case['case']:28} {'runs' if agree else 'DIFFERS: ' + str(checksums)}", flush=True)
        if not agree:
            sys.exit(f"{case['case']}: series that must agree in each bit do not")

"""Measures a case: all its series and peers in turns, so that each burst of one has a burst of every other beside it."""

import json
import os
import subprocess
import sys

import bars as all_bars
import outside
import ratios
from workers import Missing, Worker

LEAST_ROUNDS, MOST_ROUNDS, SECONDS = 7, 40, 12  # a series; at least so many rounds, then as many as fit
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

    def worker(self, case, series, cores):
        return Worker([self.program, "--case", case, "--series", series, "--serve"], cores)


def cores_of(case, core):
    """One core, and a second one where the case is about it."""
    others = sorted(os.sched_getaffinity(0) - {core})
    return {core, *others[:1]} if case.startswith("threads/") else {core}


def start(case, ours, peers, bars, core):
    """Workers by series, and why others are missing."""
    workers, missing = {}, {}
    cores = cores_of(case["case"], core)
    if case["case"].startswith("threads/") and len(cores) < 2:
        return {}, {name: NO_SECOND_CORE for name in case["series"]}
    makers = [(name, lambda name=name: ours.worker(case["case"], name, cores)) for name in case["series"]]
    makers += [(peer, lambda peer=peer: peers.worker(peer, case["case"], cores))
               for peer in all_bars.peers_of(bars, case["case"])]
    for name, make in makers:
        try:
            workers[name] = make()
        except Missing as reason:
            missing[name] = str(reason)
    return workers, missing


def rounds_of(workers, clock, seconds, missing):
    """Bursts of every worker in turns: {series: nanoseconds of each round}, and the last answers. One that ends on the way
    is among the missing ones, and the others go on."""
    bursts, last, spent = {name: [] for name in workers}, {}, 0.0
    rounds = 0
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
    return bursts, last


def measure(case, ours, peers, bars, core, clock="ns", seconds=SECONDS):
    """What is known of the case: its series with bursts, quartiles and counts, the ingredients of its floor, its bars."""
    result = {"case": case["case"], "text": case["text"], "series": {}, "ingredients": ours.ingredients(core)}
    if case["case"].startswith("threads/"):
        clock = "ns"  # two threads take twice the processor time of one
    workers, result["missing"] = start(case, ours, peers, bars, core)
    try:
        bursts, last = rounds_of(workers, clock, seconds, result["missing"])
        for name in bursts:
            worker = workers[name]
            result["series"][name] = {
                "bursts": bursts[name], "median": ratios.quantile(bursts[name], 0.5),
                "quartiles": [ratios.quantile(bursts[name], 0.25), ratios.quantile(bursts[name], 0.75)],
                "counts": worker.header.get("counts"), "version": worker.header.get("version"),
                "peak_bytes": last[name]["peak_bytes"]}
    finally:
        for worker in workers.values():
            worker.close()
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

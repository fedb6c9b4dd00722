"""What a worker says and hears, as bench_e2e --serve does: a line of JSON that says what is measured, then for every line
"burst MILLISECONDS" one with the time of a call, until "quit" or the end of the input."""

import json
import resource
import sys
import time


class NotHere(Exception):
    """A peer that is not installed, or does not know the case; the text says which."""


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def seconds(call, calls):
    begin = time.perf_counter()
    for _ in range(calls):
        call()
    return time.perf_counter() - begin


def run(call, before, calls):
    """Nanoseconds of one call by the wall clock and by the processor's."""
    wall = cpu = 0
    at_once = 1 if before else calls
    for _ in range(0, calls, at_once):
        if before:
            before()
        cpu_begin, begin = time.process_time_ns(), time.perf_counter_ns()
        for _ in range(at_once):
            call()
        wall += time.perf_counter_ns() - begin
        cpu += time.process_time_ns() - cpu_begin
    return wall / calls, cpu / calls


def serve(prepare, version):
    """`prepare` gives the call that is measured, or that and what each call needs first, which is not measured."""
    resident = resident_bytes()
    prepared = prepare()
    call, before = prepared if isinstance(prepared, tuple) else (prepared, None)
    run(call, before, 1)
    estimate = run(call, before, 1)[0]
    if estimate < 1e6:
        estimate = run(call, before, int(1 + 5e6 / estimate))[0]
    print(json.dumps({"version": version, "peak_bytes": max(0, peak_bytes() - resident)}), flush=True)
    for line in sys.stdin:
        words = line.split()
        if words == ["quit"]:
            return
        calls = max(1, int(float(words[1]) * 1e6 / estimate))
        wall, cpu = run(call, before, calls)
        estimate = wall
        answer = {"calls": calls, "ns": wall, "cpu_ns": cpu, "peak_bytes": max(0, peak_bytes() - resident)}
        print(json.dumps(answer), flush=True)

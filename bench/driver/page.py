"""docs/benchmarks.md: the page of a run, written from its numbers alone."""

import os

import floors
import outside
import text
from files import write_whole

HEAD = """# Benchmarks

Written by `{command}` on {date}; not edited by hand. Chart: the times of other libraries over ours.

![Times of other libraries over ours, with the bars]({chart})

| | |
|---|---|
| processor | {processor}, {cores} cores, {kind} |
| compiler | {compiler} |
| commit | {commit} |
| peers | {versions} |
| clock | {clock} |

Every series of a case ran in turns with all others of it on one pinned core, in bursts of some 20 ms, in {processes} processes one
after the other, ours with their memory in other places each, for where it lies is chance and may be worth a tenth of a step (a peer
in Python in one process: it takes long to start); peers with their best settings for one thread. Times are medians with quartiles. A ratio of times is the median of the ratios of paired bursts,
with the interval that a bootstrap of processes and of their bursts gives it (95 %): an interval that excludes the bar decides,
*undecided* is one that holds it.
"A against B" is the time of B over that of A, how many times as fast A is, where the bar is at least so much or there is
none; where the bar is at most so much, against a floor and per operation or synapse, it is the time of A over that of B.
The floor of a case is counted from its shapes and from rates measured beside it (`bench/e2e/counts.hpp`); a ratio to it says how
many times longer the case takes, and one below 1 that the case reads and writes faster than the copy that was measured. Peak
memory is that of Python processes and of ours. {left_out}PyTorch's ncps cannot take Δt for a batch: its training steps have none, ours have.
"""


def rates(ingredients):
    largest = ingredients["copy"][-1]
    reads = {size: rate for size, rate in ingredients["read"]}
    return (f"Rates beside the first case: {ingredients['flop_per_second'] / 1e9:.0f} GFLOP/s, "
            f"sigmoid {ingredients['sigmoid_ns']:.2f} ns, tanh {ingredients['tanh_ns']:.2f} ns, reading 32 KB at "
            f"{reads[32768] / 1e9:.0f} GB/s and 1 MB at {reads[1 << 20] / 1e9:.0f} GB/s, copying {text.size(largest[0])} at "
            f"{largest[1] / 1e9:.1f} GB/s.")


def emphasised(verdict):
    return f"**{verdict}**" if verdict == "not met" else verdict


def bars_table(cases):
    rows = ["| case | | ratio | bar | |", "|---|---|---|---|---|"]
    for result in cases:
        for line in result["bars"]:
            stretch = f" (stretch {text.number(line['stretch'])})" if line["stretch"] else ""
            rows.append(f"| {result['case']} | {text.subject(line)} | {text.value_text(line)} | "
                        f"{text.bar_text(line)}{stretch} | {emphasised(line['verdict'])} |")
    return "\n".join(rows)


def notes(cases):
    """How bars are to be read, each once with the cases that it is about."""
    about = {}
    for result in cases:
        for line in result["bars"]:
            if line.get("note"):
                about.setdefault(line["note"], {})[result["case"]] = None
    return "\n".join(["How these are read:", "", *(f"- {', '.join(of)}: {note}." for note, of in about.items()), ""]) if about else ""


def times_table(cases):
    rows = ["| case | series | median | quartiles | peak memory |", "|---|---|---|---|---|"]
    for result in cases:
        for name, series in result["series"].items():
            low, high = series["quartiles"]
            rows.append(f"| {result['text']} | {name} | {text.duration(series['median'])} | "
                        f"{text.duration(low)} … {text.duration(high)} | {text.size(series['peak_bytes']) if series['peak_bytes'] else ''} |")
    return "\n".join(rows)


def work_table(cases):
    """What is counted of every case that has a floor, and what is left to gain at most."""
    rows = []
    for result in cases:
        for name in dict.fromkeys(line["ours"] for line in result["bars"] if line["against"] == "floor"):
            series = result["series"].get(name)
            parts = series and floors.parts_ns(series["counts"], result["ingredients"])
            if not parts:
                continue
            counts, floor = series["counts"], floors.floor_ns(series["counts"], result["ingredients"])
            rows.append(f"| {result['case']} | {name} | {text.count(counts['flop'])} | "
                        f"{text.count(counts['sigmoids'] + counts['tanhs'])} | {text.size(counts['bytes'])} | "
                        + " | ".join(text.duration(part) for part in parts)
                        + f" | {text.duration(floor)} | {text.duration(max(series['median'] - floor, 0))} |")
    if not rows:
        return ""
    return "\n".join(["## Work", "",
                      "What a call has to do at least (`bench/e2e/counts.hpp`), the time that each part of it takes at the measured rates, "
                      "the floor they make, and the time beyond it: the most that is left to gain.", "",
                      "| case | series | FLOP | functions | bytes | time of arithmetic | of traffic | of functions | floor | beyond it |",
                      "|---|---|---|---|---|---|---|---|---|---|", *rows, ""])


def outside_table(cases):
    rows = []
    for result in cases:
        for name, counts in result.get("outside", {}).items():
            calls = sum(counts["system calls"].values())
            rows.append(f"| {result['case']} | {name} | {counts['allocations']} | {counts['locks']} | {calls} | "
                        f"{emphasised(outside.verdict(counts))} |")
    if not rows:
        return ""
    return "\n".join(["## Asked of the system while running", "",
                      "Counted from outside, over three calls (`bench/outside`), of the thread that runs them. The bar is 0.", "",
                      "| case | series | allocations | locks | system calls | |", "|---|---|---|---|---|---|", *rows, ""])


def render(kept, chart="benchmarks.svg"):
    setting = dict(kept["setting"])
    setting["versions"] = ", ".join(setting["versions"]) or "none"
    setting["clock"] = {"wall": "wall clock", "cpu": "processor time, as others used the machine too"}[setting["clock"]]
    cases = kept["cases"]
    setting["left_out"] = f"Not measured: {', '.join(kept['left out'])}. " if kept.get("left out") else ""
    setting["processes"] = max(len(case.get("processes", [1])) for case in cases)
    return "\n".join([HEAD.format(**setting, chart=chart), rates(cases[0]["ingredients"]), "", "## Bars", "", bars_table(cases), "",
                      notes(cases), work_table(cases), "## Times", "", times_table(cases), "", outside_table(cases)]).rstrip() + "\n"


def write(kept, file, chart):
    """`chart` is its path, in the folder of the page."""
    rendered = render(kept, os.path.basename(chart))  # before what is there is lost
    write_whole(file, rendered)

"""Numbers and bars as people read them."""

import outside

UNITS = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (0, "ns"))


def duration(ns):
    scale, unit = next((scale, unit) for scale, unit in UNITS if ns >= scale)
    value = ns / (scale or 1)
    return f"{value:.3g} {unit}" if value < 1000 else f"{value:.0f} {unit}"


def size(count):
    for scale, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "KB")):
        if count >= scale:
            return f"{count / scale:.3g} {unit}"
    return f"{count:.0f} B"


def count(value):
    for scale, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= scale:
            return f"{value / scale:.3g} {unit}"
    return f"{value:.0f}"


def number(value):
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def bar_text(line):
    """'≥ 20 ×', '≤ 1.5 ×', '≤ 20 ms', or '' where it is only reported."""
    unit = "×" if line["against"] else "ms"
    bar = line["bar"]
    if line["measure"] == "bits":
        return "the same bits"
    if not bar:
        return ""
    sign = "≥" if "at_least" in bar else "≤"
    return f"{sign} {number(next(iter(bar.values())))} {unit}"


def subject(line):
    """'run against ort-c', 'memory of 4096 against 64, per synapses'."""
    what = line["ours"] if line["measure"] in ("time", "bits") else f"{line['measure']} of {line['ours']}"
    text = f"{what} against {line['against']}" if line["against"] else what
    return f"{text}, per {line['per']}" if line["per"] else text


def value_text(line):
    if "value" not in line:
        return ""
    unit = "×" if line["against"] else "ms"
    low, high = line["interval"]
    return f"{number(line['value'])} {unit} ({number(low)} … {number(high)})"


def report(result):
    """The case for a terminal."""
    rows = [f"{result['case']}: {result['text']}"]
    for name, series in result["series"].items():
        low, high = series["quartiles"]
        rows.append(f"    {name:28} {duration(series['median']):>10}  ({duration(low)} … {duration(high)})")
    for name, reason in result["missing"].items():
        rows.append(f"    {name:28} missing: {reason}")
    for line in result["bars"]:
        rows.append(f"  {line['verdict']:>12}  {subject(line):44} {value_text(line):30} {bar_text(line)}")
    for name, counts in result.get("outside", {}).items():
        calls = sum(counts["system calls"].values())
        rows.append(f"  {outside.verdict(counts):>12}  {name:44} {counts['allocations']} allocations, {counts['locks']} locks, "
                    f"{calls} system calls")
    return "\n".join(rows)

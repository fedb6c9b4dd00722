"""The bars of bench/bars.toml, and what measurements say of them."""

import sys
import tomllib

import floors
import ratios

KEYS = {"case", "ours", "against", "faster", "within", "stretch", "most_ms", "per", "measure", "note"}
MEASURES = {"time", "memory", "peak", "bits"}
PYTHON_PEERS = ("eager", "compiled", "fused", "ort", "mlx")
PEERS = PYTHON_PEERS + ("ort-c", "rtneural")
FUNCTION_OPERATIONS = 10  # what a sigmoid or tanh counts among operations (ops::transcendental_flop)


class BarError(Exception):
    pass


def load(file):
    with open(file, "rb") as opened:
        bars = tomllib.load(opened)["bar"]
    for bar in bars:
        unknown = set(bar) - KEYS
        if unknown:
            raise BarError(f"{file}: bar of '{bar.get('case')}' has the unknown key '{min(unknown)}'; "
                           f"known are {', '.join(sorted(KEYS))}")
        if not {"case", "ours"} <= set(bar):
            raise BarError(f"{file}: a bar needs 'case' and 'ours'; got {bar}")
        if bar.get("measure", "time") not in MEASURES:
            raise BarError(f"{file}: bar of '{bar['case']}' measures '{bar['measure']}'; "
                           f"expected one of {', '.join(sorted(MEASURES))}")
        if "against" not in bar and "most_ms" not in bar:
            raise BarError(f"{file}: bar of '{bar['case']}' is against nothing; give 'against' or 'most_ms'")
    return bars


def check(bars, series_of):
    """BarError where a bar speaks of a case, a series or a peer that is none, or a case has no bar. `series_of`: the series of
    each case."""
    for bar in bars:
        case = bar["case"]
        if case not in series_of:
            raise BarError(f"bars: there is no case '{case}'; cases are {', '.join(series_of)}")
        own = set(series_of[case])
        against = {"floor"} | set(PEERS) | own
        for key, known in (("ours", own), ("against", against)):
            for name in as_list(bar.get(key, [])):
                if name not in known:
                    raise BarError(f"bars: '{key}' of a bar of '{case}' is '{name}'; expected one of {', '.join(sorted(known))}")
    for case in series_of:
        if not any(bar["case"] == case for bar in bars):
            raise BarError(f"bars: the case '{case}' has none; add one to bench/bars.toml, without 'faster' and 'within' where "
                           "it is only reported")


def cases_of(bars):
    """The names of all cases, in the order of the file."""
    return list(dict.fromkeys(bar["case"] for bar in bars))


def chosen(cases, only):
    """Those of `cases` that `only` names: of each name the case called so and the group, as 'train' or 'train/ltc-ncp'; where
    there is neither, those that begin so. All where nothing is named; ends with 2 where a name has none."""
    def named(name):
        return [case for case in cases if case == name or case.startswith(name.rstrip("/") + "/")] or \
            [case for case in cases if name and case.startswith(name)]

    for name in only:
        if not named(name):
            print(f"--only is '{name}', with which no case begins; there are: {', '.join(cases)}", file=sys.stderr)
            sys.exit(2)
    return [case for case in cases if not only or any(case in named(name) for name in only)]


def as_list(value):
    return value if isinstance(value, list) else [value]


def peers_of(bars, case):
    """The peers that bars of the case are against, in the order of the file."""
    found = []
    for bar in bars:
        if bar["case"] == case:
            found += [name for name in as_list(bar.get("against", [])) if name in PEERS and name not in found]
    return found


def divisor(counts, per):
    if per is None:
        return 1
    if per == "operations":
        return counts["flop"] + FUNCTION_OPERATIONS * (counts["sigmoids"] + counts["tanhs"])
    return counts[per]


def total(result, names, bar):
    """Per round: the sum over the series `names`, over the sum of their counts."""
    measure, per = bar.get("measure", "time"), bar.get("per")
    series = [result["series"][name] for name in names]
    count = sum(divisor(one["counts"], per) for one in series)
    if measure == "time":
        return [sum(times) / count for times in zip(*(one["bursts"] for one in series))]
    key = {"memory": lambda one: one["counts"]["memory"], "peak": lambda one: one["peak_bytes"]}[measure]
    return [sum(key(one) for one in series) / count]


def bound(bar):
    """The number of the bar with its direction, as arguments of ratios.verdict; none where it is only reported."""
    if "faster" in bar:
        return {"at_least": bar["faster"]}
    limit = bar.get("within", bar.get("most_ms"))
    return {} if limit is None else {"at_most": limit}


def judge(bar, ours, result):
    """One line of the table: `ours` is one series of the bar. `result` holds the case's series and ingredients."""
    names = as_list(bar.get("against", []))
    line = {"case": bar["case"], "ours": ours, "against": " + ".join(names), "measure": bar.get("measure", "time"),
            "per": bar.get("per"), "bar": bound(bar), "stretch": bar.get("stretch"), "note": bar.get("note")}
    missing = [name for name in [ours] + names if name != "floor" and name not in result["series"]]
    if missing:
        reason = result.get("missing", {}).get(missing[0], "not measured")
        return line | {"verdict": f"not measured: {missing[0]} ({reason})"}
    if line["measure"] == "memory" and not all(result["series"][name]["counts"]["memory"] for name in [ours] + names):
        return line | {"verdict": "not measured: this C library does not tell what is allocated"}
    if line["measure"] == "bits":
        equal = len({result["series"][name]["checksum"] for name in [ours] + names}) == 1
        return line | {"verdict": ratios.MET if equal else ratios.NOT_MET}
    mine, processes = total(result, [ours], bar), result.get("processes")
    if names == ["floor"]:
        floor = floors.floor_ns(result["series"][ours]["counts"], result["ingredients"])
        if floor is None:
            return line | {"verdict": "not measured: nothing of it is counted"}
        value, interval = ratios.paired_ratio(mine, [floor] * len(mine), processes)
    elif not names:
        value, interval = ratios.paired_ratio(mine, [1e6] * len(mine), processes)
    else:
        other = total(result, names, bar)
        down = "within" in bar or "per" in bar
        value, interval = ratios.paired_ratio(*((mine, other) if down else (other, mine)), processes)
    line |= {"value": value, "interval": interval}
    return line | {"verdict": ratios.verdict(interval, **line["bar"]) if line["bar"] else "reported"}


def judge_case(bars, result):
    return [judge(bar, ours, result) for bar in bars if bar["case"] == result["case"] for ours in as_list(bar["ours"])]

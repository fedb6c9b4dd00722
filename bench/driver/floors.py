"""The floor of a case: the least time that its counted work takes at the rates measured in the same run. The formula and
what is counted stand in bench/e2e/counts.hpp."""

import math


def bandwidth(table, size):
    """Bytes per second at `size` bytes, from [[bytes, rate], …] by ascending bytes: on a line over the logarithm of the
    size, and the nearest rate outside of the table."""
    if size <= table[0][0]:
        return table[0][1]
    for (small, slow), (large, fast) in zip(table, table[1:]):
        if size <= large:
            share = math.log(size / small) / math.log(large / small)
            return slow + share * (fast - slow)
    return table[-1][1]


def parts_ns(counts, ingredients):
    """Nanoseconds of arithmetic, traffic and functions of one call; None where nothing is counted."""
    if not counts or not (counts["flop"] or counts["bytes"]):
        return None
    arithmetic = counts["flop"] / ingredients["flop_per_second"]
    traffic = counts["bytes"] / bandwidth(ingredients[counts["traffic"]], counts["bytes"]) if counts["bytes"] else 0
    functions = counts["sigmoids"] * ingredients["sigmoid_ns"] + counts["tanhs"] * ingredients["tanh_ns"]
    return 1e9 * arithmetic, 1e9 * traffic, functions


def floor_ns(counts, ingredients):
    """Nanoseconds of one call; None where nothing is counted."""
    parts = parts_ns(counts, ingredients)
    return None if parts is None else max(parts[:2]) + parts[2]

"""Medians, quartiles, and the bootstrap interval of a ratio of paired times.

Two series are measured in turns, so that burst i of one and burst i of the other met the same machine. Their ratio is the
median of the ratios of the pairs; its interval holds the middle 95 % of the medians of samples drawn from the pairs with
replacement (Efron, "Bootstrap methods", 1979). An interval that excludes a bar decides; one that holds it does not.

Where memory lies is chance for a process, and stays: bursts of one process say nothing of the next one's. So pairs come
from several processes, in groups, and samples are drawn in two stages, groups first (Davison and Hinkley, "Bootstrap methods
and their application", 1997, section 3.8)."""

import random
import statistics

DRAWS, SHARE, SEED = 2000, 0.95, 1


def quantile(values, q):
    """Between the two nearest of the sorted values, linearly."""
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def bootstrap(values, groups=None):
    """The interval of the median of `values`; `groups`: how many of them, one after the other, belong together."""
    generator, parts, first = random.Random(SEED), [], 0
    for size in groups or [len(values)]:
        parts.append(values[first:first + size])
        first += size
    if first != len(values):
        raise ValueError(f"groups of {first} are none of {len(values)} values")

    def sample():
        return [value for part in generator.choices(parts, k=len(parts)) for value in generator.choices(part, k=len(part))]

    medians = [statistics.median(sample()) for _ in range(DRAWS)]
    return quantile(medians, (1 - SHARE) / 2), quantile(medians, (1 + SHARE) / 2)


def paired_ratio(above, below, groups=None):
    """Median of above[i] / below[i] and its interval."""
    if len(above) != len(below):
        raise ValueError(f"{len(above)} and {len(below)} bursts are no pairs")
    ratios = [a / b for a, b in zip(above, below)]
    return statistics.median(ratios), bootstrap(ratios, groups if groups and len(ratios) > 1 else None)


MET, NOT_MET, UNDECIDED = "met", "not met", "undecided"


def verdict(interval, at_least=None, at_most=None):
    low, high = interval
    if at_least is not None:
        return MET if low >= at_least else NOT_MET if high < at_least else UNDECIDED
    return MET if high <= at_most else NOT_MET if low > at_most else UNDECIDED

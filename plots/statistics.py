"""Median and its exact interval: the same definitions as results/statistics/statistics.h."""

import math
from typing import NamedTuple, Sequence

CONFIDENCE_LEVEL = 0.95


class Interval(NamedTuple):
    low: float
    high: float
    coverage: float  # probability with which such an interval holds the true median


def median(sample: Sequence[float]) -> float:
    """Mean of the two middle values for an even number of them."""
    values = _sorted(sample)
    middle = len(values) // 2
    if len(values) % 2 == 1:
        return values[middle]
    return values[middle - 1] + (values[middle] - values[middle - 1]) / 2


def median_ranks(count: int, level: float = CONFIDENCE_LEVEL) -> Interval:
    """Ranks, from 1, of the closest pair of order statistics that covers the median with at least `level`.

    [x_(r), x_(s)] holds the median with probability sum of C(n,k)/2^n over k = r..s-1, whatever the continuous
    distribution: David and Nagaraja, Order Statistics, section 7.1. A sample too small for the level gives its
    whole range with the coverage that this really has: 93.75 % for 5 values, 0 for one.
    """
    if count < 1:
        raise ValueError("statistics of an empty sample")
    if count == 1:
        return Interval(1, 1, 0.0)
    # Python's whole numbers are exact: no underflow of 2^-n for large n.
    below, ways = [0], 1
    for k in range(count + 1):
        below.append(below[-1] + ways)
        ways = ways * (count - k) // (k + 1)
    # The binomial is highest in its middle, so the best pair of a given width is the central one.
    for width in range(1, count):
        low = (count + 1 - width) // 2
        coverage = (below[low + width] - below[low]) / 2**count
        if coverage >= level:
            return Interval(low, low + width, coverage)
    return Interval(1, count, (below[count] - below[1]) / 2**count)


def median_interval(sample: Sequence[float], level: float = CONFIDENCE_LEVEL) -> Interval:
    values = _sorted(sample)
    ranks = median_ranks(len(values), level)
    return Interval(values[int(ranks.low) - 1], values[int(ranks.high) - 1], ranks.coverage)


def _sorted(sample: Sequence[float]) -> list:
    if not sample:
        raise ValueError("statistics of an empty sample")
    if not all(math.isfinite(x) for x in sample):
        raise ValueError("statistics of a sample with a figure that is not finite")
    return sorted(sample)

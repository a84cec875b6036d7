import math
import random

import pytest

from plots import statistics


def test_median_of_odd_and_even_counts():
    assert statistics.median([3, 1, 2]) == 2
    assert statistics.median([4, 1, 3, 2]) == 2.5
    assert statistics.median([7]) == 7


# Ranks and coverages from the binomial distribution by hand: 5 values cannot reach 95 %, 6 can.
@pytest.mark.parametrize("count,low,high,coverage", [
    (1, 1, 1, 0.0),
    (2, 1, 2, 0.5),
    (5, 1, 5, 0.9375),
    (6, 1, 6, 0.96875),
    (8, 1, 7, 0.9609375),
    (10, 2, 9, 0.978515625),
])
def test_ranks_of_small_samples(count, low, high, coverage):
    found = statistics.median_ranks(count)
    assert (found.low, found.high) == (low, high)
    assert found.coverage == pytest.approx(coverage)


def test_no_closer_pair_of_ranks_covers_enough():
    for count in range(6, 60):
        found = statistics.median_ranks(count)
        width = int(found.high - found.low) - 1
        for low in range(1, count - width + 1):
            coverage = sum(math.comb(count, k) for k in range(low, low + width)) / 2**count
            assert coverage < statistics.CONFIDENCE_LEVEL


def test_large_samples_do_not_underflow():
    found = statistics.median_ranks(2000)
    assert 0.95 <= found.coverage < 0.96
    assert found.low < 1000 < found.high


def test_the_interval_covers_the_median_as_often_as_it_says():
    dice, hits, rounds, count = random.Random(3), 0, 4000, 9
    for _ in range(rounds):
        interval = statistics.median_interval([dice.expovariate(1) for _ in range(count)])
        hits += interval.low <= math.log(2) <= interval.high
    assert hits / rounds == pytest.approx(statistics.median_ranks(count).coverage, abs=0.012)


def test_wrong_samples_are_refused():
    for sample in ([], [1, float("nan")], [float("inf")]):
        with pytest.raises(ValueError):
            statistics.median(sample)
    with pytest.raises(ValueError):
        statistics.median_ranks(0)

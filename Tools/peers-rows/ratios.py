#!/usr/bin/env python3
"""Ratios of times measured in turn, with the interval of the sign test: as `PairedRatios` of Sources/Benchmarking.

    python3 ratios.py      checks itself

Needs nothing but Python. With ratios in order, the ones of ranks r and n + 1 - r enclose the median unless fewer than r
lie on one side of it, which has probability 2 P(X < r) for X ~ Binomial(n, 1/2).
"""
from __future__ import annotations

import math
import random
from dataclasses import dataclass


@dataclass(frozen=True)
class PairedRatio:
    """The median of ratios; the interval is None where too few were measured."""
    count: int
    median: float
    lower: float | None
    upper: float | None
    coverage: float | None


def interval_rank(count: int, confidence: float = 0.95) -> tuple[int, float] | None:
    """The largest rank, from 1, whose interval has the confidence, and its coverage; None where no rank has."""
    found, below = None, 0.0
    for rank in range(1, count // 2 + 1):
        below += math.comb(count, rank - 1) / 2 ** count
        if 1 - 2 * below < confidence:
            break
        found = rank, 1 - 2 * below
    return found


def median(values: list[float]) -> float:
    ordered, middle = sorted(values), len(values) // 2
    return ordered[middle] if len(values) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def paired_ratio(numerators: list[float], denominators: list[float], confidence: float = 0.95) -> PairedRatio:
    """The ratio of times that were measured in the same rounds."""
    ratios = sorted(a / b for a, b in zip(numerators, denominators, strict=True))
    interval = interval_rank(len(ratios), confidence)
    if interval is None:
        return PairedRatio(len(ratios), median(ratios), None, None, None)
    rank, coverage = interval
    return PairedRatio(len(ratios), median(ratios), ratios[rank - 1], ratios[-rank], coverage)


def check() -> None:
    """Known ranks, a hand count, and how often the interval holds the true median of skewed random numbers."""
    # Of the sign test's tables: n = 5 has no interval of 95 %; 6 takes the extremes; 15 the 4th, 25 the 8th.
    assert [interval_rank(n) and interval_rank(n)[0] for n in (1, 5, 6, 8, 9, 15, 25)] == [None, None, 1, 1, 2, 4, 8]
    assert abs(interval_rank(6)[1] - (1 - 2 / 64)) < 1e-12
    assert median([3.0, 1.0, 2.0]) == 2 and median([4.0, 1.0, 2.0, 3.0]) == 2.5
    found = paired_ratio([2.0, 4.0, 6.0, 8.0, 10.0, 12.0], [2.0] * 6)
    assert (found.median, found.lower, found.upper) == (3.5, 1, 6)
    # What slows a round slows both sides, and leaves the ratio alone.
    noise = [1.0, 5.0, 2.0, 9.0, 1.5, 3.0, 7.0]
    found = paired_ratio([3 * x for x in noise], noise)
    assert all(abs(value - 3) < 1e-12 for value in (found.median, found.lower, found.upper))
    assert paired_ratio([1.0], [2.0]).lower is None
    generator, rounds = random.Random(1), 2000
    hits = 0
    for _ in range(rounds):
        found = paired_ratio([math.exp(generator.expovariate(1) - math.log(2)) for _ in range(15)], [1.0] * 15)
        hits += found.lower <= 1 <= found.upper
    # Coverage is 0.9648; four standard deviations of 2000 trials are 0.0165.
    assert abs(hits / rounds - interval_rank(15)[1]) < 0.0165, hits / rounds


if __name__ == "__main__":
    check()

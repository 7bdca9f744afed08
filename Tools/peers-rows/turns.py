"""Times several sides in turn: A B C C B A, the first one by chance, so that a machine that grows slower slows all alike."""
from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

LEAST_PAIRS = 6
MOST_LAUNCHES = 1 << 16


@dataclass(frozen=True)
class Effort:
    """How long a row may take."""
    pairs: int
    row_seconds: float
    block_seconds: float


def launches_of(timed: Callable[[int], float], block_seconds: float) -> int:
    """How many launches fill a block; `timed` says the seconds of one of several launches."""
    launches = 1
    while True:
        seconds = timed(launches)
        if seconds * launches >= block_seconds or launches >= MOST_LAUNCHES:
            return launches
        # A tenth more than seems needed; at most tenfold, since the first estimates are poor.
        growth = min(max(1.1 * block_seconds / max(seconds * launches, 1e-9), 1.1), 10)
        launches = min(int(launches * growth) + 1, MOST_LAUNCHES)


def rounds_of(first_seconds: list[float], effort: Effort) -> int:
    """Rounds that fit into the row's time, from the seconds of one block of each: all pairs, or a single run of what
    takes so long that an interval cannot be had."""
    fitting = int(effort.row_seconds / max(2 * sum(first_seconds), 1e-9))
    return min(effort.pairs, fitting) if fitting >= LEAST_PAIRS else 1


def in_turn(blocks: dict[str, Callable[[], float]], rounds: int, generator: random.Random) -> dict[str, list[float]]:
    """Seconds by side, one a round: the mean of its two blocks, or of one block where there is a single round."""
    found: dict[str, list[float]] = {name: [] for name in blocks}
    for _ in range(rounds):
        order = list(blocks)
        generator.shuffle(order)
        times: dict[str, list[float]] = {name: [] for name in blocks}
        for name in order if rounds == 1 else order + order[::-1]:
            times[name].append(blocks[name]())
        for name, seconds in times.items():
            found[name].append(sum(seconds) / len(seconds))
    return found

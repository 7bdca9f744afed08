"""Times several sides in turn, A B C C B A in random order, so that a machine that grows slower slows all alike."""
from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import load
from ratios import median

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


@dataclass(frozen=True)
class Turns:
    seconds: dict[str, list[float]]
    """By side, one a round: the mean of its two blocks, or of one block where there is a single round."""
    others: float
    """The part of all cores' time that others took, in the middle one of the rounds."""

    @property
    def rounds(self) -> int:
        return len(next(iter(self.seconds.values())))


def in_turn(
        blocks: dict[str, Callable[[], float]], rounds: int, patience: float, generator: random.Random,
        own: Callable[[], float]
) -> Turns:
    """Rounds during which others used the machine are measured again. Times have no say in that, so it favours nobody.

    - patience: the seconds after which no round is measured again
    - own: the processor seconds of all that belongs to the measurement
    """
    quiet, busy = [], []
    end = time.monotonic() + patience
    while len(quiet) < rounds and (len(quiet) + len(busy) < rounds or time.monotonic() < end):
        watch = load.Watch(own)
        times = one_round(blocks, generator, once=rounds == 1)
        (quiet if watch.others <= load.QUIET else busy).append((watch.others, times))
        if rounds == 1:
            break
    taken = quiet if len(quiet) >= min(rounds, LEAST_PAIRS) else quiet + busy
    seconds = {name: [times[name] for _, times in taken] for name in blocks}
    return Turns(seconds, median([others for others, _ in taken]))


def one_round(blocks: dict[str, Callable[[], float]], generator: random.Random, once: bool) -> dict[str, float]:
    order = list(blocks)
    generator.shuffle(order)
    times: dict[str, list[float]] = {name: [] for name in blocks}
    for name in order if once else order + order[::-1]:
        times[name].append(blocks[name]())
    return {name: sum(seconds) / len(seconds) for name, seconds in times.items()}

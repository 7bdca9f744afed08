"""How much others use this machine, from Linux's own accounts.

A peer whose threads wait for each other in busy loops loses more to a foreign process than one whose threads do not: on
a busy machine not even ratios mean anything. Rounds during which others worked are therefore told apart.
"""
from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
CORES = len(os.sched_getaffinity(0))
QUIET = 0.05
"""The part of all cores' time that others may take."""


def busy_seconds() -> float:
    """Of all cores: in programs, in the kernel, and taken by the host."""
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    user, nice, system, _, _, interrupts, soft, stolen = fields
    return (user + nice + system + interrupts + soft + stolen) / TICKS


def process_seconds(process: int) -> float:
    """Of a running process, all threads together."""
    # The name may hold anything, and is in brackets.
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def own_seconds() -> float:
    """Of this process and of children that have ended."""
    return sum(os.times()[:4])


class Watch:
    """What others took since this was made.

    - own: the seconds of all that belongs to the measurement
    """

    def __init__(self, own: Callable[[], float]) -> None:
        self.own = own
        self.begun = time.monotonic(), busy_seconds(), own()

    @property
    def others(self) -> float:
        """A part of all cores' time, 0 to 1."""
        elapsed, busy, own = (
            now - then for now, then in zip((time.monotonic(), busy_seconds(), self.own()), self.begun, strict=True))
        return max(busy - own, 0) / max(elapsed * CORES, 1e-9)

"""One row: loads it everywhere, compares the outputs, then times all sides in turn."""
from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from safetensors.numpy import load_file, save_file

import load
import turns
from agreement import Agreement
from ratios import PairedRatio, median, paired_ratio
from rows import Peer, Row
from sides import Side, Sides, TookLonger


@dataclass
class Result:
    """What is reported of a row."""
    group: str
    name: str
    ours: list[str]
    """Names of our sides; all others are peers."""
    seconds: dict[str, list[float]]
    """By side, one a round."""
    agreements: dict[str, str]
    """By the peer's and our side's names."""
    others: float
    """The part of all cores' time that others took meanwhile."""
    note: str = ""
    peak_bytes: dict[str, int] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
    """Peers that would have taken longer than their seconds say."""

    @property
    def best_peer(self) -> str | None:
        """The fastest by the median: what a user of the peers would take."""
        peers = [name for name in self.seconds if name not in self.ours]
        return min(peers, key=lambda name: median(self.seconds[name])) if peers else None

    def ratio(self, ours: str) -> PairedRatio | None:
        """Our time over the best peer's, below 1 where we are faster."""
        best = self.best_peer
        return paired_ratio(self.seconds[ours], self.seconds[best]) if best else None


class Disagreement(Exception):
    """Two sides computed different things, so there is nothing to compare."""


def label(peer: Peer) -> str:
    return f"{peer.library} {peer.layout}".strip()


def compare(row: Row, sides: Sides, effort: turns.Effort, say: Callable[[str], None]) -> Result:
    """- Raises: Disagreement, or Stop when a side cannot compute the row."""
    if row.is_measured_alone:
        sides.close()
    folder = sides.setting.folder / "arrays"
    folder.mkdir(parents=True, exist_ok=True)
    inputs, source = row.inputs(), folder / "inputs.safetensors"
    save_file(inputs, source)
    ours = {f"flawless {device}": sides.ours(device) for device in sides.setting.devices}
    peers = {label(peer): (peer, sides.peer(peer.library, peer.layout)) for peer in row.peers}
    first, outputs, stopped = {}, {}, []
    watch = load.Watch(sides.processor_seconds)

    def run_first(name: str, side: Side, request: dict[str, Any], limit: float | None = None) -> None:
        target = folder / f"{name.replace(' ', '-').replace(':', '-')}.safetensors"
        answer = side.ask(request | {"inputs": str(source), "outputs": str(target)}, limit)
        side.settle()
        first[name], outputs[name] = answer["seconds"], load_file(target)
        target.unlink()

    for name, side in ours.items():
        run_first(name, side, row.ours)
    for name, (peer, side) in peers.items():
        limit = sides.setting.peer_limit
        try:
            run_first(name, side, {"operation": peer.operation, "parameters": peer.parameters}, limit)
        except TookLonger:
            sides.forget(side)
            first[name] = limit
            stopped.append(name)
    others = watch.others
    agreements = {}
    for name in ours:
        for peer in peers.keys() - set(stopped):
            found: Agreement = row.check(outputs[name], outputs[peer], inputs)
            agreements[f"{peer}, {name}"] = found.text
            if not found.passed:
                raise Disagreement(f"{name} and {peer} differ: {found.text}")
    inputs.clear()
    outputs.clear()
    source.unlink()
    if stopped:
        # One round: there is nobody left to take turns with.
        seconds = {name: [first[name] if name in stopped else side.seconds(1, 0)]
                   for name, side in (ours | {name: side for name, (_, side) in peers.items()}).items()}
        return Result(row.group, row.name, list(ours), seconds, agreements, others, stopped=stopped)
    everyone = ours | {name: side for name, (_, side) in peers.items()}
    found = timed(everyone, list(ours), first, effort, sides, say)
    # Where there was one round, of what takes long, its times are those of the first runs.
    others = max(others, found.others) if found.rounds == 1 else found.others
    peaks: dict[str, int] = {}
    if row.is_measured_alone:
        peaks = {name: side.peak_bytes for name, side in everyone.items()}
        sides.close()
    return Result(row.group, row.name, list(ours), found.seconds, agreements, others, peak_bytes=peaks)


def timed(
        everyone: dict[str, Side], ours: list[str], first: dict[str, float], effort: turns.Effort, sides: Sides,
        say: Callable[[str], None]
) -> turns.Turns:
    # What takes that long needs no warming up, and has no time for it.
    slow = {name: seconds > 5 for name, seconds in first.items()}
    untimed = {name: 0 if slow[name] else 1 for name in everyone}
    launches = {
        name: 1 if slow[name] else turns.launches_of(lambda n, side=side: side.seconds(n), effort.block_seconds)
        for name, side in everyone.items()}
    # A block with its untimed launch.
    blocks = [
        (launches[name] + untimed[name])
        * (first[name] if slow[name] else side.seconds(launches[name])) for name, side in everyone.items()]
    rounds = turns.rounds_of(blocks, effort)
    say(f"  {rounds} round{'s' * (rounds > 1)} of {len(everyone)} sides")
    timing: dict[str, Callable[[], float]] = {
        name: lambda name=name, side=side: side.seconds(launches[name], untimed[name])
        for name, side in everyone.items()}
    if rounds == 1:
        # What takes long has been timed once already; but our first run may have compiled kernels.
        timing |= {name: lambda name=name: first[name] for name in everyone if slow[name] and name not in ours}
    return turns.in_turn(timing, rounds, effort.row_seconds, random.Random(), sides.processor_seconds)

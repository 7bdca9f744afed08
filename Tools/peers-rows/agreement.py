"""Whether two sides computed the same: nothing is timed before that."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Agreement:
    passed: bool
    text: str


def relative_error(found: np.ndarray, expected: np.ndarray) -> float:
    """rms(difference) / rms(values), in Float64."""
    if found.shape != expected.shape:
        return float("inf")
    difference = found.astype(np.float64) - expected
    error = float(np.sqrt(np.mean(difference ** 2) / max(np.mean(expected.astype(np.float64) ** 2), 1e-300)))
    return error if np.isfinite(error) else float("inf")


def values(bound: float):
    """A check of all arrays that the peer has."""
    def check(ours: Arrays, peer: Arrays, inputs: Arrays) -> Agreement:
        error = max(relative_error(ours[name], peer[name]) for name in peer)
        return Agreement(error <= bound, f"rms error {error:.1e}")
    return check


def neighbours(ours: Arrays, peer: Arrays, inputs: Arrays) -> Agreement:
    """The same rows; where they differ, their distances in Float64 must be equal up to rounding."""
    error = relative_error(ours["distances"], peer["distances"])
    queries, bank = (inputs[name].astype(np.float64) for name in ("queries", "bank"))
    places = np.argwhere(ours["indices"] != peer["indices"])
    worst = 0.0
    for query, place in places:
        rows = [int(side["indices"][query, place]) for side in (ours, peer)]
        a, b = (float(((queries[query] - bank[row]) ** 2).sum()) for row in rows)
        worst = max(worst, abs(a - b) / max(a, b))
    text = f"{len(places)} of {ours['indices'].size} rows exchanged, rms error {error:.1e}"
    return Agreement(error <= 1e-5 and worst <= 1e-5, text)


def reach(rows: np.ndarray, picks: np.ndarray) -> float:
    """The largest distance of a row to its nearest pick."""
    centres = rows[picks.astype(np.int64)]
    squares = (centres ** 2).sum(1)
    largest = 0.0
    for start in range(0, len(rows), 4096):
        part = rows[start:start + 4096]
        distances = (part ** 2).sum(1)[:, None] + squares - 2 * part @ centres.T
        largest = max(largest, float(distances.min(1).max()))
    return max(largest, 0.0) ** 0.5


def coverage(ours: Arrays, peer: Arrays, inputs: Arrays) -> Agreement:
    """Selections from other rows and projections have no common picks: what counts is how far they leave a row."""
    found, expected = (reach(inputs["x"], side["picks"]) for side in (ours, peer))
    same = len(set(ours["picks"])) == len(set(peer["picks"]))
    return Agreement(same and found <= 1.05 * expected, f"farthest row {found:.3g}, the peer's {expected:.3g}")

"""anomalib's coreset selection: greedy k-centre on random projections of the rows, from a row by chance."""
from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np
import torch

import networks
from peer_work import Arrays, Work

networks.import_torchvision()
from anomalib.models.components.sampling import KCenterGreedy  # noqa: E402

VERSION = version("anomalib")
SEED = 1


def use_threads(count: int) -> None:
    torch.set_num_threads(count)


def coreset(arrays: Arrays, parameters: dict[str, Any]) -> Work:
    rows, ratio = torch.from_numpy(arrays["x"]), parameters["ratio"]
    picks: list[int] = []

    def launch() -> None:
        torch.manual_seed(SEED)
        picks[:] = KCenterGreedy(rows, ratio).select_coreset_idxs()

    return Work(launch, lambda: {"picks": np.array(picks, np.float32)})


OPERATIONS = {"coreset": coreset}

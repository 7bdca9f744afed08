"""faiss: the exact search."""
from __future__ import annotations

from typing import Any

import faiss
import numpy as np

from peer_work import Arrays, Work

VERSION = faiss.__version__


def use_threads(count: int) -> None:
    faiss.omp_set_num_threads(count)


def nearest(arrays: Arrays, parameters: dict[str, Any]) -> Work:
    queries, bank, count = arrays["queries"], arrays["bank"], parameters["count"]
    index = faiss.IndexFlatL2(bank.shape[1])
    index.add(bank)
    found: list[np.ndarray] = []

    def launch() -> None:
        found[:] = index.search(queries, count)

    return Work(launch, lambda: {"distances": found[0], "indices": found[1].astype(np.float32)})


OPERATIONS = {"nearest": nearest}

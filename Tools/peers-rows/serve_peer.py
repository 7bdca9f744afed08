"""A peer in a process of its own: the other end of `sides.py`, as `kernel-bench serve` is for Flawless.

    python3 serve_peer.py LIBRARY --threads COUNT

Requests are JSON objects, a line each: {"operation", "parameters", "inputs", "outputs"} loads and runs once; {"time",
"untimed"} times launches of it. Arrays have Flawless's names and layouts in the files; what a library likes better is
made of them while loading, and its outputs are turned back before they are written.
"""
from __future__ import annotations

import importlib
import json
import sys
import time
from typing import Any

from safetensors.numpy import load_file, save_file

LIBRARIES = {
    "torch": "peer_torch", "numpy": "peer_numpy", "onnxruntime": "peer_onnxruntime", "faiss": "peer_faiss",
    "anomalib": "peer_anomalib"}


def main(library: str, threads: int) -> None:
    # Whatever a library prints must not get between the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    peer = importlib.import_module(LIBRARIES[library])
    peer.use_threads(threads)
    work = None

    def load(request: dict[str, Any]) -> dict[str, Any]:
        nonlocal work
        work = None
        work = peer.OPERATIONS[request["operation"]](load_file(request["inputs"]), request["parameters"])
        begun = time.perf_counter()
        work.launch()
        seconds = time.perf_counter() - begun
        save_file(work.outputs(), request["outputs"])
        return {"seconds": seconds}

    def timed(request: dict[str, Any]) -> dict[str, Any]:
        for _ in range(request.get("untimed", 0)):
            work.launch()
        begun = time.perf_counter()
        for _ in range(request["time"]):
            work.launch()
        return {"launches": request["time"], "seconds": time.perf_counter() - begun}

    print(json.dumps({"version": peer.VERSION}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = timed(request) if "time" in request else load(request)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[3]))

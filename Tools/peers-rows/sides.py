"""The programs that are timed in turn: each a process of its own that answers line by line.

Thread pools and OpenMP libraries of two peers in one process would disturb each other, and so would a peer's threads
that still spin after its block, OpenBLAS's for a tenth of a second: the next one begins when they are at rest, with a
launch that is not timed.
"""
from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import load

HERE = Path(__file__).resolve().parent
PAUSE_SECONDS = 0.03
MOST_PAUSES = 30
# anomalib's selection keeps a small tensor a pick, for each of which glibc cuts up a freed large one: its heap grows by
# an array a pick, 7 GB after 1000 of them. Arrays above 32 MB are never taken from the heap; with this, smaller ones
# are not either.
PEER_VARIABLES = {"anomalib": {"MALLOC_MMAP_THRESHOLD_": str(1 << 20)}}


class Stop(Exception):
    """What ends the run: a sentence for the person."""


class TookLonger(Exception):
    """A peer that was stopped."""


@dataclass(frozen=True)
class Setting:
    """What all rows share."""
    programs: Path
    folder: Path
    threads: int
    devices: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    peer_limit: float | None = None
    """The seconds after which a peer's single run is stopped."""


def environment(threads: int) -> dict[str, str]:
    """The same number of threads for everybody, and OpenBLAS left to choose its kernels by itself."""
    variables = {name: value for name, value in os.environ.items()
                 if name not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POCL_MAX_PTHREAD_COUNT",
                 "POCL_CPU_MAX_CU_COUNT"):
        variables[name] = str(threads)
    return variables


class Side:
    """One implementation, in its process."""

    def __init__(self, name: str, command: list[str], setting: Setting, variables: dict[str, str]) -> None:
        self.name = name
        self.log = setting.folder / "logs" / f"{name.replace(' ', '-').replace(':', '-')}.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("a") as errors:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
                env=setting.environment | variables)
        self.description = self._answer()

    def ask(self, request: dict[str, Any], limit: float | None = None) -> dict[str, Any]:
        """- Raises: Stop when the process has ended or says that it cannot; TookLonger when it was stopped, and is gone.
        """
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        if limit is not None and not select.select([self.process.stdout], [], [], limit)[0]:
            self.process.kill()
            self.process.wait()
            raise TookLonger
        answer = self._answer()
        if "error" in answer:
            raise Stop(f"{self.name} cannot do {json.dumps(request)}: {answer['error']}")
        return answer

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise Stop(f"{self.name} ended with status {self.process.wait()}; what it said is in {self.log}.")
        return json.loads(line)

    def seconds(self, launches: int, untimed: int = 1) -> float:
        """Seconds a launch of one block."""
        seconds = self.ask({"time": launches, "untimed": untimed})["seconds"] / launches
        self.settle()
        return seconds

    @property
    def processor_seconds(self) -> float:
        return load.process_seconds(self.process.pid)

    @property
    def peak_bytes(self) -> int:
        """The largest resident size of the process so far."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
        return 0

    def settle(self) -> None:
        """Waits until the process uses no processor any more."""
        for _ in range(MOST_PAUSES):
            before = self.processor_seconds
            time.sleep(PAUSE_SECONDS)
            if self.processor_seconds == before:
                return

    def close(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Sides:
    """Started when they are first asked for, and kept: importing a peer takes seconds."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.started: dict[str, Side] = {}

    def ours(self, device: str) -> Side:
        program = self.setting.programs / "kernel-bench"
        command = [str(program), "serve", "--quiet", "--device", device, "--threads", str(self.setting.threads)]
        return self._side(f"flawless {device}", command, {})

    def peer(self, library: str, layout: str = "") -> Side:
        command = [sys.executable, str(HERE / "serve_peer.py"), library, "--threads", str(self.setting.threads)]
        return self._side(f"{library} {layout}".strip(), command, PEER_VARIABLES.get(library, {}))

    def _side(self, name: str, command: list[str], variables: dict[str, str]) -> Side:
        if name not in self.started:
            self.started[name] = Side(name, command, self.setting, variables)
        return self.started[name]

    def forget(self, side: Side) -> None:
        """A side whose process is gone."""
        self.started = {name: other for name, other in self.started.items() if other is not side}

    def processor_seconds(self) -> float:
        """Of everything that belongs to the measurement."""
        return load.own_seconds() + sum(side.processor_seconds for side in self.started.values())

    def close(self) -> None:
        for side in self.started.values():
            side.close()
        self.started.clear()

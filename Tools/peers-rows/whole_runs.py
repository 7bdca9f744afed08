"""The rows that are whole processes: PatchCore from pictures to a model and to verdicts, with peak memory."""
from __future__ import annotations

import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import load
import pictures
import rows
import turns
from comparison import Disagreement, Result
from sides import HERE, PEER_VARIABLES, Setting, Stop

PEER = "anomalib"
BACKBONE = "resnet18"


@dataclass(frozen=True)
class Ended:
    """A process that has ended well."""
    wall_seconds: float
    peak_bytes: int
    answer: dict[str, float]
    """Its last line as JSON, where it is one."""
    others: float
    """The part of all cores' time that others took meanwhile."""
    stopped: bool = False


def run(
        command: list[str], setting: Setting, variables: dict[str, str] | None = None, limit: float | None = None
) -> Ended:
    """Stopped after `limit` seconds.

    - Raises: Stop with the process's last words.
    """
    log = setting.folder / "logs" / f"{Path(command[0]).name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    watch = load.Watch(load.own_seconds)
    with log.open("w") as errors:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True,
            env=setting.environment | (variables or {}))
        assert process.stdout is not None
        watchdog = threading.Timer(limit or 0, process.kill)
        if limit is not None:
            watchdog.start()
        output = process.stdout.read()
        # wait4 rather than wait: it says the most memory that this process had.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        watchdog.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if limit is not None and process.returncode == -signal.SIGKILL and seconds >= limit:
        return Ended(limit, usage.ru_maxrss * 1024, {"seconds": limit}, watch.others, stopped=True)
    if process.returncode != 0:
        said = log.read_text().strip().splitlines()
        raise Stop(f"'{' '.join(command)}' ended with status {process.returncode}: {said[-1] if said else output}")
    lines = output.strip().splitlines()
    answer = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    return Ended(seconds, usage.ru_maxrss * 1024, answer, watch.others)


class Product:
    """Pictures, weights and models that the rows share, made when the first of them needs them."""

    def __init__(self, setting: Setting, count: int) -> None:
        self.setting, self.count = setting, count
        self.data = setting.folder / f"pictures-{count}"
        self.folder = self.data / "ring"
        self.weights = setting.folder / "weights" / f"{BACKBONE}.safetensors"
        self.bank = setting.folder / "anomalib-bank.safetensors"
        self.trained: dict[str, Ended] = {}

    def prepare(self) -> None:
        rows.make_weights(BACKBONE, self.weights, self.setting)
        pictures.write(self.folder, self.count)
        self.bank.unlink(missing_ok=True)

    def model(self, device: str) -> Path:
        return self.setting.folder / f"{device.replace(':', '-')}.model"

    def train_ours(self, device: str) -> Ended:
        summary = self.setting.folder / "train.json"
        ended = run([
            str(self.setting.programs / "flawless"), "train", "--data", str(self.data), "--category", "ring",
            "--backbone", BACKBONE, "--weights", str(self.weights), "--size", "256", "--coreset", "0.1",
            "--coreset-minimum", "0", "--device", device, "--threads", str(self.setting.threads), "--quiet",
            "-o", str(self.model(device)), "--json", str(summary)], self.setting)
        return replace(ended, answer=json.loads(summary.read_text()))

    def anomalib(self, *arguments: str) -> Ended:
        return run(
            [sys.executable, "-W", "ignore", str(HERE / "anomalib_run.py"), *arguments, "--threads",
             str(self.setting.threads)], self.setting, PEER_VARIABLES[PEER], self.setting.peer_limit)

    def train_peer(self) -> Ended:
        return self.anomalib("train", str(self.folder / "train/good"), str(self.weights), str(self.bank))

    def predict_ours(self, device: str, what: Path) -> Ended:
        """Verdicts, overlays and maps of a picture or a folder."""
        output = self.setting.folder / "predicted"
        shutil.rmtree(output, ignore_errors=True)
        return run([
            str(self.setting.programs / "flawless"), "predict", str(self.model(device)), str(what), "--weights",
            str(self.weights), "--device", device, "--threads", str(self.setting.threads), "--quiet", "-o",
            str(output), "--csv", str(self.setting.folder / "verdicts.csv")], self.setting)

    def predict_peer(self, what: Path, bank: Path | None = None) -> Ended:
        """With its own bank, or with ours where its training was stopped: they have the same size."""
        bank = bank or (self.bank if self.bank.exists() else self.our_bank(self.setting.devices[0]))
        return self.anomalib("predict", str(what), str(self.weights), str(bank), str(self.peer_scores))

    def our_bank(self, device: str) -> Path:
        return self.model(device) / "weights.safetensors"

    @property
    def peer_scores(self) -> Path:
        return self.setting.folder / "scores.json"

    @property
    def test(self) -> Path:
        return self.folder / "test"

    @property
    def single(self) -> Path:
        """A folder with one picture."""
        folder = self.setting.folder / "single"
        folder.mkdir(exist_ok=True)
        source = self.test / "good" / f"{self.count:04d}.png"
        shutil.copyfile(source, folder / source.name)
        return folder

    def ensure_trained(self, say: Callable[[str], None]) -> None:
        """Keeps what each training took: a row that is run once need not train again."""
        if not self.trained:
            self.prepare()
        for name, train in self.training().items():
            if name not in self.trained:
                say(f"  training: {name}")
                self.trained[name] = train()

    def training(self) -> dict[str, Callable[[], Ended]]:
        ours = {f"flawless {device}": lambda device=device: self.train_ours(device)
                for device in self.setting.devices}
        return ours | {PEER: self.train_peer}

    def agreement(self, device: str) -> str:
        """anomalib scores the test pictures with our memory bank: descriptors, search and score must be the same. Its
        own bank differs, for it begins with a row by chance and measures in random projections.

        - Raises: Disagreement
        """
        self.predict_ours(device, self.test)
        with (self.setting.folder / "verdicts.csv").open(newline="") as file:
            ours = {Path(row["path"]).name: float(row["score_reweighted"]) for row in csv.DictReader(file)}
        self.predict_peer(self.test, self.our_bank(device))
        peer = json.loads(self.peer_scores.read_text())
        if ours.keys() != peer.keys():
            raise Disagreement(f"flawless {device} and {PEER} did not score the same pictures")
        errors = np.array([abs(ours[name] / peer[name] - 1) for name in ours])
        text = f"scores with one bank differ by {np.median(errors):.1e}, at most {errors.max():.1e}"
        # A near tie of two bank rows changes the re-weighting of a picture's score, not that of most pictures.
        if np.median(errors) > 1e-3 or errors.max() > 2e-2:
            raise Disagreement(f"flawless {device} and {PEER} differ: {text}")
        return text


@dataclass(frozen=True)
class WholeRow:
    group: str
    name: str
    note: str
    product: Product
    runs: Callable[[Product], dict[str, Callable[[], Ended]]]
    seconds: Callable[[str, Ended], float]
    """What counts of a side's run."""
    trains: bool = False

    def compare(self, effort: turns.Effort, say: Callable[[str], None]) -> Result:
        """- Raises: Disagreement, or Stop when a process fails."""
        self.product.ensure_trained(say)
        agreements = {f"{PEER}, flawless {device}": self.product.agreement(device)
                      for device in self.product.setting.devices}
        sides = self.runs(self.product)
        first = dict(self.product.trained) if self.trains else {name: start() for name, start in sides.items()}
        peaks = {name: ended.peak_bytes for name, ended in first.items()}
        others = max(ended.others for ended in first.values())
        rounds = turns.rounds_of([ended.wall_seconds for ended in first.values()], effort)
        say(f"  {rounds} round{'s' * (rounds > 1)} of {len(sides)} sides")

        def block(name: str, start: Callable[[], Ended]) -> float:
            ended = first[name] if rounds == 1 and first[name].wall_seconds > 5 else start()
            peaks[name] = max(peaks[name], ended.peak_bytes)
            return self.seconds(name, ended)

        timing = {name: lambda name=name, start=start: block(name, start) for name, start in sides.items()}
        found = turns.in_turn(timing, rounds, effort.row_seconds, random.Random(), load.own_seconds)
        ours = [name for name in sides if name != PEER]
        # Where there was one round, its times are those of the first runs.
        others = max(others, found.others) if found.rounds == 1 else found.others
        stopped = [name for name, ended in first.items() if ended.stopped]
        return Result(self.group, self.name, ours, found.seconds, agreements, others, self.note, peaks, stopped)


def predictions(product: Product, what: Callable[[], Path]) -> dict[str, Callable[[], Ended]]:
    ours = {f"flawless {device}": lambda device=device: product.predict_ours(device, what())
            for device in product.setting.devices}
    return ours | {PEER: lambda: product.predict_peer(what())}


def inner_seconds(name: str, ended: Ended) -> float:
    return ended.answer["seconds"]


def wall_seconds(name: str, ended: Ended) -> float:
    return ended.wall_seconds


def without_imports(name: str, ended: Ended) -> float:
    """Of the peer, only what it does with pictures; of ours, all."""
    return ended.answer.get("seconds", ended.wall_seconds)


def all_rows(setting: Setting, count: int) -> list[WholeRow]:
    product = Product(setting, count)
    return [
        WholeRow(
            "patchcore", f"PatchCore, training on {count} pictures",
            "ours with a threshold from five more memory banks", product, Product.training, inner_seconds, trains=True),
        WholeRow(
            "patchcore", f"PatchCore, {count} predictions",
            "ours the whole process with overlays and maps, the peer's without imports", product,
            lambda product: predictions(product, lambda: product.test), without_imports),
        WholeRow(
            "start-up", "PatchCore, one prediction", "whole processes", product,
            lambda product: predictions(product, lambda: product.single), wall_seconds)]

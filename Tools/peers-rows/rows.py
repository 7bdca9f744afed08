"""The rows that are timed launch by launch: inputs, what Flawless computes, and what its peers do."""
from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import agreement
from sides import HERE, Setting, Stop

Arrays = dict[str, np.ndarray]
Check = Callable[[Arrays, Arrays, Arrays], agreement.Agreement]
SEED = 42


@dataclass(frozen=True)
class Peer:
    library: str
    operation: str
    parameters: dict[str, Any]

    @property
    def layout(self) -> str:
        return self.parameters.get("layout", "")


@dataclass(frozen=True)
class Row:
    group: str
    name: str
    inputs: Callable[[], Arrays]
    """Made when the row's turn comes: all together would not fit."""
    ours: dict[str, Any]
    """The request to `kernel-bench serve`, without files."""
    peers: list[Peer]
    check: Check
    is_measured_alone: bool = False
    """In processes of its own, whose peak memory is reported."""


@dataclass(frozen=True)
class Sizes:
    """What depends on how much time there is."""
    coreset_rows: int


def normal(*shape: int, seed: int = SEED, scale: float = 1) -> np.ndarray:
    return (scale * np.random.default_rng(seed).standard_normal(shape, np.float32)).astype(np.float32)


LAYOUTS = ("contiguous", "channels_last")


def products() -> Iterator[Row]:
    for n in (512, 1024, 2048):
        yield Row(
            "gemm", f"matrix product {n}", lambda n=n: {"a": normal(1, n, n), "b": normal(1, n, n, seed=SEED + 1)},
            {"case": f"op=multiply m={n} n={n} k={n}"},
            [Peer("torch", "multiply", {}), Peer("numpy", "multiply", {})], agreement.values(1e-5))


def convolutions() -> Iterator[Row]:
    for batch in (1, 8):
        for channels, side in ((64, 64), (128, 32), (256, 16), (512, 8)):
            def inputs(batch: int = batch, channels: int = channels, side: int = side) -> Arrays:
                return {
                    "x": normal(batch, side, side, channels),
                    "w": normal(3, 3, channels, channels, seed=SEED + 1, scale=(9 * channels) ** -0.5),
                    "bias": normal(channels, seed=SEED + 2)}
            case = f"n={batch} h={side} w={side} c={channels} o={channels} k=3 p=1 bias=1 algorithm=automatic"
            yield Row(
                "convolution", f"3x3 convolution, {channels} channels, {side}x{side}, batch {batch}", inputs,
                {"case": f"op=convolve {case}"},
                [Peer("torch", "convolve", {"padding": 1, "layout": layout}) for layout in LAYOUTS]
                + [Peer("onnxruntime", "convolve", {"padding": 1})], agreement.values(1e-5))


def networks(setting: Setting) -> Iterator[Row]:
    every, shallow = [4, 8, 16, 32], [4, 8, 16]
    for group, name, batch, size, strides in (
            ("resnet18", "resnet18", 1, 256, every), ("resnet18", "resnet18", 8, 256, every),
            ("wide-resnet50", "wide-resnet50-2", 1, 256, shallow),
            ("efficientnet", "efficientnet-lite0", 1, 224, every),
            ("efficientnet", "efficientnet-lite0", 1, 256, every)):
        weights = setting.folder / "weights" / f"{name}.safetensors"
        onnx = setting.folder / "onnx" / f"{name}-{batch}-{size}.onnx"

        def inputs(
                name: str = name, batch: int = batch, size: int = size, strides: list[int] = strides,
                weights: Path = weights, onnx: Path = onnx) -> Arrays:
            make_weights(name, weights, setting)
            run_networks(
                ["onnx", name, str(weights), str(batch), str(size), ",".join(map(str, strides)), str(onnx)], onnx,
                setting)
            return {"x": normal(batch, size, size, 3)}
        parameters = {"network": name, "weights": str(weights), "strides": strides}
        depth = "" if max(strides) == 32 else f" to stride {max(strides)}"
        yield Row(
            group, f"{name}{depth}, {size}x{size}, batch {batch}", inputs, dict(parameters),
            [Peer("torch", "network", parameters | {"layout": layout}) for layout in LAYOUTS]
            + [Peer("onnxruntime", "network", {"onnx": str(onnx)})], agreement.values(1e-4))


def trainings(setting: Setting) -> Iterator[Row]:
    for name, batch, size in (("resnet18", 8, 256), ("autoencoder", 4, 128)):
        weights = setting.folder / "weights" / f"training-{name}.safetensors"

        def inputs(name: str = name, batch: int = batch, size: int = size, weights: Path = weights) -> Arrays:
            run_networks(["weights", name, str(weights)], weights, setting, "training.py")
            return {"x": np.tanh(normal(batch, size, size, 3))}
        parameters = {"training": name, "weights": str(weights)}
        yield Row(
            "training", f"training step of {name}, {size}x{size}, batch {batch}", inputs, dict(parameters),
            [Peer("torch", "train", parameters | {"layout": layout}) for layout in LAYOUTS],
            # Steps magnify what rounding makes different: PyTorch's own two layouts differ by 1e-4 in the third.
            agreement.values(1e-3), is_measured_alone=True)


def sentences(setting: Setting) -> Iterator[Row]:
    count, weights = 1000, setting.folder / "weights" / "sentences.safetensors"

    def inputs() -> Arrays:
        run_networks(["weights", str(weights)], weights, setting, "sentences.py")
        generator = np.random.default_rng(SEED)
        # As prompts of 1000 things have it; zeros follow the end.
        lengths = generator.choice(np.arange(8, 13), count, p=[0.63, 0.25, 0.08, 0.03, 0.01])
        rows = generator.integers(1000, 30000, (count, 12)).astype(np.float32)
        return {"identifiers": np.where(np.arange(12) < lengths[:, None], rows, 0).astype(np.float32)}
    parameters = {"sentences": str(weights)}
    yield Row(
        "sentences", f"vectors of {count} prompts, 8 to 12 tokens, MiniLM", inputs, dict(parameters),
        [Peer("onnxruntime", "sentences", parameters | {"layout": layout}) for layout in ("padded", "by length")],
        agreement.values(1e-4))


def make_weights(name: str, path: Path, setting: Setting) -> None:
    run_networks(["weights", name, str(path)], path, setting)


def run_networks(arguments: list[str], product: Path, setting: Setting, script: str = "networks.py") -> None:
    """In a process of its own, so that torch is not in the one that measures."""
    if product.exists():
        return
    product.parent.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        [sys.executable, "-W", "ignore", str(HERE / script), *arguments], env=setting.environment,
        capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise Stop(f"{script} {' '.join(arguments)} failed: {made.stderr.strip().splitlines()[-1]}")


def attention() -> Iterator[Row]:
    heads, tokens, width = 8, 1024, 64
    yield Row(
        "attention", f"attention, {heads} heads, {tokens} tokens of width {width}",
        lambda: {name: normal(1, tokens, heads, width, seed=SEED + index) for index, name in enumerate("qkv")},
        {"case": f"op=attend heads={heads} queries={tokens} keys={tokens} width={width}"},
        [Peer("torch", "attend", {})], agreement.values(1e-5))


def clustered(rows: int, width: int, seed: int = SEED) -> np.ndarray:
    """As descriptors of pictures are: most rows lie near one of few centres."""
    generator = np.random.default_rng(seed)
    centres = generator.standard_normal((256, width), np.float32)
    made = 0.3 * generator.standard_normal((rows, width), np.float32)
    made += centres[generator.integers(0, len(centres), rows)]
    return made.astype(np.float32)


def searches() -> Iterator[Row]:
    queries, rows, width = 1024, 16384, 384
    for count in (1, 9):
        yield Row(
            "neighbours", f"{count} nearest of {rows} rows of {width}, {queries} queries",
            lambda: {"queries": clustered(queries, width, SEED + 1), "bank": clustered(rows, width)},
            {"case": f"op=nearest queries={queries} rows={rows} width={width} count={count}"},
            [Peer("faiss", "nearest", {"count": count})], agreement.neighbours)


def coresets(sizes: Sizes) -> Iterator[Row]:
    rows, width, ratio = sizes.coreset_rows, 384, 0.1
    picks = int(rows * ratio)
    yield Row(
        "coreset", f"coreset of {picks} of {rows} clustered rows of {width}", lambda: {"x": clustered(rows, width)},
        # The stretch is that of the training.
        {"case": f"op=coreset rows={rows} width={width} picks={picks} stretch=256"},
        [Peer("anomalib", "coreset", {"ratio": ratio})], agreement.coverage)


def all_rows(setting: Setting, sizes: Sizes) -> list[Row]:
    return [
        *products(), *convolutions(), *networks(setting), *trainings(setting), *attention(), *sentences(setting),
        *searches(), *coresets(sizes)]

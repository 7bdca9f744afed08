"""PyTorch, eager; without gradients but where it trains."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

import networks
import training
from peer_work import Arrays, Work, channels_first, channels_last

VERSION = torch.__version__
torch.set_grad_enabled(False)


def use_threads(count: int) -> None:
    torch.set_num_threads(count)


def in_layout(x: torch.Tensor, parameters: dict[str, Any]) -> torch.Tensor:
    last = parameters.get("layout") == "channels_last"
    return x.contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)


def multiply(arrays: Arrays, parameters: dict[str, Any]) -> Work:
    a, b = (torch.from_numpy(arrays[name][0]) for name in "ab")
    c = torch.empty(a.shape[0], b.shape[1])
    return Work(lambda: torch.matmul(a, b, out=c), lambda: {"c": c.numpy()[None]})


def convolve(arrays: Arrays, parameters: dict[str, Any]) -> Work:
    x = in_layout(torch.from_numpy(channels_first(arrays["x"])), parameters)
    # [height, width, inputs, outputs] to [outputs, inputs, height, width]
    w = in_layout(torch.from_numpy(np.ascontiguousarray(arrays["w"].transpose(3, 2, 0, 1))), parameters)
    bias, padding = torch.from_numpy(arrays["bias"]), parameters["padding"]
    y: list[torch.Tensor] = []

    def launch() -> None:
        y[:] = [F.conv2d(x, w, bias, padding=padding)]

    return Work(launch, lambda: {"y": channels_last(y[0].numpy())})


def network(arrays: Arrays, parameters: dict[str, Any]) -> Work:
    strides = parameters["strides"]
    model = networks.fold(networks.loaded(parameters["network"], Path(parameters["weights"])))
    if parameters.get("layout") == "channels_last":
        model = model.to(memory_format=torch.channels_last)
    features = networks.Features(model, strides).eval()
    x = in_layout(torch.from_numpy(channels_first(arrays["x"])), parameters)
    found: list[torch.Tensor] = []

    def launch() -> None:
        with torch.inference_mode():
            found[:] = features(x)

    return Work(launch, lambda: {
        f"stride{stride}": channels_last(y.numpy()) for stride, y in zip(strides, found, strict=True)})


def attend(arrays: Arrays, parameters: dict[str, Any]) -> Work:
    # [batch, tokens, heads, width] to [batch, heads, tokens, width], each head in one piece
    q, k, v = (torch.from_numpy(arrays[name]).transpose(1, 2).contiguous() for name in "qkv")
    y: list[torch.Tensor] = []

    def launch() -> None:
        y[:] = [F.scaled_dot_product_attention(q, k, v)]

    return Work(launch, lambda: {"y": y[0].transpose(1, 2).contiguous().numpy()})


def train(arrays: Arrays, parameters: dict[str, Any]) -> Work:
    x = in_layout(torch.from_numpy(channels_first(arrays["x"])), parameters)
    step = training.prepared(parameters["training"], Path(parameters["weights"]), x, parameters.get("layout", ""))
    losses: list[float] = []

    def outputs() -> Arrays:
        while len(losses) < 3:
            losses.append(step())
        return {"losses": np.array(losses[:3], np.float32)}

    return Work(lambda: losses.append(step()), outputs)


OPERATIONS = {"multiply": multiply, "convolve": convolve, "network": network, "attend": attend, "train": train}

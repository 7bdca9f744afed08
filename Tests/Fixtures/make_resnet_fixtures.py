#!/usr/bin/env python3
"""Writes resnet-reference.json: every layer's shape, mean and values of torchvision's ResNets with weights by formula.

    python3 make_resnet_fixtures.py [OUTPUT]

Needs torch, torchvision and numpy. The weights are those of `RandomWeights(seed: 1)`, made here again from the
description in its source; everything is computed in float64.
"""
import json
import sys
from pathlib import Path

import numpy as np
import torch
import torchvision

SEED = 1
HEIGHT, WIDTH = 64, 48
FORMULA = "x[c][y][x] = (((c*7919 + y*131 + x*17) mod 255) - 127) / 128, NCHW, batch 1"
MASK = (1 << 64) - 1


def mixed(x):
    """SplitMix64's output function of the state after x; x is a Python integer or an array of uint64."""
    z = (x + 0x9E3779B97F4A7C15) & MASK if isinstance(x, int) else x + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        if isinstance(x, int):
            z = ((z ^ (z >> shift)) * factor) & MASK
        else:
            z = (z ^ (z >> np.uint64(shift))) * np.uint64(factor)
    return z ^ (z >> 31) if isinstance(x, int) else z ^ (z >> np.uint64(31))


def values(name, shape):
    state = SEED
    for byte in name.encode():
        state = mixed(state ^ byte)
    count = int(np.prod(shape))
    bits = mixed(np.uint64(mixed(state)) + np.arange(count, dtype=np.uint64)) >> np.uint64(40)
    unit = (2 * bits.astype(np.float64) + 1) / (1 << 24) - 1
    if name.endswith("running_var") or (name.endswith("weight") and len(shape) == 1):
        center, spread = 1.0, 0.5
    elif len(shape) == 4:
        center, spread = 0.0, (6.0 / (shape[0] * shape[2] * shape[3])) ** 0.5
    else:
        center, spread = 0.0, 0.1
    return torch.from_numpy((center + spread * unit).astype(np.float32)).reshape(shape)


def summary(y):
    """First row of channel 0, and the last pixel's last channels."""
    return {
        "shape": list(y.shape[1:]), "mean": round(y.mean().item(), 7), "absmax": round(y.abs().max().item(), 6),
        "first4": [round(v, 7) for v in y[0, 0, 0, :4].tolist()],
        "last4": [round(v, 7) for v in y[0, -4:, -1, -1].tolist()]}


@torch.no_grad()
def reference(name):
    model = getattr(torchvision.models, name)(weights=None)
    state = {key: values(key, tuple(tensor.shape)) for key, tensor in model.state_dict().items()
             if not key.endswith("num_batches_tracked")}
    model.load_state_dict(state, strict=False)
    model = model.double().eval()
    c, y, x = torch.meshgrid(torch.arange(3), torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    x = (((c * 7919 + y * 131 + x * 17) % 255 - 127).double() / 128)[None]
    x = model.relu(model.bn1(model.conv1(x)))
    taps = {"stem": summary(x)}
    x = model.maxpool(x)
    for index in range(1, 5):
        for number, block in enumerate(getattr(model, f"layer{index}")):
            x = block(x)
            taps[f"layer{index}.{number}"] = summary(x)
    return taps


if __name__ == "__main__":
    made = {
        "input_formula": FORMULA, "height": HEIGHT, "width": WIDTH, "seed": SEED,
        "resnet18": reference("resnet18"), "wide-resnet50-2": reference("wide_resnet50_2")}
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("resnet-reference.json")
    output.write_text(json.dumps(made, indent=1) + "\n")

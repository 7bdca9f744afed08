#!/usr/bin/env python3
"""Writes efficientnet-lite0-reference.json: logits and every layer's shape, mean and first values on a synthetic input.

    python3 make_backbone_fixtures.py [OUTPUT]      writes it
    python3 make_backbone_fixtures.py --check FILE  compares FILE with a fresh run

Needs what reference_network.py names. Computed in float64, written with the digits that a float32 run supports.
"""
import json
import sys
from pathlib import Path

import torch

from reference_network import layers, network

FORMULA = "x[c][y][x] = (((c*7919 + y*131 + x*17) mod 255) - 127) / 128, float32, NCHW, batch 1"


def synthetic(size):
    c, y, x = torch.meshgrid(torch.arange(3), torch.arange(size), torch.arange(size), indexing="ij")
    return (((c * 7919 + y * 131 + x * 17) % 255 - 127).double() / 128)[None]


def reference(model, size):
    x = synthetic(size)
    with torch.no_grad():
        logits = model(x)[0]
    taps = {
        name: {
            "shape": list(y.shape[1:]), "mean": round(y.mean().item(), 6), "absmax": round(y.abs().max().item(), 5),
            "first4": [round(v, 5) for v in y[0, 0, 0, :4].tolist()]}
        for name, y in layers(model, x)}
    return {
        "logits_first8": [round(v, 5) for v in logits[:8].tolist()], "logits_sum": round(logits.sum().item(), 4),
        "argmax": int(logits.argmax()), "max": round(logits.max().item(), 5), "taps": taps}


def largest_difference(found, expected, path=""):
    """The largest difference relative to a tap's largest value, or to 1 for logits."""
    if isinstance(expected, dict):
        scale = expected.get("absmax", 1)
        return max(largest_difference(found[key], value, f"{path}/{key}") / scale for key, value in expected.items())
    if isinstance(expected, list):
        assert len(found) == len(expected), path
        return max(largest_difference(a, b, path) for a, b in zip(found, expected))
    return abs(found - expected)


model = network()
made = {"input_formula": FORMULA, "efficientnet_lite0": {str(size): reference(model, size) for size in (224, 256)}}
if sys.argv[1:2] == ["--check"]:
    stored = json.loads(Path(sys.argv[2]).read_text())
    difference = largest_difference(made["efficientnet_lite0"], stored["efficientnet_lite0"])
    print(f"largest relative difference: {difference:.2g}")
    sys.exit(0 if difference <= 1e-4 else 1)
output = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("efficientnet-lite0-reference.json")
output.write_text(json.dumps(made, indent=1) + "\n")

#!/usr/bin/env python3
"""Writes augmentation.safetensors: small pictures, and what torchvision makes of them in float64.

    python3 make_augmentation_fixtures.py [OUTPUT]

Needs torch, torchvision, numpy and safetensors. Pictures are [height, width, channels] of grey levels 0 … 255. torchvision's
`adjust_brightness`, `adjust_contrast` and `adjust_saturation` see them divided by 255. `affine` with its zeros beyond the edge is
torchvision's own; for the edge's pixel and for mirrors its grid goes to `grid_sample` with `border` and `reflection`. The
metadata's `cases` is JSON text: [{"input", "output", "operation", "numbers": [...], "fill"}].
"""
import json
import sys
from pathlib import Path

import numpy
import torch
import torch.nn.functional as F
import torchvision.transforms.functional as V
from safetensors.numpy import save_file
from torchvision.transforms import _functional_tensor as T
from torchvision.transforms.functional import InterpolationMode

random = numpy.random.default_rng(20261127)
tensors, cases = {}, []


def picture(name, height, width, channels):
    levels = (random.random((height, width, channels)) * 255).astype(numpy.float32)
    tensors[name] = levels
    return torch.from_numpy(levels.astype(numpy.float64)).permute(2, 0, 1)


def add(name, operation, result, numbers, fill=""):
    output = f"{name}.{len(cases)}"
    tensors[output] = result.permute(1, 2, 0).contiguous().numpy().astype(numpy.float32)
    cases.append({"input": name, "output": output, "operation": operation, "numbers": numbers, "fill": fill})


def moved(x, degrees, right, down, scale, fill):
    if fill == "zeros":
        return V.affine(x, degrees, [right, down], scale, [0.0, 0.0], InterpolationMode.BILINEAR)
    matrix = V._get_inverse_affine_matrix([0.0, 0.0], degrees, [1.0 * right, 1.0 * down], scale, [0.0, 0.0])
    height, width = x.shape[1:]
    theta = torch.tensor(matrix, dtype=x.dtype).reshape(1, 2, 3)
    grid = T._gen_affine_grid(theta, w=width, h=height, ow=width, oh=height)
    mode = {"edge": "border", "reflected": "reflection"}[fill]
    return F.grid_sample(x[None], grid, mode="bilinear", padding_mode=mode, align_corners=False)[0]


for name, shape in [("rgb", (7, 11, 3)), ("grey", (5, 4, 1)), ("one pixel", (1, 1, 3)), ("column", (13, 1, 1))]:
    x = picture(name, *shape)
    for factor in [0.0, 0.75, 1.0, 1.4]:
        add(name, "brightness", V.adjust_brightness(x / 255, factor) * 255, [factor])
        add(name, "contrast", V.adjust_contrast(x / 255, factor) * 255, [factor])
        if shape[2] == 3:
            add(name, "saturation", V.adjust_saturation(x / 255, factor) * 255, [factor])
    for numbers in [(0, 0, 0, 1), (5, 0, 0, 1), (-90, 0, 0, 1), (0, 2, -1, 1), (0, 0, 0, 0.7), (33, 1, 3, 1.25),
                    (170, -40, 25, 0.31)]:
        for fill in ["zeros", "edge", "reflected"]:
            add(name, "moved", moved(x, *map(float, numbers[:1]), numbers[1], numbers[2], float(numbers[3]), fill),
                list(map(float, numbers)), fill)

target = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "augmentation.safetensors")
save_file(tensors, target, metadata={"cases": json.dumps(cases, sort_keys=True)})
print(f"{target}: {len(cases)} cases, {target.stat().st_size} bytes")

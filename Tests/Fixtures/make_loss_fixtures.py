#!/usr/bin/env python3
"""Writes losses.safetensors: inputs of every loss, and PyTorch's values and gradients in float64.

    python3 make_loss_fixtures.py [OUTPUT]

Needs torch, numpy and safetensors. Inputs are rounded to float32 before. Of each case the file has `<case>.<operand>`, `<case>.value`
and, for operands that gradients are taken for, `<case>.d<operand>`, all rounded to float32 in the end. The metadata's `numbers` is
JSON text: {case: number}.
"""
import json
import sys
from pathlib import Path

import numpy
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

random = numpy.random.default_rng(20261127)
tensors, numbers = {}, {}


def normal(*shape, scale=1.0):
    return torch.from_numpy((random.standard_normal(shape) * scale).astype(numpy.float32).astype(numpy.float64))


def case(name, function, number=None, constants=(), **operands):
    operands = {key: value.clone().requires_grad_(key not in constants) for key, value in operands.items()}
    value = function(*operands.values())
    value.sum().backward()
    for key, operand in operands.items():
        tensors[f"{name}.{key}"] = operand.detach().numpy().astype(numpy.float32)
        if operand.requires_grad:
            tensors[f"{name}.d{key}"] = operand.grad.numpy().astype(numpy.float32)
    tensors[f"{name}.value"] = value.detach().reshape(-1).numpy().astype(numpy.float32)
    if number is not None:
        numbers[name] = number


# What overflows and underflows in the plain formulas, and kinks.
extremes = torch.tensor([0.0, -0.0, 1e-20, -1e-20, 1.0, -1.0, 5.5, -5.5, 17.0, -17.0, 50.0, -50.0, 88.5, -88.5, 120.0, -120.0, 3e4, -3e4],
                        dtype=torch.float32).double()

for beta in [1.0, 0.5]:
    case(f"softplus {beta}", lambda x: torch.logaddexp(beta * x, torch.zeros_like(x)) / beta, beta, x=torch.cat([extremes, normal(37, scale=4)]))
case("log sigmoid", F.logsigmoid, x=torch.cat([extremes, normal(11, scale=4)]))
case("likelihood", lambda l: -F.logsigmoid(l).mean(), l=torch.cat([extremes[:-2], normal(31, scale=4)]))
targets = torch.from_numpy(random.random((5, 7)).astype(numpy.float32).astype(numpy.float64))
targets[0], targets[1] = 0, 1
case("binary", lambda x, t: F.binary_cross_entropy_with_logits(x, t), constants=("t",), x=normal(5, 7, scale=6), t=targets)
case("binary extremes", lambda x, t: F.binary_cross_entropy_with_logits(x, t), constants=("t",), x=extremes,
     t=(torch.arange(18) // 2 % 2).double())
case("discriminator", lambda r, f: 0.5 * (F.relu(1 - r).mean() + F.relu(1 + f).mean()),
     r=torch.cat([normal(3, 5).reshape(-1), torch.tensor([1.0]).double()]), f=torch.cat([normal(29), torch.tensor([-1.0]).double()]))
case("generator", lambda f: -f.mean(), f=normal(2, 3, 5))
for beta in [1.0, 0.25]:
    y = normal(7, 11)
    x = y + normal(7, 11)
    x[0, 0], x[0, 1], x[0, 2] = y[0, 0], y[0, 1] + beta, y[0, 2] - 1e-3
    x = x.float().double()
    case(f"smooth {beta}", lambda x, y: F.smooth_l1_loss(x, y, beta=beta), beta, x=x, y=y)
x, y = normal(5, 13), normal(5, 13)
x[2] = 0
x[3] = 2 * y[3]
case("cosine", lambda x, y: (1 - F.cosine_similarity(x, y)).mean(), x=x, y=y)
for name, quantile, shape in [("hardest", 0.999, (3, 17, 19, 5)), ("hardest half", 0.5, (7, 13)), ("hardest all", 0.0, (3,)), ("hardest one", 1.0, (31,))]:
    d = normal(*shape) ** 2
    d = d.float().double()
    case(name, lambda d: d[d >= torch.quantile(d, quantile)].mean(), quantile, d=d)
case("hardest signed", lambda d: d[d >= torch.quantile(d, 0.75)].mean(), 0.75, d=normal(5, 17))


def features(x, y, w):
    def unit(f):
        # The gradient of a root is infinite at 0; nothing of it reaches a place of zeros.
        squares = (f ** 2).sum(3, keepdim=True)
        return f / (torch.where(squares > 0, squares, 1.0).sqrt() * (squares > 0) + 1e-10)
    return ((unit(x) - unit(y)) ** 2 * w).sum(3).mean((1, 2)).mean()


x, y = normal(2, 3, 5, 7).relu(), normal(2, 3, 5, 7).relu()
w = normal(7).abs()
case("perceptual", features, constants=("w",), x=x, y=y, w=w)
# Where a place is zeros the gradient is that of x / 10^-10.
x, y = x.clone(), y.clone()
x[0, 1, 2], x[1, 0, 0], y[1, 0, 0] = 0, 0, 0
case("perceptual zeros", features, constants=("w",), x=x, y=y, w=w)

for name, values in tensors.items():
    assert numpy.isfinite(values).all(), name
target = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "losses.safetensors")
save_file({key: numpy.ascontiguousarray(value) for key, value in tensors.items()}, target,
          metadata={"numbers": json.dumps(numbers, sort_keys=True)})
print(f"{target}: {len(tensors)} tensors, {target.stat().st_size} bytes")

#!/usr/bin/env python3
"""Writes workloads.json: what PyTorch finds in the first steps of the networks that training is measured by.

    python3 make_workload_fixtures.py [OUTPUT]

Needs torch, torchvision and safetensors. Values come from a hash that Tests/NetworksTests/WorkloadTests computes as well, since
ResNet-18's weights would be too large a file. PyTorch trains in float64. For each network: the losses of three steps, and the
norm of the first step's gradient of each parameter.
"""
import json
import sys
from pathlib import Path

import numpy
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Tools" / "peers-rows"))
import training  # noqa: E402

torch.set_default_dtype(torch.float64)


def hashed(name, count):
    """Uniform in [-1, 1), of 24 bits, so that float32 holds them."""
    seed = sum(name.encode()) * 40503
    h = (numpy.arange(count, dtype=numpy.uint64) * 2654435761 + seed) % 2**32
    h ^= h >> 16
    h = h * 2246822519 % 2**32
    h ^= h >> 13
    return (h >> 8).astype(numpy.float64) / 2**23 - 1


def first_value(name, shape):
    unit = torch.from_numpy(hashed(name, int(numpy.prod(shape)))).reshape(shape)
    if name.endswith("running_mean"):
        return torch.zeros(shape)
    if name.endswith("running_var"):
        return torch.ones(shape)
    if len(shape) == 1:
        return 1 + 0.25 * unit if name.endswith("weight") else 0.125 * unit
    # Halving powers, so that the products are exact.
    fan = int(numpy.prod(shape[1:]))
    return unit * 2.0 ** round(numpy.log2((6 / fan) ** 0.5))


def found(name, batch, size):
    model = training.untrained(name)
    state = {key: first_value(key, tuple(value.shape)) for key, value in model.state_dict().items()
             if not key.endswith("num_batches_tracked")}
    pictures = torch.from_numpy(hashed("pictures", batch * size * size * 3)).reshape(batch, size, size, 3)
    pictures = pictures.permute(0, 3, 1, 2)
    step = training.prepared(name, None, pictures, "", state)
    losses = [step()]
    norms = {key: value.grad.norm().item() for key, value in step.model.named_parameters()}
    return {"batch": batch, "size": size, "losses": losses + [step(), step()], "gradientNorms": norms}


output = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("workloads.json")
document = {"resnet18": found("resnet18", 2, 64), "autoencoder": found("autoencoder", 1, 32)}
output.write_text(json.dumps(document, indent=1) + "\n")
print({name: values["losses"] for name, values in document.items()})

#!/usr/bin/env python3
"""Writes distillation.safetensors: small students of reverse distillation, written here from the paper (Deng and Li 2022, arXiv
2201.10703) and the names of the authors' checkpoints, with their outputs, losses, gradients and maps in float64.

    python3 make_distillation_fixtures.py [OUTPUT]

Needs torch, numpy and safetensors. Pictures are [batch, height, width, channels], weights and gradients PyTorch's own.
"""
import sys
from pathlib import Path

import numpy
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.numpy import save_file

torch.manual_seed(20261126)
torch.set_default_dtype(torch.float64)
tensors = {}


class Residual(nn.Module):
    def __init__(self, inputs, width, outputs, change, bottleneck):
        super().__init__()

        def sized(inputs, outputs, kernel):
            if change == "doubled":
                return nn.ConvTranspose2d(inputs, outputs, 2, 2, bias=False)
            return nn.Conv2d(inputs, outputs, kernel, 2 if change == "halved" else 1, kernel // 2, bias=False)

        if bottleneck:
            convolutions = [
                nn.Conv2d(inputs, width, 1, bias=False), sized(width, width, 3), nn.Conv2d(width, outputs, 1, bias=False)]
        else:
            convolutions = [sized(inputs, outputs, 3), nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)]
        self.count = len(convolutions)
        for place, convolution in enumerate(convolutions, 1):
            self.add_module(f"conv{place}", convolution)
            self.add_module(f"bn{place}", nn.BatchNorm2d(convolution.out_channels))
        if change or inputs != outputs:
            shortcut = nn.Sequential(sized(inputs, outputs, 1), nn.BatchNorm2d(outputs))
            self.add_module("upsample" if change == "doubled" else "downsample", shortcut)

    def forward(self, x):
        y = x
        for place in range(1, self.count + 1):
            y = getattr(self, f"bn{place}")(getattr(self, f"conv{place}")(y))
            if place < self.count:
                y = F.relu(y)
        for name in ("upsample", "downsample"):
            if hasattr(self, name):
                x = getattr(self, name)(x)
        return F.relu(y + x)


def stage(inputs, blocks, width, outputs, change, bottleneck):
    return nn.Sequential(*(
        Residual(inputs if index == 0 else outputs, width, outputs, change if index == 0 else "", bottleneck)
        for index in range(blocks)))


class Bottleneck(nn.Module):
    def __init__(self, channels, halved, fused, embedding, bottleneck):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels[0], halved, 3, 2, 1, bias=False), nn.BatchNorm2d(halved)
        self.conv2, self.bn2 = nn.Conv2d(halved, fused, 3, 2, 1, bias=False), nn.BatchNorm2d(fused)
        self.conv3, self.bn3 = nn.Conv2d(channels[1], fused, 3, 2, 1, bias=False), nn.BatchNorm2d(fused)
        self.bn_layer = stage(2 * fused + channels[2], *embedding, "halved", bottleneck)

    def forward(self, levels):
        first = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(levels[0]))))))
        second = F.relu(self.bn3(self.conv3(levels[1])))
        return self.bn_layer(torch.cat([first, second, levels[2]], 1))


class Decoder(nn.Module):
    def __init__(self, inputs, stages, bottleneck):
        super().__init__()
        for place, (blocks, width, outputs) in enumerate(stages, 1):
            self.add_module(f"layer{place}", stage(inputs, blocks, width, outputs, "doubled", bottleneck))
            inputs = outputs

    def forward(self, x):
        levels = []
        for layer in self.children():
            x = layer(x)
            levels.insert(0, x)
        return levels


def nhwc(x):
    return x.detach().permute(0, 2, 3, 1)


def student(name, channels, halved, fused, embedding, stages, bottleneck):
    network = nn.ModuleDict({
        "bn": Bottleneck(channels, halved, fused, embedding, bottleneck),
        "decoder": Decoder(embedding[2], stages, bottleneck)})
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_((parameter + 0.1 * torch.randn_like(parameter)).float().double())
    for key, value in network.state_dict().items():
        if not key.endswith("num_batches_tracked"):
            tensors[f"{name}.{key}"] = value.clone()
    teachers = [
        torch.randn(2, count, 16 >> level, 16 >> level).float().double().relu() for level, count in enumerate(channels)]
    students = network["decoder"](network["bn"](teachers))
    loss = sum(
        (1 - F.cosine_similarity(s.flatten(1), t.flatten(1), dim=1)).mean() for s, t in zip(students, teachers))
    loss.backward()
    tensors[f"{name}.loss"] = loss.detach()[None]
    for level, (s, t) in enumerate(zip(students, teachers)):
        tensors[f"{name}.teacher{level}"] = nhwc(t)
        tensors[f"{name}.student{level}"] = nhwc(s)
        tensors[f"{name}.map{level}"] = (1 - F.cosine_similarity(s, t, dim=1)).detach()[..., None]
    for key, parameter in network.named_parameters():
        tensors[f"{name}.gradient.{key}"] = parameter.grad
    network.eval()
    for level, s in enumerate(network["decoder"](network["bn"](teachers))):
        tensors[f"{name}.evaluated{level}"] = nhwc(s)


student("bottleneck", [8, 6, 10], 5, 10, (2, 6, 12), [(2, 5, 10), (1, 4, 6), (2, 3, 8)], True)
student("basic", [5, 6, 7], 6, 7, (1, 9, 9), [(1, 7, 7), (2, 6, 6), (1, 5, 5)], False)
output = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("distillation.safetensors")
save_file({name: numpy.ascontiguousarray(value.numpy().astype("<f4")) for name, value in sorted(tensors.items())}, output)
print(output.stat().st_size, len(tensors))

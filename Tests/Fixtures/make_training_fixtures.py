#!/usr/bin/env python3
"""Writes training.safetensors: three small networks, their first weights and data, and the losses of ten training steps.

    python3 make_training_fixtures.py [OUTPUT]

Needs torch, numpy and safetensors. PyTorch trains in float64 from weights and data that float32 holds exactly. Weights keep
PyTorch's names and layouts; pictures are [batch, height, width, channels]. The metadata's `losses` is JSON text:
{network: [loss of each step]}.
"""
import json
import sys
from pathlib import Path

import numpy
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.numpy import save_file

STEPS = 10
torch.manual_seed(20261126)
torch.set_default_dtype(torch.float64)
tensors, losses = {}, {}


def exact(x):
    return x.float().double()


def begun(name, network):
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(exact(parameter))
    for key, value in network.state_dict().items():
        if not key.endswith("num_batches_tracked"):
            tensors[f"{name}.{key}"] = value.clone()
    return network


def data(name, value):
    value = exact(value)
    tensors[f"{name}.data"] = value
    return value.permute(0, 3, 1, 2) if value.dim() == 4 else value


def trained(name, network, optimizer, loss, clip=None):
    losses[name] = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        value = loss()
        value.backward()
        if clip:
            nn.utils.clip_grad_norm_(network.parameters(), clip)
        optimizer.step()
        losses[name].append(value.item())


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.shortcut(x))


def residual():
    network = begun("residual", nn.Sequential(
        nn.Conv2d(3, 8, 3, 1, 1), Block(8, 12, 2), Block(12, 16, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 5)))
    x = data("residual", torch.randn(6, 13, 11, 3))
    classes = torch.tensor([0, 1, 2, 3, 4, 0])
    tensors["residual.labels"] = F.one_hot(classes, 5).double()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9, weight_decay=0.01, nesterov=True)
    network.train()
    trained("residual", network, optimizer, lambda: F.cross_entropy(network(x), classes))
    network.eval()
    tensors["residual.evaluated"] = network(x).detach()


class Autoencoder(nn.Module):
    """A vector-quantised autoencoder as VQGAN has it, small: GroupNorm, swish, attention, nearest codes."""

    def __init__(self):
        super().__init__()
        self.conv_in = nn.Conv2d(3, 16, 3, 2, 1)
        self.norm = nn.GroupNorm(4, 16, 1e-6)
        self.conv = nn.Conv2d(16, 16, 3, 1, 1)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(16, 16, 1) for _ in range(4))
        self.quant_conv = nn.Conv2d(16, 8, 1)
        self.embedding = nn.Embedding(12, 8)
        self.up = nn.ConvTranspose2d(8, 16, 4, 2, 1)
        self.conv_out = nn.Conv2d(16, 3, 3, 1, 1)

    def forward(self, x):
        h = self.conv_in(x)
        h = h + self.conv(F.silu(self.norm(h)))
        batch, width, height, columns = h.shape
        q, k, v = (f(h).flatten(2).transpose(1, 2) for f in (self.q, self.k, self.v))
        attended = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, width, height, columns)
        z = self.quant_conv(h + self.proj_out(attended)).permute(0, 2, 3, 1)
        rows = z.reshape(-1, 8)
        codes = torch.cdist(rows, self.embedding.weight).argmin(1)
        nearest = self.embedding(codes).view(z.shape)
        codebook = (nearest - z.detach()).square().mean() + 0.25 * (nearest.detach() - z).square().mean()
        passed = z + (nearest - z).detach()
        return self.conv_out(F.silu(self.up(passed.permute(0, 3, 1, 2)))), codebook


def autoencoder():
    network = begun("autoencoder", Autoencoder())
    x = data("autoencoder", torch.rand(2, 12, 10, 3) * 2 - 1)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.003, betas=(0.5, 0.9))

    def loss():
        y, codebook = network(x)
        return (y - x).abs().mean() + codebook

    trained("autoencoder", network, optimizer, loss)


class Transformer(nn.Module):
    def __init__(self, width=24, heads=3):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.q, self.k, self.v, self.out = (nn.Linear(width, width) for _ in range(4))
        self.c_fc, self.c_proj = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        batch, tokens, width = x.shape
        h = self.ln_1(x)
        q, k, v = (
            f(h).view(batch, tokens, self.heads, -1).transpose(1, 2) for f in (self.q, self.k, self.v))
        x = x + self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, tokens, width))
        return x + self.c_proj(F.gelu(self.c_fc(self.ln_2(x))))


def transformer():
    network = begun("transformer", Transformer())
    x, target = data("transformer", torch.randn(3, 7, 24)), exact(torch.randn(3, 7, 24))
    tensors["transformer.target"] = target
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.01, weight_decay=0.1)
    trained("transformer", network, optimizer, lambda: (network(x) - target).square().mean(), clip=0.5)


residual()
autoencoder()
transformer()
output = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("training.safetensors")
save_file({name: numpy.ascontiguousarray(value.numpy().astype("<f4")) for name, value in sorted(tensors.items())}, output,
          {"losses": json.dumps(losses)})
print(output.stat().st_size, {name: (values[0], values[-1]) for name, values in losses.items()})

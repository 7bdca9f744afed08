"""What `kernel-bench serve` trains, in PyTorch: the same names, losses and optimisers.

    python3 training.py weights NETWORK FILE.safetensors
"""
from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn

CLASSES = 1000


class Block(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(32, inputs, eps=1e-6), nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm2, self.conv2 = nn.GroupNorm(32, outputs, eps=1e-6), nn.Conv2d(outputs, outputs, 3, padding=1)
        if inputs != outputs:
            self.nin_shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x)


class Attention(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(32, channels, eps=1e-6)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(channels, channels, 1) for _ in range(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.norm(x)
        q, k, v = (f(h).flatten(2).transpose(1, 2).unsqueeze(1) for f in (self.q, self.k, self.v))
        attended = F.scaled_dot_product_attention(q, k, v).squeeze(1).transpose(1, 2).reshape(x.shape)
        return x + self.proj_out(attended)


class Middle(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.block_1, self.attn_1, self.block_2 = Block(channels, channels), Attention(channels), Block(channels, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.block_2(self.attn_1(self.block_1(x)))


class Resampled(nn.Module):
    def __init__(self, channels: int, is_down: bool) -> None:
        super().__init__()
        self.is_down = is_down
        self.conv = nn.Conv2d(channels, channels, 3, 2) if is_down else nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(F.pad(x, (0, 1, 0, 1)) if self.is_down else F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Level(nn.Module):
    def __init__(self, inputs: int, outputs: int, resampled: str | None) -> None:
        super().__init__()
        self.block = nn.ModuleList([Block(inputs, outputs)])
        if resampled:
            setattr(self, resampled, Resampled(outputs, resampled == "downsample"))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.block[0](x)
        for name in ("downsample", "upsample"):
            if hasattr(self, name):
                x = getattr(self, name)(x)
        return x


class Coder(nn.Module):
    def __init__(self, width: int, code_width: int, is_encoder: bool) -> None:
        super().__init__()
        channels = [width, 2 * width, 4 * width]
        self.is_encoder = is_encoder
        self.conv_in = nn.Conv2d(3 if is_encoder else code_width, width if is_encoder else 4 * width, 3, padding=1)
        if is_encoder:
            self.down = nn.ModuleList(
                [Level(channels[max(i - 1, 0)], channels[i], "downsample" if i < 2 else None) for i in range(3)])
        self.mid = Middle(4 * width)
        if not is_encoder:
            self.up = nn.ModuleList(
                [Level(channels[min(i + 1, 2)], channels[i], "upsample" if i > 0 else None) for i in range(3)])
        last = 4 * width if is_encoder else width
        self.norm_out = nn.GroupNorm(32, last, eps=1e-6)
        self.conv_out = nn.Conv2d(last, code_width if is_encoder else 3, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv_in(x)
        if self.is_encoder:
            for level in self.down:
                x = level(x)
        x = self.mid(x)
        if not self.is_encoder:
            for level in reversed(self.up):
                x = level(x)
        return self.conv_out(F.silu(self.norm_out(x)))


class Codebook(nn.Module):
    def __init__(self, codes: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(codes, width)


class Autoencoder(nn.Module):
    def __init__(self, width: int = 64, codes: int = 512, code_width: int = 64) -> None:
        super().__init__()
        self.encoder, self.decoder = Coder(width, code_width, True), Coder(width, code_width, False)
        self.quant_conv, self.post_quant_conv = (nn.Conv2d(code_width, code_width, 1) for _ in range(2))
        self.quantize = Codebook(codes, code_width)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        z = self.quant_conv(self.encoder(x)).permute(0, 2, 3, 1)
        rows, book = z.reshape(-1, z.shape[3]), self.quantize.embedding.weight
        with torch.no_grad():
            codes = torch.addmm(book.square().sum(1), rows, book.t(), alpha=-2).argmin(1)
        nearest = self.quantize.embedding(codes)
        loss = F.mse_loss(nearest, rows.detach()) + 0.25 * F.mse_loss(nearest.detach(), rows)
        passed = (rows + (nearest - rows).detach()).view(z.shape).permute(0, 3, 1, 2)
        return self.decoder(self.post_quant_conv(passed)), loss


def untrained(name: str) -> nn.Module:
    if name == "autoencoder":
        return Autoencoder()
    from networks import import_torchvision
    return import_torchvision().models.resnet18(weights=None, num_classes=CLASSES)


def random_state(name: str) -> dict[str, torch.Tensor]:
    """The networks' own first values, from a seed."""
    torch.manual_seed(1)
    state = untrained(name).state_dict()
    return {key: value.contiguous() for key, value in state.items() if not key.endswith("num_batches_tracked")}


@dataclass(frozen=True)
class Step:
    """One step of a training, whose result is the loss before the change."""
    model: nn.Module
    optimizer: torch.optim.Optimizer
    loss: Callable[[], torch.Tensor]

    def __call__(self) -> float:
        with torch.enable_grad():
            self.optimizer.zero_grad(set_to_none=True)
            value = self.loss()
            value.backward()
            self.optimizer.step()
        return value.item()


def prepared(
        name: str, weights: Path | None, pictures: torch.Tensor, layout: str,
        state: dict[str, torch.Tensor] | None = None) -> Step:
    """- state: first values, of `weights` unless given"""
    model = untrained(name)
    missing = model.load_state_dict(load_file(weights) if state is None else state, strict=False)
    assert not missing.unexpected_keys and all(key.endswith("num_batches_tracked") for key in missing.missing_keys)
    model.train()
    if layout == "channels_last":
        model = model.to(memory_format=torch.channels_last)
    if name == "autoencoder":
        optimizer = torch.optim.Adam(model.parameters(), lr=0.0001)

        def loss() -> torch.Tensor:
            picture, codebook = model(pictures)
            return F.l1_loss(picture, pictures) + codebook
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        classes = torch.arange(len(pictures)) * 37 % CLASSES

        def loss() -> torch.Tensor:
            return F.cross_entropy(model(pictures), classes)

    return Step(model, optimizer, loss)


if __name__ == "__main__":
    save_file(random_state(sys.argv[2]), sys.argv[3])

#!/usr/bin/env python3
"""Writes vqgan.json: what a small VQGAN, its adversary and their training give in PyTorch; and vqgan.ckpt, such a network as
Lightning 1 keeps it.

    python3 make_vqgan_fixtures.py [OUTPUT]

Needs torch and numpy. The networks are written from the published description (Esser et al. 2021, arXiv 2012.09841, and the
sizes and names of its checkpoints). Values come from a hash that Tests/GeneratorTests computes as well; PyTorch computes in
float64. The file holds, in this order:

presets         parameters and multiply-adds of the whole configurations, counted by PyTorch's modules
names           names and shapes of f16's state dictionary
layers          every layer's output for one batch: shape, mean, largest magnitude, first values
losses          losses of fixed logits and latents, the adaptive weight, the Gaussian head's divergence
trainings       for each adversary: the losses of its steps; gradients of the whole objective for every parameter in the first step
                that is adversarial, norm and first values; running statistics at the end
checkpoint      the value of every tensor of vqgan.ckpt: each is one value, repeated, so that the file is small
"""
import json
import pathlib
import sys
import types
from pathlib import Path

import numpy
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
SMALL = dict(width=32, multipliers=[1, 1, 2], blocks=1, attention=[2], latent=10, code=6, codes=11)
PICTURES = "three"
PRESETS = {
    "f16": dict(size=256, width=128, multipliers=[1, 1, 2, 2, 4], blocks=2, attention=[4], latent=256, code=256, codes=1024),
    "f8-small": dict(size=128, width=32, multipliers=[1, 2, 4, 4], blocks=1, attention=[3], latent=64, code=64, codes=512),
    "tiny": dict(size=128, width=32, multipliers=[1, 1, 1, 2], blocks=1, attention=[], latent=32, code=32, codes=256),
}
HEIGHT, WIDTH, BATCH = 16, 20, 2
DISCRIMINATOR = dict(width=4, layers=2)
RATE, BETA = 5e-5, 0.25
# Adversary, its first step, steps. Adam makes whole steps of gradients that are rounding alone, and where a hinge bends few logits
# decide whether gradients are there: with other rates, wider discriminators or other pictures float32 and float64 can part by
# percents within ten steps, in PyTorch too. So the pictures are small and chosen: no code is nearly another one, and no leaky
# ReLU of the discriminator sees a value near its bend.
TRAININGS = {"vanilla": (2, 10), "hinge": (1, 2)}


def hashed(name, *shape):
    """Uniform in [-1, 1), of 24 bits, so that float32 holds them."""
    count = int(numpy.prod(shape))
    seed = sum(name.encode()) * 40503
    h = (numpy.arange(count, dtype=numpy.uint64) * 2654435761 + seed) % 2**32
    h ^= h >> 16
    h = h * 2246822519 % 2**32
    h ^= h >> 13
    return torch.from_numpy((h >> 8).astype(numpy.float64) / 2**23 - 1).reshape(shape)


def first_value(name, shape):
    unit = hashed(name, *shape)
    if name.endswith("embedding.weight"):
        return unit
    if len(shape) == 1:
        return 1 + 0.25 * unit if name.endswith("weight") else 0.125 * unit
    fan = int(numpy.prod(shape[1:]))
    return unit * 2.0 ** round(numpy.log2((6 / fan) ** 0.5))


def norm(channels):
    return nn.GroupNorm(32, channels, eps=1e-6)


class Residual(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.norm1, self.conv1 = norm(inputs), nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm2, self.conv2 = norm(outputs), nn.Conv2d(outputs, outputs, 3, padding=1)
        if inputs != outputs:
            self.nin_shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x):
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x)


class Attention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = norm(channels)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(channels, channels, 1) for _ in range(4))

    def forward(self, x):
        h = self.norm(x)
        q, k, v = (f(h).flatten(2) for f in (self.q, self.k, self.v))
        weights = torch.softmax(q.transpose(1, 2) @ k / x.shape[1] ** 0.5, dim=2)
        return x + self.proj_out((v @ weights.transpose(1, 2)).reshape(x.shape))


class Resample(nn.Module):
    def __init__(self, channels, down):
        super().__init__()
        self.down = down
        self.conv = nn.Conv2d(channels, channels, 3, 2 if down else 1, 0 if down else 1)

    def forward(self, x):
        return self.conv(F.pad(x, (0, 1, 0, 1)) if self.down else x.repeat_interleave(2, 2).repeat_interleave(2, 3))


class Coder(nn.Module):
    """Encoder and decoder; `order` is the names of what is run, one after another."""

    def middle(self, channels):
        self.mid = nn.Module()
        self.mid.block_1, self.mid.attn_1, self.mid.block_2 = Residual(channels, channels), Attention(channels), Residual(channels, channels)
        self.order += ["mid.block_1", "mid.attn_1", "mid.block_2"]

    def end(self, inputs, outputs):
        self.norm_out, self.conv_out = norm(inputs), nn.Conv2d(inputs, outputs, 3, padding=1)
        self.order += ["norm_out", "conv_out"]

    def level(self, kind, index, inputs, outputs, blocks, attention, last):
        stage = nn.Module()
        stage.block, stage.attn = nn.ModuleList(), nn.ModuleList()
        for block in range(blocks):
            stage.block.append(Residual(inputs, outputs))
            inputs = outputs
            self.order.append(f"{kind}.{index}.block.{block}")
            if attention:
                stage.attn.append(Attention(outputs))
                self.order.append(f"{kind}.{index}.attn.{block}")
        if not last:
            name = "downsample" if kind == "down" else "upsample"
            setattr(stage, name, Resample(outputs, kind == "down"))
            self.order.append(f"{kind}.{index}.{name}")
        return stage

    def forward(self, x, visit=None):
        for name in self.order:
            x = self.get_submodule(name)(x)
            if name == "norm_out":
                x = F.silu(x)
            if visit:
                visit(name + (".conv" if name.endswith("sample") else ""), x)
        return x


class Encoder(Coder):
    def __init__(self, c):
        super().__init__()
        self.order = ["conv_in"]
        self.conv_in = nn.Conv2d(3, c["width"], 3, padding=1)
        self.down, inputs = nn.ModuleList(), c["width"]
        for index, multiplier in enumerate(c["multipliers"]):
            outputs = c["width"] * multiplier
            self.down.append(self.level("down", index, inputs, outputs, c["blocks"], index in c["attention"],
                                        index == len(c["multipliers"]) - 1))
            inputs = outputs
        self.middle(inputs)
        self.end(inputs, c["latent"])


class Decoder(Coder):
    def __init__(self, c):
        super().__init__()
        self.order = ["conv_in"]
        inputs = c["width"] * c["multipliers"][-1]
        self.conv_in = nn.Conv2d(c["latent"], inputs, 3, padding=1)
        self.middle(inputs)
        stages = []
        for index in reversed(range(len(c["multipliers"]))):
            outputs = c["width"] * c["multipliers"][index]
            stages.insert(0, self.level("up", index, inputs, outputs, c["blocks"] + 1, index in c["attention"], index == 0))
            inputs = outputs
        self.up = nn.ModuleList(stages)
        self.end(inputs, 3)


class VQGAN(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.encoder, self.decoder = Encoder(c), Decoder(c)
        self.quantize = nn.Module()
        self.quantize.embedding = nn.Embedding(c["codes"], c["code"])
        self.quant_conv, self.post_quant_conv = nn.Conv2d(c["latent"], c["code"], 1), nn.Conv2d(c["code"], c["latent"], 1)

    def quantized(self, z, legacy=True):
        rows = z.permute(0, 2, 3, 1)
        book = self.quantize.embedding.weight
        distances = (rows.reshape(-1, 1, rows.shape[3]) - book).square().sum(2)
        two = distances.detach().topk(2, dim=1, largest=False).values
        self.margin = ((two[:, 1] - two[:, 0]) / two[:, 1]).min().item()
        nearest = book[distances.argmin(1)].view(rows.shape)
        codes, encoder = (nearest - rows.detach()).square().mean(), (nearest.detach() - rows).square().mean()
        loss = BETA * codes + encoder if legacy else codes + BETA * encoder
        return (rows + (nearest - rows).detach()).permute(0, 3, 1, 2), loss

    def forward(self, x):
        values, loss = self.quantized(self.quant_conv(self.encoder(x)))
        return self.decoder(self.post_quant_conv(values)), loss


class Discriminator(nn.Module):
    def __init__(self, width, layers):
        super().__init__()
        parts, inputs = [nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(0.2)], width
        for layer in range(1, layers + 1):
            outputs = width * min(2**layer, 8)
            parts += [nn.Conv2d(inputs, outputs, 4, 2 if layer < layers else 1, 1, bias=False), nn.BatchNorm2d(outputs),
                      nn.LeakyReLU(0.2)]
            inputs = outputs
        self.main = nn.Sequential(*parts, nn.Conv2d(inputs, 1, 4, 1, 1))

    def forward(self, x):
        for layer in self.main:
            if isinstance(layer, nn.LeakyReLU):
                bends.append(x.abs().min().item())
            x = layer(x)
        return x


class Whole(nn.Module):
    """The names of a checkpoint."""

    def __init__(self, c, d):
        super().__init__()
        self.model = VQGAN(c)
        self.loss = nn.Module()
        self.loss.discriminator = Discriminator(**d)

    def named(self):
        return [(name.removeprefix("model."), value) for name, value in self.named_parameters()]


def perceptual(x, y):
    """Features of two random convolutions, channels divided by their length: the mean of one minus their cosine."""
    total = 0
    for stride, channels in ((4, 7), (8, 5)):
        weight = hashed(f"tap{stride}", channels, 3, stride, stride) * 2.0**-4
        f, g = (F.relu(F.conv2d(v, weight, stride=stride)) for v in (x, y))
        f, g = (v / (v.square().sum(1, keepdim=True).clamp_min(1e-36).sqrt() + 1e-10) for v in (f, g))
        total = total + 0.25 * (f - g).square().sum(1).mean()
    return total


def adaptive(reconstruction, adversary, weight):
    a, b = (torch.autograd.grad(loss, weight, retain_graph=True)[0].norm() for loss in (reconstruction, adversary))
    return (a / (b + 1e-4)).clamp(0, 1e4).detach()


def hinge(real, fake):
    return 0.5 * (F.relu(1 - real).mean() + F.relu(1 + fake).mean())


def vanilla(real, fake):
    return 0.5 * (F.softplus(-real).mean() + F.softplus(fake).mean())


def summary(value):
    value = value.detach()
    return {"shape": list(value.shape[1:]), "mean": value.mean().item(), "absmax": value.abs().max().item(),
            "first4": value[0, 0, 0, :4].tolist(), "last4": value[-1, -4:, -1, -1].tolist()}


def autoencoder_losses(whole, x, is_adversarial):
    picture, codebook = whole.model(x)
    distance, features = (picture - x).abs().mean(), perceptual(picture, x)
    reconstruction, adversary = distance + features, -whole.loss.discriminator(picture).mean() if is_adversarial else None
    total = reconstruction + codebook
    found = {"reconstruction": distance.item(), "perceptual": features.item(), "codebook": codebook.item()}
    if adversary is not None:
        weight = adaptive(reconstruction, adversary, whole.model.decoder.conv_out.weight)
        total = total + 0.8 * weight * adversary
        found |= {"adversary": adversary.item(), "adaptive weight": weight.item()}
    return total, {"loss": total.item()} | found


def step(whole, x, kind, is_adversarial, optimizers):
    total, found = autoencoder_losses(whole, x, is_adversarial)
    for optimizer in optimizers:
        optimizer.zero_grad(set_to_none=False)
    total.backward()
    gradients = {name: value.grad.clone() for name, value in whole.named() if not name.startswith("loss.")}
    optimizers[0].step()
    optimizers[1].zero_grad(set_to_none=False)
    found["discriminator"] = 0.0
    if is_adversarial:
        with torch.no_grad():
            picture = whole.model(x)[0]
        margins.append(whole.model.margin)
        real, fake = whole.loss.discriminator(x), whole.loss.discriminator(picture)
        loss = globals()[kind](real, fake)
        loss.backward()
        found |= {"discriminator": loss.item(), "real logits": real.mean().item(), "fake logits": fake.mean().item()}
    gradients |= {name: value.grad.clone() for name, value in whole.named() if name.startswith("loss.")}
    optimizers[1].step()
    margins.append(whole.model.margin)
    return found, gradients


def counted(c):
    with torch.device("meta"):
        model = VQGAN(c)
    total = 0

    def convolution(module, inputs, output):
        nonlocal total
        total += output[0].numel() * module.in_channels * module.kernel_size[0] * module.kernel_size[1]

    def attention(module, inputs, output):
        nonlocal total
        pixels = output.shape[2] * output.shape[3]
        total += 2 * pixels * pixels * output.shape[1]

    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(convolution)
        if isinstance(module, Attention):
            module.register_forward_hook(attention)
    with torch.no_grad():
        z = model.quant_conv(model.encoder(torch.zeros(1, 3, c["size"], c["size"], device="meta")))
        model.decoder(model.post_quant_conv(z))
    total += z.shape[2] * z.shape[3] * c["codes"] * c["code"]
    state = {name: list(value.shape) for name, value in model.state_dict().items()}
    return {"parameters": sum(value.numel() for value in model.parameters()), "multiplyAdds": total}, state


def checkpoint(whole, path):
    """As Lightning 1 writes it: its own class as a key, adversary, perceptual network and Adam's state beside the autoencoder."""
    name = "pytorch_lightning.callbacks.model_checkpoint"
    for depth in range(1, 4):
        package = ".".join(name.split(".")[:depth])
        sys.modules[package] = types.ModuleType(package)
    kind = type("ModelCheckpoint", (), {"__module__": name})
    sys.modules[name].ModelCheckpoint = kind
    shapes = {key.removeprefix("model."): value.shape for key, value in whole.state_dict().items()}
    shapes |= {"loss.perceptual_loss.lin0.model.1.weight": (1, 64, 1, 1), "loss.perceptual_loss.net.slice1.0.weight": (64, 3, 3, 3)}
    values = {key: (index + 1) / 1024 for index, key in enumerate(shapes)}
    state = {key: torch.tensor(values[key], dtype=torch.float32).expand(shape) for key, shape in shapes.items()}
    moments = {0: {"step": 5, "exp_avg": torch.zeros(4)}}
    torch.save({"epoch": 3, "global_step": 120, "pytorch-lightning_version": "1.0.8", "state_dict": state,
                "callbacks": {kind: {"best_model_score": torch.tensor(0.5), "dirpath": pathlib.PurePosixPath("a")}},
                "optimizer_states": [{"state": moments, "param_groups": []}], "lr_schedulers": []}, path)
    return {key: value for key, value in values.items() if not key.startswith("loss.")}


margins, bends = [], []

if __name__ == "__main__":
    document = {"presets": {}}
    for preset, c in PRESETS.items():
        document["presets"][preset], state = counted(c)
        if preset == "f16":
            document["names"] = state
    discriminator = Discriminator(64, 3)
    document["discriminator"] = {
        "parameters": sum(value.numel() for value in discriminator.parameters()),
        "names": {name: list(value.shape) for name, value in discriminator.state_dict().items()},
        "logits": list(discriminator(torch.zeros(1, 3, 256, 256)).shape[2:]),
    }

    x = hashed(PICTURES, BATCH, HEIGHT, WIDTH, 3).permute(0, 3, 1, 2)


    def begun_whole():
        """Names are hashed without the wrapper's prefix."""
        whole = Whole(SMALL, DISCRIMINATOR)
        for name, value in whole.named():
            value.data.copy_(first_value(name, tuple(value.shape)))
        return whole


    whole, layers = begun_whole(), {}


    def visited(prefix):
        return lambda name, value: layers.__setitem__(prefix + name, summary(value))


    with torch.no_grad():
        model = whole.model
        z = model.quant_conv(model.encoder(x, visited("encoder.")))
        visited("")("quant_conv", z)
        quantized, legacy = model.quantized(z)
        visited("")("quantize", quantized)
        opened = model.post_quant_conv(quantized)
        visited("")("post_quant_conv", opened)
        model.decoder(opened, visited("decoder."))
        margins.append(model.margin)
    document["layers"] = layers

    real, fake = 2 * hashed("real", 2, 1, 3, 4), 2 * hashed("fake", 2, 1, 3, 4)
    l = 4 * hashed("logVariances", 2, 6, 3, 4)
    S2 = model.quantize.embedding.weight.detach().var(0, unbiased=False).view(1, -1, 1, 1)
    document["losses"] = {
        "hinge": hinge(real, fake).item(),
        "vanilla": vanilla(real, fake).item(),
        "generator": -fake.mean().item(),
        "legacy": legacy.item(),
        "fixed": model.quantized(z, legacy=False)[1].item(),
        "perceptual": perceptual(x, x.flip(3)).item(),
        "divergence": (0.5 * (l.exp() / S2 - 1 - (l.exp() / S2).log()).sum() / 2).item(),
    }


    def trained(kind, start, steps):
        whole = begun_whole().train()
        optimizers = [torch.optim.Adam(part.parameters(), lr=RATE, betas=(0.5, 0.9)) for part in (whole.model, whole.loss)]
        # As the published code, whose resting adversary has gradients of 0: Adam counts its steps.
        for value in whole.parameters():
            value.grad = torch.zeros_like(value)
        result = {"start": start, "steps": []}
        for number in range(steps):
            found, gradients = step(whole, x, kind, number >= start, optimizers)
            result["steps"].append(found)
            if number == start:
                result["gradients"] = {name: {"norm": value.norm().item(), "first4": value.flatten()[:4].tolist()}
                                       for name, value in gradients.items()}
        result["statistics"] = {name: value.flatten()[:4].tolist() for name, value in whole.named_buffers() if "running" in name}
        return result


    bends.clear()
    document["trainings"] = {kind: trained(kind, *lengths) for kind, lengths in TRAININGS.items()}
    print("smallest lead of a code and distance from a bend", min(margins), min(bends))
    assert min(margins) > 2e-4 and min(bends) > 2e-5, "choose other pictures"


    def rounded(value):
        if isinstance(value, float):
            return float(f"{value:.9g}")
        if isinstance(value, dict):
            return {key: rounded(item) for key, item in value.items()}
        return [rounded(item) for item in value] if isinstance(value, list) else value


    output = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("vqgan.json")
    document["checkpoint"] = checkpoint(begun_whole(), output.with_suffix(".ckpt"))
    output.write_text(json.dumps(rounded(document)).replace("}, ", "},\n") + "\n")
    print(output.stat().st_size)
    for name in ("presets", "losses"):
        print(document[name])
    for found in document["trainings"]["vanilla"]["steps"]:
        print({name: round(value, 4) for name, value in found.items()})

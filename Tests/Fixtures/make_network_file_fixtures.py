#!/usr/bin/env python3
"""Writes networks/*.pth, networks.json: weights files of torchvision's networks as torch.save writes them, and what
PyTorch computes with them.

    python3 make_network_file_fixtures.py [FOLDER]

Needs torch, torchvision, lpips==0.1.4 and numpy. Every tensor of a file has its true shape, type and name, but is a
strided view of one small storage per type, so that files of networks with 10^8 weights take some 100 kB: seed 20261126.
Batch normalisations' variances are set to what the convolutions give on the input, else signals would vanish or grow.

| file | container | tensors |
|---|---|---|
| resnet18.zip.pth | zip | float32 Parameter objects without counters |
| resnet18.legacy.pth | before 1.6 | float32, with counters and fc |
| wide-resnet50-2.legacy.pth | before 1.6 | float16 convolutions and fc, float32 normalisations, int64 counters |
| wide-resnet50-2.zip.pth | zip | the same |
| vgg16.legacy.pth | before 1.6 | float32 with classifier |

networks.json: every stage's shape, mean, largest magnitude and eight values, in float64 on the input by formula
x[c][y][x] = (((7919 c + 131 y + 17 x) mod 255) - 127) / 128; PatchCore's descriptors (sampled) of pictures by formula,
for the files and for `RandomWeights` (seed 1); LPIPS of pictures by formula, with VGG16 of seed 1 and of vgg16.legacy.pth,
with heads by formula and with the package's own.
"""
import io
import json
import sys
import warnings
from pathlib import Path

import lpips
import numpy as np
import torch
import torch.nn.functional as F
import torchvision

from make_resnet_fixtures import values as random_values

SEED = 20261126
HEIGHT, WIDTH = 64, 48
STORED = 8192
SIZE = 96  # of the pictures that descriptors are taken of
warnings.filterwarnings("ignore")


class Views:
    """Tensors of any shape as views of one storage of each type; element (i, j, ...) is at offset + i a + j b + ..."""

    def __init__(self):
        generator = np.random.default_rng(SEED)
        half = torch.from_numpy(generator.uniform(-1, 1, STORED).astype(np.float16))
        self.storages = {torch.float16: half, torch.float32: torch.from_numpy(
            generator.uniform(-1, 1, STORED).astype(np.float32))}
        self.next = 0

    def __call__(self, shape, kind=torch.float32):
        self.next += 1
        shape = tuple(shape)
        if not shape:
            return self.storages[kind][self.next % STORED]
        room = STORED - 1 - self.next % 97
        strides = []
        for axis, extent in enumerate(shape):
            share = room // (len(shape) - axis)
            stride = 0 if extent == 1 else max(min(share // (extent - 1), 2 * 61 + 8 * axis + self.next % 5), 0)
            strides.append(stride)
            room -= stride * (extent - 1)
        return torch.as_strided(self.storages[kind], shape, strides, self.next % 97)


def constant(value, count):
    """One stored number, repeated."""
    return torch.tensor([value], dtype=torch.float32).expand(count)


def input_picture(height=HEIGHT, width=WIDTH):
    c, y, x = torch.meshgrid(torch.arange(3), torch.arange(height), torch.arange(width), indexing="ij")
    return (((c * 7919 + y * 131 + x * 17) % 255 - 127).double() / 128)[None]


def picture(number, size=SIZE):
    """RGB of 0...255, [1, 3, size, size]; integers, so that all agree to the bit."""
    c, y, x = torch.meshgrid(torch.arange(3), torch.arange(size), torch.arange(size), indexing="ij")
    waves = ((x * (3 + number) + y * 5 + 40 * c) % 97) + ((x * y // 7 + 11 * number) % 61) + 40
    return waves.double()[None]


def with_views(model, half):
    """A state dictionary of views, its normalisations' variances fitted to the input."""
    views = Views()
    state = model.state_dict()
    made = {}
    for name, tensor in state.items():
        if name.endswith("num_batches_tracked"):
            made[name] = torch.tensor(7)
        elif tensor.dim() > 1 or name == "fc.bias":
            made[name] = views(tensor.shape, torch.float16 if half else torch.float32)
        elif name.endswith("running_var"):
            made[name] = constant(1.0, tensor.numel())
        elif name.endswith("weight"):
            made[name] = views(tensor.shape)
        else:
            made[name] = views(tensor.shape)
    model.load_state_dict({name: tensor.float() if tensor.is_floating_point() else tensor
                           for name, tensor in made.items()})

    def fit(name):
        def hook(module, inputs, output):
            x = inputs[0]
            variance = float(np.float32(((x - module.running_mean[:, None, None]) ** 2).mean().item()))
            made[f"{name}.running_var"] = constant(variance, module.num_features)
            module.running_var.fill_(variance)
            return F.batch_norm(x, module.running_mean, module.running_var, module.weight, module.bias, False, 0, 1e-5)
        return hook

    hooks = [module.register_forward_hook(fit(name)) for name, module in model.named_modules()
             if isinstance(module, torch.nn.BatchNorm2d)]
    model.double().eval()
    with torch.no_grad():
        model(input_picture())
    for hook in hooks:
        hook.remove()
    return made


def with_scaled_views(model):
    """VGG16 has no normalisations: each layer's weights are a view of its own small storage, scaled to keep signals."""
    views = Views()
    made = {}
    for name, tensor in model.state_dict().items():
        view = views(tensor.shape)
        if name.endswith("weight"):
            # He's variance; uniform values in +-1 have 1/3.
            fan = tensor[0].numel()
            scale = np.float32((6.0 / fan) ** 0.5)
            base = torch.as_strided(view, (1024,), (1,), view.storage_offset())
            strides = []
            room = 1023
            for axis, extent in enumerate(view.shape):
                stride = 0 if extent == 1 else min(room // (len(view.shape) - axis) // (extent - 1), 29 + 4 * axis)
                strides.append(stride)
                room -= stride * (extent - 1)
            made[name] = torch.as_strided((base * scale).contiguous(), view.shape, strides)
        else:
            made[name] = view
    model.load_state_dict(made)
    model.double().eval()
    return made


def saved(state, legacy):
    target = io.BytesIO()
    torch.save(state, target, _use_new_zipfile_serialization=not legacy)
    return target.getvalue()


def number(value):
    return float(f"{value:.9g}")


def summary(y):
    return {
        "shape": list(y.shape[1:]), "mean": number(y.mean().item()), "absmax": number(y.abs().max().item()),
        "first4": [number(v) for v in y[0, 0, 0, :4].tolist()],
        "last4": [number(v) for v in y[0, -4:, -1, -1].tolist()]}


@torch.no_grad()
def resnet_stages(model, x):
    x = model.relu(model.bn1(model.conv1(x)))
    taps = {"stem": x}
    x = model.maxpool(x)
    for index in range(1, 5):
        for block, module in enumerate(getattr(model, f"layer{index}")):
            x = module(x)
            taps[f"layer{index}.{block}"] = x
    return taps


@torch.no_grad()
def vgg_stages(model, x):
    taps, stage, place = {}, 1, 1
    for module in model.features:
        x = module(x)
        if isinstance(module, torch.nn.ReLU):
            taps[f"relu{stage}_{place}"] = x
            place += 1
        elif isinstance(module, torch.nn.MaxPool2d):
            stage, place = stage + 1, 1
    return taps


def summaries(taps):
    return {name: summary(y) for name, y in taps.items()}


MEAN = 255 * torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64)[:, None, None]
DEVIATION = 255 * torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64)[:, None, None]


def descriptors(model):
    """PatchCore's (Roth et al. 2022) of two pictures: layer2 and layer3 averaged over 3 x 3, the zeros of the padding
    counted; layer3 resized bilinearly to layer2's grid, half-pixel centres. Every 13th descriptor, its 29th channels."""
    result = []
    for index in range(2):
        taps = resnet_stages(model, (picture(index) - MEAN) / DEVIATION)
        last = {name[5]: y for name, y in taps.items() if name.startswith("layer")}
        maps = [F.avg_pool2d(last[layer], 3, stride=1, padding=1, count_include_pad=True) for layer in "23"]
        maps[1] = F.interpolate(maps[1], size=maps[0].shape[2:], mode="bilinear", align_corners=False)
        rows = torch.cat(maps, 1)[0].flatten(1).T
        sample = rows[::13, ::29]
        result.append({
            "shape": list(rows.shape), "mean": number(rows.mean().item()), "absmax": number(rows.abs().max().item()),
            "rows": 13, "columns": 29, "values": [number(v) for v in sample.flatten().tolist()]})
    return result


def head(count):
    return (torch.arange(count) * 7 % 11 + 1).float() / 100


@torch.no_grad()
def distances(features, own_heads):
    """LPIPS of three pairs of pictures, by the package."""
    model = lpips.LPIPS(net="vgg", version="0.1", pretrained=own_heads, pnet_rand=True, verbose=False)
    state = {}
    for name in model.net.state_dict():
        index = name.split(".", 1)[1]
        state[name] = features[index]
    model.net.load_state_dict(state)
    if not own_heads:
        for layer in model.lins:
            layer.model[1].weight.copy_(head(layer.model[1].weight.numel())[None, :, None, None])
    model.double().eval()
    pictures = [picture(index, 40)[:, :, :, :33] / 127.5 - 1 for index in range(3)]
    return [number(model(pictures[a], pictures[b]).item()) for a, b in ((0, 1), (1, 2), (0, 0))]


def random_state(model):
    return {name: random_values(name, tuple(tensor.shape)) for name, tensor in model.state_dict().items()
            if not name.endswith("num_batches_tracked")}


def random_model(name):
    model = getattr(torchvision.models, name)(weights=None)
    model.load_state_dict(random_state(model), strict=False)
    return model.double().eval()


def trunk(state):
    return {name[len("features."):]: tensor.float() for name, tensor in state.items() if name.startswith("features.")}


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    (folder / "networks").mkdir(exist_ok=True)
    result = {"height": HEIGHT, "width": WIDTH, "size": SIZE, "files": {}, "random": {}}

    def write(name, kind, state, stages, legacy, rows=None):
        data = saved(state, legacy)
        (folder / "networks" / name).write_bytes(data)
        result["files"][name] = {"kind": kind, "layers": summaries(stages)}
        if rows:
            result["files"][name]["descriptors"] = rows
        print(name, len(data))

    for kind, maker, half in (("resnet18", "resnet18", False), ("wide-resnet50-2", "wide_resnet50_2", True)):
        model = getattr(torchvision.models, maker)(weights=None)
        state = with_views(model, half)
        stages, rows = resnet_stages(model, input_picture()), descriptors(model)
        write(f"{kind}.legacy.pth", kind, state, stages, True, rows)
        if not half:
            state = {name: torch.nn.Parameter(tensor) for name, tensor in state.items()
                     if not name.endswith("num_batches_tracked")}
        write(f"{kind}.zip.pth", kind, state, stages, False)
        result["random"][kind] = {"descriptors": descriptors(random_model(maker))}
    model = torchvision.models.vgg16(weights=None)
    state = with_scaled_views(model)
    write("vgg16.legacy.pth", "vgg16", state, vgg_stages(model, input_picture()), True)
    random = random_model("vgg16")
    result["random"]["vgg16"] = {"layers": summaries(vgg_stages(random, input_picture()))}
    result["lpips"] = {
        "height": 40, "width": 33,
        "random": {"formula": distances(trunk(random_state(random)), False),
                   "package": distances(trunk(random_state(random)), True)},
        "vgg16.legacy.pth": {"formula": distances(trunk(state), False), "package": distances(trunk(state), True)}}
    (folder / "networks.json").write_text(json.dumps(result, indent=None, separators=(",", ":")) + "\n")


main()

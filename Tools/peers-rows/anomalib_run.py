"""PatchCore of anomalib from pictures to a memory bank, and from pictures to scores.

    python3 anomalib_run.py train FOLDER WEIGHTS.safetensors BANK.safetensors --threads COUNT
    python3 anomalib_run.py predict FOLDER WEIGHTS.safetensors BANK.safetensors SCORES.json --threads COUNT

The last line of the output is a JSON object with the seconds, without those of importing and of loading the network.
"""
from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import networks

networks.import_torchvision()
import numpy as np  # noqa: E402
import torch  # noqa: E402
from anomalib.models.image.patchcore.torch_model import PatchcoreModel  # noqa: E402
from PIL import Image  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402

SIZE, RATIO, SEED = 256, 0.1, 1
BATCH = 32  # anomalib's own default for training and evaluation
MEAN, DEVIATION = (torch.tensor(values).reshape(3, 1, 1) for values in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))


def model_of(weights: Path) -> PatchcoreModel:
    """With weights that both sides read; whatever lies behind layer3 is not part of it."""
    model = PatchcoreModel(layers=["layer2", "layer3"], backbone="resnet18", pre_trained=False)
    network = model.feature_extractor.feature_extractor
    names = set(network.state_dict())
    state = {name: value for name, value in load_file(weights).items() if name in names}
    missing = network.load_state_dict(state, strict=False).missing_keys
    assert all(name.endswith("num_batches_tracked") for name in missing), missing
    return model


def prepared(path: Path) -> torch.Tensor:
    resized = Image.open(path).convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    pixels = torch.from_numpy(np.array(resized)).permute(2, 0, 1).float() / 255
    return (pixels - MEAN) / DEVIATION


def batches(paths: list[Path]):
    for start in range(0, len(paths), BATCH):
        yield torch.stack([prepared(path) for path in paths[start:start + BATCH]])


@torch.no_grad()
def train(folder: Path, weights: Path, bank: Path) -> dict[str, float]:
    model = model_of(weights).train()
    # Its training puts the network into evaluation, too.
    model.feature_extractor.eval()
    torch.manual_seed(SEED)
    begun = time.perf_counter()
    for batch in batches(sorted(folder.glob("*.png"))):
        model(batch)
    model.subsample_embedding(RATIO)
    save_file({"memory_bank": model.memory_bank.contiguous()}, bank)
    return {"seconds": time.perf_counter() - begun, "rows": len(model.memory_bank)}


@torch.no_grad()
def predict(folder: Path, weights: Path, bank: Path, scores: Path) -> dict[str, float]:
    model = model_of(weights).eval()
    begun = time.perf_counter()
    model.memory_bank = load_file(bank)["memory_bank"]
    paths, found = sorted(folder.rglob("*.png")), []
    for batch in batches(paths):
        found += model(batch).pred_score.flatten().tolist()
    seconds = time.perf_counter() - begun
    scores.write_text(json.dumps({path.name: score for path, score in zip(paths, found, strict=True)}))
    return {"seconds": seconds}


def main(arguments: list[str]) -> None:
    torch.set_num_threads(int(arguments[-1]))
    command, *paths = arguments[:-2]
    answer = {"train": train, "predict": predict}[command](*map(Path, paths))
    print(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1:])

#!/usr/bin/env python3
"""Writes patchcore-scores.json: what PatchCore made with PyTorch says of real pictures. Only numbers, no pictures.

    python3 make_patchcore_fixtures.py DATA [OUTPUT] [--categories NAME ...]

DATA holds the categories named below, each in MVTec AD's layout. Needs what reference_network.py names, and numpy,
scipy, pillow and scikit-learn. The network runs in float32; selection, distances and maps are float64, so that rounding
decides no pick but those that differ by the descriptors' own last places.

A picture is resized to 256 x 256 by Pillow's bilinear filter, then (v - 127) / 128. Descriptors are the outputs of
blocks 4 (40 channels, 32 x 32) and 10 (112 channels, 16 x 16), each averaged over 3 x 3 with the zeros of the padding
counted, the second one resized bilinearly (half-pixel centres) to 32 x 32, concatenated. The memory bank is the greedy
k-centre selection of 10 % of all training descriptors, the first row first. A patch's distance is that to its nearest
bank row, the picture's score the largest, its map the distances resized bilinearly to 256 x 256 and smoothed
(sigma 4). Pixels are compared at 256 x 256, masks resized by nearest, non-zero is defective.
"""
import argparse
import json
import sys
import time
from pathlib import Path

import numpy
import PIL
import scipy
import scipy.ndimage
import sklearn
import torch
import torch.nn.functional as F
from PIL import Image
from sklearn.metrics import roc_auc_score

from reference_network import WEIGHTS_SHA256, layers, network

CATEGORIES = [
    "mvtec_mini/hazelnut", "mvtec_mini/transistor", "open_licence/aws_cookie", "open_licence/hazelnut_toy",
    "mvtec/bottle"]
SHOTS = [1, 4, None]
SIZE, RATIO, SIGMA = 256, 0.1, 4
PICTURES = {".png", ".jpg", ".jpeg"}


def pictures(folder):
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)


@torch.no_grad()
def descriptors(model, path):
    """[1024, 152]"""
    picture = Image.open(path).convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    x = (torch.from_numpy(numpy.array(picture)).permute(2, 0, 1)[None].float() - 127) / 128
    maps = []
    for name, y in layers(model, x):
        if name in ("block4", "block10"):
            maps.append(F.avg_pool2d(y, 3, stride=1, padding=1, count_include_pad=True))
        if name == "block10":
            break
    maps[1] = F.interpolate(maps[1], size=maps[0].shape[2:], mode="bilinear", align_corners=False)
    return torch.cat(maps, 1)[0].flatten(1).T.contiguous().double()


def distances(rows, row):
    return torch.cdist(rows, row[None], compute_mode="donot_use_mm_for_euclid_dist")[:, 0]


def coreset(rows, count):
    """Greedy k-centre selection. Rows that the triangle inequality shows to gain nothing by the new centre are skipped:
    if the new centre is at least twice as far from a row's own centre as the row is, it is no nearer to the row."""
    least = torch.full((len(rows),), torch.inf, dtype=rows.dtype)
    owner = torch.zeros(len(rows), dtype=torch.int64)
    picks, centres = [], torch.empty(count, rows.shape[1], dtype=rows.dtype)
    row, reach = 0, []
    for pick in range(count):
        picks.append(row)
        centres[pick] = rows[row]
        if pick == 0:
            least = distances(rows, rows[row])
        else:
            to_earlier = distances(centres[:pick], rows[row])
            candidates = (to_earlier[owner] < 2.000001 * least).nonzero()[:, 0]
            found = distances(rows[candidates], rows[row])
            nearer = found < least[candidates]
            least[candidates[nearer]] = found[nearer]
            owner[candidates[nearer]] = pick
        reach.append(least.max().item())
        row = int((least == reach[-1]).nonzero()[0])  # the first of equal ones
        if pick % 2000 == 1999:
            print(f"    {pick + 1} of {count} picks", file=sys.stderr, flush=True)
    return torch.tensor(picks)


def coreset_without_skipping(rows, count):
    least, picks = torch.full((len(rows),), torch.inf, dtype=rows.dtype), [0]
    while len(picks) < count:
        least = torch.minimum(least, distances(rows, rows[picks[-1]]))
        picks.append(int((least == least.max()).nonzero()[0]))
    return torch.tensor(picks)


def inspected(found, bank):
    """The picture's score and its map of SIZE x SIZE."""
    patches = torch.cdist(found, bank).min(1).values
    side = int(len(patches) ** 0.5)
    enlarged = F.interpolate(patches.reshape(1, 1, side, side), size=(SIZE, SIZE), mode="bilinear", align_corners=False)
    smoothed = scipy.ndimage.gaussian_filter(enlarged[0, 0].numpy(), SIGMA, truncate=4, mode="reflect")
    return patches.max().item(), smoothed


def mask_of(folder, path):
    masks = [folder / "ground_truth" / path.parent.name / name for name in (f"{path.stem}_mask.png", path.name)]
    mask = Image.open(next(mask for mask in masks if mask.exists())).convert("L")
    return numpy.array(mask.resize((SIZE, SIZE), Image.Resampling.NEAREST)) != 0


def category(model, folder):
    training = pictures(folder / "train" / "good")
    test = [path for kind in sorted((folder / "test").iterdir()) if kind.is_dir() for path in pictures(kind)]
    defective = numpy.array([path.parent.name != "good" for path in test])
    masks = numpy.stack([
        mask_of(folder, path) if bad else numpy.zeros((SIZE, SIZE), bool) for path, bad in zip(test, defective)])
    rows = torch.cat([descriptors(model, path) for path in training])
    seen = [descriptors(model, path) for path in test]
    print(f"{folder}: {len(training)} + {len(test)} pictures", file=sys.stderr, flush=True)
    result = {}
    for shots in SHOTS:
        started = time.time()
        used = rows[: len(rows) // len(training) * (shots or len(training))]
        count = int(len(used) * RATIO)
        picks = coreset(used, count)
        if shots == 1:
            assert picks.equal(coreset_without_skipping(used, count))
        bank = used[picks]
        scores, maps = zip(*(inspected(found, bank) for found in seen))
        image_auroc = roc_auc_score(defective, scores)
        pixel_auroc = roc_auc_score(masks.ravel(), numpy.stack(maps).ravel())
        result["all" if shots is None else str(shots)] = {
            "training_pictures": shots or len(training), "bank_rows": count, "good": int((~defective).sum()),
            "defective": int(defective.sum()), "image_auroc": round(image_auroc, 6),
            "pixel_auroc": round(pixel_auroc, 6),
            "scores": {f"{path.parent.name}/{path.name}": float(f"{score:.9g}") for path, score in zip(test, scores)}}
        seconds = time.time() - started
        print(f"  {shots or 'all'}: {image_auroc:.4f} / {pixel_auroc:.4f}, {seconds:.0f} s", file=sys.stderr, flush=True)
    return result


parser = argparse.ArgumentParser()
parser.add_argument("data", type=Path)
parser.add_argument("output", type=Path, nargs="?", default=Path(__file__).with_name("patchcore-scores.json"))
parser.add_argument("--categories", nargs="+", default=CATEGORIES)
arguments = parser.parse_args()
model = network(torch.float32)
made = {
    "script": Path(__file__).name, "weights_sha256": WEIGHTS_SHA256, "torch": torch.__version__,
    "numpy": numpy.__version__, "scipy": scipy.__version__, "pillow": PIL.__version__, "sklearn": sklearn.__version__,
    "categories": {name: category(model, arguments.data / name) for name in arguments.categories}}
arguments.output.write_text(json.dumps(made, indent=1) + "\n")

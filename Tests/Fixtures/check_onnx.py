#!/usr/bin/env python3
"""Runs an exported model in onnxruntime and compares scores and maps with what `flawless predict` says of the same pictures.

    python3 check_onnx.py FLAWLESS MODEL PICTURES [--weights FILE] [--device NAME] [--onnx FILE] [--limit 1e-4]

FLAWLESS is the built program, MODEL a model's folder, PICTURES a folder or picture. Exports the model, predicts with the
program, reads its JSON and 16-bit maps, and computes both again with onnxruntime from the files. Prints the largest
relative difference of scores, of maps (of each map's largest value; the 16-bit files are rounded down, so that one unit is
allowed beside the limit) and of patch distances to their own maximum, the score. Ends with 1 when one is above the limit.
Needs onnx, onnxruntime, numpy and pillow.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from PIL import Image


def resized(map_, height, width):
    """Bilinear between pixel centres, edges held."""
    def axis(inputs, outputs):
        position = np.maximum((np.arange(outputs) + 0.5) * inputs / outputs - 0.5, 0)
        low = np.minimum(position.astype(int), inputs - 1)
        return low, np.minimum(low + 1, inputs - 1), position - low

    (top, bottom, v), (left, right, h) = axis(map_.shape[0], height), axis(map_.shape[1], width)
    rows = map_[top] + (map_[bottom] - map_[top]) * v[:, None]
    return rows[:, left] + (rows[:, right] - rows[:, left]) * h


def main():
    parser = argparse.ArgumentParser()
    for name in ("flawless", "model", "pictures"):
        parser.add_argument(name)
    parser.add_argument("--weights")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--onnx")
    parser.add_argument("--limit", type=float, default=1e-4)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = arguments.onnx or f"{folder}/model.onnx"
        weights = ["--weights", arguments.weights] if arguments.weights else []
        subprocess.run([arguments.flawless, "export", arguments.model, "--onnx", file, *weights], check=True)
        subprocess.run(
            [arguments.flawless, "predict", arguments.model, arguments.pictures, "-o", f"{folder}/out", "--json",
             f"{folder}/out.json", "--device", arguments.device, "--quiet", *weights], check=True,
            stdout=subprocess.DEVNULL)
        predicted = json.loads(Path(f"{folder}/out.json").read_text())
        return compare(file, predicted, arguments.limit)


def compare(file, predicted, limit):
    onnx.checker.check_model(file, full_check=True)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    metadata = session.get_modelmeta().custom_metadata_map
    size, pixel = int(metadata["size"]), np.float32(metadata["pixel_threshold"])
    assert abs(float(metadata["threshold"]) - predicted["threshold"]) <= 1e-6 * predicted["threshold"]
    scores, maps, verdicts, units = [], [], 0, 0
    assert predicted["pictures"], "no pictures"
    for picture in predicted["pictures"]:
        image = Image.open(picture["path"]).convert("RGB")
        small = np.asarray(image.resize((size, size), Image.Resampling.BILINEAR), np.float32) / np.float32(255)
        score, map_, distances = session.run(["score", "map", "patch_distances"], {"picture": small.transpose(2, 0, 1)[None]})
        assert distances.max() == score[0]
        scores.append(abs(float(score[0]) - picture["score"]) / picture["score"])
        verdicts += (score[0] > float(metadata["threshold"])) != picture["defective"]
        written = np.asarray(Image.open(picture["map"])).astype(np.float64)
        ours = np.clip(resized(map_[0, 0].astype(np.float64), image.height, image.width) / pixel * 32768, 0, 65535)
        maps.append(max(np.abs(np.floor(ours) - written).max() - 1, 0) / written.max())
        units = max(units, np.abs(np.floor(ours) - written).max())
    scores, maps = np.array(scores), np.array(maps)
    print(f"{len(scores)} pictures on {predicted['device']}: scores differ by {scores.max():.2e}, "
          f"maps by {units:.0f} of 65535 steps ({maps.max():.2e} beyond one step), {verdicts} verdicts differ")
    passed = scores.max() <= limit and maps.max() <= limit and verdicts == 0
    return 0 if passed else 1


sys.exit(main())

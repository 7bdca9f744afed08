#!/usr/bin/env python3
"""Writes quality.json: measures of generated pictures by implementations that are not Flawless's.

    python3 -m venv venv
    venv/bin/pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 torch==2.13.0 prdc==0.2 torchmetrics==1.9.0
    venv/bin/python make_quality_fixtures.py [OUTPUT]

Descriptors are `base(position, channel) + scale · hashed + shift`, in float32, of the hash of `make_vqgan_fixtures.py`: tests make
them again, so the file holds results only, computed in float64.

  coverage, distances     scikit-learn's NearestNeighbors over real and generated rows together, and over real ones alone
  precision ... coverage  the package prdc of Naeem et al. 2020; its comparisons are strict, and no distance here equals a radius
  KID                     torchmetrics' poly_mmd, which needs sets of one size; from scikit-learn's polynomial_kernel where
                          sizes differ, which the script first finds equal to poly_mmd's where they do not
  variances               numpy.var with ddof=1
  AUROC, Spearman, blur   scikit-learn's roc_auc_score, SciPy's spearmanr and gaussian_filter
"""
import json
import sys
from pathlib import Path

import numpy
import prdc
import scipy.ndimage
import scipy.stats
import sklearn.metrics
import sklearn.metrics.pairwise
import sklearn.neighbors
import torch
from torchmetrics.image.kid import poly_mmd

CASES = [
    # Pictures of each kind; positions and width of their descriptors; scale and shift of generated ones; shift of all.
    dict(name="few shots", real=5, copies=3, generated=6, heldOut=4, positions=7, width=11, scale=0.5, shift=0.125, offset=0.0),
    dict(name="one shot and copies", real=1, copies=5, generated=9, heldOut=3, positions=13, width=5, scale=0.25, shift=0.0, offset=0.0),
    dict(name="more rows than a block", real=9, copies=0, generated=17, heldOut=18, positions=31, width=67, scale=0.5, shift=0.03125,
         offset=0.0, neighbours=5),
    dict(name="pictures", real=12, copies=2, generated=10, heldOut=7, positions=3, width=19, scale=0.5, shift=0.0625, offset=0.0,
         space="pictures"),
    dict(name="far from the origin", real=4, copies=0, generated=4, heldOut=4, positions=9, width=8, scale=1.0, shift=0.0, offset=4.0),
    dict(name="one channel", real=3, copies=0, generated=2, heldOut=1, positions=5, width=1, scale=0.5, shift=0.0, offset=0.0,
         neighbours=1),
]
SCALES = {"real": 0.5, "copies": 0.25, "heldOut": 0.5}


def hashed(name, *shape):
    """Uniform in [-1, 1), of 24 bits, so that float32 holds them."""
    count = int(numpy.prod(shape))
    h = (numpy.arange(count, dtype=numpy.uint64) * 2654435761 + sum(name.encode()) * 40503) % 2**32
    h ^= h >> 16
    h = h * 2246822519 % 2**32
    h ^= h >> 13
    return ((h >> 8).astype(numpy.float64) / 2**23 - 1).astype(numpy.float32).reshape(shape)


def descriptors(case, kind):
    """[pictures, positions, width], float64 of float32's values."""
    shape = (case["positions"], case["width"])
    scale, shift = (case["scale"], case["shift"]) if kind == "generated" else (SCALES[kind], 0.0)
    noise = hashed(kind, case[kind], *shape) * numpy.float32(scale)
    return (hashed("base", *shape) + noise + numpy.float32(shift + case["offset"])).astype(numpy.float64)


def nearest(rows, bank, count=1):
    search = sklearn.neighbors.NearestNeighbors(n_neighbors=count, algorithm="brute").fit(bank)
    distances, places = search.kneighbors(rows)
    return distances[:, count - 1], places[:, count - 1]


def coverage(held_out, real, generated):
    joint, places = nearest(held_out, numpy.concatenate([real, generated]))
    return float(numpy.mean(places >= len(real))), float(numpy.mean(joint / nearest(held_out, real)[0]))


def kernel(x, y):
    return sklearn.metrics.pairwise.polynomial_kernel(x, y, degree=3, gamma=1 / x.shape[1], coef0=1)


def kernel_distance(x, y):
    def within(rows):
        values = kernel(rows, rows)
        return (values.sum() - numpy.trace(values)) / (len(rows) * (len(rows) - 1))

    found = float(within(x) + within(y) - 2 * kernel(x, y).mean())
    if len(x) == len(y):
        published = float(poly_mmd(torch.from_numpy(x), torch.from_numpy(y)))
        assert abs(published - found) <= 1e-11 * abs(kernel(x, y)).max(), (published, found)
    return found


def comparison(candidates, reference, neighbours):
    found = prdc.compute_prdc(reference, candidates, nearest_k=neighbours)
    return {
        "precision": float(found["precision"]),
        "recall": float(found["recall"]),
        "naeem_density": float(found["density"]),
        "naeem_coverage": float(found["coverage"]),
        "kid": kernel_distance(reference, candidates),
        # What an error of float32 is measured by.
        "largestKernel": float(max(abs(kernel(a, b)).max() for a in (candidates, reference) for b in (candidates, reference))),
    }


def measured(case):
    sets = {kind: descriptors(case, kind) for kind in ("real", "copies", "generated", "heldOut")}
    rows = {kind: x.reshape(-1, case["width"]) for kind, x in sets.items()}
    reference = sets["real"] if case["real"] > 1 else numpy.concatenate([sets["real"], sets["copies"]])
    measures = {}
    measures["coverage"], measures["distance_factor"] = coverage(rows["heldOut"], rows["real"], rows["generated"])
    measures["coverage_if_equal"] = len(rows["generated"]) / (len(rows["real"]) + len(rows["generated"]))
    if case["copies"]:
        both = numpy.concatenate([rows["real"], rows["copies"]])
        measures["coverage_beyond_copies"] = coverage(rows["heldOut"], both, rows["generated"])[0]
    real, generated = (x.var(axis=0, ddof=1) for x in (reference, sets["generated"]))
    measures["variance_ratio"] = float(generated.mean() / real.mean())
    measures["variance_ratio_channel_median"] = float(numpy.median(generated.mean(0) / real.mean(0)))
    real, generated = reference.mean(1), sets["generated"].mean(1)
    ratios = nearest(generated, real)[0] / numpy.median(nearest(real, real, 2)[0])
    measures["nearest_real_minimum"], measures["nearest_real_median"] = float(ratios.min()), float(numpy.median(ratios))

    inPictures = case.get("space") == "pictures"
    compared = {
        kind: x.mean(1) if inPictures else x.reshape(-1, case["width"])
        for kind, x in (("real", reference), ("generated", sets["generated"]), ("heldOut", sets["heldOut"]))
    }
    pairs = {
        "generated_to_real": ("generated", "real"),
        "generated_to_held_out": ("generated", "heldOut"),
        "real_to_held_out": ("real", "heldOut"),
    }
    neighbours = case.get("neighbours", 3)
    comparisons = {name: comparison(compared[a], compared[b], neighbours) for name, (a, b) in pairs.items()}
    return {"space": "patches", "neighbours": 3} | case | {"measures": measures, "comparisons": comparisons}


def scored(name, count, other, levels):
    """Two lists of scores, and two scores of the same items, rounded to so many levels, that float32 holds."""
    first, second, noise = (hashed(name + end, n) for end, n in (("a", count), ("b", other), ("c", count)))
    normal, corrupted, reference = (numpy.round(x * levels) / levels for x in (first + 0.25, second, first + noise))
    labels = numpy.concatenate([numpy.ones(count), numpy.zeros(other)])
    return {
        "normal": normal.tolist(),
        "corrupted": corrupted.tolist(),
        "reference": reference.tolist(),
        "auroc": float(sklearn.metrics.roc_auc_score(labels, numpy.concatenate([normal, corrupted]))),
        "spearman": float(scipy.stats.spearmanr(normal, reference).statistic),
    }


def blurred(sigma, *shape):
    pictures = hashed("pictures", *shape).astype(numpy.float64)
    result = scipy.ndimage.gaussian_filter(pictures, (0, sigma, sigma, 0), mode="reflect")
    return {"sigma": sigma, "shape": shape, "values": [round(float(v), 8) for v in result.ravel()]}


def main():
    output = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "quality.json")
    result = {
        "cases": [measured(case) for case in CASES],
        "scores": [scored("fine", 23, 17, 2**12), scored("tied", 31, 40, 4), scored("two", 2, 1, 2**12)],
        "blurs": [blurred(1.5, 2, 9, 13, 3), blurred(4.0, 1, 5, 3, 1)],
    }
    output.write_text(json.dumps(result, separators=(",", ":")) + "\n")


main()

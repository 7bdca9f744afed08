"""Writes metrics.json: small score maps and masks with metrics computed by other means than Flawless's.

Run from this folder:
    python3 -m venv venv && venv/bin/pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
    venv/bin/python make_metrics_fixtures.py

AUROC, average precision and F1 are scikit-learn's. AUPRO is computed here from its definition: every distinct score is
a threshold, regions are scipy.ndimage's 8-connected components, trapezoids are cut at the limit. Scores are whole
numbers times a power of two, so that JSON and Float32 hold them exactly.
"""

import json

import numpy as np
import scipy.ndimage
import sklearn.metrics

SEED = 20261125
LIMITS = [0.05, 0.3, 1.0]
EIGHT_CONNECTED = np.ones((3, 3), dtype=int)


def best_f1(labels, scores):
    """The largest F1 over all thresholds and the largest threshold that has it."""
    best, best_threshold = -1.0, None
    for threshold in np.unique(scores)[::-1]:
        value = sklearn.metrics.f1_score(labels, scores >= threshold)
        if value > best + 1e-15:
            best, best_threshold = value, threshold
    return float(best), float(best_threshold)


def aupro(maps, masks, limit):
    regions = []
    for scores, mask in zip(maps, masks):
        labels, count = scipy.ndimage.label(mask, structure=EIGHT_CONNECTED)
        regions += [scores[labels == number] for number in range(1, count + 1)]
    normal = np.concatenate([scores[mask == 0] for scores, mask in zip(maps, masks)])
    thresholds = np.unique(np.concatenate([scores.ravel() for scores in maps]))[::-1]
    rates, overlaps = [0.0], [0.0]
    for threshold in thresholds:
        rates.append(float(np.mean(normal >= threshold)))
        overlaps.append(float(np.mean([np.mean(region >= threshold) for region in regions])))
    area = 0.0
    for left, right, low, high in zip(rates, rates[1:], overlaps, overlaps[1:]):
        if left >= limit:
            break
        if right > limit:
            high = low + (high - low) * (limit - left) / (right - left)
            right = limit
        area += (right - left) * (low + high) / 2
    return area / limit, len(regions)


def case(name, maps, masks, scale):
    """maps: lists of integer arrays; the scores are these times scale."""
    scores = [m * scale for m in maps]
    flat = np.concatenate([s.ravel() for s in scores])
    labels = np.concatenate([(m != 0).ravel() for m in masks])
    picture_scores = np.array([s.max() for s in scores])
    picture_labels = np.array([int(m.any()) for m in masks])
    picture_f1, picture_threshold = best_f1(picture_labels, picture_scores)
    pixel_f1, pixel_threshold = best_f1(labels, flat)
    areas = [aupro(scores, masks, limit) for limit in LIMITS]
    return {
        "name": name,
        "scale": scale,
        "pictures": [
            {
                "scores": m.ravel().tolist(),
                "mask": ["".join("#" if v else "." for v in row) for row in mask],
            }
            for m, mask in zip(maps, masks)
        ],
        "image": {
            "auroc": float(sklearn.metrics.roc_auc_score(picture_labels, picture_scores)),
            "averagePrecision": float(sklearn.metrics.average_precision_score(picture_labels, picture_scores)),
            "f1": picture_f1,
            "f1Threshold": picture_threshold,
        },
        "pixel": {
            "auroc": float(sklearn.metrics.roc_auc_score(labels, flat)),
            "averagePrecision": float(sklearn.metrics.average_precision_score(labels, flat)),
            "f1": pixel_f1,
            "f1Threshold": pixel_threshold,
        },
        "aupro": [area for area, _ in areas],
        "regions": areas[0][1],
    }


def random_masks(generator, shapes):
    """Blobs that touch the border, single pixels and diagonal joins; the first and last picture stay good."""
    masks = []
    for index, (height, width) in enumerate(shapes):
        mask = np.zeros((height, width), dtype=np.uint8)
        if 0 < index < len(shapes) - 1:
            for _ in range(4):
                row, column = generator.integers(height), generator.integers(width)
                mask[row : row + generator.integers(1, 5), column : column + generator.integers(1, 6)] = 1
            mask[0, width - 1] = 1
            mask[height // 2, width // 2] = mask[(height // 2 + 1) % height, (width // 2 + 1) % width] = 1
        masks.append(mask)
    return masks


def random_maps(generator, masks, levels, contrast):
    return [
        np.clip(generator.normal(0.4 + contrast * mask, 0.15) * levels, 0, levels).astype(np.int64) for mask in masks
    ]


def main():
    generator = np.random.default_rng(SEED)
    shapes = [(9, 14), (17, 11), (1, 23), (23, 1), (13, 13), (11, 17)]
    cases = []
    masks = random_masks(generator, shapes)
    cases.append(case("continuous", random_maps(generator, masks, 2**20, 0.2), masks, 2.0**-20))
    cases.append(case("strongly tied", random_maps(generator, masks, 6, 0.2), masks, 0.5))
    cases.append(case("eight bit", random_maps(generator, masks, 255, 0.15), masks, 1.0))
    cases.append(case("worse than chance", random_maps(generator, masks, 1000, -0.2), masks, 2.0**-10))
    cases.append(case("separated", [100 * m + 3 for m in map(np.int64, masks)], masks, 1.0))
    cases.append(case("all equal", [0 * m + 7 for m in map(np.int64, masks)], masks, 1.0))
    negative = [m - 2**19 for m in random_maps(generator, masks, 2**20, 0.3)]
    cases.append(case("negative scores too", negative, masks, 2.0**-19))
    # Hand-drawn: a diagonal chain, a ring with a dot inside, a comb, dots in every corner.
    drawn = [
        ["#.....#..#", ".#...#....", "..#.#.....", "...#......", "#........#"],
        ["#####..#", "#...#..#", "#.#.####", "#...#..#", "#####..#", "........", "#.#.#.#."],
        ["." * 6] * 4,
    ]
    masks = [np.array([[c == "#" for c in row] for row in rows], dtype=np.uint8) for rows in drawn]
    cases.append(case("drawn", random_maps(generator, masks, 40, 0.2), masks, 0.25))
    with open("metrics.json", "w") as file:
        file.write('{"limits": ' + json.dumps(LIMITS) + ', "cases": [\n')
        file.write(",\n".join(json.dumps(c, separators=(",", ":")) for c in cases))
        file.write("\n]}\n")


main()

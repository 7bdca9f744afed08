"""Writes metrics.json: small score maps and masks with metrics computed by other means than Flawless's.

Run from this folder:
    python3 -m venv venv
    venv/bin/pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 scikit-image==0.26.0 anomalib==2.7.0
    venv/bin/python make_metrics_fixtures.py

AUROC, average precision, F1, intersection over union, balanced accuracy and false-positive rates are scikit-learn's.
AUPRO and AU-sPRO are computed twice, and the script stops where the two differ:
  - from their definitions: every distinct score is a threshold, at each of which all regions (scipy.ndimage) or channels
    are counted anew; trapezoids are cut at the limit
  - by one sort over all pixels and cumulative sums, with scikit-image's components and numpy's interpolation
AUPRO is also anomalib's, which computes in Float32. Scores are whole numbers times a power of two, so that JSON and
Float32 hold them exactly.
"""

import json

import anomalib.metrics.aupro
import numpy as np
import scipy.ndimage
import skimage.measure
import sklearn.metrics
import torch

SEED = 20261125
LIMITS = [0.01, 0.05, 0.1, 0.3, 1.0]
RECALLS = [0.95, 0.99]
EIGHT_CONNECTED = np.ones((3, 3), dtype=int)


def best(labels, scores, function):
    """The largest value over all thresholds, and the largest threshold that has it."""
    best, best_threshold = -1.0, None
    for threshold in np.unique(scores)[::-1]:
        value = function(labels, scores >= threshold)
        if value > best + 1e-15:
            best, best_threshold = value, threshold
    return float(best), float(best_threshold)


def classified(labels, scores):
    """What scikit-learn says of labels and scores."""
    f1, f1_threshold = best(labels, scores, sklearn.metrics.f1_score)
    iou, iou_threshold = best(labels, scores, sklearn.metrics.jaccard_score)
    rates, recalls, _ = sklearn.metrics.roc_curve(labels, scores, drop_intermediate=False)
    # A verdict's threshold comes from elsewhere and lies anywhere: here between scores, and on one.
    thresholds = [float(np.float32(np.quantile(scores, 0.7) + 2.0**-22)), float(np.sort(scores)[scores.size // 2])]
    return {
        "auroc": float(sklearn.metrics.roc_auc_score(labels, scores)),
        "averagePrecision": float(sklearn.metrics.average_precision_score(labels, scores)),
        "f1": f1,
        "f1Threshold": f1_threshold,
        "iou": iou,
        "iouThreshold": iou_threshold,
        "falsePositiveRates": [float(rates[recalls >= recall].min()) for recall in RECALLS],
        "thresholds": thresholds,
        "balancedAccuracies": [
            float(sklearn.metrics.balanced_accuracy_score(labels, scores > threshold)) for threshold in thresholds
        ],
    }


def trapezoids(rates, heights, limit):
    area = 0.0
    for left, right, low, high in zip(rates, rates[1:], heights, heights[1:]):
        if left >= limit:
            break
        if right > limit:
            high = low + (high - low) * (limit - left) / (right - left)
            right = limit
        area += (right - left) * (low + high) / 2
    return area / limit


def areas_by_definition(scores, normal, parts):
    """parts: for each region or channel the scores of its pixels and how many of them saturate it."""
    normal_scores = np.concatenate([s[n] for s, n in zip(scores, normal)])
    rates, overlaps = [0.0], [0.0]
    for threshold in np.unique(np.concatenate([s.ravel() for s in scores]))[::-1]:
        rates.append(float(np.mean(normal_scores >= threshold)))
        found = [min(np.count_nonzero(values >= threshold) / area, 1.0) for values, area in parts]
        overlaps.append(float(np.mean(found)))
    return [trapezoids(rates, overlaps, limit) for limit in LIMITS]


def areas_by_sorting(scores, normal, parts):
    """The same from one descending order of all pixels, those of parts as often as there are parts."""
    normal_scores = np.concatenate([s[n] for s, n in zip(scores, normal)])
    values, steps = [normal_scores], [np.zeros(normal_scores.size)]
    for pixels, area in parts:
        pixels = np.sort(pixels)[::-1]
        values.append(pixels)
        steps.append(np.where(np.arange(pixels.size) < area, 1.0 / area, 0.0))
    false = np.concatenate([np.ones(normal_scores.size), np.zeros(sum(v.size for v in values[1:]))])
    values, steps = np.concatenate(values), np.concatenate(steps)
    order = np.argsort(-values, kind="stable")
    values = values[order]
    last_of_ties = np.append(values[1:] != values[:-1], True)
    rates = np.insert(np.cumsum(false[order])[last_of_ties] / normal_scores.size, 0, 0.0)
    overlaps = np.insert(np.cumsum(steps[order])[last_of_ties] / len(parts), 0, 0.0)
    areas = []
    for limit in LIMITS:
        below = rates < limit
        # Vertical pieces stand at one rate; the height at the limit is on the way to the next point.
        x, y = list(rates[below]), list(overlaps[below])
        after = int(np.argmin(below)) if not below.all() else None
        if after is not None:
            y.append(np.interp(limit, [x[-1], rates[after]], [y[-1], overlaps[after]]))
            x.append(limit)
        areas.append(float(np.trapezoid(y, x) / limit))
    return areas


def areas(scores, normal, parts, parts_again):
    defined, sorted_once = areas_by_definition(scores, normal, parts), areas_by_sorting(scores, normal, parts_again)
    assert np.allclose(defined, sorted_once, rtol=0, atol=1e-12), (defined, sorted_once)
    return defined


def aupro(scores, masks, ignores):
    """AUPRO by definition, and the number of regions; a region's ignored pixels are taken off it."""
    kept = [ignore == 0 for ignore in ignores]
    normal = [(mask == 0) & keep for mask, keep in zip(masks, kept)]

    def regions(label):
        pieces = []
        for s, mask, keep in zip(scores, masks, kept):
            labels = label(mask)
            pieces += [s[(labels == number) & keep] for number in range(1, labels.max() + 1)]
        return [(piece, piece.size) for piece in pieces if piece.size]

    parts = regions(lambda mask: scipy.ndimage.label(mask, structure=EIGHT_CONNECTED)[0])
    again = regions(lambda mask: skimage.measure.label(mask != 0, connectivity=2))
    return areas(scores, normal, parts, again), len(parts)


def anomalib_aupro(scores, masks):
    """Its components of each picture, and its curve over all pixels."""
    result = []
    for limit in LIMITS:
        metric = anomalib.metrics.aupro._AUPRO(fpr_limit=limit)
        labels, values, offset = [], [], 0
        for s, mask in zip(scores, masks):
            found = metric_components(metric, mask)
            labels.append(np.where(found > 0, found + offset, 0).ravel())
            offset += int(found.max())
            values.append(s.ravel())
        labels, values = (torch.tensor(np.concatenate(v)) for v in (labels, values))
        rates, overlaps = metric.compute_pro(cca=labels, preds=values)
        result.append(float(torch.trapezoid(overlaps.double(), rates.double()) / limit))
    return result


def metric_components(metric, mask):
    """Numbers of regions in one picture, framed by normal pixels: it cannot do with a single row or column."""
    framed = np.pad(mask, 1)[None].astype(np.int64)
    metric.reset()
    metric.update(torch.zeros(framed.shape), torch.tensor(framed))
    return metric.perform_cca().numpy().reshape(framed.shape)[0, 1:-1, 1:-1].astype(np.int64)


def saturation_area(rule, area):
    """As MVTec LOCO AD's evaluation rounds, kept within the channel."""
    return min(max(int(rule["part"] * area) if "part" in rule else int(rule["pixels"]), 1), area)


def au_spro(scores, masks, ignores, channels):
    """channels: for each picture a list of masks with rules."""
    kept = [ignore == 0 for ignore in ignores]
    normal = [(mask == 0) & keep for mask, keep in zip(masks, kept)]
    parts = []
    for s, keep, given in zip(scores, kept, channels):
        pieces = [(s[(mask != 0) & keep], rule) for mask, rule in given]
        parts += [(piece, saturation_area(rule, piece.size)) for piece, rule in pieces if piece.size]
    return areas(scores, normal, parts, parts), [area for _, area in parts]


def rows(mask):
    return ["".join("#" if v else "." for v in row) for row in mask]


def case(name, maps, masks, scale, channels=None, ignores=None):
    """maps: lists of integer arrays; the scores are these times scale."""
    scores = [m * scale for m in maps]
    ignored = ignores or [np.zeros_like(m) for m in masks]
    kept = np.concatenate([i.ravel() == 0 for i in ignored])
    flat = np.concatenate([s.ravel() for s in scores])[kept]
    labels = np.concatenate([(m != 0).ravel() for m in masks])[kept]
    picture_scores = np.array([s.max() for s in scores])
    picture_labels = np.array([int(m.any()) for m in masks])
    overlap, regions = aupro(scores, masks, ignored)
    result = {"name": name, "scale": scale, "pictures": []}
    for index, (m, mask) in enumerate(zip(maps, masks)):
        picture = {"scores": m.ravel().tolist(), "mask": rows(mask)}
        if ignores:
            picture["ignore"] = rows(ignores[index])
        if channels and channels[index]:
            picture["channels"] = [{"mask": rows(c), **rule} for c, rule in channels[index]]
        result["pictures"].append(picture)
    result |= {
        "image": classified(picture_labels, picture_scores),
        "pixel": classified(labels, flat),
        "aupro": overlap,
        "regions": regions,
    }
    if not ignores:
        result["auproOfAnomalib"] = anomalib_aupro(scores, masks)
        assert np.allclose(result["auproOfAnomalib"], overlap, rtol=0, atol=2e-5), (result["auproOfAnomalib"], overlap)
    if channels:
        result["auSPRO"], result["saturationAreas"] = au_spro(scores, masks, ignored, channels)
    return result


def random_channels(generator, shapes):
    """Overlapping channels of one or several rectangles; the first and last picture stay good."""
    rules = [
        {"part": 1.0}, {"part": 0.5}, {"pixels": 3}, {"part": 0.02}, {"pixels": 7.9}, {"pixels": 10**6}, {"part": 0.29},
    ]
    channels = []
    for index, (height, width) in enumerate(shapes):
        given = []
        for number in range(2 + index if 0 < index < len(shapes) - 1 else 0):
            mask = np.zeros((height, width), dtype=np.uint8)
            for _ in range(1 + number % 2):
                row, column = generator.integers(height), generator.integers(width)
                mask[row : row + generator.integers(1, 5), column : column + generator.integers(1, 7)] = 1
            given.append((mask, rules[(number + 2 * index) % len(rules)]))
        channels.append(given)
    masks = [
        np.max([c for c, _ in given] or [np.zeros(shape, dtype=np.uint8)], axis=0)
        for given, shape in zip(channels, shapes)
    ]
    return channels, masks


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
    channels, masks = random_channels(generator, shapes)
    for name, levels, scale in [("channels", 2**20, 2.0**-20), ("channels, strongly tied", 9, 1.0)]:
        cases.append(case(name, random_maps(generator, masks, levels, 0.2), masks, scale, channels))
    # A frame that cuts regions and channels, and all of one of them; some of every picture stays.
    ignores = [(generator.random(shape) < 0.3).astype(np.uint8) for shape in shapes]
    ignores[1][channels[1][0][0] != 0] = 1
    ignored = random_maps(generator, masks, 25, 0.2)
    cases.append(case("ignored pixels", ignored, masks, 0.5, channels, ignores))
    with open("metrics.json", "w") as file:
        file.write(json.dumps({"limits": LIMITS, "recalls": RECALLS})[:-1] + ', "cases": [\n')
        file.write(",\n".join(json.dumps(c, separators=(",", ":")) for c in cases))
        file.write("\n]}\n")


main()

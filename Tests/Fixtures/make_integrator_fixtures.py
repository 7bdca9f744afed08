#!/usr/bin/env python3
"""Writes integrator.json: losses, cutouts and refinement of a small VQGAN's latent against a small CLIP, in PyTorch.

    python3 make_integrator_fixtures.py [OUTPUT]

Needs torch, open_clip_torch, transformers and what make_vqgan_fixtures.py and make_encoder_fixtures.py need; no random numbers. The VQGAN has the
values of make_vqgan_fixtures.py, the CLIP is encoders/clip-open.bin with QuickGELU; PyTorch computes in float64. The file holds:

spherical     rows of vectors, a target, 2 arcsin^2(|u - v| / 2) of units, its mean and gradient by autograd: at any angle, nearly 0, nearly pi
cutouts       of pictures by formula: some values of every view, and of the gradient of their sum with weights by formula
gradient      parts of the refinement's loss away from its start, and the gradient by the latent
refinement    three steps of Adam: losses, similarities of clean views, the latent at the end
"""
import json
import sys
from pathlib import Path

import open_clip
import torch
import torch.nn.functional as F
from open_clip.model import CLIP

from make_encoder_fixtures import SIZE, configuration
from make_vqgan_fixtures import SMALL, VQGAN, first_value, hashed, perceptual

torch.set_default_dtype(torch.float64)
HERE = Path(__file__).parent
# top, left, side, flipped
CROPS = [[0, 0, 16, False], [3, 7, 10, False], [2, 5, 13, True]]
LARGE = [[1, 0, 31, False], [16, 9, 22, True], [4, 3, 24, False], [9, 0, 29, True]]
STEPS = [CROPS, [[1, 2, 12, True], [0, 4, 16, False]], [[5, 9, 11, False]]]
# So large that codes change in every step.
RATE, STAY, PERCEPTUAL = 0.15, 1.0, 0.5


def angles(u, v):
    """theta^2 / 2 of each row, as VQGAN+CLIP has it."""
    return 2 * (F.normalize(u, dim=-1) - F.normalize(v, dim=-1)).norm(dim=-1).div(2).arcsin().pow(2)


def spherical():
    v = hashed("target", 9)
    across = hashed("across", 9)
    across = across - (across @ v) / (v @ v) * v
    across = across / across.norm() * v.norm()
    cases = []
    for rows in ([hashed("rows", 4, 9)[i] for i in range(4)], [1.5 * (v + 1e-4 * across), v + 0.01 * across],
                 [-v + 0.01 * across, 2 * (-v + 0.2 * across)]):
        # As float32 holds them.
        u = torch.stack(rows).float().double().requires_grad_()
        loss = angles(u, v).mean()
        loss.backward()
        cases.append({"vectors": u.flatten().tolist(), "loss": loss.item(), "gradient": u.grad.flatten().tolist()})
    return {"target": v.tolist(), "cases": cases}


def windows(length):
    return [(i * length // SIZE, -(-(i + 1) * length // SIZE)) for i in range(SIZE)]


gaps = []


def adaptive_maximum(x):
    """F.adaptive_max_pool2d, whose equal maxima share their gradient: clamped pixels are equal."""
    rows = torch.stack([x[:, :, a:b].amax(2) for a, b in windows(x.shape[2])], 2)
    found = torch.stack([rows[:, :, :, a:b].amax(3) for a, b in windows(x.shape[3])], 3)
    assert torch.equal(found, F.adaptive_max_pool2d(x, SIZE))
    for lines, axis in ((x, 2), (rows, 3)):
        for a, b in windows(lines.shape[axis]):
            part = lines.detach().narrow(axis, a, b - a).sort(axis).values
            gap = part.diff(dim=axis)
            gaps.extend(gap[gap > 0].flatten().tolist())
    return found


def view(x):
    return F.adaptive_avg_pool2d(x, SIZE)


def cutouts(x, crops):
    parts = [(view(x) + adaptive_maximum(x)) / 2]
    for top, left, side, flipped in crops:
        part = x[:, :, top:top + side, left:left + side]
        part = part.flip(3) if flipped else part
        parts.append(view(part) if side > SIZE else F.interpolate(part, SIZE, mode="bilinear", align_corners=False))
    return torch.cat(parts)


def nhwc(x):
    return x.permute(0, 2, 3, 1).reshape(-1)


def cutout_case(name, height, width, crops):
    x = (hashed(name, 1, height, width, 3).permute(0, 3, 1, 2) / 2 + 0.5).requires_grad_()
    views = cutouts(x, crops)
    weights = hashed("weights", views.shape[0], SIZE, SIZE, 3).permute(0, 3, 1, 2)
    (views * weights).sum().backward()
    return {"name": name, "height": height, "width": width, "crops": crops,
            "views": nhwc(views)[::13].tolist(), "gradient": nhwc(x.grad)[::7].tolist()}


class Gated(torch.autograd.Function):
    """K. Crowson's clamp_with_grad."""

    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return x.clamp(0, 1)

    @staticmethod
    def backward(context, gradient):
        x, = context.saved_tensors
        return gradient * (gradient * (x - x.clamp(0, 1)) >= 0)


def loaded_vqgan():
    model = VQGAN(SMALL)
    for name, value in model.named_parameters():
        value.data.copy_(first_value(name, tuple(value.shape)))
    return model.requires_grad_(False)


def loaded_clip():
    model = CLIP(**configuration(2), quick_gelu=True).eval()
    model.load_state_dict(torch.load(HERE / "encoders/clip-open.bin"))
    return model.double().requires_grad_(False)


vqgan, clip = loaded_vqgan(), loaded_clip()
mean, deviation = (torch.tensor(values)[:, None, None] for values in (open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD))
margins, outside = [], []


def decoded(z):
    codes = vqgan.quantized(z)[0]
    margins.append(vqgan.margin)
    y = vqgan.decoder(vqgan.post_quant_conv(codes)) / 2 + 0.5
    outside.append(((y < 0) | (y > 1)).double().mean().item())
    gaps.extend(torch.minimum(y.abs(), (y - 1).abs()).flatten().tolist())
    return Gated.apply(y)


def vectors(pictures):
    return F.normalize(clip.encode_image((pictures - mean) / deviation), dim=-1)


def parts(z, start, x, target, crops):
    picture = decoded(z)
    return (angles(vectors(cutouts(picture, crops)), target).mean(), STAY * (z - start).square().mean(),
            PERCEPTUAL * perceptual(2 * picture - 1, x)), picture


def channels_last(z):
    return z.detach().permute(0, 2, 3, 1).flatten().tolist()


def refinement():
    x = hashed("three", 2, 16, 20, 3)[:1].permute(0, 3, 1, 2)
    start = hashed("start", 1, 4, 5, 6).permute(0, 3, 1, 2)
    target = F.normalize(hashed("text", 32), dim=0)
    z = (start + 0.1 * hashed("moved", 1, 4, 5, 6).permute(0, 3, 1, 2)).requires_grad_()
    losses, _ = parts(z, start, x, target, CROPS)
    sum(losses).backward()
    gradient = {"parts": [loss.item() for loss in losses], "gradient": channels_last(z.grad)}
    z = start.clone().requires_grad_()
    optimizer, book, found = torch.optim.Adam([z], lr=RATE), vqgan.quantize.embedding.weight, {"losses": [], "similarities": []}
    low, high = (book.amin(0)[None, :, None, None], book.amax(0)[None, :, None, None])
    for crops in STEPS:
        losses, picture = parts(z, start, x, target, crops)
        found["similarities"].append((vectors(view(picture.detach()))[0] @ target).item())
        found["losses"].append(sum(losses).item())
        optimizer.zero_grad()
        sum(losses).backward()
        optimizer.step()
        with torch.no_grad():
            z.copy_(z.clamp(low, high))
    found["similarities"].append((vectors(view(decoded(z).detach()))[0] @ target).item())
    similar = sorted(found["similarities"])
    assert min(b - a for a, b in zip(similar, similar[1:])) > 1e-3, "steps are to differ"
    return gradient, found | {"rate": RATE, "crops": STEPS, "latent": channels_last(z)}


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value


if __name__ == "__main__":
    document = {"spherical": spherical(), "cutouts": [cutout_case("small", 16, 20, CROPS), cutout_case("large", 40, 31, LARGE)]}
    document["gradient"], document["refinement"] = refinement()
    print("lead of a code", min(margins), "outside of 0 ... 1", outside, "nearest equal pixels", min(gaps))
    assert min(margins) > 1e-3 and min(gaps) > 1e-6, "choose another start"
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "integrator.json"
    output.write_text(json.dumps(rounded(document)).replace("}, ", "},\n") + "\n")
    print(output.stat().st_size, document["gradient"]["parts"], document["refinement"]["losses"],
          document["refinement"]["similarities"])

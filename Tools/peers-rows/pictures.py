"""Pictures of a product: a ring on brushed metal, each a little different; defective ones have a scratch."""
from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 512


def picture(seed: int, scratched: bool) -> Image.Image:
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    centre = SIDE / 2 + generator.uniform(-12, 12, 2)
    radius = np.hypot(x - centre[0], y - centre[1])
    brushed = np.repeat(generator.normal(0, 8, (SIDE, 1)), SIDE, 1) + generator.normal(0, 4, (SIDE, SIDE))
    grey = 150 + brushed - 70 * ((radius > 110) & (radius < 170)) + 0.06 * (x - SIDE / 2)
    if scratched:
        angle, offset = generator.uniform(0, np.pi), generator.uniform(-80, 80)
        along = (x - centre[0]) * np.cos(angle) + (y - centre[1]) * np.sin(angle)
        across = (y - centre[1]) * np.cos(angle) - (x - centre[0]) * np.sin(angle) - offset
        grey = np.where((abs(across) < 3) & (abs(along) < 60), 235, grey)
    tint = np.array([1.0, 0.97, 0.92], np.float32)
    return Image.fromarray(np.clip(grey[:, :, None] * tint, 0, 255).astype(np.uint8))


def write(folder: Path, count: int) -> None:
    """MVTec AD's layout: `count` good pictures to train on, as many others to test, every second one scratched."""
    for place, seeds, scratched in (
            ("train/good", range(count), False), ("test/good", range(count, 2 * count, 2), False),
            ("test/scratch", range(count + 1, 2 * count, 2), True)):
        (folder / place).mkdir(parents=True, exist_ok=True)
        for seed in seeds:
            path = folder / place / f"{seed:04d}.png"
            if not path.exists():
                picture(seed, scratched).save(path)

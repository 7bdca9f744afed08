"""Writes images/ and images.json: tiny PNG and JPEG files of every kind with Pillow's values, and resized pictures.

Run from this folder:
    python3 -m venv venv && venv/bin/pip install numpy==2.4.6 pillow==12.0.0
    venv/bin/python make_image_fixtures.py

PNG files are put together here by hand (Pillow cannot write every depth nor Adam7) and read by Pillow: expected are the
values of convert("RGB"). One exception, on purpose: for 16-bit grey Pillow's convert cuts values off at 255, which makes
any real picture white; expected is the high byte, as for 16-bit RGB.

Pillow 12 it must be: from 13 on resizing goes along columns first for some sizes, which moves values by one.
"""

import base64
import io
import json
import os
import struct
import zlib

import numpy as np
from PIL import Image

SEED = 20261125
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed_rows(samples, depth):
    """samples: [height, width, channels]. Each row begins with filter 0, or 1 (Sub) in odd rows of whole bytes."""
    rows = b""
    for number, row in enumerate(samples):
        if depth == 16:
            data = row.astype(">u2").tobytes()
        elif depth == 8:
            data = row.astype(np.uint8).tobytes()
        else:
            bits = "".join(format(int(v), f"0{depth}b") for v in row.ravel())
            bits += "0" * (-len(bits) % 8)
            data = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
        if depth >= 8 and number % 2:
            step = row.shape[1] * depth // 8
            old = np.frombuffer(data, np.uint8).astype(int)
            left = np.concatenate([np.zeros(step, int), old[:-step]])[: len(old)]
            rows += b"\1" + ((old - left) % 256).astype(np.uint8).tobytes()
        else:
            rows += b"\0" + data
    return rows


def png(samples, kind, depth, interlaced=False, chunks=()):
    height, width = samples.shape[:2]
    if interlaced:
        passes = [samples[top::down, left::right] for top, left, down, right in ADAM7]
        data = b"".join(packed_rows(part, depth) for part in passes if part.size)
    else:
        data = packed_rows(samples, depth)
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, int(interlaced))
    body = b"".join(chunk(name, content) for name, content in chunks)
    end = chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + end


def text(array):
    return base64.b64encode(np.ascontiguousarray(array, dtype=np.uint8).tobytes()).decode()


def save(name, data):
    with open(f"images/{name}", "wb") as file:
        file.write(data)


def picture(name, data, channels, pixels=None):
    save(name, data)
    if pixels is None:
        with Image.open(io.BytesIO(data)) as image:
            pixels = np.asarray(image.convert("RGB"))
    return {
        "file": name,
        "width": pixels.shape[1],
        "height": pixels.shape[0],
        "channels": channels,
        "rgb": text(pixels),
    }


def png_pictures(generator):
    found = []
    height, width = 7, 13
    palette = generator.integers(0, 256, (256, 3), dtype=np.uint8)

    def add(name, kind, depth, interlaced=False, chunks=(), pixels_of=None):
        samples = generator.integers(0, 2**depth, (height, width, CHANNELS[kind]))
        if kind == PALETTE:
            chunks = ((b"PLTE", palette[: 2**depth].tobytes()),) + tuple(chunks)
        grey = kind in (GREY, GREY_ALPHA)
        pixels = np.repeat(samples[:, :, :1] >> 8, 3, axis=2) if kind == GREY and depth == 16 else None
        found.append(picture(f"{name}.png", png(samples, kind, depth, interlaced, chunks), 1 if grey else 3, pixels))

    for depth in (1, 2, 4, 8, 16):
        add(f"grey-{depth}", GREY, depth)
    for depth in (1, 2, 4, 8):
        add(f"palette-{depth}", PALETTE, depth)
        alpha = generator.integers(0, 256, 2**depth, dtype=np.uint8).tobytes()
        add(f"palette-{depth}-transparent", PALETTE, depth, chunks=[(b"tRNS", alpha)])
    for depth in (8, 16):
        add(f"rgb-{depth}", RGB, depth)
        add(f"grey-alpha-{depth}", GREY_ALPHA, depth)
        add(f"rgba-{depth}", RGBA, depth)
        add(f"rgb-{depth}-transparent", RGB, depth, chunks=[(b"tRNS", struct.pack(">HHH", 3, 5, 7))])
    for depth in (1, 8, 16):
        add(f"grey-{depth}-transparent", GREY, depth, chunks=[(b"tRNS", struct.pack(">H", 1))])
    add("rgb-8-gamma", RGB, 8, chunks=[(b"gAMA", struct.pack(">I", 100000))])
    add("grey-1-interlaced", GREY, 1, True)
    add("grey-16-interlaced", GREY, 16, True)
    add("palette-4-interlaced", PALETTE, 4, True)
    add("rgb-8-interlaced", RGB, 8, True)
    add("rgba-16-interlaced", RGBA, 16, True)
    return found


def photograph(generator, height, width):
    """Smooth colours with some noise: what JPEG is made for."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    base = np.stack([128 + 90 * np.sin(x / 7 + c) * np.cos(y / 5 - c) for c in range(3)], axis=2)
    return np.clip(base + generator.normal(0, 6, base.shape), 0, 255).astype(np.uint8)


def jpeg(image, **options):
    target = io.BytesIO()
    image.save(target, "JPEG", **options)
    return target.getvalue()


def jpeg_pictures(generator):
    colours = Image.fromarray(photograph(generator, 21, 35))
    found = [
        picture("grey.jpg", jpeg(colours.convert("L"), quality=90), 1),
        picture("rgb-444.jpg", jpeg(colours, quality=92, subsampling=0), 3),
        picture("rgb-422.jpg", jpeg(colours, quality=85, subsampling=1), 3),
        picture("rgb-420.jpg", jpeg(colours, quality=75, subsampling=2), 3),
        picture("rgb-progressive.jpg", jpeg(colours, quality=85, progressive=True), 3),
        picture("one-pixel.jpg", jpeg(colours.crop((3, 3, 4, 4)), quality=85), 3),
    ]
    save("cmyk.jpg", jpeg(colours.convert("CMYK"), quality=85))
    return found


def broken_files(generator):
    samples = generator.integers(0, 256, (2, 2, 1))
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, GREY, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(packed_rows(samples, 8)))
    save("oversize.png", b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + data + chunk(b"IEND", b""))
    data = jpeg(Image.fromarray(photograph(generator, 8, 8)), quality=50)
    place = data.index(b"\xff\xc0") + 5
    save("oversize.jpg", data[:place] + struct.pack(">HH", 65500, 65500) + data[place + 4 :])


def masks(generator):
    """One mask in many encodings."""
    rows = ["..........", ".####....#", ".####.....", ".####..#..", "......#...", "#........."]
    mask = np.array([[c == "#" for c in row] for row in rows]).astype(np.int64)[:, :, None]
    soft = mask * generator.integers(1, 256, mask.shape)
    palette = bytes([0, 0, 0, 128, 0, 0, 0, 0, 90])
    rgba = np.concatenate([mask * 255, mask * 0, mask * 3, np.full_like(mask, 255)], axis=2)
    files = {
        "mask-255.png": png(mask * 255, GREY, 8),
        "mask-1.png": png(mask, GREY, 8),
        "mask-one-bit.png": png(mask, GREY, 1),
        "mask-soft-edge.png": png(soft, GREY, 8),
        "mask-palette.png": png(mask * generator.integers(1, 3, mask.shape), PALETTE, 2, chunks=[(b"PLTE", palette)]),
        "mask-rgba.png": png(rgba, RGBA, 8),
        "mask-16-bit-classes.png": png(mask * generator.integers(1, 256, mask.shape), GREY, 16),
    }
    for name, data in files.items():
        save(name, data)
    return {"files": list(files), "rows": rows}


def float_maps():
    """What NumPy writes for floats, special values at the end."""
    for shape in [(1, 1), (3, 5), (7, 1), (1, 1234), (3, 2, 3)]:
        values = np.arange(np.prod(shape), dtype=np.float32) + np.float32(0.5)
        if values.size > 3:
            values[-3:] = [np.inf, np.nan, 1e-45]
        target = io.BytesIO()
        np.save(target, values.reshape(shape))
        save(f"floats-{'x'.join(map(str, shape))}.npy", target.getvalue())


def resizings(generator):
    found = []
    sources = {
        (23, 37, 3): [(1, 1), (18, 11), (36, 22), (38, 24), (50, 9), (5, 40), (37, 7), (12, 23), (64, 3)],
        (29, 17, 1): [(8, 8), (16, 28), (18, 30), (51, 5), (3, 61)],
        (1, 1, 3): [(5, 4)],
        (1, 19, 1): [(7, 3), (40, 1)],
        (19, 1, 1): [(3, 7)],
        (199, 307, 1): [(64, 41), (3, 2)],
    }
    for (height, width, channels), sizes in sources.items():
        pixels = generator.integers(0, 256, (height, width, channels), dtype=np.uint8)
        image = Image.fromarray(pixels if channels == 3 else pixels[:, :, 0])
        results = []
        for size in sizes:
            result = np.asarray(image.resize(size, Image.Resampling.BILINEAR))
            results.append({"width": size[0], "height": size[1], "pixels": text(result)})
        found.append(
            {"width": width, "height": height, "channels": channels, "pixels": text(pixels), "results": results}
        )
    return found


def main():
    os.makedirs("images", exist_ok=True)
    generator = np.random.default_rng(SEED)
    content = {
        "png": png_pictures(generator),
        "jpeg": jpeg_pictures(generator),
        "masks": masks(generator),
        "resizing": resizings(generator),
    }
    broken_files(generator)
    float_maps()
    with open("images.json", "w") as file:
        json.dump(content, file, indent=0)
        file.write("\n")


main()

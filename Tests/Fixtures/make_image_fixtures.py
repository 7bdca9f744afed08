"""Writes images/ and images.json: tiny picture files of every kind with Pillow's values, and resized pictures.

Run from this folder:
    python3 -m venv venv && venv/bin/pip install numpy==2.4.6 pillow==12.0.0 tifffile==2026.3.3
    venv/bin/python make_image_fixtures.py

PNG files are put together here by hand (Pillow cannot write every depth nor Adam7) and read by Pillow: expected are the
values of convert("RGB"). One exception, on purpose: for 16-bit grey Pillow's convert cuts values off at 255, which makes
any real picture white; expected is the high byte, as for 16-bit RGB.

Of the other formats 8-bit files are read by Pillow too; for 16 bits and floats, which Pillow does not keep in RGB, and for
TIFF layouts that it refuses, expected are the samples that the file was made from.

Pillow 12 it must be: from 13 on resizing goes along columns first for some sizes, which moves values by one.
"""

import base64
import io
import json
import os
import struct
import zlib

import numpy as np
import tifffile
from PIL import Image, ImageOps

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


def bmp(rows, bits, width, height, palette=b"", compression=0, masks=b"", header=40):
    """rows: the file's bytes after the headers; a negative height means rows from the top."""
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        colours = len(palette) // 4
        info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, len(rows), 0, 0, colours, 0)
        info += (masks + bytes(header - 40))[: max(header - 40, 0)] if header > 40 else masks
    start = 14 + len(info) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + info + palette + rows


def bmp_files(generator):
    height, width = 7, 13
    colours = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
    pad = lambda row: row + bytes(-len(row) % 4)
    rows24 = [pad(row[:, ::-1].tobytes()) for row in colours]
    rows32 = [np.concatenate([row[:, ::-1], row[:, :1]], axis=1).tobytes() for row in colours]
    words = generator.integers(0, 65536, (height, width), dtype=np.uint16)
    rows16 = [pad(row.astype("<u2").tobytes()) for row in words]
    indices = generator.integers(0, 256, (height, width), dtype=np.uint8)
    grey = b"".join(bytes([i, i, i, 0]) for i in range(256))
    palette = generator.integers(0, 256, (256, 4), dtype=np.uint8)
    palette[:, 3] = 0
    few = {bits: indices & (2**bits - 1) for bits in (1, 4)}
    packed = {bits: [pad(packed_rows(row[None, :, None], bits)[1:]) for row in few[bits]] for bits in (1, 4)}
    packed[8] = [pad(row.tobytes()) for row in indices]
    fields565 = struct.pack("<III", 0xF800, 0x7E0, 0x1F)
    fields32 = struct.pack("<IIII", 0xFF, 0xFF00, 0xFF0000, 0xFF000000)
    join = lambda rows: b"".join(rows[::-1])
    # Runs, and colours as they stand with an odd count.
    run = bytes([5, 9, 3, 200, 0, 0, 0, 3, 1, 2, 3, 0, 4, 7, 0, 0, 9, 77, 0, 0, 13, 250, 0, 1])
    return {
        "24.bmp": bmp(join(rows24), 24, width, height),
        "24-from-top.bmp": bmp(b"".join(rows24), 24, width, -height),
        "24-os2.bmp": bmp(join(rows24), 24, width, height, header=12),
        "32.bmp": bmp(join(rows32), 32, width, height),
        "32-fields.bmp": bmp(join(rows32), 32, width, height, compression=3, masks=fields32, header=124),
        "16.bmp": bmp(join(rows16), 16, width, height),
        "16-fields.bmp": bmp(join(rows16), 16, width, height, compression=3, masks=fields565),
        "8-grey.bmp": bmp(join(packed[8]), 8, width, height, palette=grey),
        "8-grey-from-top.bmp": bmp(b"".join(packed[8]), 8, width, -height, palette=grey),
        "8-palette.bmp": bmp(join(packed[8]), 8, width, height, palette=palette.tobytes()),
        "4-palette.bmp": bmp(join(packed[4]), 4, width, height, palette=palette[:16].tobytes()),
        "1-palette.bmp": bmp(join(packed[1]), 1, width, height, palette=palette[:2].tobytes()),
        "8-runs.bmp": bmp(run, 8, width, 4, palette=palette.tobytes(), compression=1),
    }


def jumping_runs(doubled):
    """RLE8 with jumps and ends of lines, 13 x 6. `doubled`: two bytes more in each jump, of which Pillow 12 takes the latter
    two; so it reads the picture that others see without them."""
    jump = lambda right, up: bytes([0, 2]) + bytes([99, 99] * doubled) + bytes([right, up])
    end = bytes([0, 0])
    rows = bytes([4, 9]) + jump(3, 0) + bytes([2, 200]) + end
    rows += jump(5, 1) + bytes([0, 3, 1, 2, 3, 0]) + jump(2, 2) + bytes([3, 77]) + end
    rows += bytes([5, 5]) + jump(3, 0) + bytes([5, 6, 0, 1])
    palette = b"".join(bytes([i * 7 % 256, i * 3 % 256, 255 - i, 0]) for i in range(256))
    return bmp(rows, 8, 13, 6, palette=palette, compression=1)


def encoded(image, kind, **options):
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def tiff(array, **options):
    target = io.BytesIO()
    tifffile.imwrite(target, array, metadata=None, **options)
    return target.getvalue()


def exif(orientation, big_endian=False):
    order = ">" if big_endian else "<"
    entry = struct.pack(order + "HHIHH", 274, 3, 1, orientation, 0)
    return (b"MM" if big_endian else b"II") + struct.pack(order + "HIH", 42, 8, 1) + entry + bytes(4)


def other_formats(generator):
    """Files that Pillow reads, and files whose samples are known."""
    colours = generator.integers(0, 256, (7, 13, 3), dtype=np.uint8)
    photo = Image.fromarray(photograph(generator, 21, 35))
    image, grey = Image.fromarray(colours), Image.fromarray(colours[:, :, 0])
    read = bmp_files(generator)
    read["webp-lossless.webp"] = encoded(image, "WEBP", lossless=True)
    read["webp-alpha.webp"] = encoded(Image.fromarray(np.concatenate([colours, colours[:, :, :1] | 1], axis=2)), "WEBP", lossless=True, exact=True)
    read["grey-lzw.tiff"] = encoded(grey, "TIFF", compression="tiff_lzw")
    read["rgb-deflate.tiff"] = encoded(image, "TIFF", compression="tiff_adobe_deflate")
    read["rgb-packbits.tiff"] = encoded(image, "TIFF", compression="packbits")
    read["rgba.tiff"] = encoded(image.convert("RGBA"), "TIFF")
    read["palette.tiff"] = encoded(image.quantize(16), "TIFF")
    read["one-bit-fax.tiff"] = encoded(grey.convert("1"), "TIFF", compression="group4")
    read["two-pages.tiff"] = encoded(image, "TIFF", save_all=True, append_images=[grey])
    read["colour.ppm"] = b"P6\n# a comment\n13 7\n255\n" + colours.tobytes()
    read["grey-99.pgm"] = b"P5 13\t7 # 1 2 3\n99\n" + (colours[:, :, 0] % 100).tobytes()
    for value in range(1, 9):
        read[f"turned-{value}.webp"] = encoded(image, "WEBP", lossless=True, exif=exif(value))
        read[f"turned-{value}.tiff"] = encoded(image, "TIFF", tiffinfo={274: value})
        plain = png(colours, RGB, 8, chunks=[(b"eXIf", exif(value, big_endian=True))])
        read[f"turned-{value}.png"] = plain
    lossy = {"webp-lossy.webp": encoded(photo, "WEBP", quality=80), "jpeg.tiff": encoded(photo, "TIFF", compression="jpeg")}
    for value in range(1, 9):
        lossy[f"turned-{value}.jpg"] = jpeg(photo, quality=92, subsampling=0, exif=b"Exif\0\0" + exif(value, value % 2 == 0))
    deep = generator.integers(0, 65536, (7, 13, 3), dtype=np.uint16)
    bigger = generator.integers(0, 65536, (37, 41, 3), dtype=np.uint16)
    mono = np.ascontiguousarray(deep[:, :, 0])
    known = {
        "deep-grey.tiff": (tiff(mono), mono),
        "deep-grey-big-endian.tiff": (tiff(mono, byteorder=">"), mono),
        "deep-rgb-planar.tiff": (tiff(np.moveaxis(deep, 2, 0), photometric="rgb", planarconfig="separate"), deep),
        "deep-rgb-tiled.tiff": (tiff(bigger, photometric="rgb", tile=(16, 16), compression="zlib"), bigger),
        "deep-grey-big.tiff": (tiff(mono, bigtiff=True), mono),
        "deep-white-is-zero.tiff": (tiff(mono, photometric="miniswhite"), 65535 - mono),
        "deep-grey.pgm": (b"P5 13 7 65535\n" + mono.astype(">u2").tobytes(), mono),
        "deep-grey-1001.pgm": (
            b"P5 13 7 1001\n" + (mono % 1002).astype(">u2").tobytes(),
            np.floor((mono % 1002) * (65535 / 1001) + 0.5).astype(np.uint16),
        ),
        "deep-rgb.ppm": (b"P6 13 7 65535\n" + deep.astype(">u2").tobytes(), deep),
        "deep-grey.png": (png(mono[:, :, None], GREY, 16), mono),
        "deep-rgb-turned.png": (png(deep, RGB, 16, chunks=[(b"eXIf", exif(6))]), np.rot90(deep, -1)),
        "deep-grey-turned.tiff": (tiff(mono, extratags=[(274, 3, 1, 8, True)]), np.rot90(mono)),
    }
    floats = generator.normal(0, 9, (5, 3)).astype(np.float32)
    save("floats.tiff", tiff(floats))
    save("floats-tiled.tiff", tiff(np.pad(floats, ((0, 32), (0, 30))), tile=(16, 16), compression="zlib", byteorder=">"))
    save("cmyk.tiff", encoded(photo.convert("CMYK"), "TIFF"))
    save("animated.webp", encoded(image, "WEBP", save_all=True, append_images=[grey.convert("RGB")], lossless=True))
    save("runs-of-4.bmp", bmp(bytes([2, 0x12, 0, 1]), 4, 2, 1, palette=bytes(64), compression=2))
    save("doubles.tiff", tiff(np.zeros((2, 2))))
    save("text.pgm", b"P2 1 1 255 7\n")
    # A mask without a defect: nothing packs better.
    empty = Image.new("L", (3000, 2800))
    save("empty.webp", encoded(empty, "WEBP", lossless=True))
    save("empty-lzw.tiff", encoded(empty, "TIFF", compression="tiff_lzw", tiffinfo={278: 2800}))
    save("empty-deflate.tiff", encoded(empty, "TIFF", compression="tiff_adobe_deflate", tiffinfo={278: 2800}))
    save("empty-fax.tiff", encoded(Image.new("1", empty.size), "TIFF", compression="group4", tiffinfo={278: 2800}))

    def upright(name, data):
        save(name, data)
        return ImageOps.exif_transpose(Image.open(io.BytesIO(data)))

    def entry(name, data):
        found = upright(name, data)
        values = np.asarray(found.convert("RGB"))
        return {"file": name, "width": found.width, "height": found.height, "channels": 0, "rgb": text(values)}

    def jumps():
        save("8-jumps.bmp", jumping_runs(False))
        values = np.asarray(Image.open(io.BytesIO(jumping_runs(True))).convert("RGB"))
        return {"file": "8-jumps.bmp", "width": 13, "height": 6, "channels": 0, "rgb": text(values)}

    def deep_entry(name, data, values):
        save(name, data)
        words = base64.b64encode(np.ascontiguousarray(values, "<u2").tobytes()).decode()
        channels = 1 if values.ndim == 2 else 3
        return {"file": name, "width": values.shape[1], "height": values.shape[0], "channels": channels, "words": words}

    return {
        "exact": [entry(*item) for item in read.items()] + [jumps()],
        "lossy": [entry(*item) for item in lossy.items()],
        "deep": [deep_entry(name, *item) for name, item in known.items()],
        "floats": base64.b64encode(floats.astype("<f4").tobytes()).decode(),
    }


FILTERS = {"nearest": 0, "bilinear": 2, "bicubic": 3, "lanczos": 1}


def filtered(generator):
    """Every filter, with 8 bits and with floats."""
    found = []
    for (height, width, channels), sizes in {
        (23, 37, 3): [(1, 1), (18, 11), (38, 24), (50, 9), (5, 40)],
        (29, 17, 1): [(8, 8), (18, 30), (51, 5)],
        (1, 1, 1): [(3, 2)],
        (101, 97, 1): [(13, 7), (97, 31)],
    }.items():
        pixels = generator.integers(0, 256, (height, width, channels), dtype=np.uint8)
        image = Image.fromarray(pixels if channels == 3 else pixels[:, :, 0])
        planes = [Image.fromarray(pixels[:, :, c].astype(np.float32)) for c in range(channels)]
        results = []
        for name, method in FILTERS.items():
            for size in sizes:
                values = np.stack([np.asarray(plane.resize(size, method)) for plane in planes], axis=2)
                floats = base64.b64encode(values.astype("<f4").tobytes()).decode()
                result = {"filter": name, "width": size[0], "height": size[1], "floats": floats}
                results.append(result | {"pixels": text(image.resize(size, method))})
        found.append(
            {"width": width, "height": height, "channels": channels, "pixels": text(pixels), "results": results}
        )
    return found


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
    content |= other_formats(np.random.default_rng(SEED + 1))
    content["filtered"] = filtered(np.random.default_rng(SEED + 2))
    with open("images.json", "w") as file:
        json.dump(content, file, indent=0)
        file.write("\n")


main()

"""Writes checkpoints/ and checkpoints.json: PyTorch legacy files, hostile pickles, safetensors and wheels, with values.

Run from this folder:
    python3 -m venv venv && venv/bin/pip install torch==2.15.0 numpy==2.4.6 safetensors==0.8.0
    venv/bin/python make_checkpoint_fixtures.py

Values are small whole numbers and quarters, so that JSON and every type hold them exactly.
"""

import collections
import io
import json
import os
import pickle
import struct
import zipfile

import numpy as np
import safetensors.numpy
import torch

SEED = 20261125


def numbers(generator, *shape):
    return torch.from_numpy(generator.integers(-100, 100, shape).astype(np.float32) / 4)


def state_dictionary(generator):
    """Everything that occurs in real files: views, transposes, counters, shared storages, a parameter, other types."""
    shared = numbers(generator, 24)
    # As converted from TensorFlow: [out, in, height, width] over storage in the order height, width, in, out.
    convolution = numbers(generator, 3, 3, 2, 5).permute(3, 2, 0, 1)
    depthwise = numbers(generator, 3, 3, 7, 1).permute(2, 3, 0, 1)
    tensors = collections.OrderedDict()
    tensors["stem.weight"] = convolution
    tensors["depthwise.weight"] = depthwise
    tensors["head.weight"] = numbers(generator, 4, 6).t()
    tensors["norm.num_batches_tracked"] = torch.tensor(123456789, dtype=torch.int64)
    tensors["plain"] = numbers(generator, 2, 3)
    tensors["shared.rows"] = shared[4:16].view(3, 4)
    tensors["shared.steps"] = shared[1::3]
    tensors["shared.all"] = shared
    tensors["tied"] = tensors["plain"]
    tensors["expanded"] = numbers(generator, 3, 1).expand(3, 4)
    tensors["empty"] = torch.zeros(0, 3)
    tensors["scalar"] = torch.tensor(2.5)
    tensors["parameter"] = torch.nn.Parameter(numbers(generator, 5))
    for name in ("float64", "float16", "bfloat16", "int64", "int32", "int16", "int8"):
        tensors[name] = (numbers(generator, 3) * 4).to(getattr(torch, name))
    tensors["uint8"] = torch.tensor([0, 7, 255], dtype=torch.uint8)
    tensors["bool"] = torch.tensor([True, False, True])
    tensors["special"] = torch.tensor([float("inf"), -float("inf"), -0.0, 2**-149, 3.4e38])
    tensors._metadata = collections.OrderedDict([("", {"version": 1}), ("norm", {"version": 2})])
    return tensors


def half_precision():
    """Every exponent of both half types, with signs, subnormal numbers and infinities."""
    bits = torch.arange(0, 65536, 97, dtype=torch.int32).to(torch.int16)
    tensors = {"float16": bits.view(torch.float16), "bfloat16": bits.view(torch.bfloat16)}
    return {name: tensor[torch.isfinite(tensor)] for name, tensor in tensors.items()}


def legacy(value):
    target = io.BytesIO()
    torch.save(value, target, _use_new_zipfile_serialization=False)
    return target.getvalue()


def described(tensors):
    return {
        name: {"shape": list(t.shape), "values": [repr(float(v)) for v in t.detach().double().flatten().tolist()]}
        for name, t in tensors.items()
    }


def save(name, data):
    with open(f"checkpoints/{name}", "wb") as file:
        file.write(data)


class Hostile:
    """Pickled as a call of a function by name."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def hostile_pickles():
    """Legacy files whose object would do harm if anything called it."""
    start = legacy({"a": torch.zeros(1)})
    # Magic number, version and system information come first; the object is the fourth pickle.
    head = start[: third_pickle_end(start)]
    objects = {
        "os-system": Hostile(os.system, "touch /tmp/flawless-was-here"),
        "eval": {"a": Hostile(eval, "__import__('os').getpid()")},
        "in-state-dict": collections.OrderedDict(a=Hostile(print, "gotcha")),
    }
    files = {}
    for name, value in objects.items():
        files[f"hostile-{name}.pth"] = head + pickle.dumps(value, protocol=2) + pickle.dumps([], protocol=2)
    return files


def third_pickle_end(data):
    stream = io.BytesIO(data)
    for _ in range(3):
        pickle.load(stream)
    return stream.tell()


def wheel(entries):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data, method in entries:
            info = zipfile.ZipInfo(name, date_time=(2026, 11, 25, 0, 0, 0))
            info.compress_type = method
            archive.writestr(info, data)
    return target.getvalue()


def main():
    os.makedirs("checkpoints", exist_ok=True)
    generator = np.random.default_rng(SEED)
    tensors = state_dictionary(generator)
    halves = half_precision()
    save("legacy.pth", legacy(tensors))
    save("legacy-nested.pth", legacy({"epoch": 3, "state_dict": {"w": tensors["head.weight"]}, "name": "x"}))
    save("legacy-halves.pth", legacy(halves))
    save("protocol-4.pth", pickle.dumps({"a": [1.5]}, protocol=4))
    target = io.BytesIO()
    torch.save({"a": torch.zeros(2)}, target)
    save("zip.pth", target.getvalue())
    for name, data in hostile_pickles().items():
        save(name, data)
    arrays = {
        "f32": numbers(generator, 2, 5).numpy(),
        "f16": numbers(generator, 3).numpy().astype(np.float16),
        "f64": numbers(generator, 1, 1, 7).numpy().astype(np.float64),
        "i64": np.array([[-5, 2**40]]),
        "i32": np.array([7, -9], dtype=np.int32),
        "i16": np.array([-300], dtype=np.int16),
        "i8": np.array([-128, 127], dtype=np.int8),
        "u8": np.array([0, 255], dtype=np.uint8),
        "bool": np.array([True, False]),
        "scalar": np.array(1.25, dtype=np.float32),
        "empty": np.zeros((0, 4), dtype=np.float32),
    }
    save("reference.safetensors", safetensors.numpy.save(arrays, metadata={"written by": "safetensors"}))
    text = b"weights that are text, text, text, text, text\n" * 3
    save(
        "package.whl",
        wheel(
            [
                ("package/__init__.py", b"", zipfile.ZIP_STORED),
                ("package/stored.bin", text, zipfile.ZIP_STORED),
                ("package/deflated.bin", text, zipfile.ZIP_DEFLATED),
            ]
        ),
    )
    everything = {
        "legacy.pth": described(tensors),
        "legacy-nested.pth": described({"w": tensors["head.weight"]}),
        "legacy-halves.pth": described(halves),
        "reference.safetensors": described({k: torch.from_numpy(v) for k, v in arrays.items()}),
    }
    with open("checkpoints.json", "w") as file:
        json.dump(everything, file, indent=0)
        file.write("\n")


main()

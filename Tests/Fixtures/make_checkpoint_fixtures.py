"""Writes checkpoints/ and checkpoints.json: PyTorch files of every kind, hostile pickles, safetensors and wheels.

Values are those that torch.load or safetensors read from the files written. `--add` keeps the files that are there.

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
import sys
import warnings
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
    # Keys of storages in legacy files are addresses, so that each run would change them.
    if "--add" in sys.argv and os.path.exists(f"checkpoints/{name}"):
        return
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


def zipped(value, **options):
    target = io.BytesIO()
    torch.save(value, target, **options)
    return target.getvalue()


EIGHT_BITS = ("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu")


def rare_types():
    """Every value of the eight-bit floats, and the unsigned integers: storages of bytes and a type in each tensor."""
    tensors = {name: torch.arange(256, dtype=torch.uint8).view(getattr(torch, name)) for name in EIGHT_BITS}
    for name, bits in (("uint16", 16), ("uint32", 32), ("uint64", 64)):
        tensors[name] = torch.tensor([0, 1, 2 ** (bits - 1), 2**bits - 2 ** (bits - 8)], dtype=getattr(torch, name))
    tensors["transposed"] = torch.arange(6, dtype=torch.uint8).view(torch.float8_e5m2).view(2, 3).t()
    return tensors


class Head(torch.nn.Module):
    def __init__(self, generator):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.BatchNorm1d(4))
        self.scale = torch.nn.Parameter(numbers(generator, 1))
        self.register_buffer("resolution", torch.tensor(224))
        with torch.no_grad():
            for tensor in [*self.parameters(), self.layers[2].running_mean, self.layers[2].running_var]:
                tensor.copy_(numbers(generator, *tensor.shape))

    def forward(self, x):
        return self.layers(x) * self.scale


def torchscript(module):
    """An archive as OpenAI's CLIP is one: traced, half of it in half precision."""
    module.layers[0].half().float()
    traced = torch.jit.trace(module.eval(), torch.zeros(2, 3))
    traced.layers._modules["0"].weight.data = traced.layers._modules["0"].weight.data.half()
    target = io.BytesIO()
    torch.jit.save(traced, target)
    data = target.getvalue()
    state = torch.jit.load(io.BytesIO(data), map_location="cpu").state_dict()
    return data, state


def lightning(generator):
    """A checkpoint as Lightning 1 writes it: its own class as a key, paths in the hyper-parameters, Adam's state."""
    import pathlib
    import types

    name = "pytorch_lightning.callbacks.model_checkpoint"
    for depth in range(1, 4):
        package = ".".join(name.split(".")[:depth])
        sys.modules[package] = types.ModuleType(package)
    checkpoint_class = type("ModelCheckpoint", (), {"__module__": name})
    sys.modules[name].ModelCheckpoint = checkpoint_class
    state = collections.OrderedDict()
    state["encoder.conv_in.weight"] = numbers(generator, 2, 3, 3, 3)
    state["quantize.embedding.weight"] = numbers(generator, 4, 2)
    state["loss.discriminator.main.3.num_batches_tracked"] = torch.tensor(7)
    return {
        "epoch": 3,
        "global_step": 120,
        "pytorch-lightning_version": "1.0.8",
        "callbacks": {checkpoint_class: {"best_model_score": torch.tensor(0.5), "dirpath": pathlib.PurePosixPath("a")}},
        "optimizer_states": [{"state": {0: {"step": 5, "exp_avg": numbers(generator, 4, 2)}}, "param_groups": []}],
        "lr_schedulers": [],
        "state_dict": state,
        "hparams": collections.defaultdict(list, {"rate": 4.5e-6, "data": pathlib.PurePosixPath("b")}),
    }, state


def rezipped(data, change=None, method=zipfile.ZIP_STORED, descriptors=False, zip64=False):
    """The members again, changed, compressed, with data descriptors or with the wide fields of Zip64."""
    target = Unseekable() if descriptors else io.BytesIO()
    source = zipfile.ZipFile(io.BytesIO(data))
    with zipfile.ZipFile(target, "w") as archive:
        for info in source.infolist():
            content = source.read(info.filename)
            if change:
                content = change(info.filename, content)
            new = zipfile.ZipInfo(info.filename, date_time=(2026, 11, 26, 0, 0, 0))
            new.compress_type = method
            with archive.open(new, "w", force_zip64=zip64) as member:
                member.write(content)
    return bytes(target.data) if descriptors else target.getvalue()


class Unseekable(io.RawIOBase):
    """A stream that cannot go back, so that sizes follow the data."""

    def __init__(self):
        self.data = bytearray()

    def writable(self):
        return True

    def seekable(self):
        return False

    def write(self, data):
        self.data += data
        return len(data)


def big_endian(data, types):
    """The same archive as a big-endian machine would write it; `types` are NumPy's of the storages in order."""

    def change(name, content):
        if name.endswith("/byteorder"):
            return b"big"
        if "/data/" in name:
            size = types[int(name.rsplit("/", 1)[1])]
            return np.frombuffer(content, f"<u{size}").astype(f">u{size}").tobytes()
        return content

    return rezipped(data, change)


def viewed_storage():
    """A legacy file whose storage is a part of another, as PyTorch 0.1 to 0.3 wrote them."""
    data = legacy(collections.OrderedDict(a=torch.arange(10, dtype=torch.float32)[2:6]))
    # The persistent identifier ends with the count 10 and None; the view is (key, offset 3, size 7).
    marker = b"K\nNt"
    place = data.index(marker)
    view = b"K\n(X\x04\x00\x00\x00viewK\x03K\x07tt"
    return data[:place] + view + data[place + len(marker) :]


def read_back(name, **options):
    """What torch sees in the file itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.load(f"checkpoints/{name}", map_location="cpu", **options)


def python_two(tensors):
    """A legacy file as Python 2 wrote it: short byte strings, an OrderedDict of a list of lists, the first rebuild."""

    def text(value):
        return b"U" + bytes([len(value)]) + value.encode()

    head = legacy({})[: third_pickle_end(legacy({}))]
    items, storages = b"", b""
    for index, (name, tensor) in enumerate(tensors.items()):
        storage = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text(str(index)) + text("cuda:0")
        storage += b"K" + bytes([tensor.numel()]) + b"NtQ"
        shape = b"(" + b"".join(b"K" + bytes([extent]) for extent in tensor.shape) + b"t"
        strides = b"(" + b"".join(b"K" + bytes([stride]) for stride in tensor.stride()) + b"t"
        rebuilt = b"ctorch._utils\n_rebuild_tensor\n(" + storage + b"K\x00" + shape + strides + b"tR"
        items += b"](" + text(name) + rebuilt + b"e"
        storages += struct.pack("<q", tensor.numel()) + tensor.numpy().tobytes()
    keys = b"\x80\x02](" + b"".join(text(str(index)) for index in range(len(tensors))) + b"e."
    return head + b"\x80\x02ccollections\nOrderedDict\n](" + items + b"e\x85R." + keys + storages


def zip_files(generator, tensors, halves, expected):
    """Files of torch.save since 1.6, and what is like them."""
    whole = zipped(tensors)
    save("zip-state.pth", whole)
    save("zip-halves.pth", zipped(halves))
    save("zip-rare-types.pth", zipped(rare_types()))
    nested = {"bn": {"w": tensors["plain"]}, "decoder": {"up": {"w": tensors["head.weight"]}}, "epoch": 2}
    save("zip-nested.pth", zipped(nested))
    save("zip-model.pth", zipped({"optimizer": {"state": {}}, "model": {"w": tensors["plain"]}}))
    save("zip-deflated.pth", rezipped(whole, method=zipfile.ZIP_DEFLATED))
    save("zip-descriptors.pth", rezipped(whole, descriptors=True))
    save("zip-zip64.pth", rezipped(whole, zip64=True))
    order = [4, 4, 4, 8, 4, 4, 4, 4, 4, 4, 8, 2, 2, 8, 4, 2, 1, 1, 1, 4]
    save("zip-big-endian.pth", big_endian(whole, order))
    save("zip-complex.pth", zipped({"a": torch.ones(2), "complex": torch.ones(2, dtype=torch.complex64)}))
    save("zip-sparse.pth", zipped({"a": torch.ones(2), "sparse": torch.eye(2).to_sparse()}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quantised = torch.quantize_per_tensor(torch.ones(3), 0.5, 1, torch.qint8)
        save("zip-quantised.pth", zipped({"a": torch.ones(2), "quantised": quantised}))
        script, script_state = torchscript(Head(generator))
    save("torchscript.pt", script)
    checkpoint, state = lightning(generator)
    save("lightning.ckpt", zipped(checkpoint))
    save("lightning-legacy.ckpt", legacy(checkpoint))
    head = Head(generator)
    head.__class__.__module__ = "__main__"
    save("module.pth", zipped(head))
    save("legacy-view.pth", viewed_storage())
    two = {"lin0.model.1.weight": numbers(generator, 1, 6, 1, 1), "b": numbers(generator, 3, 2)}
    save("legacy-python-2.pth", python_two(two))
    for name in ("zip-state", "zip-halves", "zip-rare-types", "zip-deflated", "zip-descriptors", "zip-zip64"):
        expected[f"{name}.pth"] = described(read_back(f"{name}.pth", weights_only=True))
    for name in ("zip-big-endian", "legacy-view", "legacy-python-2"):
        expected[f"{name}.pth"] = described(read_back(f"{name}.pth", weights_only=True))
    nested = read_back("zip-nested.pth", weights_only=True)
    expected["zip-nested.pth"] = described({"bn.w": nested["bn"]["w"], "decoder.up.w": nested["decoder"]["up"]["w"]})
    expected["zip-model.pth"] = described(read_back("zip-model.pth", weights_only=True)["model"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        script_state = torch.jit.load("checkpoints/torchscript.pt").state_dict()
    expected["torchscript.pt"] = described(script_state)
    for name in ("lightning.ckpt", "lightning-legacy.ckpt"):
        expected[name] = described(read_back(name, weights_only=False)["state_dict"])
    expected["module.pth"] = described(read_back("module.pth", weights_only=False).state_dict())


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
    zip_files(generator, tensors, halves, everything)
    with open("checkpoints.json", "w") as file:
        json.dump(everything, file, indent=0)
        file.write("\n")


main()

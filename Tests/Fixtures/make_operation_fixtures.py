#!/usr/bin/env python3
"""Writes operations.safetensors: inputs of every inference operation, and what PyTorch and SciPy make of them.

    python3 make_operation_fixtures.py [OUTPUT]

Needs torch, scipy, numpy and safetensors. Inputs are rounded to float32, results are computed in float64 from them and
then rounded. Layouts are those of Sources/Compute: pictures [batch, height, width, channels], convolution weights
[kernel height, kernel width, input channels / groups, output channels].

The metadata's JSON text `cases` lists the cases with their parameters and the names of their tensors; equal tensors are
stored once: {"name", "family", "integers": {name: [int]}, "numbers": {name: float}, "texts": {name: str},
"tensors": {role: tensor}}.
"""
import hashlib
import json
import math
import sys
from pathlib import Path

import numpy
import scipy
import scipy.ndimage
import torch
import torch.nn.functional as F
from safetensors.numpy import load_file

SEED = 20240607
random = numpy.random.default_rng(SEED)
tensors, cases = {}, []


def case(name, family, inputs, outputs, integers=None, numbers=None, texts=None):
    name = f"{family}: {name}"
    assert all(entry["name"] != name for entry in cases), name
    cases.append({
        "name": name, "family": family,
        "integers": {key: [int(v) for v in numpy.atleast_1d(value)] for key, value in (integers or {}).items()},
        "numbers": numbers or {}, "texts": texts or {},
        "tensors": {role: stored(values) for role, values in {**inputs, **outputs}.items()}})


def stored(values):
    """The name under which the file has these values."""
    values = numpy.asarray(values)
    assert not numpy.isnan(values).any()
    with numpy.errstate(over="ignore"):  # exp(100) is infinite in float32
        values = values.astype("<f4" if values.dtype.kind == "f" else "<i4", order="C")
    digest = hashlib.sha256(repr((values.dtype.str, values.shape)).encode() + values.tobytes()).hexdigest()[:12]
    tensors[digest] = values
    return digest


def written(path, metadata):
    """A safetensors file; the package's own writer orders the metadata at random."""
    header, offset = {"__metadata__": metadata}, 0
    for name, values in sorted(tensors.items()):
        kind = {"f": "F32", "i": "I32"}[values.dtype.kind]
        header[name] = {"dtype": kind, "shape": values.shape, "data_offsets": [offset, offset + values.nbytes]}
        offset += values.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(
        len(text).to_bytes(8, "little") + text + b"".join(values.tobytes() for _, values in sorted(tensors.items())))
    assert load_file(path).keys() == tensors.keys()


def normal(*shape):
    """float64 that float32 holds exactly."""
    return random.standard_normal(shape).astype(numpy.float32).astype(numpy.float64)


def whole(*shape):
    """Whole numbers: sums of their products are exact in float32, whatever the order."""
    return random.integers(-4, 5, shape).astype(numpy.float64)


def positive(*shape):
    """Nothing cancels, so a lost term shows."""
    return numpy.abs(normal(*shape)) + 0.125


DATA = {"normal": normal, "whole": whole, "positive": positive}


def to_nchw(x):
    return torch.from_numpy(numpy.ascontiguousarray(x)).permute(0, 3, 1, 2)


def to_nhwc(x):
    return x.permute(0, 2, 3, 1).contiguous().numpy()


def activated(name, x):
    return {
        "none": lambda: x, "relu": lambda: F.relu(x), "relu6": lambda: F.relu6(x), "silu": lambda: F.silu(x),
        "gelu": lambda: F.gelu(x), "geluQuick": lambda: x * torch.sigmoid(1.702 * x),
        "sigmoid": lambda: torch.sigmoid(x), "tanh": lambda: torch.tanh(x)}[name]()


def convolution(
        height, width, inputs, outputs, kernel, batch=1, stride=(1, 1), padding=(0, 0, 0, 0), dilation=(1, 1), groups=1,
        bias=False, residual=False, activation="none", data="normal"):
    """padding: top, left, bottom, right"""
    draw = DATA[data]
    x, w = draw(batch, height, width, inputs), draw(kernel[0], kernel[1], inputs // groups, outputs)
    top, left, bottom, right = padding
    y = F.conv2d(
        F.pad(to_nchw(x), (left, right, top, bottom)), torch.from_numpy(w).permute(3, 2, 0, 1), stride=stride,
        dilation=dilation, groups=groups)
    roles = {"x": x, "w": w}
    if bias:
        roles["bias"] = draw(outputs)
        y = y + torch.from_numpy(roles["bias"])[None, :, None, None]
    if residual:
        roles["residual"] = draw(*to_nhwc(y).shape)
        y = y + to_nchw(roles["residual"])
    name = f"{kernel[0]}x{kernel[1]} {batch}x{height}x{width}x{inputs} to {outputs} {data}"
    for word, value, default in [
            ("stride", stride, (1, 1)), ("padding", padding, (0, 0, 0, 0)), ("dilation", dilation, (1, 1))]:
        if value != default:
            name += f" {word} " + ",".join(map(str, value))
    if groups > 1:
        name += f" groups {groups}"
    name += " bias" * bias + " residual" * residual + (f" {activation}" if activation != "none" else "")
    case(name, "convolution", roles, {"y": to_nhwc(activated(activation, y))},
         {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups},
         texts={"activation": activation, "data": data})


def convolutions():
    # 1x1: a plain matrix product, with stride, and with padding.
    convolution(1, 1, 1, 1, (1, 1), bias=True)
    convolution(7, 5, 3, 17, (1, 1), batch=3, bias=True, activation="relu6")
    convolution(5, 7, 33, 17, (1, 1), residual=True, bias=True)
    convolution(7, 11, 17, 33, (1, 1), bias=True, activation="silu")
    convolution(9, 8, 17, 3, (1, 1), stride=(2, 2), bias=True)
    convolution(4, 5, 3, 3, (1, 1), padding=(1, 0, 0, 2), bias=True)
    convolution(9, 7, 48, 65, (1, 1), data="whole")
    # 3x3
    convolution(9, 11, 3, 17, (3, 3), padding=(1, 1, 1, 1), bias=True, activation="relu")
    convolution(7, 5, 17, 33, (3, 3), padding=(1, 1, 1, 1))
    convolution(11, 13, 3, 32, (3, 3), stride=(2, 2), padding=(0, 0, 1, 1), bias=True, activation="relu6", batch=3)
    convolution(8, 9, 1, 1, (3, 3), batch=3)
    convolution(12, 10, 3, 5, (3, 3), stride=(2, 1), padding=(1, 1, 1, 1), bias=True)
    convolution(12, 10, 3, 5, (3, 3), stride=(1, 3), padding=(2, 0, 1, 2))
    convolution(13, 12, 5, 3, (3, 3), dilation=(2, 3), padding=(2, 3, 2, 3), bias=True, activation="tanh")
    convolution(8, 8, 12, 18, (3, 3), groups=3, padding=(1, 1, 1, 1), bias=True, batch=3)
    convolution(6, 7, 34, 34, (3, 3), groups=17, padding=(1, 1, 1, 1), residual=True)
    convolution(5, 6, 33, 17, (3, 3), padding=(1, 1, 1, 1), data="whole", bias=True, residual=True)
    convolution(4, 5, 17, 5, (3, 3), padding=(1, 1, 1, 1), data="positive", batch=3)
    convolution(3, 3, 4, 4, (3, 3), bias=True)
    # Depthwise, as in EfficientNet, with TensorFlow's padding; and with two outputs a channel.
    convolution(5, 7, 33, 33, (3, 3), groups=33, padding=(1, 1, 1, 1), bias=True, activation="relu6", batch=3)
    convolution(12, 10, 17, 17, (3, 3), groups=17, stride=(2, 2), padding=(0, 0, 1, 1), bias=True, activation="relu6")
    convolution(11, 9, 17, 17, (5, 5), groups=17, stride=(2, 2), padding=(1, 1, 2, 2), bias=True)
    convolution(6, 7, 32, 32, (5, 5), groups=32, padding=(2, 2, 2, 2), residual=True, bias=True)
    convolution(10, 11, 3, 3, (3, 3), groups=3, dilation=(2, 2), stride=(1, 2), padding=(2, 0, 1, 1))
    convolution(9, 9, 3, 6, (3, 3), groups=3, padding=(1, 1, 1, 1), bias=True)
    convolution(5, 5, 64, 64, (3, 3), groups=64, padding=(1, 1, 1, 1), data="whole")
    # Larger and unequal kernels.
    convolution(7, 6, 17, 9, (5, 5), padding=(2, 2, 2, 2), bias=True, activation="gelu")
    convolution(11, 9, 3, 17, (5, 5), stride=(2, 2), padding=(1, 1, 2, 2), batch=3)
    convolution(15, 13, 3, 17, (7, 7), stride=(2, 2), padding=(3, 3, 3, 3), bias=True, activation="relu")
    convolution(10, 12, 1, 3, (7, 7), padding=(3, 3, 3, 3), activation="sigmoid")
    convolution(9, 10, 3, 5, (1, 7), padding=(0, 3, 0, 3), bias=True, activation="geluQuick")
    convolution(9, 10, 3, 5, (7, 1), padding=(3, 0, 3, 0))
    convolution(5, 4, 3, 4, (5, 4), data="whole")


def activations():
    x = numpy.concatenate([
        numpy.linspace(-12, 12, 97), 1.5 * normal(61),
        [0.0, -0.0, 1e-20, -1e-20, 1e-4, -1e-4, 6, 6.0001, 5.9999, 20, -20, 50, -50, 87, -87, 88.5, -88.5, 90, -90, 104,
         -104, 1e4, -1e4, 3e38, -3e38]]).astype(numpy.float32).astype(numpy.float64)
    for name in ["none", "relu", "relu6", "silu", "gelu", "geluQuick", "sigmoid", "tanh"]:
        case(name, "activation", {"x": x}, {"y": activated(name, torch.from_numpy(x))}, texts={"activation": name})


def elementwise():
    for shape in [(1,), (3, 7, 17), (5, 33)]:
        for name, function in [
                ("add", torch.add), ("subtract", torch.sub), ("multiply", torch.mul), ("divide", torch.div),
                ("maximum", torch.maximum), ("minimum", torch.minimum)]:
            x = normal(*shape)
            for role, other in [("same shape", normal(*shape)), ("rows", normal(shape[-1]))]:
                if name == "divide":
                    other = numpy.copysign(numpy.abs(other) + 0.25, other)
                y = function(*torch.broadcast_tensors(torch.from_numpy(x), torch.from_numpy(other)))
                case(f"{name} {role} {'x'.join(map(str, shape))}", "binary", {"x": x, "other": other}, {"y": y},
                     texts={"operation": name})
    magnitudes = numpy.concatenate([positive(67), [1e-30, 1e-10, 1e-3, 1, 2, 1e3, 1e10, 1e30]])
    for name, function, x in [
            ("squareRoot", torch.sqrt, numpy.concatenate([magnitudes, [0]])),
            ("square", torch.square, numpy.concatenate([normal(67), [0, 1e15, -1e15]])),
            ("absolute", torch.abs, numpy.concatenate([normal(67), [0, -0.0, -3e38]])),
            ("exponential", torch.exp,
             numpy.concatenate([8 * normal(67), [0, 1, -1, -50, 50, 80, 87, 88.5, 88.7, 100, -86, -110]])),
            ("logarithm", torch.log, numpy.concatenate([magnitudes, 1 + 0.01 * normal(31)])),
            ("reciprocal", torch.reciprocal, numpy.concatenate([magnitudes, -magnitudes]))]:
        x = x.astype(numpy.float32).astype(numpy.float64)
        case(name, "unary", {"x": x}, {"y": function(torch.from_numpy(x))}, texts={"operation": name})
    x = normal(3, 5, 11)
    case("affine", "affine", {"x": x}, {"y": 0.0078125 * x - 0.9921875},
         numbers={"scale": 0.0078125, "shift": -0.9921875})
    case("clamp", "clamp", {"x": x}, {"y": numpy.clip(x, -0.5, 0.75)}, numbers={"lower": -0.5, "upper": 0.75})


def matrices():
    for rows, columns, depth, batch, data in [
            (1, 1, 1, 0, "normal"), (1, 33, 17, 0, "normal"), (17, 1, 31, 0, "normal"), (33, 65, 13, 0, "normal"),
            (7, 5, 257, 0, "normal"), (67, 17, 16, 0, "whole"), (5, 7, 11, 3, "normal"), (16, 33, 9, 2, "whole"),
            (3, 67, 33, 1, "positive")]:
        lead = (batch,) if batch else ()
        a, b = DATA[data](*lead, rows, depth), DATA[data](*lead, depth, columns)
        for transposed in (False, True):
            for other_transposed in (False, True):
                scale = 0.5 if transposed else 1.0
                y = scale * torch.matmul(torch.from_numpy(a), torch.from_numpy(b))
                name = f"{batch}x{rows}x{columns}x{depth} {data} " + "NT"[transposed] + "NT"[other_transposed]
                case(name, "matrix",
                     {"x": numpy.swapaxes(a, -1, -2) if transposed else a,
                      "other": numpy.swapaxes(b, -1, -2) if other_transposed else b}, {"y": y},
                     {"transposed": transposed, "otherTransposed": other_transposed, "depth": depth},
                     {"scale": scale}, {"data": data})


def pooling():
    for batch, height, width, channels, kernel, stride, padding in [
            (1, 1, 1, 1, (1, 1), (1, 1), (0, 0, 0, 0)), (3, 8, 6, 17, (2, 2), (2, 2), (0, 0, 0, 0)),
            (1, 9, 11, 3, (3, 3), (1, 1), (1, 1, 1, 1)), (3, 7, 5, 33, (3, 3), (2, 2), (1, 1, 1, 1)),
            (1, 11, 8, 5, (3, 2), (2, 3), (1, 0, 1, 1)), (1, 13, 13, 1, (5, 5), (3, 1), (2, 2, 2, 2)),
            (1, 10, 9, 3, (3, 3), (2, 2), (0, 1, 1, 0))]:
        x = normal(batch, height, width, channels)
        top, left, bottom, right = padding

        def padded(values, value):
            return F.pad(to_nchw(values), (left, right, top, bottom), value=value)

        sums = F.avg_pool2d(padded(x, 0.0), kernel, stride)
        inside = F.avg_pool2d(padded(numpy.ones_like(x), 0.0), kernel, stride)
        for kind, y in [
                ("maximum", F.max_pool2d(padded(x, -math.inf), kernel, stride)), ("average of the window", sums),
                ("average of the picture", sums / inside)]:
            symmetric = (top, left) == (bottom, right)
            if symmetric and kind != "maximum":
                direct = F.avg_pool2d(to_nchw(x), kernel, stride, (top, left),
                                      count_include_pad=kind == "average of the window")
                assert torch.allclose(direct, y, rtol=1e-12, atol=0)
            name = f"{kind} {batch}x{height}x{width}x{channels} kernel {kernel} stride {stride} padding {padding}"
            case(name, "pooling", {"x": x}, {"y": to_nhwc(y)},
                 {"kernel": kernel, "stride": stride, "padding": padding}, texts={"kind": kind})
    for shape in [(1, 1, 1, 3), (3, 7, 5, 17), (1, 11, 16, 33)]:
        x = normal(*shape)
        for kind, y in [
                ("maximum", x.max((1, 2), keepdims=True)), ("average of the window", x.mean((1, 2), keepdims=True))]:
            case(f"{kind} of the whole {shape}", "global pooling", {"x": x}, {"y": y}, texts={"kind": kind})


def resampling():
    for batch, height, width, channels, to_height, to_width in [
            (1, 1, 1, 1, 3, 5), (1, 3, 5, 3, 1, 1), (3, 5, 3, 17, 7, 4), (1, 13, 11, 3, 7, 5), (1, 16, 16, 5, 32, 32),
            (1, 4, 4, 33, 4, 4), (1, 31, 2, 1, 17, 29), (1, 4, 6, 3, 12, 3), (1, 5, 1, 2, 37, 4)]:
        x = normal(batch, height, width, channels)
        for mode, arguments in [
                ("nearest", {"mode": "nearest"}), ("bilinearHalfPixel", {"mode": "bilinear", "align_corners": False}),
                ("bilinearAlignCorners", {"mode": "bilinear", "align_corners": True})]:
            # Nearest only selects; its source positions are defined by PyTorch's arithmetic on float32 pictures.
            source = to_nchw(x).float() if mode == "nearest" else to_nchw(x)
            y = F.interpolate(source, size=(to_height, to_width), **arguments)
            case(f"{mode} {batch}x{height}x{width}x{channels} to {to_height}x{to_width}", "resampling", {"x": x},
                 {"y": to_nhwc(y)}, {"size": (to_height, to_width)}, texts={"mode": mode})


def softmaxes():
    for name, x in [
            ("one column", normal(7, 1)), ("one row", normal(1, 13)), ("rank 3", normal(3, 5, 17)),
            ("wide", normal(2, 1031)), ("large values", 200 * normal(5, 33)),
            ("one dominating", numpy.concatenate([numpy.full((2, 1), 30.0), normal(2, 64)], axis=1)),
            ("offset", 1000 + normal(3, 31).round(2)), ("equal", numpy.full((3, 49), -7.25))]:
        x = x.astype(numpy.float32).astype(numpy.float64)
        for logarithmic in (False, True):
            function = F.log_softmax if logarithmic else F.softmax
            case(name + (", logarithm" if logarithmic else ""), "softmax", {"x": x},
                 {"y": function(torch.from_numpy(x), -1)}, {"logarithmic": logarithmic})


def reductions():
    for shape, axis in [
            ((1,), 0), ((7, 13), 0), ((7, 13), 1), ((3, 5, 17), 1), ((2, 1031), 1), ((1031, 3), 0), ((2, 3, 4, 5), 2)]:
        x = normal(*shape)
        t = torch.from_numpy(x)
        for name, y in [
                ("sum", t.sum(axis)), ("mean", t.mean(axis)), ("sumOfSquares", t.square().sum(axis)),
                ("maximum", t.amax(axis)), ("minimum", t.amin(axis))]:
            case(f"{name} {shape} axis {axis}", "reduction", {"x": x}, {"y": y}, {"axis": axis, "count": shape[axis]},
                 texts={"operation": name})
    for shape in [(1, 1, 1), (5, 17, 1), (3, 7, 11), (1, 257, 2)]:
        # Whole numbers repeat, so the first of equal ones must win.
        x = whole(*shape)
        for smallest in (False, True):
            y = x.argmin(1) if smallest else x.argmax(1)
            case(f"{'smallest' if smallest else 'largest'} {shape}", "position", {"x": x}, {"y": y},
                 {"smallest": smallest})


def indexing():
    x = normal(13, 7)
    indices = numpy.array([12, 0, 5, 5, 3])
    case("rows", "gather", {"x": x, "indices": indices}, {"y": torch.from_numpy(x)[indices]})
    x = normal(3, 1)
    case("one column", "gather", {"x": x, "indices": numpy.array([2])}, {"y": x[[2]]})
    for axis, shapes in [
            (0, [(2, 3), (1, 3), (4, 3)]), (1, [(3, 2), (3, 5)]), (3, [(1, 4, 3, 5), (1, 4, 3, 17), (1, 4, 3, 1)]),
            (2, [(2, 3, 1, 2), (2, 3, 5, 2)]), (0, [(7,)])]:
        parts = {f"x{i}": normal(*shape) for i, shape in enumerate(shapes)}
        y = torch.cat([torch.from_numpy(part) for part in parts.values()], axis)
        case(f"{shapes} axis {axis}", "concatenation", parts, {"y": y}, {"axis": axis, "parts": len(shapes)})
    for shape, axis, lower, upper in [
            ((7,), 0, 2, 5), ((5, 3), 0, 4, 5), ((5, 3), 1, 0, 2), ((2, 7, 3, 4), 1, 3, 7), ((2, 3, 5, 17), 3, 16, 17),
            ((3, 4), 0, 0, 3)]:
        x = normal(*shape)
        y = torch.from_numpy(x).narrow(axis, lower, upper - lower)
        case(f"{shape} axis {axis} {lower} to {upper}", "slice", {"x": x}, {"y": y},
             {"axis": axis, "range": (lower, upper)})
    for shape, order in [
            ((5,), (0,)), ((3, 7), (1, 0)), ((2, 3, 5), (2, 0, 1)), ((2, 3, 5, 7), (0, 3, 1, 2)),
            ((2, 3, 5, 7), (0, 2, 3, 1)), ((1, 4, 3, 2), (3, 2, 1, 0)), ((17, 33), (0, 1))]:
        x = normal(*shape)
        case(f"{shape} to {order}", "permutation", {"x": x}, {"y": torch.from_numpy(x).permute(order)},
             {"order": order})


def neighbours():
    for name, queries, rows, width, offset in [
            ("width 19", 31, 307, 19, 0), ("width 152", 9, 65, 152, 0), ("one query, width 1", 1, 11, 1, 0),
            ("far from the origin", 7, 129, 33, 300), ("rows repeated", 5, 40, 16, 0)]:
        near_tie = True
        while near_tie:  # float32 could not tell which is nearer
            drawn, bank = ((offset + normal(count, width)).astype(numpy.float32).astype(numpy.float64)
                              for count in (queries, rows))
            if name == "rows repeated":
                bank[20:] = bank[:20]
                drawn[0] = bank[3]
            squared = torch.cdist(
                torch.from_numpy(drawn), torch.from_numpy(bank), compute_mode="donot_use_mm_for_euclid_dist").square()
            ordered, nearest = torch.sort(squared, stable=True)
            gaps = (ordered[:, 1:10] - ordered[:, :9]) / ordered[:, 1:10].clamp(min=1e-30)
            near_tie = bool(((gaps < 1e-5) & (gaps != 0)).any())
        for count in (1, 3, 9):
            case(f"{name}, {count}", "neighbours", {"queries": drawn, "bank": bank},
                 {"distances": ordered[:, :count], "indices": nearest[:, :count]}, {"count": count})


def smoothing():
    for shape in [(1, 1, 1), (1, 2, 3), (1, 5, 40), (3, 17, 33), (1, 40, 37)]:
        x = positive(*shape)
        for sigma in (4.0, 1.5):
            y = [scipy.ndimage.gaussian_filter(picture, sigma, truncate=4, mode="reflect") for picture in x]
            case(f"{shape} sigma {sigma}", "smoothing", {"x": x[..., None]}, {"y": numpy.stack(y)[..., None]},
                 numbers={"sigma": sigma})
    x = positive(1, 9, 8)
    y = scipy.ndimage.gaussian_filter(x[0], 4, radius=3, mode="reflect")
    case("radius 3", "smoothing", {"x": x[..., None]}, {"y": y[None, ..., None]}, {"radius": 3}, {"sigma": 4.0})


def attentions():
    for name, query, keys, causal in [
            ("one", (1, 1, 1, 1), 1, False), ("small", (2, 5, 3, 17), 7, False), ("causal", (1, 9, 2, 16), 9, True),
            ("longer", (1, 40, 2, 33), 67, False), ("causal, fewer keys", (1, 17, 1, 8), 5, True)]:
        q = normal(*query)
        k, v = (normal(query[0], keys, *query[2:]) for _ in range(2))
        y = torch.nn.functional.scaled_dot_product_attention(
            *(torch.from_numpy(a).transpose(1, 2) for a in (q, k, v)), is_causal=causal).transpose(1, 2)
        case(name, "attention", {"q": q, "k": k, "v": v}, {"y": y}, {"causal": int(causal)})


def differentiated(function, roles):
    """y of `function` on the roles' tensors, a random gradient dy of it, and by autograd the gradient of each role."""
    leaves = {role: torch.from_numpy(numpy.ascontiguousarray(x)).requires_grad_() for role, x in roles.items()}
    y = function(**leaves)
    dy = normal(*y.shape)
    y.backward(torch.from_numpy(dy))
    return {"dy": dy, "y": y.detach().numpy()}, {"d" + role: leaf.grad.numpy() for role, leaf in leaves.items()}


def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def convolution_gradients():
    for batch, height, width, inputs, outputs, kernel, stride, padding, dilation, groups in [
            (1, 1, 1, 1, 1, (1, 1), (1, 1), (0, 0), (1, 1), 1), (3, 7, 5, 3, 17, (3, 3), (1, 1), (1, 1), (1, 1), 1),
            (2, 9, 8, 5, 9, (3, 3), (2, 2), (1, 1), (1, 1), 1), (1, 8, 9, 17, 6, (1, 1), (2, 2), (0, 0), (1, 1), 1),
            (1, 11, 13, 4, 5, (5, 2), (3, 1), (4, 0), (1, 1), 1), (1, 12, 11, 3, 4, (3, 3), (2, 2), (2, 2), (2, 2), 1),
            (1, 6, 7, 32, 48, (3, 3), (1, 1), (1, 1), (1, 1), 1), (2, 6, 5, 12, 8, (3, 3), (1, 1), (1, 1), (1, 1), 4),
            (1, 9, 11, 17, 17, (5, 5), (2, 2), (2, 2), (1, 1), 17), (1, 5, 4, 2, 3, (2, 2), (5, 5), (1, 1), (1, 1), 1)]:
        roles = {"x": normal(batch, height, width, inputs), "w": normal(*kernel, inputs // groups, outputs)}
        given, gradients = differentiated(
            lambda x, w: nhwc(F.conv2d(nchw(x), w.permute(3, 2, 0, 1), None, stride, padding, dilation, groups)), roles)
        case(f"{batch}x{height}x{width}x{inputs} to {outputs} kernel {kernel} stride {stride} dilation {dilation}",
             "convolution gradient", {**roles, "dy": given["dy"]}, gradients,
             {"stride": stride, "padding": padding + padding, "dilation": dilation, "groups": groups})


def normalizations():
    for kind, batch, positions, channels, groups in [
            ("layer", 5, 1, 33, 1), ("layer", 3, 1, 257, 1), ("group", 2, 35, 24, 8), ("group", 1, 63, 17, 1),
            ("instance", 3, 30, 5, 5), ("batch", 1, 77, 19, 19)]:
        roles = {"x": 2 + normal(batch, positions, channels), "scale": normal(channels), "shift": normal(channels)}

        def normalized(x, scale, shift):
            if kind == "layer":
                return F.layer_norm(x, (channels,), scale, shift)
            if kind == "batch":
                return F.batch_norm(x[0], None, None, scale, shift, training=True)[None]
            return F.group_norm(x.transpose(1, 2), groups, scale, shift).transpose(1, 2)

        given, gradients = differentiated(normalized, roles)
        case(f"{kind} {batch}x{positions}x{channels} groups {groups}", "normalization", {**roles, "dy": given["dy"]},
             {"y": given["y"], **gradients}, {"groups": groups})


def attention_gradients():
    for name, query, keys, causal in [
            ("small", (2, 5, 3, 17), 7, False), ("causal", (1, 9, 2, 16), 9, True), ("longer", (1, 40, 2, 33), 67, False)]:
        roles = {"q": normal(*query), "k": normal(query[0], keys, *query[2:]), "v": normal(query[0], keys, *query[2:])}
        given, gradients = differentiated(
            lambda q, k, v: F.scaled_dot_product_attention(
                q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), is_causal=causal).transpose(1, 2), roles)
        case(name, "attention gradient", {**roles, "dy": given["dy"]}, gradients, {"causal": int(causal)})


def other_gradients():
    x = numpy.concatenate([numpy.linspace(-12, 12, 97), 1.5 * normal(61), [0.0, 6.0, 50, -50]])
    x = x.astype(numpy.float32).astype(numpy.float64)
    for name in ["none", "relu", "relu6", "silu", "gelu", "geluQuick", "sigmoid", "tanh"]:
        given, gradients = differentiated(lambda x: activated(name, x) + 0 * x, {"x": x})
        case(name, "activation gradient", {"x": x, "dy": given["dy"]}, gradients, texts={"activation": name})
    for logarithmic in (False, True):
        for shape in [(7, 1), (3, 17), (2, 1031)]:
            given, gradients = differentiated(
                lambda x: (F.log_softmax if logarithmic else F.softmax)(x, -1), {"x": normal(*shape)})
            case(f"{shape}" + ", logarithm" * logarithmic, "softmax gradient", given, gradients,
                 {"logarithmic": logarithmic})
    for batch, height, width, channels, kernel, stride, padding in [
            (3, 8, 6, 17, (2, 2), (2, 2), (0, 0)), (1, 9, 11, 3, (3, 3), (1, 1), (1, 1)),
            (2, 7, 5, 33, (3, 3), (2, 2), (1, 1)), (1, 11, 9, 2, (5, 3), (3, 2), (2, 1))]:
        # Whole numbers repeat, so the first of equal ones must take the gradient.
        roles = {"x": whole(batch, height, width, channels)}
        for kind, function in [
                ("maximum", lambda x: F.max_pool2d(nchw(x), kernel, stride, padding)),
                ("average of the window", lambda x: F.avg_pool2d(nchw(x), kernel, stride, padding)),
                ("average of the picture",
                 lambda x: F.avg_pool2d(nchw(x), kernel, stride, padding, count_include_pad=False))]:
            given, gradients = differentiated(lambda x: nhwc(function(x)), roles)
            case(f"{kind} {batch}x{height}x{width}x{channels} kernel {kernel} stride {stride}", "pooling gradient",
                 {**roles, "dy": given["dy"]}, gradients,
                 {"kernel": kernel, "stride": stride, "padding": padding + padding}, texts={"kind": kind})
    for batch, height, width, channels, to_height, to_width in [
            (1, 3, 5, 3, 7, 4), (2, 16, 15, 5, 32, 30), (1, 13, 11, 3, 7, 5), (1, 5, 1, 2, 37, 4)]:
        for mode, arguments in [
                ("nearest", {"mode": "nearest"}), ("bilinearHalfPixel", {"mode": "bilinear", "align_corners": False}),
                ("bilinearAlignCorners", {"mode": "bilinear", "align_corners": True})]:
            roles = {"x": normal(batch, height, width, channels)}
            given, gradients = differentiated(
                lambda x: nhwc(F.interpolate(nchw(x), size=(to_height, to_width), **arguments)), roles)
            case(f"{mode} {batch}x{height}x{width}x{channels} to {to_height}x{to_width}", "resampling gradient",
                 {"dy": given["dy"]}, gradients, texts={"mode": mode})

def recorded():
    """What a tape records: expressions by name, which the test has too, and the gradients of all their operands."""
    def expression(name, function, **roles):
        given, gradients = differentiated(lambda **leaves: function(*leaves.values()), roles)
        case(name, "recorded", {**roles, "dy": given["dy"]}, {"y": given["y"], **gradients})

    for name, function in [
            ("add", torch.add), ("subtract", torch.sub), ("multiply", torch.mul), ("divide", torch.div),
            ("maximum", torch.maximum), ("minimum", torch.minimum)]:
        # Whole numbers repeat, so equals must share.
        make = positive if name == "divide" else whole
        expression(name, function, x=make(3, 5, 7), v=make(3, 5, 7))
        expression(f"{name} rows", function, x=make(3, 5, 7), v=make(7))
    for name, function in [
            ("squareRoot", torch.sqrt), ("square", torch.square), ("exponential", torch.exp), ("logarithm", torch.log),
            ("reciprocal", torch.reciprocal), ("absolute", torch.abs)]:
        expression(name, function, x=whole(67) if name == "absolute" else positive(67))
    expression("affine", lambda x: 3 * x - 2, x=normal(5, 3))
    expression("clamp", lambda x: torch.clamp(x, -2, 1), x=whole(61))
    expression("activation", lambda x: F.silu(x), x=normal(5, 13))
    expression("softmax", lambda x: F.log_softmax(x, -1), x=normal(5, 13))
    for name, a, b in [("nn", (5, 7), (7, 3)), ("tn", (7, 5), (7, 3)), ("nt", (5, 7), (3, 7)), ("tt", (7, 5), (3, 7))]:
        def product(a, b):
            return 0.5 * (a.mT if name[0] == "t" else a) @ (b.mT if name[1] == "t" else b)
        expression(f"matrix {name}", product, a=normal(*a), b=normal(*b))
        expression(f"matrices {name}", product, a=normal(2, *a), b=normal(2, *b))
    expression("matrix with itself", lambda a: a @ a.mT, a=normal(5, 7))
    for name, function in [
            ("sum", lambda x: x.sum(1)), ("mean", lambda x: x.mean(0)), ("sumOfSquares", lambda x: x.square().sum(2)),
            ("maximum", lambda x: x.amax(1)), ("minimum", lambda x: x.amin(1)), ("mean of all", lambda x: x.mean()[None])]:
        expression(f"reduce {name}", function, x=whole(3, 5, 7))
    expression("concatenate", lambda a, b, c: torch.cat([a, b, c], 1), a=normal(2, 3, 5), b=normal(2, 1, 5), c=normal(2, 4, 5))
    expression("slice", lambda x: x[:, 2:5], x=normal(2, 7, 3))
    expression("permute", lambda x: x.permute(2, 0, 3, 1), x=normal(2, 3, 4, 5))
    expression("reshape", lambda x: x.reshape(6, 35), x=normal(2, 3, 5, 7))
    expression("gather", lambda x: x[[3, 0, 3, 3, 1]], x=normal(5, 4))
    expression("straight through", lambda z, x: z + (x[[3, 0, 3, 3, 1]] - z).detach() + 0 * x.sum(), z=normal(5, 4), x=normal(5, 4))
    expression(
        "convolution", lambda x, w, b, r: F.relu(nhwc(F.conv2d(nchw(x), w.permute(3, 2, 0, 1), b, 2, 1)) + r),
        x=normal(2, 7, 5, 3), w=normal(3, 3, 3, 9), b=normal(9), r=normal(2, 4, 3, 9))
    expression(
        "depthwise convolution", lambda x, w: nhwc(F.conv2d(nchw(x), w.permute(3, 2, 0, 1), None, 1, 2, groups=5)),
        x=normal(1, 6, 7, 5), w=normal(5, 5, 1, 5))
    expression("pool", lambda x: nhwc(F.max_pool2d(nchw(x), 3, 2, 1)), x=normal(1, 8, 7, 3))
    expression("resample", lambda x: nhwc(F.interpolate(nchw(x), size=(9, 11), mode="bilinear")), x=normal(1, 4, 5, 3))
    expression(
        "group normalization", lambda x, s, b: nhwc(F.group_norm(nchw(x), 3, s, b, 1e-6)), x=normal(2, 5, 4, 12),
        s=normal(12), b=normal(12))
    expression("layer normalization", lambda x, s, b: F.layer_norm(x, (33,), s, b), x=normal(2, 5, 33), s=normal(33), b=normal(33))
    expression("plain layer normalization", lambda x: F.layer_norm(x, (33,)), x=normal(2, 5, 33))
    expression(
        "batch normalization", lambda x, s, b: nhwc(F.batch_norm(nchw(x), None, None, s, b, training=True)),
        x=normal(3, 4, 5, 7), s=normal(7), b=normal(7))
    means, variances = normal(7), positive(7)
    given, gradients = differentiated(
        lambda x, s, b: nhwc(F.batch_norm(
            nchw(x), torch.from_numpy(means), torch.from_numpy(variances), s, b, training=False)),
        roles := {"x": normal(3, 4, 5, 7), "s": normal(7), "b": normal(7)})
    case("batch normalization, fixed", "recorded", {**roles, "dy": given["dy"], "means": means, "variances": variances},
         {"y": given["y"], **gradients})
    expression(
        "attention", lambda q, k, v: F.scaled_dot_product_attention(
            q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)).transpose(1, 2),
        q=normal(2, 5, 3, 8), k=normal(2, 7, 3, 8), v=normal(2, 7, 3, 8))
    expression("several uses", lambda x: (x * x + x) * (x - 1) + (x - 1), x=normal(31))
    expression("one operand twice", lambda x: x + x, x=normal(31))


for family in [
        convolutions, activations, elementwise, matrices, pooling, resampling, softmaxes, reductions, indexing,
        neighbours, smoothing, attentions, convolution_gradients, normalizations, attention_gradients, other_gradients,
        recorded]:
    family()
output = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("operations.safetensors")
written(output, {
    "cases": json.dumps(cases, separators=(",", ":")), "script": Path(__file__).name, "seed": str(SEED),
    "torch": torch.__version__,
    "numpy": numpy.__version__, "scipy": scipy.__version__})
print(f"{len(cases)} cases, {len(tensors)} tensors, {output.stat().st_size} bytes: {output}")

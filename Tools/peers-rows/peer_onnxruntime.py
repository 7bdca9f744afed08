"""ONNX Runtime on the processor."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import sentences as minilm
from peer_work import Arrays, Work, channels_first, channels_last

VERSION = onnxruntime.__version__
THREADS = 1


def use_threads(count: int) -> None:
    global THREADS
    THREADS = count


def session_of(model: str | bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def work(model: str | bytes, x: np.ndarray) -> Work:
    """A session whose input is bound once, and whose outputs stay where it makes them."""
    session = session_of(model)
    names = [output.name for output in session.get_outputs()]
    binding = session.io_binding()
    binding.bind_cpu_input("x", x)
    for name in names:
        binding.bind_output(name)
    return Work(
        lambda: session.run_with_iobinding(binding),
        lambda: dict(zip(names, map(channels_last, binding.copy_outputs_to_cpu()), strict=True)))


def convolve(arrays: Arrays, parameters: dict[str, Any]) -> Work:
    x = channels_first(arrays["x"])
    w = np.ascontiguousarray(arrays["w"].transpose(3, 2, 0, 1))
    node = helper.make_node(
        "Conv", ["x", "w", "bias"], ["y"], kernel_shape=w.shape[2:], pads=[parameters["padding"]] * 4)
    graph = helper.make_graph(
        [node], "convolution", [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(w, "w"), numpy_helper.from_array(arrays["bias"], "bias")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return work(model.SerializeToString(), x)


def network(arrays: Arrays, parameters: dict[str, Any]) -> Work:
    return work(parameters["onnx"], channels_first(arrays["x"]))


def batches(lengths: np.ndarray, layout: str) -> list[np.ndarray]:
    """Texts by their length: all of one length together, or 128 at a time and padded."""
    order = np.argsort(lengths, kind="stable")
    if layout == "by length":
        return np.split(order, np.flatnonzero(np.diff(lengths[order])) + 1)
    return [order[start:start + 128] for start in range(0, len(order), 128)]


def sentences(arrays: Arrays, parameters: dict[str, Any]) -> Work:
    session = session_of(minilm.onnx_model(Path(parameters["sentences"])).SerializeToString())
    rows = arrays["identifiers"].astype(np.int32)
    lengths = (rows != 0).sum(1)
    prepared = []
    for batch in batches(lengths, parameters["layout"]):
        part = np.ascontiguousarray(rows[batch, :lengths[batch].max()])
        prepared.append((batch, part, (part != 0).astype(np.int32)))
    vectors = np.zeros((len(rows), minilm.WIDTH), np.float32)

    def launch() -> None:
        for batch, part, mask in prepared:
            states = session.run(None, {"identifiers": part, "mask": mask})[0]
            means = np.einsum("btw,bt->bw", states, mask.astype(np.float32)) / mask.sum(1, keepdims=True)
            vectors[batch] = means / np.linalg.norm(means, axis=1, keepdims=True)

    return Work(launch, lambda: {"vectors": vectors})


OPERATIONS = {"convolve": convolve, "network": network, "sentences": sentences}

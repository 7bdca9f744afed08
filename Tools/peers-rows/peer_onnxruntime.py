"""ONNX Runtime on the processor."""
from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from peer_work import Arrays, Work, channels_first, channels_last

VERSION = onnxruntime.__version__
THREADS = 1


def use_threads(count: int) -> None:
    global THREADS
    THREADS = count


def work(model: str | bytes, x: np.ndarray) -> Work:
    """A session whose input is bound once, and whose outputs stay where it makes them."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
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


OPERATIONS = {"convolve": convolve, "network": network}

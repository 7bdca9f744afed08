"""MiniLM with random weights that Flawless reads as well, and as an ONNX model with ONNX Runtime's own operators.

    python3 sentences.py weights FILE.safetensors
"""
from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from safetensors.numpy import load_file, save_file

SEED = 1
LAYERS, HEADS, WIDTH, INNER, VOCABULARY, POSITIONS = 6, 12, 384, 1536, 30522, 512
EPSILON = 1e-12
OWN = "com.microsoft"


def shapes() -> dict[str, tuple[int, ...]]:
    """Names and shapes of all-MiniLM-L6-v2's file."""
    found: dict[str, tuple[int, ...]] = {
        f"embeddings.{name}_embeddings.weight": (count, WIDTH)
        for name, count in (("word", VOCABULARY), ("position", POSITIONS), ("token_type", 2))}

    def pair(name: str, *shape: int) -> None:
        found[f"{name}.weight"], found[f"{name}.bias"] = shape, shape[:1]
    pair("embeddings.LayerNorm", WIDTH)
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            pair(f"{name}.attention.{part}", WIDTH, WIDTH)
        pair(f"{name}.attention.output.LayerNorm", WIDTH)
        pair(f"{name}.intermediate.dense", INNER, WIDTH)
        pair(f"{name}.output.dense", WIDTH, INNER)
        pair(f"{name}.output.LayerNorm", WIDTH)
    return found


def write_weights(path: Path) -> None:
    generator = np.random.default_rng(SEED)
    made = {}
    for name, shape in shapes().items():
        unit = generator.standard_normal(shape, np.float32)
        made[name] = 1 + 0.1 * unit if "LayerNorm.weight" in name else 0.05 * unit
    save_file(made, path)


def onnx_model(path: Path) -> ModelProto:
    """With attention, sums before normalisations and activations fused, as its optimiser for BERT would have it.

    Takes identifiers and a mask, int32 [texts, tokens]; gives the last layer's [texts, tokens, width].
    """
    weights = load_file(path)
    constants: dict[str, np.ndarray] = {}
    nodes: list[NodeProto] = []

    def constant(name: str, values: np.ndarray) -> str:
        constants[name] = np.ascontiguousarray(values)
        return name

    def add(kind: str, inputs: list[str], output: str, domain: str = OWN, **attributes: object) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], domain=domain, **attributes))
        return output

    def norm(name: str) -> list[str]:
        return [constant(f"{name}.{part}", weights[f"{name}.{part}"]) for part in ("weight", "bias")]

    def product(x: str, name: str) -> str:
        return add("MatMul", [x, constant(f"{name}.weight", weights[f"{name}.weight"].T)], f"{name}.product", "")

    def summed(x: str, skip: str, name: str, normalization: str) -> str:
        bias = constant(f"{name}.bias", weights[f"{name}.bias"])
        return add("SkipLayerNormalization", [product(x, name), skip, *norm(normalization), bias], f"{normalization}.y",
                   epsilon=EPSILON)

    table = "embeddings.{}_embeddings.weight".format
    words = constant(table("word"), weights[table("word")])
    places = constant(table("position"), weights[table("position")] + weights[table("token_type")][0])
    nodes.append(helper.make_node(
        "EmbedLayerNormalization", ["identifiers", "", words, places, "", *norm("embeddings.LayerNorm")], ["x", "unused"],
        domain=OWN, epsilon=EPSILON))
    x = "x"
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        parts = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
        joined = constant(f"{name}.qkv", np.concatenate([weights[f"{part}.weight"].T for part in parts], axis=1))
        biases = constant(f"{name}.qkv.bias", np.concatenate([weights[f"{part}.bias"] for part in parts]))
        attended = add("Attention", [x, joined, biases, "mask"], f"{name}.attended", num_heads=HEADS)
        x = summed(attended, x, f"{name}.attention.output.dense", f"{name}.attention.output.LayerNorm")
        inner = f"{name}.intermediate.dense"
        active = add("BiasGelu", [product(x, inner), constant(f"{inner}.bias", weights[f"{inner}.bias"])], f"{inner}.y")
        x = summed(active, x, f"{name}.output.dense", f"{name}.output.LayerNorm")
    graph = helper.make_graph(
        nodes, "sentences",
        [helper.make_tensor_value_info(name, TensorProto.INT32, ["texts", "tokens"]) for name in ("identifiers", "mask")],
        [helper.make_tensor_value_info(x, TensorProto.FLOAT, ["texts", "tokens", WIDTH])],
        [numpy_helper.from_array(values, name) for name, values in constants.items()])
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(OWN, 1)], ir_version=8)


if __name__ == "__main__":
    write_weights(Path(sys.argv[2]))

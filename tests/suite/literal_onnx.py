"""Small ONNX files, written operator by operator."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Side = int | str


def weight(name: str, *shape: int) -> Any:
    """A weight of that shape, with seeded values."""
    values = np.random.default_rng(len(name)).normal(size=shape).astype(np.float32)
    return numpy_helper.from_array(values, name)


def write_onnx(
    path: Path, nodes: Sequence[Any], weights: Sequence[Any], shape: Sequence[Side] = ("n", 3, "h", "w"),
    kind: int = TensorProto.FLOAT,
) -> Path:  # fmt: skip
    """Write a file from ``images`` of that shape to ``scores``."""
    images = helper.make_tensor_value_info("images", kind, shape)
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "net", [images], [scores], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), str(path))
    return path


def write_tiny(path: Path, shape: Sequence[Side] = ("n", 3, "h", "w")) -> Path:
    """A convolution to 8 channels at half the size, global pooling, and 4 classes."""
    nodes = [
        helper.make_node("Conv", ["images", "kernels", "bias"], ["maps"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["maps"], ["lively"]),
        helper.make_node("GlobalAveragePool", ["lively"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["vector"]),
        helper.make_node("Gemm", ["vector", "classes", "offsets"], ["scores"], transB=1),
    ]
    channels = shape[1] if isinstance(shape[1], int) else 3
    weights = [weight("kernels", 8, channels, 3, 3), weight("bias", 8), weight("classes", 4, 8), weight("offsets", 4)]
    return write_onnx(path, nodes, weights, shape)

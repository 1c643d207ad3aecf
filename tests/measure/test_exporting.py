"""Quantised files compute the same on every CPU."""

from __future__ import annotations

from pathlib import Path

import pytest

from scalebench.measure.runtimes.exporting import MODEL, export
from scalebench.measure.session import example
from scalebench.suite.case import Case


def test_int8_weights_cannot_saturate_sums_of_16_bits(tmp_path: Path) -> None:
    """Without VNNI, CPUs add two products of uint8 and int8 in int16: 2 x 255 x 64 fits, 2 x 255 x 127 does not."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    model, images = example(Case("test_resnet", 32, threads=1))
    export(model, images, Case("test_resnet", 32, threads=1, runtime="onnxruntime", precision="int8"), tmp_path)
    tensors = onnx.load(str(tmp_path / MODEL)).graph.initializer
    weights = [onnx.numpy_helper.to_array(t) for t in tensors if t.data_type == onnx.TensorProto.INT8]
    weights = [w for w in weights if w.ndim > 1]
    assert weights
    assert max(abs(int(w.min())) for w in weights) <= 64
    assert max(int(w.max()) for w in weights) <= 64

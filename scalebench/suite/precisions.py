"""Numeric precisions: types, bytes, and how exact each has to be. A pure table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Precision:
    """How numbers are stored and multiplied.

    Attributes:
        bound: largest mean over the images of the relative error, of a configuration that counts as right.
        bytes: of a weight.
        dtype: torch's name of the type that images come in.
        autocast: torch's name of the type that operators are cast to; empty where weights and images decide.
        exported: precision of the ONNX file; a runtime that computes in another one converts it.
        peak: whether the machine's peaks are measured in it, so that it has a roofline.
    """

    bound: float
    bytes: int = 4
    dtype: str = "float32"
    autocast: str = ""
    exported: str = "fp32"
    peak: bool = False


PRECISIONS = {
    "fp32": Precision(1e-3, peak=True),
    "tf32": Precision(0.03, peak=True),
    "bf16": Precision(0.25, 2, "bfloat16", peak=True),
    "fp16": Precision(
        0.075, 2, "float16", exported="fp16", peak=True
    ),  # after bf16: peaks are measured in this order, and fp16 may be emulated
    "amp_fp16": Precision(0.03, autocast="float16"),
    "amp_bf16": Precision(0.25, autocast="bfloat16"),
    "int8": Precision(0.9, 1, exported="int8"),
}
"""Bounds: fp32 is another order of the same sums, honest means are below 0.00001, and every replaced tensor that was
tried exceeds the bound. bf16 is twice the largest honest mean of twelve models (0.13, EfficientNetV2-S at 96 pixels,
MobileNetV2); tf32 and fp16, with three bits more, get an eighth of it. int8 of an EfficientNet is honestly off by 0.58,
the trained Lite0 by 0.45; the bound lies below what zeros (1) and an unrelated output (1.4) give. So at int8
verification finds a broken runtime, not a single wrong layer: docs/measuring.md has the table. The mean, because the
worst image of an honest network may be off by 0.64 in bf16. int8 is post-training static quantisation, which torch
itself no longer ships.
"""

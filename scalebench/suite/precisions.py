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
        product: format of the factors in its matrix products, of ``PRODUCTS``: the peak that bounds it. Empty where
            what computes in it is no part of torch, whose peak would be no bound.
    """

    bound: float
    bytes: int = 4
    dtype: str = "float32"
    autocast: str = ""
    exported: str = "fp32"
    product: str = ""

    @property
    def activation_bytes(self) -> int:
        """Of a number between two operators: autocast leaves most in half precision."""
        return 2 if self.autocast else self.bytes


PRECISIONS = {
    "fp32": Precision(1e-3, product="fp32"),
    "tf32": Precision(0.03, product="tf32"),
    "bf16": Precision(0.25, 2, "bfloat16", product="bf16"),
    "fp16": Precision(0.075, 2, "float16", exported="fp16", product="fp16"),
    "amp_fp16": Precision(0.03, autocast="float16", product="fp16"),
    "amp_bf16": Precision(0.25, autocast="bfloat16", product="bf16"),
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

PRODUCTS = {
    "fp32": "float32", "tf32": "float32", "bf16": "bfloat16", "fp16": "float16", "fp8": "float8_e4m3fn",
    "int8": "int8",
}  # fmt: skip
"""Formats of factors whose matrix products are timed -> torch's type. In this order: fp16 may be emulated."""

"""Numeric precisions: types, bytes, and how exact each has to be. A pure table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Precision:
    """How numbers are stored and multiplied.

    Attributes:
        bound: largest relative error, over all images, of a configuration that counts as right.
        bytes: of a weight.
        dtype: torch's name of the type that images come in.
        autocast: torch's name of the type that operators are cast to; empty where weights and images decide.
        exported: precision of the ONNX file; a runtime that computes in another one converts it.
        peak: whether the machine's peaks are measured in it, so that it has a roofline.
        devices: kinds of device where torch offers it.
    """

    bound: float
    bytes: int = 4
    dtype: str = "float32"
    autocast: str = ""
    exported: str = "fp32"
    peak: bool = False
    devices: tuple[str, ...] = ("cpu", "cuda")


PRECISIONS = {
    "fp32": Precision(1e-3, peak=True),
    "tf32": Precision(0.075, devices=("cuda",)),
    "bf16": Precision(0.6, 2, "bfloat16", peak=True),
    "fp16": Precision(
        0.075, 2, "float16", exported="fp16", peak=True
    ),  # after bf16: peaks are measured in this order, and fp16 may be emulated
    "amp_fp16": Precision(0.075, autocast="float16"),
    "amp_bf16": Precision(0.6, autocast="bfloat16"),
    "int8": Precision(0.6, 1, exported="int8", devices=()),
}
"""Bounds: fp32 is another order of the same sums, and every replaced tensor that was tried exceeds it. The others lie
just above the worst honest configuration seen, because a round above its bound is lost: EfficientNetV2-S at 96 pixels
in eager bf16 is off by 0.54, trained EfficientNet-Lite0 in int8 by 0.36. tf32 and fp16, with three bits more, get an
eighth of bf16's. An unrelated output is off by 1.4, zeros by 1. Of 12 replaced tensors of ResNet-18 at 224 pixels 3
exceed 0.6: at bf16 and int8 verification finds a broken runtime, seldom a single wrong layer. int8 is post-training
static quantisation, which torch itself no longer ships.
"""

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
    "tf32": Precision(3e-2, devices=("cuda",)),
    "bf16": Precision(0.25, 2, "bfloat16", peak=True),
    "fp16": Precision(
        3e-2, 2, "float16", exported="fp16", peak=True
    ),  # after bf16: peaks are measured in this order, and fp16 may be emulated
    "amp_fp16": Precision(3e-2, autocast="float16"),
    "amp_bf16": Precision(0.25, autocast="bfloat16"),
    "int8": Precision(0.25, 1, exported="int8", devices=()),
}
"""Bounds: fp32 is another order of the same sums. Networks with random weights amplify rounding more than trained ones:
at 96 pixels in bf16 ResNet-50 is off by 0.03, ResNet-152 by 0.10, EfficientNet-B0 by 0.19, MobileNetV2 by 0.27. Another
kernel in one layer changes most outputs by 0.3 or more. The bounds of tf32 and fp16, with three bits more, are an
eighth of that of bf16; int8 may be as far off as bf16 (a signal to quantisation noise ratio of 12 dB). int8 is
post-training static quantisation, which torch itself no longer ships.
"""

"""What each runtime offers, what it needs to be installed, and how exact each precision has to be. Pure tables."""

from __future__ import annotations

from dataclasses import dataclass

from scalebench.suite.case import Case

_TORCH = frozenset({"fp32", "tf32", "fp16", "bf16", "amp_fp16", "amp_bf16"})
_BOTH = frozenset({"contiguous", "channels_last"})
_OWN = frozenset({"contiguous"})
"""Runtimes that choose the layout of every operator themselves take images as they are and offer no other."""


@dataclass(frozen=True)
class Offer:
    """What one runtime can run.

    Attributes:
        precisions: by kind of device; a kind that is missing is not offered.
        layouts: memory formats of the images.
        modes: modes of a case.
        extra: of scalebench, which installs what the runtime needs; empty where torch is enough.
        packages: that must be importable.
    """

    precisions: dict[str, frozenset[str]]
    layouts: frozenset[str] = _BOTH
    modes: frozenset[str] = frozenset({"inference"})
    extra: str = ""
    packages: tuple[str, ...] = ()


_ONNX = ("onnx", "onnxscript", "onnxruntime")
OFFERS = {
    "eager": Offer(
        {"cpu": _TORCH - {"tf32"}, "cuda": _TORCH}, modes=frozenset({"inference", "training", "blocks", "input"})
    ),
    "compile": Offer({"cpu": _TORCH - {"tf32"}, "cuda": _TORCH}, modes=frozenset({"inference", "training"})),
    "compile_max_autotune": Offer({"cpu": _TORCH - {"tf32"}, "cuda": _TORCH}),
    "compile_reduce_overhead": Offer({"cuda": _TORCH}),
    "cuda_graph": Offer({"cuda": _TORCH}),
    "onnxruntime": Offer(
        {"cpu": frozenset({"fp32", "int8"}), "cuda": frozenset({"fp32", "fp16"})}, _OWN, extra="onnx", packages=_ONNX
    ),
    "openvino": Offer(
        {"cpu": frozenset({"fp32", "bf16", "int8"})}, _OWN, extra="openvino", packages=("openvino", *_ONNX)
    ),
}
"""Runtime -> what it offers. int8 is post-training static quantisation, which torch itself no longer ships."""

BOUNDS = {"fp32": 1e-3, "tf32": 3e-2, "fp16": 3e-2, "bf16": 0.25, "amp_fp16": 3e-2, "amp_bf16": 0.25, "int8": 0.25}
"""Largest relative error, over all images, of a configuration that counts as right.

fp32 is another order of the same sums. Networks with random weights amplify rounding more than trained ones: in bf16,
in which trained ones are run every day, ResNet-50 is off by 0.007, B0 by 0.09 and EfficientNetV2-S by 0.21. So the
bound of bf16 lies above that, those of tf32 and fp16, with three bits more, at an eighth; int8 may be as far off as
bf16 (a signal to quantisation noise ratio of 12 dB).
"""


def unoffered(case: Case) -> str | None:
    """Why nobody can run the case, in words; None where its runtime offers it."""
    offer, kind = OFFERS[case.runtime], case.device.partition(":")[0]
    precisions = offer.precisions.get(kind)
    if precisions is None:
        return f"{case.runtime} does not run on {kind}"
    if case.precision not in precisions:
        return f"{case.runtime} offers no {case.precision} on {kind}; it offers {', '.join(sorted(precisions))}"
    if case.layout not in offer.layouts:
        return f"{case.runtime} chooses the layout itself and offers no {case.layout}"
    if case.mode not in offer.modes:
        return f"{case.runtime} offers no {case.mode}"
    if case.instances > 1 and case.mode in ("training", "blocks"):
        return f"{case.mode} runs one copy at a time"
    return None


def is_reference(case: Case) -> bool:
    """Whether the case runs the way all others are verified against."""
    return (case.runtime, case.precision, case.layout) == ("eager", "fp32", "contiguous")

"""Runtimes: what each offers, what it needs to be installed, and what preparing a model takes. A pure table."""

from __future__ import annotations

from dataclasses import dataclass

from scalebench.suite.precisions import PRECISIONS


@dataclass(frozen=True)
class Offer:
    """What one runtime can run.

    Attributes:
        precisions: by kind of device; a kind that is missing is not offered.
        layouts: memory formats of the images.
        modes: modes of a case.
        extra: of scalebench, which installs what the runtime needs; empty where torch is enough.
        packages: that must be importable.
        prepare_s: seconds of exporting or compiling a model, once; seen 8 to 50 s.
    """

    precisions: dict[str, frozenset[str]]
    layouts: frozenset[str] = frozenset({"contiguous", "channels_last"})
    modes: frozenset[str] = frozenset({"inference"})
    extra: str = ""
    packages: tuple[str, ...] = ()
    prepare_s: float = 0.0


_TORCH = {
    device: frozenset(name for name, row in PRECISIONS.items() if device in row.devices) for device in ("cpu", "cuda")
}
_OWN = frozenset({"contiguous"})
"""Runtimes that choose the layout of every operator themselves take images as they are and offer no other."""
_ONNX = ("onnx", "onnxscript", "onnxruntime")
OFFERS = {
    "eager": Offer(_TORCH, modes=frozenset({"inference", "training", "blocks", "input"})),
    "compile": Offer(_TORCH, modes=frozenset({"inference", "training"}), prepare_s=45.0),
    "compile_max_autotune": Offer(_TORCH, prepare_s=90.0),
    "compile_reduce_overhead": Offer({"cuda": _TORCH["cuda"]}, prepare_s=45.0),
    "cuda_graph": Offer({"cuda": _TORCH["cuda"]}),
    "onnxruntime": Offer(
        {"cpu": frozenset({"fp32", "int8"}), "cuda": frozenset({"fp32", "fp16"})},
        _OWN, extra="onnx", packages=_ONNX, prepare_s=15.0,
    ),
    "openvino": Offer(
        {"cpu": frozenset({"fp32", "bf16", "int8"})},
        _OWN, extra="openvino", packages=("openvino", *_ONNX), prepare_s=15.0,
    ),
}  # fmt: skip
"""Runtime -> what it offers; ``measure/runtimes/selection.py`` has the class that runs it."""

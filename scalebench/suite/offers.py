"""Runtimes: layouts and modes of each, what it needs to be installed, and what preparing a model takes. A table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Offer:
    """What one runtime can run; its precisions depend on the kind of device, see ``device_kinds.py``.

    Attributes:
        layouts: memory formats of the images.
        modes: modes of a case.
        extra: of scalebench, which installs what the runtime needs; empty where torch is enough.
        packages: that must be importable.
        prepare_s: seconds of exporting or compiling a model, once; seen 8 to 50 s.
    """

    layouts: frozenset[str] = frozenset({"contiguous", "channels_last"})
    modes: frozenset[str] = frozenset({"inference"})
    extra: str = ""
    packages: tuple[str, ...] = ()
    prepare_s: float = 0.0


_OWN = frozenset({"contiguous"})
"""Runtimes that choose the layout of every operator themselves take images as they are and offer no other."""
_ONNX = ("onnx", "onnxscript", "onnxruntime")
OFFERS = {
    "eager": Offer(modes=frozenset({"inference", "training", "blocks", "input"})),
    "compile": Offer(modes=frozenset({"inference", "training"}), prepare_s=45.0),
    "compile_max_autotune": Offer(prepare_s=90.0),
    "compile_reduce_overhead": Offer(prepare_s=45.0),
    "cuda_graph": Offer(),
    "onnxruntime": Offer(_OWN, extra="onnx", packages=_ONNX, prepare_s=15.0),
    "openvino": Offer(_OWN, extra="openvino", packages=("openvino", *_ONNX), prepare_s=15.0),
}
"""Runtime -> what it offers; ``measure/runtimes/selection.py`` has the class that runs it."""

"""Configurations as readers call them: ``ONNX Runtime``, ``OpenVINO in int8``, ``eager with checkpointing``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scalebench.analysis.speedups import PLAIN

_RUNTIMES = {
    "eager": "eager", "compile": "torch.compile", "compile_max_autotune": "torch.compile, max-autotune",
    "compile_reduce_overhead": "torch.compile, reduce-overhead", "cuda_graph": "CUDA graphs",
    "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO",
}  # fmt: skip
_PRECISIONS = {"amp_fp16": "mixed fp16", "amp_bf16": "mixed bf16"}
_SETTINGS = {"sgd": "", "adamw": "AdamW"}
"""Plain SGD is how training is compared, so it is not named."""


def configuration_name(row: Mapping[Any, Any]) -> str:
    """What differs from the plain configuration, eager fp32, after the runtime.

    Args:
        row: of ``speedups.optimised``.
    """
    precision = row["precision"]
    settings = [_SETTINGS.get(word, word) for word in str(row["setting"] or "").split(", ")]
    runtime = _RUNTIMES.get(row["runtime"], str(row["runtime"]))
    numbers = "" if precision == PLAIN["precision"] else f" in {_PRECISIONS.get(precision, precision)}"
    layout = [] if row["layout"] == PLAIN["layout"] else ["channels last"]
    more = [*layout, *filter(None, settings)]
    return f"{runtime}{numbers}{' with ' if more else ''}{', '.join(more)}"

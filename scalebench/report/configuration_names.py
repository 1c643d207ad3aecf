"""Configurations as readers call them: ``ONNX Runtime``, ``OpenVINO in int8``, ``channels last``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scalebench.analysis.speedups import PLAIN

_RUNTIMES = {
    "compile": "torch.compile", "compile_max_autotune": "torch.compile, max-autotune",
    "compile_reduce_overhead": "torch.compile, reduce-overhead", "cuda_graph": "CUDA graphs",
    "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO",
}  # fmt: skip
_PRECISIONS = {"amp_fp16": "mixed fp16", "amp_bf16": "mixed bf16"}
_SETTINGS = {"sgd": "", "adamw": "AdamW", "pinned": "pinned threads"}
"""Plain SGD is how training is compared, so it is not named."""


def configuration_name(row: Mapping[Any, Any]) -> str:
    """The runtime and what else differs from eager fp32; only the difference where the runtime is eager.

    Args:
        row: with the columns of a case.
    """
    precision = _PRECISIONS.get(row["precision"], str(row["precision"]))
    layout = "" if row["layout"] == PLAIN["layout"] else "channels last"
    settings = [_SETTINGS.get(word, word) for word in str(row["setting"] or "").split(", ")]
    exact = row["precision"] == PLAIN["precision"]
    more = list(filter(None, (layout, *settings)))
    if row["runtime"] == PLAIN["runtime"]:
        return ", ".join(["" if exact else precision, *more]).strip(", ") or "eager"
    runtime = _RUNTIMES.get(row["runtime"], str(row["runtime"]))
    return f"{runtime}{'' if exact else f' in {precision}'}{' with ' if more else ''}{', '.join(more)}"

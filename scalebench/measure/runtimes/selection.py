"""Case -> the runtime that runs it, with whatever it needs made beforehand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from scalebench.measure.artefacts import Example, artefact
from scalebench.measure.runtimes.base import Runtime
from scalebench.measure.runtimes.compiled import Compiled, fill_cache, use_cache
from scalebench.measure.runtimes.eager import Eager
from scalebench.measure.runtimes.exported import Exported
from scalebench.measure.runtimes.exporting import MODEL, export, quantise_own
from scalebench.measure.runtimes.graphs import CudaGraph
from scalebench.measure.runtimes.onnxruntime import OnnxRuntime
from scalebench.measure.runtimes.openvino import OpenVino
from scalebench.suite.case import Case
from scalebench.suite.own_files import opened
from scalebench.suite.precisions import PRECISIONS

_RUNTIMES: dict[str, type[Eager | OnnxRuntime | OpenVino]] = {
    "eager": Eager,
    "cuda_graph": CudaGraph,
    "compile": Compiled,
    "compile_max_autotune": Compiled,
    "compile_reduce_overhead": Compiled,
    "onnxruntime": OnnxRuntime,
    "openvino": OpenVino,
}
"""Runtime -> the class that runs it; ``suite/offers.py`` has what it offers."""


def runtime_of(case: Case, example: Example) -> tuple[Runtime, dict[str, Any]]:
    """The runtime, and the facts of what had to be made for it; before this process has used a thread or a device.

    Args:
        case: what will run.
        example: builds the model and an input where something has to be made from them.

    Raises:
        ScalebenchError, RuntimeError: the model cannot be exported or compiled.
    """
    kind = _RUNTIMES[case.runtime]
    alone = replace(case, instances=1, affinity="free", cudnn_benchmark=False, cache="warm")
    if issubclass(kind, Exported):
        if case.variant.task == "onnx" and case.precision != "int8":
            return kind(case, Path(opened(case.model).path)), {}
        make = quantise_own if case.variant.task == "onnx" else export
        folder, facts = artefact(_as_exported(alone), make, example)
        return kind(case, folder / MODEL), facts
    if issubclass(kind, Compiled):
        folder, facts = artefact(alone, fill_cache, example)
        use_cache(folder)
        return kind(case), facts
    return kind(case), {}


def _as_exported(case: Case) -> Case:
    """What decides the file, which has no number of threads."""
    return replace(case, runtime="onnxruntime", precision=PRECISIONS[case.precision].exported, threads=1)

"""Case -> the runtime that runs it, with whatever it needs made beforehand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scalebench.measure.artefacts import Example, artefact
from scalebench.measure.runtimes.base import Runtime
from scalebench.measure.runtimes.compiled import Compiled, fill_cache, use_cache
from scalebench.measure.runtimes.eager import Eager
from scalebench.measure.runtimes.exporting import export
from scalebench.measure.runtimes.graphs import CudaGraph
from scalebench.measure.runtimes.onnxruntime import OnnxRuntime
from scalebench.measure.runtimes.openvino import OpenVino
from scalebench.suite.case import Case

_TORCH = {"eager": Eager, "cuda_graph": CudaGraph}
_EXPORTED: dict[str, type[OnnxRuntime | OpenVino]] = {"onnxruntime": OnnxRuntime, "openvino": OpenVino}


def runtime_of(case: Case, example: Example) -> tuple[Runtime, dict[str, Any]]:
    """The runtime, and the facts of what had to be made for it; before this process has used a thread or a device.

    Args:
        case: what will run.
        example: builds the model and an input where something has to be made from them.

    Raises:
        ScalebenchError, RuntimeError: the model cannot be exported or compiled.
    """
    if case.runtime in _TORCH:
        return _TORCH[case.runtime](case), {}
    alone = replace(case, instances=1, affinity="free")
    if case.runtime in _EXPORTED:
        folder, facts = artefact(_as_exported(alone), export, example)
        return _EXPORTED[case.runtime](case, folder), facts
    folder, facts = artefact(alone, fill_cache, example)
    use_cache(folder)
    return Compiled(case), facts


def _as_exported(case: Case) -> Case:
    """What decides the file: it has weights in fp32 unless they are fp16 or int8, and knows no threads."""
    precision = case.precision if case.precision in ("fp16", "int8") else "fp32"
    return replace(case, runtime="onnxruntime", precision=precision, threads=1)

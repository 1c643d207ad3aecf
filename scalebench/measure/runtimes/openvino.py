"""OpenVINO, on the CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from scalebench.measure.runtimes.base import Forward
from scalebench.measure.runtimes.exporting import MODEL
from scalebench.measure.runtimes.torchlike import logits
from scalebench.suite.case import Case

_HINTS = {"fp32": "f32", "bf16": "bf16", "int8": "f32"}
"""Precision of what is not quantised; OpenVINO would choose bf16 by itself where the CPU has it."""


class OpenVino:
    """A model compiled for latency from an exported file.

    Args:
        case: says how.
        folder: holds the exported file.
    """

    needs_model = False

    def __init__(self, case: Case, folder: Path) -> None:
        self._case, self._folder = case, folder

    def prepare(self, model: nn.Module | None, example: torch.Tensor) -> Forward:
        """A call that hands the images over and fetches the output."""
        import openvino

        core = openvino.Core()
        settings = {
            "INFERENCE_NUM_THREADS": self._case.threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": _HINTS[self._case.precision],
            "ENABLE_CPU_PINNING": self._case.affinity == "pinned",
        }
        request = core.compile_model(core.read_model(self._folder / MODEL), "CPU", settings).create_infer_request()
        return lambda images: request.infer([images.numpy()])

    def tensor(self, output: Any) -> torch.Tensor:
        """Logits as fp32 on the CPU."""
        return logits([torch.tensor(output[at]) for at in range(len(output))])

    def describe(self) -> dict[str, Any]:
        """Version, threads, and the size of what a device would have to store."""
        import openvino

        return {
            "runtime_version": openvino.__version__,
            "intraop_threads": self._case.threads,
            "file_bytes": (self._folder / MODEL).stat().st_size,
        }

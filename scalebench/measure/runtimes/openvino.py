"""OpenVINO, on the CPU."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from scalebench.measure.runtimes.base import Forward
from scalebench.measure.runtimes.exported import Exported
from scalebench.measure.runtimes.torchlike import logits
from scalebench.suite.precisions import PRECISIONS

_HINTS = {"float32": "f32", "bfloat16": "bf16"}
"""Precision of what is not quantised; OpenVINO would choose bf16 by itself where the CPU has it."""


class OpenVino(Exported):
    """A model compiled for latency from an exported file."""

    def prepare(self, model: nn.Module | None, example: torch.Tensor) -> Forward:
        """A call that hands the images over and fetches the output."""
        import openvino

        core = openvino.Core()
        settings = {
            "INFERENCE_NUM_THREADS": self._case.threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": _HINTS[PRECISIONS[self._case.precision].dtype],
            "ENABLE_CPU_PINNING": self._case.affinity == "pinned",
        }
        network = core.read_model(self._file)
        if network.is_dynamic():  # a file of the user's
            network.reshape(list(example.shape))
        request = core.compile_model(network, "CPU", settings).create_infer_request()
        return lambda images: request.infer([images.numpy()])

    def tensor(self, output: Any) -> torch.Tensor:
        """Logits as fp32 on the CPU."""
        return logits([torch.tensor(output[at]) for at in range(len(output))])

    def describe(self) -> dict[str, Any]:
        """Version, threads and size of the file."""
        import openvino

        return self.about(openvino.__version__)

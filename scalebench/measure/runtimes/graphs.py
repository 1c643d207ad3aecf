"""CUDA graphs: one recorded pass, replayed; the host launches a graph instead of hundreds of kernels."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from scalebench.measure.accelerator import accelerator_of
from scalebench.measure.runtimes.base import Forward
from scalebench.measure.runtimes.eager import Eager

_WARM_PASSES = 3
"""Passes on a side stream before recording, as torch's documentation of CUDA graphs asks for."""


class CudaGraph(Eager):
    """One recorded forward pass."""

    def prepare(self, model: nn.Module | None, example: torch.Tensor) -> Forward:
        """Record a pass on a fixed input, into which every later one is copied."""
        eager, static = super().prepare(model, example), example.clone()
        cuda = accelerator_of(example.device).module
        side = cuda.Stream()
        side.wait_stream(cuda.current_stream())
        with cuda.stream(side):
            for _ in range(_WARM_PASSES):
                eager(static)
        cuda.current_stream().wait_stream(side)
        graph = cuda.CUDAGraph()
        with cuda.graph(graph):
            output = eager(static)

        def forward(images: torch.Tensor) -> Any:
            static.copy_(images)
            graph.replay()
            return output

        return forward

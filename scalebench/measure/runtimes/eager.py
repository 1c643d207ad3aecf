"""Eager PyTorch."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from scalebench.measure.runtimes.base import Forward
from scalebench.measure.runtimes.torchlike import autocast, images_as_asked, logits, module_as_asked, torch_facts
from scalebench.suite.case import Case


class Eager:
    """The module called as it is, in inference mode."""

    needs_model = True
    own_memory = False

    def __init__(self, case: Case) -> None:
        self._case = case
        self._file_bytes: int | None = None

    def prepare(self, model: nn.Module | None, example: torch.Tensor) -> Forward:
        """A call that runs one forward pass; the conversion of fp32 images to the case's precision is part of it."""
        assert model is not None  # noqa: S101 - needs_model
        case, module = self._case, module_as_asked(model, self._case)
        self._file_bytes = sum(t.numel() * t.element_size() for t in module.state_dict().values())

        def forward(images: torch.Tensor) -> Any:
            with torch.inference_mode(), autocast(case):
                return module(images_as_asked(images, case))

        return forward

    def tensor(self, output: Any) -> torch.Tensor:
        """Logits as fp32 on the CPU."""
        return logits(output)

    def describe(self) -> dict[str, Any]:
        """Threads in use, whether fp32 stays fp32 on tensor cores, and the size of a checkpoint of the weights."""
        return {**torch_facts(), "file_bytes": self._file_bytes}

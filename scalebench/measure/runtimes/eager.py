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

    def __init__(self, case: Case) -> None:
        self._case = case

    def prepare(self, model: nn.Module | None, example: torch.Tensor) -> Forward:
        """A call that runs one forward pass; the conversion of fp32 images to the case's precision is part of it."""
        assert model is not None  # noqa: S101 - needs_model
        case, module = self._case, module_as_asked(model, self._case)

        def forward(images: torch.Tensor) -> Any:
            with torch.inference_mode(), autocast(case):
                return module(images_as_asked(images, case))

        return forward

    def tensor(self, output: Any) -> torch.Tensor:
        """Logits as fp32 on the CPU."""
        return logits(output)

    def describe(self) -> dict[str, Any]:
        """Threads in use, and whether fp32 stays fp32 on tensor cores."""
        return torch_facts()

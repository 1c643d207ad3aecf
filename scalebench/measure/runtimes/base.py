"""Runtime: how a model is executed. Each runtime is one file with one class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import nn

Forward = Callable[[torch.Tensor], Any]
"""One forward pass on images (batch x 3 x side x side, fp32 on the device); what it returns is the runtime's own."""


class Runtime(Protocol):
    """Turns a model into something that can be called."""

    needs_model: bool
    """Whether ``prepare`` is handed the module; False where the runtime has the model in a file of its own."""

    own_memory: bool
    """Whether it allocates memory of the device by itself, which torch does not count."""

    def prepare(self, model: nn.Module | None, example: torch.Tensor) -> Forward:
        """A call that runs one forward pass; ``example`` has the shape of every later input."""
        ...

    def tensor(self, output: Any) -> torch.Tensor:
        """What a pass returned as fp32 logits on the CPU, batch x classes; not timed."""
        ...

    def describe(self) -> dict[str, Any]:
        """Facts for the record: kernels, threads, versions, what preparing took."""
        ...

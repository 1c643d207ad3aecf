"""Runtime: how a model is executed. Each runtime is one file with one class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import nn


class Runtime(Protocol):
    """Turns a model into something that can be called."""

    def prepare(self, model: nn.Module, inputs: Sequence[torch.Tensor]) -> Callable[[], None]:
        """A call that runs one forward pass on the next of ``inputs`` (each batch x 3 x side x side)."""
        ...

    def describe(self) -> dict[str, Any]:
        """Facts for the record: kernels, threads, versions."""
        ...

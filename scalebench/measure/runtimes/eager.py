"""Eager PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any

import torch
from torch import nn


class Eager:
    """The module called as it is, in inference mode."""

    def prepare(self, model: nn.Module, inputs: Sequence[torch.Tensor]) -> Callable[[], None]:
        """A call that runs one forward pass on the next of ``inputs``."""
        queue = cycle(inputs)

        def run() -> None:
            with torch.inference_mode():
                model(next(queue))

        return run

    def describe(self) -> dict[str, Any]:
        """Threads in use, and whether fp32 stays fp32 on tensor cores."""
        return {
            "intraop_threads": torch.get_num_threads(),
            "allow_tf32": torch.backends.cuda.matmul.allow_tf32 or torch.backends.cudnn.allow_tf32,
        }

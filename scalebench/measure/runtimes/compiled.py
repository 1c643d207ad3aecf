"""torch.compile: kernels generated for one model and one input shape. Compiling is timed apart from running.

The first compilation of a case happens in a process of its own and fills a cache folder; the measuring process then
loads from it, so that its memory and its first laps are those of a program that starts with a warm cache.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import torch
from torch import nn

from scalebench.measure.runtimes.base import Forward
from scalebench.measure.runtimes.eager import Eager
from scalebench.suite.case import Case

_MODES = {
    "compile": "default",
    "compile_max_autotune": "max-autotune",
    "compile_reduce_overhead": "reduce-overhead",
}


class Compiled(Eager):
    """The module compiled for its input shape."""

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self._load_s = 0.0

    def prepare(self, model: nn.Module | None, example: torch.Tensor) -> Forward:
        """Compile, and run once on ``example``: compilation happens in the first call."""
        compiled = torch.compile(super().prepare(model, example), mode=_MODES[self._case.runtime], dynamic=False)
        started = time.perf_counter()
        with torch.inference_mode():
            compiled(example)
        self._load_s = time.perf_counter() - started

        def forward(images: torch.Tensor) -> Any:
            with torch.inference_mode():
                return compiled(images)

        return forward

    def describe(self) -> dict[str, Any]:
        """As eager, and the seconds of the first call with a warm cache."""
        return {**super().describe(), "load_s": self._load_s}


def use_cache(folder: Path) -> None:
    """Have the compiler keep its kernels in ``folder``; before its first use in this process."""
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(folder)


def fill_cache(model: nn.Module, example: torch.Tensor, case: Case, folder: Path) -> None:
    """Compile once into ``folder``."""
    use_cache(folder)
    Compiled(case).prepare(model, example)

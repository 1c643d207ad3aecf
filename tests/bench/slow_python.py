"""An interpreter with a planted slowdown: stands in for ``python -m scalebench.execute.worker`` and makes every forward
pass in eager mode longer by spinning for a share of the median pass.

``write(path)`` makes an executable that behaves like this; hand it to ``scalebench ab --python`` or to ``Worker``.
"""

from __future__ import annotations

import os
import runpy
import sys
import time
from collections import deque
from pathlib import Path
from statistics import median
from typing import Any

SHARE = 0.10
_SHARE, _TIMEOUT = "SCALEBENCH_PLANTED_SHARE", "SCALEBENCH_PLANTED_TIMEOUT"
_LAST = 50
"""Passes that the median is over."""


def write(path: Path, share: float = SHARE, timeout_s: float | None = None) -> Path:
    """Write the executable.

    Args:
        path: of the executable.
        share: of the median pass that is added to each.
        timeout_s: slow are only the cases whose protocol has this ``timeout_s``, which is no part of the method; None
            is all.
    """
    planted = f"{_SHARE}={share} {_TIMEOUT}={'' if timeout_s is None else timeout_s}"
    path.write_text(f'#!/bin/sh\n{planted} exec {sys.executable} {Path(__file__).resolve()} "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def plant(share: float, timeout_s: float | None = None) -> None:
    """Replace the eager runtime's pass by a longer one; arguments as in ``write``."""
    import torch
    from torch import nn

    from scalebench.measure.runtimes.base import Forward
    from scalebench.measure.runtimes.eager import Eager

    usual = Eager.prepare

    def prepare(runtime: Eager, model: nn.Module | None, example: torch.Tensor) -> Forward:
        forward = usual(runtime, model, example)
        if timeout_s not in (None, runtime._case.protocol.timeout_s):
            return forward
        passes_s: deque[float] = deque(maxlen=_LAST)

        def slow(images: torch.Tensor) -> Any:
            start = time.perf_counter()
            output = forward(images)
            end = time.perf_counter()
            passes_s.append(end - start)
            while time.perf_counter() < end + share * median(passes_s):
                pass
            return output

        return slow

    Eager.prepare = prepare  # type: ignore[method-assign]


def main(arguments: list[str]) -> Any:
    """``-m module arguments...`` as the interpreter would run it."""
    timeout = os.environ.get(_TIMEOUT)
    plant(float(os.environ[_SHARE]), float(timeout) if timeout else None)
    module = arguments[arguments.index("-m") + 1]
    sys.argv = [module, *arguments[arguments.index("-m") + 2 :]]
    return runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])

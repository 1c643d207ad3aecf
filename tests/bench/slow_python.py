"""An interpreter with a planted slowdown: stands in for ``python -m scalebench.execute.worker`` and makes every timed
forward pass about 10 % longer by repeating the model's first layer until that much more time has gone by.

``write(path)`` makes an executable that behaves like this; hand it to ``scalebench ab --python`` or to ``slowdown.py``.
"""

from __future__ import annotations

import runpy
import sys
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

SHARE = 0.10


def write(path: Path) -> Path:
    """Write the executable."""
    path.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__).resolve()} "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def plant() -> None:
    """Replace the eager runtime's call by a longer one."""
    import torch
    from torch import nn

    from scalebench.measure.runtimes.eager import Eager

    def prepare(_: Eager, model: nn.Module, inputs: Sequence[torch.Tensor]) -> Callable[[], None]:
        queue = cycle(inputs)
        first = next(module for module in model.modules() if isinstance(module, nn.Conv2d))

        def run() -> None:
            with torch.inference_mode():
                image = next(queue)
                start = time.perf_counter()
                model(image)
                end = time.perf_counter() + SHARE * (time.perf_counter() - start)
                while time.perf_counter() < end:
                    first(image[:1, :, :32, :32])

        return run

    Eager.prepare = prepare  # type: ignore[method-assign]


def main(arguments: list[str]) -> Any:
    """``-m module arguments...`` as the interpreter would run it."""
    plant()
    module = arguments[arguments.index("-m") + 1]
    sys.argv = [module, *arguments[arguments.index("-m") + 2 :]]
    return runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])

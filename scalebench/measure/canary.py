"""The canary: the same small work before and after every chunk. When its time changes, the host has changed.

It evicts weights and activations from the caches. So it runs outside the timed chunks, and two discarded laps of the
model follow it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import torch

from scalebench.measure.clock import Clock, host_clock

_SIDE = {"cpu": 768, "cuda": 4096}
"""Side of the square matrices. 0.9 GFLOP take 10 ms on a slow core; on a GPU less work would time its launches."""
_COPY_MIB = {"cpu": 32, "cuda": 128}
"""Source and target together exceed the last-level cache of most CPUs and of all GPUs so far."""
_FLOATS_PER_MIB = 2**18
_MIN_CALLS = 3


def canary(device: torch.device, seconds: float = 0.1) -> dict[str, float]:
    """Time a fixed matrix product and a fixed copy in fp32 for ``seconds`` together, with the current threads.

    Each is timed at least three times, after one untimed call.

    Returns: ``matmul_s`` and ``copy_s``, median seconds per call.
    """
    clock, half = host_clock(device), seconds / 2
    with torch.inference_mode():
        return {name: _median_lap(work(device), clock, half) for name, work in _WORK.items()}


def _product(device: torch.device) -> Callable[[], object]:
    side = _SIDE[device.type]
    a, b = (_random((side, side), device, seed) for seed in (1, 2))
    out = torch.empty_like(a)
    return lambda: torch.mm(a, b, out=out)


def _copy(device: torch.device) -> Callable[[], object]:
    source = _random((_FLOATS_PER_MIB,), device, 3).repeat(_COPY_MIB[device.type])
    target = torch.empty_like(source)
    return lambda: target.copy_(source)


def _random(shape: tuple[int, ...], device: torch.device, seed: int) -> torch.Tensor:
    """Normal numbers, because zeros draw less power; an own generator keeps the model's numbers unchanged."""
    generator = torch.Generator(device).manual_seed(seed)
    return torch.randn(shape, device=device, generator=generator)


_WORK = {"matmul_s": _product, "copy_s": _copy}


def _median_lap(call: Callable[[], object], clock: Clock, seconds: float) -> float:
    clock.lap(call)
    laps: list[float] = []
    end = time.perf_counter() + seconds
    while len(laps) < _MIN_CALLS or time.perf_counter() < end:
        laps.append(clock.lap(call))
    return median(laps)

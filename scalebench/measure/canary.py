"""The canary: the same small work beside every chunk. When its time changes, the host has changed, not the model.

It costs the model its caches: product and copy push weights and activations out of them. So it runs outside the timed
chunks, and two laps of the model that nobody keeps follow it before the first one counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import torch

from scalebench.measure.clock import Clock, host_clock

_SIDE = {"cpu": 768, "cuda": 4096}
"""Of the square matrices. 0.9 GFLOP take 10 ms of a slow core; a GPU needs more, or its launches would be timed."""
_COPY_MIB = {"cpu": 32, "cuda": 128}
"""Source and target together exceed the last cache of most CPUs, and of GPUs so far, and are small beside a card."""
_FLOATS_PER_MIB = 2**18
_FEWEST = 3


def canary(device: torch.device, seconds: float = 0.1) -> dict[str, float]:
    """Time a fixed matrix product and a fixed copy in fp32, with the threads that are set.

    Args:
        device: where the case runs.
        seconds: time for both together; each is called at least three times, after one call that is not timed.

    Returns: ``matmul_s`` and ``copy_s``, median seconds per call.
    """
    clock, half = host_clock(device), seconds / 2
    with torch.inference_mode():
        return {
            "matmul_s": _usual(_product(device), clock, half),
            "copy_s": _usual(_copy(device), clock, half),
        }


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
    """Normal numbers, because zeros draw less power; from a generator of its own, so that the model's are not moved."""
    generator = torch.Generator(device).manual_seed(seed)
    return torch.randn(shape, device=device, generator=generator)


def _usual(call: Callable[[], object], clock: Clock, seconds: float) -> float:
    def run() -> None:
        call()

    clock.lap(run)
    laps: list[float] = []
    end = time.perf_counter() + seconds
    while len(laps) < _FEWEST or time.perf_counter() < end:
        laps.append(clock.lap(run))
    return median(laps)

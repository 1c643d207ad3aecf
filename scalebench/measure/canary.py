"""The canary: the same small work before and after every chunk. When its time changes, the host has changed.

It evicts weights and activations from the caches. So it runs outside the timed chunks, and two discarded laps of the
model follow it. It starts only when no other thread of this process runs: ONNX Runtime's workers spin for a while after
a pass, and a product beside them takes twice its time on two cores. It multiplies in IEEE fp32 whatever the case uses.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import torch

from scalebench.measure.clock import Clock, host_clock
from scalebench.measure.tensor_cores import ieee_fp32
from scalebench.suite.device_kinds import kind_of

_FLOATS_PER_MIB = 2**18
_MIN_CALLS = 3
_STEP_S, _IDLE_MAX_S = 0.02, 3.0
_IDLE_CORES = 0.05
"""CPU time of the process per second, while this thread sleeps; a worker that spins takes up to one core."""


def canary(device: torch.device, seconds: float = 0.1) -> dict[str, float]:
    """Time a fixed matrix product and a fixed copy in fp32 for ``seconds`` together, with the current threads.

    Each is timed at least three times, after one untimed call.

    Returns: ``matmul_s`` and ``copy_s``, median seconds per call; ``idle``, whether no other thread of the process ran
        at the start.
    """
    clock, half, idle = host_clock(device), seconds / 2, await_idle()
    with torch.inference_mode(), ieee_fp32():
        return {"idle": idle, **{name: _median_lap(work(device), clock, half) for name, work in _WORK.items()}}


def await_idle(
    cpu_s: Callable[[], float] = time.process_time,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    step_s: float = _STEP_S,
) -> bool:
    """Sleep until the threads of this process do, at most 3 s; whether they do. It looks every ``step_s`` seconds."""
    end = clock() + _IDLE_MAX_S
    while True:
        start, cpu_start = clock(), cpu_s()
        sleep(step_s)
        now = clock()
        if cpu_s() - cpu_start <= _IDLE_CORES * (now - start):
            return True
        if now >= end:
            return False


def _product(device: torch.device) -> Callable[[], object]:
    side = kind_of(device.type).canary_side
    a, b = (_random((side, side), device, seed) for seed in (1, 2))
    out = torch.empty_like(a)
    return lambda: torch.mm(a, b, out=out)


def _copy(device: torch.device) -> Callable[[], object]:
    source = _random((_FLOATS_PER_MIB,), device, 3).repeat(kind_of(device.type).canary_mib)
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

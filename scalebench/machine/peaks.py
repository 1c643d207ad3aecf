"""Peaks: the most multiply-adds and bytes per second that torch gets out of a device.

Bounds need a rate that nothing beats, so ``best`` is the best lap of the best shape: noise slows down and never speeds
up. Inputs are normal numbers, because an A100 multiplies zeros 15 % faster.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

import torch

from scalebench.machine.ability import CONTENDED, EMULATED, Peak, Unit
from scalebench.machine.caches import last_cache
from scalebench.machine.climb import ClimbStep, Run, Timer, climb
from scalebench.machine.limits import free_memory
from scalebench.machine.telemetry import between, read
from scalebench.machine.validity import WAITED
from scalebench.suite.precisions import PRECISIONS

Found = tuple[Literal["matmul", "bandwidth"], str, Peak]
"""Kind, name (a precision, or ``copy``, ``triad``, ``llc``) and peak."""

_PRECISIONS = tuple(name for name, row in PRECISIONS.items() if row.peak)
_SIDES = (128, 256, 512, 1024, 2048, 4096, 8192, 16384)
"""Small ones first: fp16 on a CPU without it ran 100 to 500 times slower than fp32, and nobody waits for that."""
_LONG = ((1024, 10240, 5120), (2048, 2048, 13312), (4096, 4096, 8192))
"""m, n, k of shapes that suit GPUs better than squares (stas00/ml-engineering, maximum achievable matmul FLOPS)."""
_MATMUL_SHARE = 0.75
"""Of the time: shapes have to be searched for, buffers have one size."""
_EMULATED_SHARE = 0.25
_BUFFER = {"cpu": 2**28, "cuda": 2**30}
_CACHES, _FREE_SHARE = 4, 1 / 8
_FLOAT = 4


def measure_peaks(
    device: str,
    threads: int,
    cap_s: float = 10.0,
    precisions: Sequence[str] = _PRECISIONS,
    timer: Timer | None = None,
) -> Iterator[Found]:
    """Measure in this process, which should do nothing else; each peak is yielded as it is found.

    Args:
        device: ``cpu`` or ``cuda:N``.
        threads: of torch, on the CPU.
        cap_s: time for everything together, seconds; reserving memory is not counted.
        precisions: those that torch cannot multiply here are left out.
        timer: the device's own where None.

    Raises:
        MachineError: the clock went back.
    """
    where = torch.device(device)
    torch.set_num_threads(threads)
    if where.type == "cuda":
        torch.cuda.set_device(where)  # events are recorded on the current device's stream
    torch.backends.cuda.matmul.allow_tf32 = False
    timer = timer or (event_timer if where.type == "cuda" else host_timer)
    reference: Peak | None = None
    for name in precisions:
        found = _climb(products(where, name), "FLOP/s", timer, _MATMUL_SHARE * cap_s / len(precisions), threads)
        if found is not None:
            reference = found if name == "fp32" else reference
            slow = reference is not None and found.best < _EMULATED_SHARE * reference.best
            yield "matmul", name, _noted(found, EMULATED) if slow else found
    transfers = streams(where)
    for name, step in transfers.items():
        found = _climb([step], "B/s", timer, (1 - _MATMUL_SHARE) * cap_s / len(transfers), threads)
        if found is not None:
            yield "bandwidth", name, found


def _climb(steps: Sequence[ClimbStep], unit: Unit, timer: Timer, cap_s: float, threads: int) -> Peak | None:
    """Climb, and say where threads had to wait for a core meanwhile."""
    before = read()
    found = climb(steps, unit, timer, cap_s)
    waited = between(before, read(), threads).waited_share or 0.0
    if found is None or waited <= WAITED:
        return found
    return _noted(found, f"{CONTENDED}: waited {waited:.0%} of the time for a core")


def _noted(peak: Peak, note: str) -> Peak:
    return replace(peak, note="; ".join(filter(None, (peak.note, note))))


def products(device: torch.device, precision: str) -> list[ClimbStep]:
    """Matrix products, small ones first; none with a matrix of more than an eighth of the free memory."""
    dtype: torch.dtype = getattr(torch, PRECISIONS[precision].dtype)
    shapes = [(side, side, side) for side in _SIDES] + (list(_LONG) if device.type == "cuda" else [])
    room = _FREE_SHARE * _free(device)
    fitting = [(m, n, k) for m, n, k in shapes if max(m * n, m * k, n * k) * dtype.itemsize <= room]
    return sorted((_product(m, n, k, dtype, device) for m, n, k in fitting), key=lambda step: step.amount)


def _product(m: int, n: int, k: int, dtype: torch.dtype, device: torch.device) -> ClimbStep:
    def make() -> Run:
        a, b = _random((m, k), dtype, device), _random((k, n), dtype, device)
        out = torch.empty((m, n), dtype=dtype, device=device)
        return lambda: torch.mm(a, b, out=out)

    return ClimbStep(f"{m}x{n}x{k}", 2.0 * m * n * k, make)


def streams(device: torch.device) -> dict[str, ClimbStep]:
    """Copy and triad through memory, and a copy that stays in the last cache, where its size is known.

    Bytes are those read and written. What a CPU reads of a line before it writes to it is not counted.
    """
    cache = llc_bytes(device)
    size = int(min(max(_BUFFER[device.type], _CACHES * (cache or 0)), _FREE_SHARE * _free(device))) // _FLOAT
    steps = {"copy": _copy(size, device), "triad": _triad(size, device)}
    # Source and target together take a quarter of the cache.
    return steps if cache is None else {**steps, "llc": _copy(cache // 8 // _FLOAT, device)}


def _copy(size: int, device: torch.device) -> ClimbStep:
    def make() -> Run:
        source = _random((size,), torch.float32, device)
        target = torch.empty_like(source)
        return lambda: target.copy_(source)

    return ClimbStep(f"2 x {_FLOAT * size / 2**20:.4g} MiB", 2.0 * _FLOAT * size, make)


def _triad(size: int, device: torch.device) -> ClimbStep:
    def make() -> Run:
        one, other = (_random((size,), torch.float32, device) for _ in range(2))
        target = torch.empty_like(one)
        return lambda: torch.add(one, other, alpha=3.0, out=target)

    return ClimbStep(f"3 x {_FLOAT * size / 2**20:.4g} MiB", 3.0 * _FLOAT * size, make)


def _random(shape: tuple[int, ...], dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Normal numbers, a million of them over and over: a CPU would need longer to draw them than to multiply them."""
    size = math.prod(shape)
    numbers = torch.randn(min(size, 2**20), device=device).to(dtype)
    return numbers.repeat(math.ceil(size / len(numbers)))[:size].view(shape)


def llc_bytes(device: torch.device) -> int | None:
    """Size of the last cache that serves the device, bytes; None where unknown."""
    if device.type != "cuda":
        return last_cache()
    found = getattr(torch.cuda.get_device_properties(device), "L2_cache_size", None)  # not in every torch
    return int(found) if found else None


def _free(device: torch.device) -> float:
    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    free = free_memory()
    return math.inf if free is None else free


def host_timer(run: Run, calls: int) -> float:
    """Seconds on the host's monotonic clock; for the CPU, which returns when it has finished."""
    start = time.perf_counter_ns()
    for _ in range(calls):
        run()
    return (time.perf_counter_ns() - start) * 1e-9


def event_timer(run: Run, calls: int) -> float:
    """Seconds between two CUDA events on the current stream; waits for the second one."""
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record()
    for _ in range(calls):
        run()
    end.record()
    end.synchronize()
    return float(start.elapsed_time(end)) * 1e-3

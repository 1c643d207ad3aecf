"""Peaks: the highest FLOP and bytes per second that torch reaches on a device.

Bounds need a rate that nothing exceeds, so ``best`` is the best lap of the best shape: noise only slows down. Inputs
are normally distributed, because an A100 multiplies zeros 15 % faster.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

import torch

from scalebench.machine.ability import CONTENDED, EMULATED, Peak, Unit
from scalebench.machine.climb import ClimbStep, Run, Timer, climb
from scalebench.machine.telemetry import between, read
from scalebench.machine.validity import WAITED
from scalebench.measure.accelerator import Accelerator, accelerator_of
from scalebench.measure.clock import device_clock
from scalebench.measure.tensor_cores import allow_tf32
from scalebench.suite.precisions import PRODUCTS

NamedPeak = tuple[Literal["matmul", "bandwidth"], str, Peak]
"""Kind, name (a format of ``PRODUCTS``, or ``copy``, ``triad``, ``llc``) and peak."""

_FORMATS = tuple(PRODUCTS)
_STEPS_OF_INT8 = 40
"""Standard deviation of 8-bit factors: a third of the largest."""
_SIDES = (128, 256, 512, 1024, 2048, 4096, 8192, 16384)
"""Small ones first: fp16 on a CPU without it ran 100 to 500 times slower than fp32."""
_LONG = ((1024, 10240, 5120), (2048, 2048, 13312), (4096, 4096, 8192))
"""m, n, k of shapes that suit GPUs better than squares (stas00/ml-engineering, maximum achievable matmul FLOPS)."""
_MATMUL_SHARE = 0.75
"""Share of the time: matrix products are tried in many shapes, buffers in one size."""
_EMULATED_SHARE = 0.25
_CACHES, _FREE_SHARE = 4, 1 / 8
_FLOAT = 4
_GRAPH_COPIES = 100
"""Copies of one graph: 0.3 ms of work on an H100, whose launches take 5 us."""


def measure_peaks(
    device: str,
    threads: int,
    cap_s: float = 10.0,
    formats: Sequence[str] = _FORMATS,
    timer: Timer | None = None,
) -> Iterator[NamedPeak]:
    """Measure in this process, which should do nothing else; each peak is yielded when it is known.

    Args:
        device: as in ``Case``.
        threads: of torch, on the CPU.
        cap_s: time for everything together, seconds; allocating memory is not counted.
        formats: of ``PRODUCTS``; those that this device does not have, or torch cannot multiply, are left out.
        timer: the device's own where None.

    Raises:
        MachineError: the clock went back.
    """
    accelerator = accelerator_of(device)
    torch.set_num_threads(threads)
    accelerator.select()
    timer = timer or device_clock(accelerator).chunk
    reference: Peak | None = None
    offered = accelerator.kind.products
    formats = [name for name in formats if name in offered and not accelerator.lacks(name)]
    for name in formats:
        allow_tf32(name == "tf32")
        steps = products(accelerator, name)
        peak = _climb(steps, "FLOP/s", timer, _MATMUL_SHARE * cap_s / len(formats), threads)
        if peak is not None:
            reference = peak if name == "fp32" else reference
            slow = reference is not None and peak.best < _EMULATED_SHARE * reference.best
            yield "matmul", name, _with_note(peak, EMULATED) if slow else peak
    allow_tf32(False)
    transfers = streams(accelerator)
    for name, step in transfers.items():
        peak = _climb([step], "B/s", timer, (1 - _MATMUL_SHARE) * cap_s / len(transfers), threads)
        if peak is not None:
            yield "bandwidth", name, peak


def _climb(steps: Sequence[ClimbStep], unit: Unit, timer: Timer, cap_s: float, threads: int) -> Peak | None:
    """Climb; the peak has a note where threads waited for a core meanwhile."""
    before = read()
    peak = climb(steps, unit, timer, cap_s)
    waited = between(before, read(), threads).waited_share or 0.0
    if peak is None or waited <= WAITED:
        return peak
    return _with_note(peak, f"{CONTENDED}: waited {waited:.0%} of the time for a core")


def _with_note(peak: Peak, note: str) -> Peak:
    return replace(peak, note="; ".join(filter(None, (peak.note, note))))


def products(accelerator: Accelerator, factors: str) -> list[ClimbStep]:
    """Matrix products of a format of ``PRODUCTS``, small ones first.

    None has a matrix of more than an eighth of the free memory.
    """
    dtype: torch.dtype = getattr(torch, PRODUCTS[factors])
    shapes = [(side, side, side) for side in _SIDES] + ([] if accelerator.kind.on_host else list(_LONG))
    limit_bytes = _FREE_SHARE * accelerator.free_bytes()
    fitting = [(m, n, k) for m, n, k in shapes if max(m * n, m * k, n * k) * dtype.itemsize <= limit_bytes]
    return sorted((_product(m, n, k, dtype, accelerator.device) for m, n, k in fitting), key=lambda step: step.amount)


def _product(m: int, n: int, k: int, dtype: torch.dtype, device: torch.device) -> ClimbStep:
    def make() -> Run:
        if dtype.itemsize == 1:
            return _byte_product(_random((m, k), dtype, device), _random((n, k), dtype, device).t())
        a, b = _random((m, k), dtype, device), _random((k, n), dtype, device)
        out = torch.empty((m, n), dtype=dtype, device=device)
        return lambda: torch.mm(a, b, out=out)

    return ClimbStep(f"{m}x{n}x{k}", 2.0 * m * n * k, make)


def _byte_product(a: torch.Tensor, b: torch.Tensor) -> Run:
    """Product of fp8 or int8 factors. cuBLAS takes the second by columns only, and sums in fp32 or int32."""
    if a.dtype == torch.int8:
        return lambda: torch._int_mm(a, b)  # noqa: SLF001 - torch has no public name for either
    one = torch.ones((), device=a.device)
    return lambda: torch._scaled_mm(  # noqa: SLF001 - as above
        a, b, one, one, out_dtype=torch.bfloat16, use_fast_accum=True
    )


def streams(accelerator: Accelerator) -> dict[str, ClimbStep]:
    """Copy and triad through memory, and a copy that stays in the last-level cache, where its size is known.

    Counted are bytes read and written, without the CPU's read of a cache line before it writes to it.
    """
    cache, device = accelerator.cache_bytes(), accelerator.device
    largest = max(accelerator.kind.stream_bytes, _CACHES * (cache or 0))
    size = int(min(largest, _FREE_SHARE * accelerator.free_bytes())) // _FLOAT
    steps = {"copy": _copy(size, device), "triad": _triad(size, device)}
    # Source and target together take a quarter of the cache.
    return steps if cache is None else {**steps, "llc": _cached_copies(cache // 8 // _FLOAT, accelerator)}


def _copy(size: int, device: torch.device) -> ClimbStep:
    def make() -> Run:
        source = _random((size,), torch.float32, device)
        target = torch.empty_like(source)
        return lambda: target.copy_(source)

    return ClimbStep(f"2 x {_FLOAT * size / 2**20:.4g} MiB", 2.0 * _FLOAT * size, make)


def _cached_copies(size: int, accelerator: Accelerator) -> ClimbStep:
    """Copies within the cache. On a GPU they take less time than their launches: a graph launches many at once."""
    one = _copy(size, accelerator.device)
    if "cuda_graph" not in accelerator.kind.runtimes:
        return one

    def make() -> Run:
        copy = one.make()

        def copies() -> None:
            for _ in range(_GRAPH_COPIES):
                copy()

        return accelerator.recorded(copies, warm_calls=1)

    return replace(one, amount=_GRAPH_COPIES * one.amount, make=make)


def _triad(size: int, device: torch.device) -> ClimbStep:
    def make() -> Run:
        a, b = (_random((size,), torch.float32, device) for _ in range(2))
        target = torch.empty_like(a)
        return lambda: torch.add(a, b, alpha=3.0, out=target)

    return ClimbStep(f"3 x {_FLOAT * size / 2**20:.4g} MiB", 3.0 * _FLOAT * size, make)


def _random(shape: tuple[int, ...], dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """A million normal numbers, repeated: drawing more would take a CPU longer than multiplying them."""
    size = math.prod(shape)
    numbers = torch.randn(min(size, 2**20), device=device)
    if dtype == torch.int8:
        numbers = (_STEPS_OF_INT8 * numbers).clamp(-127, 127)
    numbers = numbers.to(dtype)
    stored = numbers.view(torch.int8) if dtype.itemsize == 1 else numbers  # not every kernel takes fp8
    return stored.repeat(math.ceil(size / len(stored)))[:size].view(dtype).view(shape)

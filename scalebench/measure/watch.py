"""Samples the GPU from a thread during a measurement: clocks, throttling, temperature, power, processes.

A sample takes interpreter time from the measuring process, so there is one every 100 ms, and only every tenth reads the
list of processes, the most expensive query. On the CPU no thread is started.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from itertools import count, pairwise
from operator import or_
from typing import Any, TypeVar

from scalebench.machine.gpu import LOW_CLOCK, Gpu, Unavailable, tenants, throttled

_EVERY_S = 0.1
_PROCESSES_EVERY = 10
_MEMORY_EVERY_S = 0.02

Value = TypeVar("Value")
GpuReport = Callable[[], dict[str, Any] | None]
"""Gives the summary, once the watch is over; None on the CPU."""


@dataclass(frozen=True)
class Sample:
    """One sample of the GPU; None for what is unavailable.

    Attributes:
        at_s: monotonic seconds.
        reasons: clock event reasons, a bit mask.
        sm_clock_mhz, temperature_c, power_w: as named.
        process_bytes: device memory of this process.
        others: other processes on the device.
    """

    at_s: float
    reasons: int | None = None
    sm_clock_mhz: int | None = None
    temperature_c: int | None = None
    power_w: float | None = None
    process_bytes: int | None = None
    others: tuple[int, ...] | None = None


@contextmanager
def watching(
    gpu: Gpu | Unavailable | None, every_s: float = _EVERY_S, clock: Callable[[], float] = time.monotonic
) -> Iterator[GpuReport]:
    """Sample a GPU (None on the CPU) every ``every_s`` seconds during a ``with`` block.

    Yields: a callable that gives ``summary``'s mapping after the block; ``{"unavailable", "detail"}`` without NVML;
        None on the CPU.
    """
    if gpu is None:
        yield lambda: None
    elif isinstance(gpu, Unavailable):
        yield lambda: {"unavailable": gpu.reason, "detail": gpu.detail}
    else:
        with sampled(lambda number: take_sample(gpu, clock, number % _PROCESSES_EVERY == 0), every_s) as samples:
            default = gpu.default_clock_mhz()
            yield lambda: {
                **summary(samples), "power_limit_w": gpu.power_limit_w(),
                "default_clock_mhz": default, "low_clock_share": low_clock_share(samples, default),
            }  # fmt: skip


def process_peak(
    gpu: Gpu | Unavailable | None,
    run: Callable[[], None],
    every_s: float = _MEMORY_EVERY_S,
    used_before: int | None = None,
) -> int | None:
    """Peak device memory of this process during ``run``, bytes, context and libraries included.

    ``run`` must wait for the device. The last sample is taken after it, when the allocator still holds its peak.

    In containers the process ids may differ from the library's. Then it is the growth of what is in use on the card
    since ``used_before``, bytes, which was read before this process used the device; it holds where nobody else
    allocates meanwhile.

    Returns: None on the CPU, and without counters.
    """
    if not isinstance(gpu, Gpu):
        run()
        return None

    def take(_: int) -> Sample:
        own, used = tenants(gpu.processes(), os.getpid())[0], gpu.memory_used_bytes()
        grown = None if used is None or used_before is None else max(0, used - used_before)
        return Sample(0.0, process_bytes=grown if own is None else own)

    with sampled(take, every_s) as samples:
        run()
    return _max_known(sample.process_bytes for sample in samples)


def take_sample(gpu: Gpu, clock: Callable[[], float], processes: bool) -> Sample:
    """Read the GPU once; its processes only where ``processes``."""
    own, others = tenants(gpu.processes(), os.getpid()) if processes else (None, None)
    return Sample(
        at_s=clock(),
        reasons=gpu.clock_event_reasons(),
        sm_clock_mhz=gpu.sm_clock_mhz(),
        temperature_c=gpu.temperature_c(),
        power_w=gpu.power_w(),
        process_bytes=own,
        others=others,
    )


@contextmanager
def sampled(take: Callable[[int], Value], every_s: float) -> Iterator[list[Value]]:
    """Take samples in a thread during a ``with`` block: one at the start, one every ``every_s``, one after it.

    ``take`` gets the number of the sample, 0 for the first and for the last.
    """
    samples: list[Value] = []
    over = threading.Event()

    def work() -> None:
        for number in count():
            samples.append(take(number))
            if over.wait(every_s):
                return

    thread = threading.Thread(target=work, name="scalebench-watch", daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        over.set()
        thread.join()
        samples.append(take(0))


def summary(samples: Sequence[Sample]) -> dict[str, Any]:
    """Summary of the samples as JSON content; None for what is unknown in all of them.

    Returns: ``samples`` (their number), ``clock_event_reasons`` (union of masks), ``throttled`` (names of those that
        invalidate a timing), ``sm_clock_min_mhz``, ``sm_clock_max_mhz``, ``temperature_max_c``, ``power_mean_w`` (over
        time), ``process_peak_bytes``, ``other_pids``.
    """
    masks = _known(sample.reasons for sample in samples)
    reasons = reduce(or_, masks) if masks else None
    clocks = _known(sample.sm_clock_mhz for sample in samples)
    others = _known(sample.others for sample in samples)
    return {
        "samples": len(samples),
        "clock_event_reasons": reasons,
        "throttled": None if reasons is None else throttled(reasons),
        "sm_clock_min_mhz": min(clocks, default=None),
        "sm_clock_max_mhz": max(clocks, default=None),
        "temperature_max_c": _max_known(sample.temperature_c for sample in samples),
        "power_mean_w": mean_power(samples),
        "process_peak_bytes": _max_known(sample.process_bytes for sample in samples),
        "other_pids": sorted({pid for pids in others for pid in pids}) if others else None,
    }


def low_clock_share(samples: Sequence[Sample], default_mhz: int | None) -> float | None:
    """Share of the samples whose clock is below 75 % of the default one; None where either is unknown."""
    clocks = _known(sample.sm_clock_mhz for sample in samples)
    if not clocks or not default_mhz:
        return None
    return sum(clock < LOW_CLOCK * default_mhz for clock in clocks) / len(clocks)


def mean_power(samples: Iterable[Sample]) -> float | None:
    """Mean power over time in watts, by the trapezoid rule; None from fewer than two readings."""
    known = [(sample.at_s, sample.power_w) for sample in samples if sample.power_w is not None]
    if len(known) < 2 or known[-1][0] <= known[0][0]:
        return None
    joules = sum((end - start) * (first + last) / 2 for (start, first), (end, last) in pairwise(known))
    return joules / (known[-1][0] - known[0][0])


def _known(values: Iterable[Value | None]) -> list[Value]:
    return [value for value in values if value is not None]


def _max_known(values: Iterable[int | None]) -> int | None:
    return max(_known(values), default=None)

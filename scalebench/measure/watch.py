"""Watches the GPU from a thread while something else runs: clocks, throttling, temperature, power, who is there.

A sample costs the measuring process a little of its interpreter, so it comes every 100 ms and asks for the list of
processes, the dearest question, at every tenth only. On the CPU no thread is started.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import reduce
from itertools import count, pairwise
from operator import or_
from typing import Any, TypeVar

import torch

from scalebench.machine.nvml import Gpu, Unavailable, open_gpu, tenants, throttled

_EVERY_S = 0.1
_PROCESSES_EVERY = 10
_MEMORY_EVERY_S = 0.02

Value = TypeVar("Value")
Seen = Callable[[], dict[str, Any] | None]
"""What was seen, to be called when the watch is over; None on the CPU."""


@dataclass(frozen=True)
class Sample:
    """One look at the GPU; None for what it does not tell.

    Attributes:
        at_s: when, seconds of a monotonic clock.
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


def gpu_of(device: torch.device) -> Gpu | Unavailable | None:
    """The device as NVML knows it; None for the CPU."""
    if device.type != "cuda":
        return None
    found = torch.cuda.get_device_properties(device)
    place: list[Any] = [getattr(found, f"pci_{part}_id", None) for part in ("domain", "bus", "device")]
    pci = "" if None in place else "{:08x}:{:02x}:{:02x}.0".format(*place)
    return open_gpu(str(getattr(found, "uuid", "")), pci)


def watched(device: torch.device) -> AbstractContextManager[Seen]:
    """Watch ``device`` for the length of a ``with`` block, see ``watching``."""
    return watching(gpu_of(device))


@contextmanager
def watching(
    gpu: Gpu | Unavailable | None, every_s: float = _EVERY_S, clock: Callable[[], float] = time.monotonic
) -> Iterator[Seen]:
    """Watch a GPU for the length of a ``with`` block.

    Args:
        gpu: the device; None on the CPU.
        every_s: seconds between two samples.
        clock: monotonic seconds.

    Yields: a callable that gives, after the block, ``summary``'s mapping; ``{"unavailable", "detail"}`` where NVML
        does not answer; None on the CPU.
    """
    if gpu is None:
        yield lambda: None
    elif isinstance(gpu, Unavailable):
        yield lambda: {"unavailable": gpu.reason, "detail": gpu.detail}
    else:
        with sampled(lambda number: look(gpu, clock, number % _PROCESSES_EVERY == 0), every_s) as samples:
            yield lambda: summary(samples)


def process_peak(
    gpu: Gpu | Unavailable | None, run: Callable[[], None], every_s: float = _MEMORY_EVERY_S
) -> int | None:
    """Most device memory this process had while ``run`` ran, bytes, context and libraries included.

    Args:
        gpu: where ``run`` works; None on the CPU.
        run: has to wait for the device before it returns.
        every_s: seconds between two looks; the last one comes after ``run``, when the allocator still holds its peak.

    Returns: None on the CPU, without NVML, and in containers whose processes NVML lists under other numbers.
    """
    if not isinstance(gpu, Gpu):
        run()
        return None

    def take(_: int) -> Sample:
        return Sample(0.0, process_bytes=tenants(gpu.processes(), os.getpid())[0])

    with sampled(take, every_s) as samples:
        run()
    return _most(sample.process_bytes for sample in samples)


def look(gpu: Gpu, clock: Callable[[], float], processes: bool) -> Sample:
    """Ask the GPU once, for its processes only if told so."""
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
def sampled(take: Callable[[int], Sample], every_s: float) -> Iterator[list[Sample]]:
    """Take samples in a thread during a ``with`` block: one at once, one every ``every_s``, one after it.

    Args:
        take: makes a sample; gets its number, 0 for the first and for the last.
        every_s: seconds between two samples.
    """
    samples: list[Sample] = []
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
    """What the samples have in common, as JSON content; None where no sample knew.

    Returns: ``samples`` (how many), ``clock_event_reasons`` (all masks together), ``throttled`` (names of those that
        spoil a timing), ``sm_clock_min_mhz``, ``sm_clock_max_mhz``, ``temperature_max_c``, ``power_mean_w`` (over
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
        "temperature_max_c": _most(sample.temperature_c for sample in samples),
        "power_mean_w": mean_power(samples),
        "process_peak_bytes": _most(sample.process_bytes for sample in samples),
        "other_pids": sorted({pid for pids in others for pid in pids}) if others else None,
    }


def mean_power(samples: Iterable[Sample]) -> float | None:
    """Mean power over time in watts, by the trapezoid rule; None from fewer than two readings."""
    known = [(sample.at_s, sample.power_w) for sample in samples if sample.power_w is not None]
    if len(known) < 2 or known[-1][0] <= known[0][0]:
        return None
    joules = sum((late - soon) * (one + other) / 2 for (soon, one), (late, other) in pairwise(known))
    return joules / (known[-1][0] - known[0][0])


def _known(values: Iterable[Value | None]) -> list[Value]:
    return [value for value in values if value is not None]


def _most(values: Iterable[int | None]) -> int | None:
    return max(_known(values), default=None)

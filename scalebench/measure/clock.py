"""Clocks: the host's, and the device's events. A clock times a callable, so the sampling rules need no torch."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import torch

from scalebench.measure.accelerator import Accelerator, accelerator_of


class Clock(Protocol):
    """Times calls, in seconds."""

    def lap(self, run: Callable[[], object]) -> float:
        """Seconds of one call, until the device has finished it."""
        return self.chunk(run, 1)

    def chunk(self, run: Callable[[], object], calls: int) -> float:
        """Seconds of ``calls`` calls issued back to back, with one wait at the end."""
        ...


class HostClock(Clock):
    """The host's monotonic clock: latency as the caller sees it, launch overhead included.

    ``wait`` blocks until the device is idle.
    """

    def __init__(self, wait: Callable[[], None] = lambda: None) -> None:
        self._wait = wait

    def chunk(self, run: Callable[[], object], calls: int) -> float:
        """Seconds of ``calls`` calls."""
        self._wait()
        start = time.perf_counter_ns()
        for _ in range(calls):
            run()
        self._wait()
        return (time.perf_counter_ns() - start) * 1e-9

    def issue(self, run: Callable[[], object]) -> float:
        """Seconds until one call returns, issued to an idle device, which may go on working."""
        self._wait()
        start = time.perf_counter_ns()
        run()
        seconds = (time.perf_counter_ns() - start) * 1e-9
        self._wait()
        return seconds


class EventClock(Clock):
    """Events: time on the device, without the host's launch overhead before the first kernel."""

    def __init__(self, accelerator: Accelerator) -> None:
        self._accelerator = accelerator

    def chunk(self, run: Callable[[], object], calls: int) -> float:
        """Seconds of ``calls`` calls."""
        start, end = self._accelerator.event(), self._accelerator.event()
        start.record()
        for _ in range(calls):
            run()
        end.record()
        end.synchronize()
        return float(start.elapsed_time(end)) * 1e-3


def host_clock(device: torch.device) -> HostClock:
    """Host clock that waits for ``device``."""
    return HostClock(accelerator_of(device).synchronize)


def device_clock(accelerator: Accelerator) -> Clock:
    """Events where the device has them, else the host's clock."""
    return EventClock(accelerator) if accelerator.kind.events else HostClock(accelerator.synchronize)

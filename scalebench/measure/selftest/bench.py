"""Bench: the device under the self-test, with its clocks, and how long each figure may take."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import median

import torch

from scalebench.measure.accelerator import Accelerator, accelerator_of
from scalebench.measure.clock import Clock, HostClock, device_clock
from scalebench.measure.latency import no_collection
from scalebench.measure.session import Session, open_session
from scalebench.suite.case import Case

_FEWEST, _MOST = 3, 200
"""Laps of one figure."""

Lap = Callable[[], float]
"""Times something once, seconds."""


@dataclass(frozen=True)
class Bench:
    """The device under test.

    Attributes:
        device: as in ``Case``.
        threads: of torch, on the CPU.
        window_s: time that each figure takes, by the monotonic clock, seconds.
    """

    device: str
    threads: int
    window_s: float = 1.0

    @cached_property
    def accelerator(self) -> Accelerator:
        """The device, made current."""
        torch.set_num_threads(self.threads)
        accelerator = accelerator_of(self.device)
        accelerator.select()
        return accelerator

    @cached_property
    def host_clock(self) -> HostClock:
        """The host's clock."""
        return HostClock(self.accelerator.synchronize)

    @cached_property
    def device_clock(self) -> Clock:
        """The device's events, or the host's clock where it has none."""
        return device_clock(self.accelerator)

    def medians(self, laps: Mapping[str, Lap], windows: float = 1.0) -> dict[str, float]:
        """Median of each kind of lap, in seconds, over so many windows; kinds take turns, so that drift cancels.

        The warm-up before them takes as long.
        """
        self._laps(laps, windows, least=1)
        with no_collection():
            return {name: median(values) for name, values in self._laps(laps, windows, _FEWEST).items()}

    def _laps(self, laps: Mapping[str, Lap], windows: float, least: int) -> dict[str, list[float]]:
        values: dict[str, list[float]] = {name: [] for name in laps}
        end, count = time.monotonic() + windows * self.window_s, 0
        while count < least or (count < _MOST and time.monotonic() < end):
            for name, lap in laps.items():
                values[name].append(lap())
            count += 1
        return values

    def session(self, model: str, batch: int) -> Session:
        """A model at 224 pixels in eager fp32, as a round opens it."""
        return open_session(Case(model, 224, batch, device=self.device, threads=self.threads))

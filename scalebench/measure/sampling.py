"""Rules within one round: when warm-up has settled, and when a chunk is long enough."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from scalebench.errors import MachineError
from scalebench.suite.device_kinds import CPU
from scalebench.suite.protocol import Protocol

_WINDOW_CALLS = 5
_WINDOW_S = 0.25
_SETTLED = 0.02
"""Two windows whose medians differ by at most this count as settled."""


@dataclass(frozen=True)
class Warmup:
    """Laps before the timed chunk, in seconds, and whether the last two windows agreed."""

    laps: list[float]
    settled: bool

    @property
    def notes(self) -> tuple[str, ...]:
        """The flag of a warm-up that did not settle."""
        return () if self.settled else ("warmup_unsettled",)


def warm_up(lap: Callable[[], float], protocol: Protocol, device: str = CPU.name) -> Warmup:
    """Call ``lap`` until its time has settled.

    First calls cost 1.1 to 103 times the later ones, and some models need half a second of them. So warm-up ends by
    time and by agreement of two windows, not by a count; ``warmup_max_s`` limits it.

    Raises:
        MachineError: the clock went back.
    """
    laps: list[float] = []
    elapsed, least_s = 0.0, protocol.least_warmup_s(device)
    while True:
        laps.append(checked_lap(lap()))
        elapsed += laps[-1]
        settled = _settled(laps)
        if (settled and elapsed >= least_s) or elapsed >= protocol.warmup_max_s:
            return Warmup(laps, settled)


def _settled(laps: list[float]) -> bool:
    size, spent = 0, 0.0
    while size < min(_WINDOW_CALLS, len(laps)) and spent < _WINDOW_S:
        size += 1
        spent += laps[-size]
    if len(laps) < 2 * size:
        return False
    last, before = median(laps[-size:]), median(laps[-2 * size : -size])
    return abs(last / before - 1) <= _SETTLED if before > 0 else True


def timed(lap: Callable[[], float], protocol: Protocol, iterations: int | None = None) -> list[float]:
    """Laps of one chunk, in seconds: ``iterations`` of them; where None, at least ``chunk_s`` and ``min_iterations``.

    After ``chunk_max_s`` a third of the iterations is enough, and at least one.

    Raises:
        MachineError: the clock went back.
    """
    least, least_s = (iterations, 0.0) if iterations else (protocol.min_iterations, protocol.chunk_s)
    laps: list[float] = []
    elapsed = 0.0
    while True:
        laps.append(checked_lap(lap()))
        elapsed += laps[-1]
        if elapsed >= least_s and len(laps) >= least:
            return laps
        if elapsed >= protocol.chunk_max_s and len(laps) >= min(least, protocol.min_iterations) / 3:
            return laps


def window(call: Callable[[], object], seconds: float) -> tuple[int, float]:
    """Repeat ``call`` for at least ``seconds``; number of calls, and their time in seconds."""
    calls, start = 0, time.perf_counter()
    while True:
        call()
        calls += 1
        elapsed = checked_lap(time.perf_counter() - start)
        if elapsed >= seconds:
            return calls, elapsed


def checked_lap(lap_s: float) -> float:
    """The lap itself, seconds.

    Raises:
        MachineError: it is negative: the clock went back.
    """
    if lap_s < 0:
        raise MachineError("clock_went_back: a pass took negative time", "the virtual machine may have been migrated")
    return lap_s


def calls_for(latency_s: float, protocol: Protocol) -> int:
    """Calls that fill one throughput chunk at the given latency; at least one."""
    return max(1, min(math.ceil(protocol.chunk_s / latency_s), 10_000)) if latency_s > 0 else 10_000

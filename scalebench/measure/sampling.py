"""Rules inside one round: when warm-up has settled, and when a chunk is long enough. Pure: laps in, laps out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from scalebench.errors import MachineError
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


def warm_up(lap: Callable[[], float], protocol: Protocol, device: str = "cpu") -> Warmup:
    """Call ``lap`` until its time has settled.

    First calls cost 1.1 to 103 times the later ones and some models need half a second of them, so warm-up goes by
    time and by agreement of two windows, not by a count; ``warmup_max_s`` ends it in any case.

    Raises:
        MachineError: the clock went back.
    """
    laps: list[float] = []
    elapsed, least = 0.0, protocol.least_warmup_s(device)
    while True:
        laps.append(forward(lap()))
        elapsed += laps[-1]
        settled = _settled(laps)
        if (settled and elapsed >= least) or elapsed >= protocol.warmup_max_s:
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
    """Laps of one chunk, in seconds: ``iterations``, or where None at least ``chunk_s`` and ``min_iterations``.

    After ``chunk_max_s`` a third of the iterations is enough; a slow model still gets at least one.

    Raises:
        MachineError: the clock went back.
    """
    least, least_s = (iterations, 0.0) if iterations else (protocol.min_iterations, protocol.chunk_s)
    laps: list[float] = []
    elapsed = 0.0
    while True:
        laps.append(forward(lap()))
        elapsed += laps[-1]
        if elapsed >= least_s and len(laps) >= least:
            return laps
        if elapsed >= protocol.chunk_max_s and len(laps) >= min(least, protocol.min_iterations) / 3:
            return laps


def forward(lap_s: float) -> float:
    """The same lap, seconds.

    Raises:
        MachineError: the clock went back.
    """
    if lap_s < 0:
        raise MachineError("clock_went_back: a pass took less than no time", "is the virtual machine being moved?")
    return lap_s


def calls_for(latency_s: float, protocol: Protocol) -> int:
    """Calls that fill one throughput chunk at the given latency; at least one."""
    return max(1, min(math.ceil(protocol.chunk_s / latency_s), 10_000)) if latency_s > 0 else 10_000

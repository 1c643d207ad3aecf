"""Energy probe: joules per image of a window of steady load, with the machine's own counters.

Each round has one window, and rounds are the replicates. Several windows in one process would share its address layout,
its board temperature and its point in time, and so agree better with each other than with the next process. Rounds are
interleaved with those of other cases.

The load is that of the throughput probe, chunk after chunk, long enough for a counter that updates every 100 ms. "Idle"
is this process with its model loaded and nothing running: a board that has just worked keeps its clocks up for a while,
so this is more than an unused board draws.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from scalebench.machine.gpu import Gpu, Unavailable
from scalebench.machine.power import POWERCAP, Counter, open_counters
from scalebench.measure.sampling import calls_for
from scalebench.measure.session import Measurement, Session
from scalebench.measure.watch import GpuReport, watching

_DRAIN_S = 1.0
"""Pause before the idle baseline: counters lag by 0.1 s, NVML's power by 1 s."""
_IDLE_S = 5.0
_LEAD_S = 2.0
"""Load before the window opens, until clocks and NVML's one-second mean power have risen."""
_COOL_S, _COOL_MAX_S = 5.0, 60.0
_COOL_WITHIN_C = 3
_STEP_S = 1.0
_TOLERANCE = 0.10
"""Largest relative difference of counter and integrated power before the result is flagged as inconsistent."""


@dataclass(frozen=True)
class Instruments:
    """Counters, thermometer, GPU watch and clock of a window.

    Attributes:
        counters: of energy.
        temperature: of the device, degrees Celsius, or None where unknown.
        watching: watches the device while the window is open.
        clock: monotonic seconds.
        sleep: waits for so many seconds.
    """

    counters: Sequence[Counter]
    temperature: Callable[[], float | None] = lambda: None
    watching: Callable[[], AbstractContextManager[GpuReport]] = lambda: watching(None)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Span:
    """Energy of repeated steps.

    Attributes:
        steps: number of repetitions.
        seconds: their duration.
        joules: by domain; None where the counter could not be read throughout.
    """

    steps: int
    seconds: float
    joules: Mapping[str, float | None]

    def of(self, domains: Sequence[str]) -> float | None:
        """Sum of these domains; None where one is missing or did not move: every device draws power."""
        joules = [self.joules[domain] for domain in domains]
        return sum(value for value in joules if value) if joules and all(joules) else None


@dataclass(frozen=True)
class Window:
    """Readings of one window.

    Attributes:
        idle: baseline before it.
        load: the window itself.
        images: processed in it.
        temperature_start_c, temperature_end_c: of the device, before and after the load.
        sampled_w: mean of NVML's power samples, watts.
    """

    idle: Span
    load: Span
    images: int
    temperature_start_c: float | None = None
    temperature_end_c: float | None = None
    sampled_w: float | None = None


def energy(
    session: Session,
    root: Path = POWERCAP,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Measurement:
    """One window of ``energy_s`` seconds; nothing where that is 0.

    Besides the window a round takes 8 s of baseline and lead-in, and 5 to 60 s of cooldown. ``root`` is the powercap
    folder. Without a counter ``energy_j`` is None, never 0, and ``energy_reason`` gives the reason.
    """
    protocol, kind = session.case.protocol, session.case.kind
    if not protocol.energy_s:
        return Measurement()
    gpu = session.accelerator.readings()
    counters = open_counters(kind.name, gpu, root)
    if isinstance(counters, Unavailable):
        return unavailable(counters)
    calls = calls_for(session.clock.lap(session.run), protocol)

    def chunk() -> None:
        session.clock.chunk(session.run, calls)

    board = gpu if isinstance(gpu, Gpu) else None
    temperature = board.temperature_c if board else lambda: None
    instruments = Instruments(counters, temperature, lambda: watching(board), clock, sleep)
    measured = window(chunk, calls * session.case.batch, protocol.energy_s, instruments)
    return result(measured, kind.energy_domain, board.power_limit_w() if board else None)


def window(chunk: Callable[[], None], images: int, seconds: float, instruments: Instruments) -> Window:
    """Idle baseline, lead-in, window of at least ``seconds``, cooldown.

    ``chunk`` puts steady load on the device, ``images`` at a time, and waits for it.
    """
    instruments.sleep(_DRAIN_S)
    idle = spend(lambda: instruments.sleep(_STEP_S), _IDLE_S, instruments)
    start_c = instruments.temperature()
    spend(chunk, _LEAD_S, instruments)
    with instruments.watching() as gpu_report:
        load = spend(chunk, seconds, instruments)
    end_c = instruments.temperature()
    cool_down(start_c, instruments)
    return Window(idle, load, load.steps * images, start_c, end_c, (gpu_report() or {}).get("power_mean_w"))


def spend(step: Callable[[], None], seconds: float, instruments: Instruments) -> Span:
    """Repeat ``step`` for at least ``seconds`` and measure the energy.

    Counters are read after every step, so that one that wraps several times in a long window is still correct.
    """
    readings = [[counter.read() for counter in instruments.counters]]
    start, elapsed = instruments.clock(), 0.0
    while elapsed < seconds:
        step()
        readings.append([counter.read() for counter in instruments.counters])
        elapsed = instruments.clock() - start
    by_counter = zip(instruments.counters, zip(*readings, strict=True), strict=True)
    return Span(
        len(readings) - 1, elapsed, {counter.domain: _joules(counter, values) for counter, values in by_counter}
    )


def _joules(counter: Counter, readings: Sequence[int | None]) -> float | None:
    """Joules from the first to the last reading; missing readings between them are skipped."""
    if readings[0] is None or readings[-1] is None:
        return None
    valid = [reading for reading in readings if reading is not None]
    steps = [counter.joules(before, after) for before, after in pairwise(valid)]
    return None if None in steps else sum(step for step in steps if step is not None)


def cool_down(start_c: float | None, instruments: Instruments) -> None:
    """Wait until the device is within 3 degrees of its start, at most 60 s; 5 s where no temperature is known.

    The next round often belongs to another case, and must not start on a board heated by this one.
    """
    if start_c is None:
        instruments.sleep(_COOL_S)
        return
    waited = 0.0
    while waited < _COOL_MAX_S and (now := instruments.temperature()) is not None and now > start_c + _COOL_WITHIN_C:
        instruments.sleep(_STEP_S)
        waited += _STEP_S


def result(measured: Window, headline: str, power_limit_w: float | None = None) -> Measurement:
    """Facts of a window.

    ``energy_j``: joules per image, gross, of the device's own domain (the board, or all CPU packages).
    ``energy_net_j``: less idle power over the same time. ``idle_w``, ``mean_w``: power of the same domain.
    ``energy_domains``: domain -> joules per image, gross, None where its counter did not move. ``energy_window_s``,
    ``energy_images``, temperatures and the power limit describe the window. ``headline`` is the prefix of the device's
    own domains.
    """
    load, images = measured.load, measured.images
    own = [domain for domain in load.joules if domain.startswith(headline)]
    joules, idle = load.of(own), measured.idle.of(own)
    if joules is None:
        return unavailable(Unavailable("counter_stuck", "the counter did not move under load"))
    mean_w = joules / load.seconds
    idle_w = None if idle is None else idle / measured.idle.seconds
    facts: dict[str, Any] = {
        "energy_status": "ok",
        "energy_j": joules / images,
        "energy_net_j": None if idle_w is None else (mean_w - idle_w) * load.seconds / images,
        "energy_domains": {domain: value / images if value else None for domain, value in load.joules.items()},
        "idle_w": idle_w,
        "mean_w": mean_w,
        "energy_window_s": load.seconds,
        "energy_images": images,
        "temperature_start_c": measured.temperature_start_c,
        "temperature_end_c": measured.temperature_end_c,
        "power_limit_w": power_limit_w,
    }
    notes: tuple[str, ...] = ()
    if measured.sampled_w is not None and abs(measured.sampled_w / mean_w - 1) > _TOLERANCE:
        notes = (f"energy_inconsistent: counter {mean_w:.1f} W, power samples {measured.sampled_w:.1f} W",)
    return Measurement(facts=facts, notes=notes)


def unavailable(cause: Unavailable) -> Measurement:
    """No energy, and the reason as fact and note."""
    reason = {"energy_reason": cause.reason, "energy_detail": cause.detail}
    facts = {"energy_j": None, "energy_status": "unavailable", **reason}
    return Measurement(facts=facts, notes=(f"energy_unavailable: {cause.reason}",))

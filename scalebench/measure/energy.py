"""Energy probe: joules per image of a window of steady load, with the machine's own counters.

Each round has one window, and rounds are the replicates. Three windows in one process would share its address
layout, the rising temperature of its board and the minute it ran in, so they agree better with each other than with
the next process; rounds lie interleaved with those of other cases and do not.

What a window is: the load is that of the throughput probe, chunk after chunk, long enough for a counter that moves
every 100 ms. "Idle" is this process with its model loaded and nothing running: a board that has just worked keeps
its clocks up for a while, so that is more than the board draws when nobody uses it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from scalebench.machine.nvml import Gpu, Unavailable
from scalebench.machine.power import HEADLINE, POWERCAP, Counter, open_counters
from scalebench.measure.sampling import calls_for
from scalebench.measure.session import Measurement, Session
from scalebench.measure.watch import Seen, gpu_of, watching

_DRAIN_S = 1.0
"""Between the work before and the idle baseline: counters run late by 0.1 s, NVML's power by 1 s."""
_IDLE_S = 5.0
_LEAD_S = 2.0
"""Load before the window opens, so that clocks and the one-second mean of NVML's power have risen."""
_COOL_S, _COOL_MAX_S = 5.0, 60.0
_COOL_WITHIN_C = 3
_STEP_S = 1.0
_APART = 0.10
"""Counter and integrated power may differ by this much before the number is called inconsistent."""


@dataclass(frozen=True)
class Rig:
    """What a window is measured with.

    Attributes:
        counters: of energy.
        temperature: of the device, degrees Celsius, or None where it is not known.
        watching: watches the device while the window is open.
        clock: monotonic seconds.
        sleep: waits for so many seconds.
    """

    counters: Sequence[Counter]
    temperature: Callable[[], float | None] = lambda: None
    watching: Callable[[], AbstractContextManager[Seen]] = lambda: watching(None)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Span:
    """A stretch of time.

    Attributes:
        steps: how often something was repeated in it.
        seconds: its length.
        joules: by domain; None for a counter that could not be followed.
    """

    steps: int
    seconds: float
    joules: Mapping[str, float | None]

    def of(self, domains: Sequence[str]) -> float | None:
        """Joules of these domains together; None where one is missing or stood still: nothing draws no power."""
        found = [self.joules[domain] for domain in domains]
        return sum(joules for joules in found if joules) if found and all(found) else None


@dataclass(frozen=True)
class Window:
    """What was seen of one window.

    Attributes:
        idle: the baseline before it.
        load: the window.
        images: that went through it.
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
    """One window of ``energy_s`` seconds; without such a time, nothing is done and nothing is said.

    Beside the window a round takes 8 s of baseline and lead-in, and 5 to 60 s of cooldown.

    Args:
        session: what is measured.
        root: powercap folder.
        clock: monotonic seconds.
        sleep: waits for so many seconds.

    Returns: facts, see ``result``. Where there is no counter ``energy_j`` is None, never 0, and ``energy_reason``
        says why.
    """
    protocol, kind = session.case.protocol, session.device.type
    if not protocol.energy_s:
        return Measurement()
    gpu = gpu_of(session.device)
    counters = open_counters(kind, gpu, root)
    if isinstance(counters, Unavailable):
        return unavailable(counters)
    calls = calls_for(session.clock.lap(session.run), protocol)

    def chunk() -> None:
        session.clock.chunk(session.run, calls)

    board = gpu if isinstance(gpu, Gpu) else None
    rig = Rig(counters, board.temperature_c if board else lambda: None, lambda: watching(board), clock, sleep)
    seen = window(chunk, calls * session.case.batch, protocol.energy_s, rig)
    return result(seen, HEADLINE[kind], board.power_limit_w() if board else None)


def window(chunk: Callable[[], None], images: int, seconds: float, rig: Rig) -> Window:
    """Idle baseline, lead-in, window, cooldown.

    Args:
        chunk: puts steady load on the device and waits for it.
        images: that go through in one chunk.
        seconds: least length of the window; it ends with the chunk that reaches it.
        rig: counters, clock and the like.
    """
    rig.sleep(_DRAIN_S)
    idle = spend(lambda: rig.sleep(_STEP_S), _IDLE_S, rig)
    start_c = rig.temperature()
    spend(chunk, _LEAD_S, rig)
    with rig.watching() as seen:
        load = spend(chunk, seconds, rig)
    end_c = rig.temperature()
    cool_down(start_c, rig)
    return Window(idle, load, load.steps * images, start_c, end_c, (seen() or {}).get("power_mean_w"))


def spend(step: Callable[[], None], seconds: float, rig: Rig) -> Span:
    """Repeat ``step`` for at least ``seconds`` and count the energy.

    Counters are read after every step: one that wraps several times in a long window is still followed.
    """
    readings = [[counter.read() for counter in rig.counters]]
    start, elapsed = rig.clock(), 0.0
    while elapsed < seconds:
        step()
        readings.append([counter.read() for counter in rig.counters])
        elapsed = rig.clock() - start
    by_counter = zip(rig.counters, zip(*readings, strict=True), strict=True)
    return Span(len(readings) - 1, elapsed, {counter.domain: _followed(counter, own) for counter, own in by_counter})


def _followed(counter: Counter, readings: Sequence[int | None]) -> float | None:
    """Joules from the first to the last reading; one that is missing between them is bridged."""
    if readings[0] is None or readings[-1] is None:
        return None
    steps = [counter.joules(one, other) for one, other in pairwise(r for r in readings if r is not None)]
    known = [step for step in steps if step is not None]
    return sum(known) if len(known) == len(steps) else None


def cool_down(start_c: float | None, rig: Rig) -> None:
    """Wait until the device is within 3 degrees of its start, at most 60 s; 5 s where no temperature is known.

    The next round is often another case's, and must not begin on a board that this one has heated.
    """
    if start_c is None:
        rig.sleep(_COOL_S)
        return
    waited = 0.0
    while waited < _COOL_MAX_S and (now := rig.temperature()) is not None and now > start_c + _COOL_WITHIN_C:
        rig.sleep(_STEP_S)
        waited += _STEP_S


def result(seen: Window, headline: str, power_limit_w: float | None = None) -> Measurement:
    """Facts of a window.

    ``energy_j``: joules per image, gross, of the device's own domain (the board; all packages of the CPU, and only
    those). ``energy_net_j``: less idle power over the same time. ``idle_w``, ``mean_w``: power of the same domain.
    ``energy_domains``: domain -> joules per image, gross, each by itself, None where its counter stood still.
    ``energy_window_s``, ``energy_images``, temperatures and the power limit say how they came about.

    Args:
        seen: the window.
        headline: how the names of the device's own domains begin.
        power_limit_w: limit of the board, watts.
    """
    own = [domain for domain in seen.load.joules if domain.startswith(headline)]
    joules, idle = seen.load.of(own), seen.idle.of(own)
    if joules is None:
        return unavailable(Unavailable("counter_stuck", "the counter stood still under load"))
    mean_w = joules / seen.load.seconds
    idle_w = None if idle is None else idle / seen.idle.seconds
    facts: dict[str, Any] = {
        "energy_status": "ok",
        "energy_j": joules / seen.images,
        "energy_net_j": None if idle_w is None else (mean_w - idle_w) * seen.load.seconds / seen.images,
        "energy_domains": {name: one / seen.images if one else None for name, one in seen.load.joules.items()},
        "idle_w": idle_w,
        "mean_w": mean_w,
        "energy_window_s": seen.load.seconds,
        "energy_images": seen.images,
        "temperature_start_c": seen.temperature_start_c,
        "temperature_end_c": seen.temperature_end_c,
        "power_limit_w": power_limit_w,
    }
    if seen.sampled_w is not None and abs(seen.sampled_w / mean_w - 1) > _APART:
        text = f"energy_inconsistent: the counter says {mean_w:.1f} W, power samples say {seen.sampled_w:.1f} W"
        return Measurement(facts=facts, notes=(text,))
    return Measurement(facts=facts)


def unavailable(why: Unavailable) -> Measurement:
    """No energy, and the reason: a fact and a note."""
    facts = {
        "energy_j": None,
        "energy_status": "unavailable",
        "energy_reason": why.reason,
        "energy_detail": why.detail,
    }
    return Measurement(facts=facts, notes=(f"energy_unavailable: {why.reason}",))

"""Climb: from small work to large until the best rate is found. The rules of a peak; no torch, any clock."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median

from scalebench.errors import MachineError
from scalebench.machine.ability import Peak, Unit

Run = Callable[[], object]
Timer = Callable[[Run, int], float]
"""Seconds for so many calls, issued back to back and finished."""

_NEXT_S = 2.0
"""No single call is longer."""
_REPS, _GLANCE_S = 5, 0.1
_SUSTAINED_S = 1.0
_LAP_S, _MOST_CALLS = 1e-3, 1000
"""Calls are bundled until a lap is long enough for the clock."""


@dataclass(frozen=True)
class ClimbStep:
    """Something to repeat.

    Attributes:
        shape: its name.
        amount: FLOP or bytes of one call.
        make: reserves what it needs and returns the call.
    """

    shape: str
    amount: float
    make: Callable[[], Run]


@dataclass(frozen=True)
class _Tried:
    """A step, ready to go on: its call, calls per lap, and seconds per call so far."""

    step: ClimbStep
    run: Run
    calls: int
    laps: list[float]

    @property
    def usual(self) -> float:
        """Rate of the median lap."""
        return self.step.amount / median(self.laps)

    @property
    def best(self) -> float:
        """Rate of the shortest lap."""
        return self.step.amount / min(self.laps)


def climb(steps: Iterable[ClimbStep], unit: Unit, timer: Timer, cap_s: float) -> Peak | None:
    """Try steps from small to large, five laps and a tenth of a second each; then repeat the best for a second.

    It ends before a step whose call would take more than two seconds, or whose laps would not fit into what is left
    of ``cap_s``, and at one that torch refuses. The first step is always tried.

    Args:
        steps: in order of their amount.
        unit: of the rate.
        timer: tells how long calls take.
        cap_s: time for all of it, seconds; making a step is not counted.

    Returns: the peak, or None where not even the first step could be done.

    Raises:
        MachineError: the clock went back.
    """
    spent, rate, reps = 0.0, math.inf, 0
    best: tuple[float, str] = (0.0, "")
    held: _Tried | None = None
    for step in steps:
        expected = step.amount / rate
        if expected > _NEXT_S or spent + _REPS * expected > cap_s:
            break
        try:
            tried, spent_now = _try(step, timer, min(_GLANCE_S, cap_s))
        except RuntimeError:  # torch's own: a precision without a kernel, or too little memory
            break
        rate, spent, reps = tried.usual, spent + spent_now, reps + len(tried.laps)
        best = max(best, (tried.best, step.shape))
        if held is None or tried.usual > held.usual:
            held = tried
    if held is None:
        return None
    missing = _SUSTAINED_S - held.calls * sum(held.laps)
    more = _laps(held.run, timer, held.calls, 0, min(missing, cap_s - spent))
    whole = _Tried(held.step, held.run, held.calls, [*held.laps, *more])
    top, shape = max(best, (whole.best, whole.step.shape))
    return Peak(top, whole.usual, unit, shape, reps + len(more))


def _try(step: ClimbStep, timer: Timer, glance_s: float) -> tuple[_Tried, float]:
    """The step after its first laps, and the seconds they took."""
    run = step.make()
    # The second call tells how long one takes: the first one starts threads and libraries.
    first, second = timer(run, 1), timer(run, 1)
    calls = max(1, min(math.ceil(_LAP_S / second), _MOST_CALLS)) if second > 0 else _MOST_CALLS
    laps = _laps(run, timer, calls, _REPS, glance_s)
    return _Tried(step, run, calls, laps), first + second + calls * sum(laps)


def _laps(run: Run, timer: Timer, calls: int, least: int, seconds: float) -> list[float]:
    """Seconds per call: at least so many laps and so many seconds."""
    laps: list[float] = []
    elapsed = 0.0
    while len(laps) < least or elapsed < seconds:
        lap = timer(run, calls)
        if lap <= 0:
            raise MachineError("clock_went_back: work took no time", "is a virtual machine being moved?")
        elapsed += lap
        laps.append(lap / calls)
    return laps

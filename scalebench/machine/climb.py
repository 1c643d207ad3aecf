"""Climb: from small work to large until the best rate is found. Pure: no torch, and the clock is passed in."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from statistics import median

from scalebench.errors import MachineError
from scalebench.machine.ability import Peak, Unit

Run = Callable[[], object]
Timer = Callable[[Run, int], float]
"""(call, number of calls) -> seconds until all of them, issued back to back, have finished."""

_NEXT_S = 2.0
"""Longest single call."""
_REPS, _GLANCE_S = 5, 0.1
_SUSTAINED_S = 1.0
_LAP_S, _MOST_CALLS = 1e-3, 1000
"""Several calls make a lap where one is too short for the clock."""


@dataclass(frozen=True)
class ClimbStep:
    """Work that is repeated.

    Attributes:
        shape: its name.
        amount: FLOP or bytes of one call.
        make: allocates the operands and returns the call.
    """

    shape: str
    amount: float
    make: Callable[[], Run]


@dataclass(frozen=True)
class _TimedStep:
    """A step with its call, calls per lap, and seconds per call of each lap so far."""

    step: ClimbStep
    run: Run
    calls: int
    laps: list[float]

    @property
    def median_rate(self) -> float:
        """Rate of the median lap."""
        return self.step.amount / median(self.laps)

    @property
    def best_rate(self) -> float:
        """Rate of the shortest lap."""
        return self.step.amount / min(self.laps)


def climb(steps: Iterable[ClimbStep], unit: Unit, timer: Timer, cap_s: float) -> Peak | None:
    """Try steps from small to large, five laps and a tenth of a second each; then repeat the best for a second.

    It ends before a step whose call would take more than two seconds, or whose laps would not fit into the rest of
    ``cap_s``, and at one that torch cannot run. The first step is always tried.

    Args:
        steps: in order of their amount.
        unit: of the rate.
        timer: times calls.
        cap_s: time for everything, seconds; allocating operands is not counted.

    Returns: the peak, or None where even the first step failed.

    Raises:
        MachineError: the clock went back.
    """
    spent, rate, reps = 0.0, math.inf, 0
    best: tuple[float, str] = (0.0, "")
    fastest: _TimedStep | None = None
    for step in steps:
        expected = step.amount / rate
        if expected > _NEXT_S or spent + _REPS * expected > cap_s:
            break
        try:
            timed, step_s = _time_step(step, timer, min(_GLANCE_S, cap_s))
        except RuntimeError:  # from torch: a precision without a kernel, or too little memory
            break
        rate, spent, reps = timed.median_rate, spent + step_s, reps + len(timed.laps)
        best = max(best, (timed.best_rate, step.shape))
        if fastest is None or timed.median_rate > fastest.median_rate:
            fastest = timed
    if fastest is None:
        return None
    remaining_s = _SUSTAINED_S - fastest.calls * sum(fastest.laps)
    extra_laps = _laps(fastest.run, timer, fastest.calls, 0, min(remaining_s, cap_s - spent))
    sustained = replace(fastest, laps=[*fastest.laps, *extra_laps])
    best_rate, shape = max(best, (sustained.best_rate, sustained.step.shape))
    return Peak(best_rate, sustained.median_rate, unit, shape, reps + len(extra_laps))


def _time_step(step: ClimbStep, timer: Timer, glance_s: float) -> tuple[_TimedStep, float]:
    """The step after its first laps, and the seconds they took."""
    run = step.make()
    # The second call sets the calls per lap: the first one starts threads and libraries.
    first, second = timer(run, 1), timer(run, 1)
    calls = max(1, min(math.ceil(_LAP_S / second), _MOST_CALLS)) if second > 0 else _MOST_CALLS
    laps = _laps(run, timer, calls, _REPS, glance_s)
    return _TimedStep(step, run, calls, laps), first + second + calls * sum(laps)


def _laps(run: Run, timer: Timer, calls: int, least: int, seconds: float) -> list[float]:
    """Seconds per call of at least ``least`` laps and at least ``seconds`` together."""
    laps: list[float] = []
    elapsed = 0.0
    while len(laps) < least or elapsed < seconds:
        lap = timer(run, calls)
        if lap <= 0:
            raise MachineError("clock_went_back: work took no time", "is a virtual machine being moved?")
        elapsed += lap
        laps.append(lap / calls)
    return laps

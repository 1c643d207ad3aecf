"""The rules of a peak, on a clock that is not real."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.errors import MachineError
from scalebench.machine.climb import ClimbStep, Run, climb

CAP = 10.0


@dataclass
class Clock:
    """Runs a call, which says how many seconds it pretends to take, and keeps a diary."""

    now: float = 0.0
    laps: list[tuple[float, int]] = field(default_factory=list)

    def __call__(self, run: Run, calls: int) -> float:
        took = sum(float(run()) for _ in range(calls))  # type: ignore[arg-type]
        self.now += took
        self.laps.append((took, calls))
        return took


def step(amount: float, seconds: float | Iterator[float], shape: str = "") -> ClimbStep:
    """Work of which every call takes so long, or one after the other of these times."""
    times = repeat(seconds) if isinstance(seconds, (int, float)) else seconds
    return ClimbStep(shape or f"{amount:g}", amount, lambda: lambda: next(times))


def refusing(error: Exception) -> Callable[[], Run]:
    def make() -> Run:
        raise error

    return make


def test_best_and_sustained_are_rates() -> None:
    found = climb([step(1e9, 0.01)], "FLOP/s", Clock(), CAP)
    assert found is not None
    assert found.best == pytest.approx(1e11)
    assert found.sustained == pytest.approx(1e11)
    assert (found.unit, found.shape) == ("FLOP/s", "1e+09")


def test_the_shape_with_the_best_rate_is_named_and_held_for_a_second() -> None:
    clock = Clock()
    found = climb([step(10, 0.2, "slow"), step(100, 0.5, "fast"), step(300, 1.9, "slower")], "FLOP/s", clock, 60.0)
    assert found is not None
    assert (found.shape, found.best) == ("fast", 200)
    steady = sum(took for took, calls in clock.laps if took == pytest.approx(0.5))
    assert steady >= 1.0


def test_best_is_the_shortest_lap_and_sustained_the_median() -> None:
    warm = [9.0, 0.25]  # thrown away: the first call starts libraries, the second only sizes the laps
    found = climb([step(1, chain(warm, [0.2, 0.4, 0.4, 0.5, 0.5], repeat(1.0)))], "B/s", Clock(), CAP)
    assert found is not None
    assert found.best == pytest.approx(5.0)
    assert found.sustained == pytest.approx(2.5)
    assert found.reps == 5


def test_short_calls_are_bundled_until_the_clock_can_tell_them() -> None:
    clock = Clock()
    climb([step(1, 1e-5)], "FLOP/s", clock, CAP)
    assert {calls for _, calls in clock.laps[2:]} == {100}


def test_a_call_too_short_for_the_clock_is_bundled_too() -> None:
    found = climb([step(1, chain([0.0, 0.0], repeat(1e-6)))], "FLOP/s", Clock(), CAP)
    assert found is not None
    assert found.best == pytest.approx(1e6)


def test_it_does_not_start_what_would_take_more_than_two_seconds() -> None:
    """fp16 on a CPU without it: 0.4 GFLOP/s, so 1024 would take 5 s a call."""
    sides, tried = (128, 256, 512, 1024, 2048), []

    def work(side: int) -> ClimbStep:
        def make() -> Run:
            tried.append(side)
            return lambda: 2 * side**3 / 0.4e9

        return ClimbStep(str(side), 2.0 * side**3, make)

    found = climb([work(side) for side in sides], "FLOP/s", Clock(), 60.0)
    assert found is not None
    assert tried == [128, 256, 512]
    assert found.best == pytest.approx(0.4e9)


def test_it_does_not_start_what_does_not_fit_into_the_time() -> None:
    clock = Clock()
    found = climb([step(1, 0.1), step(8, 0.8), step(64, 6.4)], "FLOP/s", clock, 3.0)
    assert found is not None
    assert found.shape == "1"
    assert clock.now <= 3.0


def test_the_first_step_is_tried_in_any_case() -> None:
    found = climb([step(1, 5.0)], "FLOP/s", Clock(), 1.0)
    assert found is not None
    assert found.reps == 5


@pytest.mark.parametrize("error", [RuntimeError("not implemented for 'Half'"), RuntimeError("out of memory")])
def test_what_torch_refuses_ends_the_climb_and_keeps_what_was_found(error: RuntimeError) -> None:
    refused = ClimbStep("big", 8.0, refusing(error))
    found = climb([step(1, 0.1), refused, step(2, 0.1)], "FLOP/s", Clock(), CAP)
    assert found is not None
    assert found.shape == "1"
    assert climb([refused, step(1, 0.1)], "FLOP/s", Clock(), CAP) is None
    assert climb([], "FLOP/s", Clock(), CAP) is None


@pytest.mark.parametrize("lap", [0.0, -0.1])
def test_a_clock_that_goes_back_is_an_error(lap: float) -> None:
    with pytest.raises(MachineError, match="clock_went_back"):
        climb([step(1, chain([0.1, 0.1], repeat(lap)))], "FLOP/s", Clock(), CAP)


@given(
    st.lists(st.floats(1e-6, 5.0), min_size=1, max_size=6),
    st.floats(0.1, 20.0),
)
def test_sustained_never_beats_best_and_the_time_is_kept(seconds: list[float], cap_s: float) -> None:
    """A step may be slower than the one before let expect: it may overrun by its own laps, not by more."""
    clock = Clock()
    found = climb([step(8.0**i, s) for i, s in enumerate(seconds)], "FLOP/s", clock, cap_s)
    assert found is not None
    assert 0 < found.sustained <= found.best * (1 + 1e-9)
    longest = max(took for took, _ in clock.laps)
    assert clock.now <= cap_s + 8 * longest + 0.2

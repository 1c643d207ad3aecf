"""Rules inside a round, driven by a fake clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.measure.sampling import calls_for, timed, warm_up
from scalebench.suite.protocol import Protocol

PROTOCOL = Protocol(warmup_s=1.0, warmup_max_s=10.0, chunk_s=1.0, chunk_max_s=5.0, min_iterations=10)


def fake(laps: Iterator[float]) -> Callable[[], float]:
    return lambda: next(laps)


def test_a_steady_model_warms_up_for_the_least_time() -> None:
    warmup = warm_up(fake(repeat(0.125)), PROTOCOL)
    assert warmup.settled
    assert len(warmup.laps) == 8


def test_a_slow_start_is_waited_for() -> None:
    """Twenty falling laps, then steady: warm-up ends only when two windows agree."""
    falling = [0.5 - 0.02 * i for i in range(20)]
    warmup = warm_up(fake(chain(falling, repeat(0.1))), PROTOCOL)
    assert warmup.settled
    assert warmup.laps[-1] == 0.1


def test_warm_up_that_never_settles_is_cut_and_flagged() -> None:
    def growing() -> Iterator[float]:
        lap = 0.01
        while True:
            yield lap
            lap *= 1.05

    warmup = warm_up(fake(growing()), PROTOCOL)
    assert not warmup.settled
    assert 10.0 <= sum(warmup.laps) < 11.0


def test_a_very_slow_model_is_not_run_again_and_again() -> None:
    assert len(warm_up(fake(repeat(12.0)), PROTOCOL).laps) == 1
    assert len(timed(fake(repeat(12.0)), PROTOCOL)) == 4


@pytest.mark.parametrize(("lap", "count"), [(0.001, 1000), (0.2, 10), (0.6, 9), (2.0, 4)])
def test_a_chunk_has_time_and_iterations(lap: float, count: int) -> None:
    """At least 1 s and 10 laps; past 5 s a third of them is enough."""
    assert len(timed(fake(repeat(lap)), PROTOCOL)) == pytest.approx(count, abs=1)


@given(st.lists(st.floats(1e-5, 3.0), min_size=1), st.floats(1e-5, 3.0))
def test_every_lap_is_kept_and_both_phases_end(laps: list[float], rest: float) -> None:
    """Whatever the clock says, the phases end, and give back exactly the laps they made, in order."""
    protocol = Protocol(warmup_s=0.01, warmup_max_s=0.1, chunk_s=0.01, chunk_max_s=0.1, min_iterations=3)
    script = [*laps, *([rest] * 20_000)]
    warm = warm_up(fake(iter(script)), protocol)
    chunk = timed(fake(iter(script)), protocol)
    assert warm.laps == script[: len(warm.laps)]
    assert chunk == script[: len(chunk)]
    assert sum(chunk) >= protocol.chunk_s


def test_calls_fill_a_chunk() -> None:
    assert calls_for(0.03, PROTOCOL) == 34
    assert calls_for(100.0, PROTOCOL) == 1
    assert calls_for(0.0, PROTOCOL) == 10_000

"""Quantiles only where there are enough iterations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.analysis.tails import FEWEST_ROUNDS, NEEDED, tail


@pytest.mark.parametrize(("quantile", "needed"), [(0.95, 72), (0.99, 368)])
def test_too_few_iterations_give_a_reason_and_no_number(quantile: float, needed: int) -> None:
    """(1 - q)^n below 2.5 % is what a finite two-sided interval takes."""
    assert NEEDED[quantile] == needed
    assert quantile**needed < 0.025 <= quantile ** (needed - 1)
    few = tail([[0.1] * (needed - 1)], quantile)
    assert (few.estimate, few.n, few.why) == (None, needed - 1, "too_few_samples")
    assert tail([[0.1] * needed], quantile).estimate is not None


def test_the_quantile_is_that_of_all_iterations() -> None:
    laps = [float(i) for i in range(1, 101)]
    found = tail([laps[:50], laps[50:]], 0.95).estimate
    assert found is not None
    assert found.value == 95.0
    assert found.n == 2


def test_rounds_that_differ_widen_the_interval() -> None:
    """One slow round in five holds the whole tail: the interval has to reach from fast to slow."""
    rng = np.random.default_rng(1)
    alike = [list(rng.normal(1.0, 0.01, 100)) for _ in range(5)]
    apart = [*alike[:4], list(rng.normal(2.0, 0.01, 100))]
    narrow, wide = tail(alike, 0.95).estimate, tail(apart, 0.95).estimate
    assert narrow is not None
    assert wide is not None
    assert narrow.half_width < 0.01
    assert wide.low < 1.1 < 1.9 < wide.high


@given(st.lists(st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=60), min_size=2, max_size=8))
def test_a_tail_lies_among_the_iterations_and_inside_its_interval(rounds: list[list[float]]) -> None:
    found = tail(rounds, 0.95)
    every = [lap for laps in rounds for lap in laps]
    assert found.n == len(every)
    if found.estimate is not None:
        assert found.estimate.value in every
        if len(rounds) < FEWEST_ROUNDS:
            assert np.isnan([found.estimate.low, found.estimate.high]).all()
        else:
            assert min(every) <= found.estimate.low <= found.estimate.high <= max(every)


def test_fewer_than_five_rounds_have_a_tail_without_an_interval() -> None:
    found = tail([[0.1] * 40, [0.2] * 40], 0.95).estimate
    assert found is not None
    assert found.value == 0.2
    assert np.isnan([found.low, found.high]).all()


def test_no_rounds_at_all() -> None:
    assert tail([], 0.95).why == "too_few_samples"

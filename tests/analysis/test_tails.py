"""Quantiles over rounds, only where there are enough rounds and iterations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalebench.analysis.tails import autocorrelation, tail


def shuffled(laps: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).permutation(np.arange(1.0, laps + 1))


def test_a_tail_is_the_geometric_mean_of_the_rounds_quantiles_with_a_t_interval() -> None:
    """R's quantile(1:100, 0.95, type = 8) is 95.65; logs ln 1, ln 2, ln 4: sd 0.6931 / sqrt(3), times t(2) = 4.3027."""
    found = tail([shuffled(100) * factor for factor in (1, 2, 4)], 0.95).estimate
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((191.3, 34.19, 1070.4), rel=1e-3)
    assert found.n == 3


@pytest.mark.parametrize(
    ("rounds", "laps", "quantile", "reason"),
    [
        (2, 500, 0.95, "2 of 3 rounds"),
        (0, 0, 0.99, "0 of 3 rounds"),
        (5, 19, 0.95, "19 of 20 iterations in the shortest round"),
        (5, 69, 0.99, "69 of 70 iterations in the shortest round"),
    ],
)
def test_too_few_give_a_reason_and_no_number(rounds: int, laps: int, quantile: float, reason: str) -> None:
    found = tail([shuffled(laps, seed) for seed in range(rounds)], quantile)
    assert found.estimate is None
    assert (found.n, found.why) == (rounds * laps, reason)


def test_the_shortest_round_decides() -> None:
    assert tail([shuffled(400), shuffled(400), shuffled(69)], 0.99).estimate is None
    assert tail([shuffled(400), shuffled(400), shuffled(70)], 0.99).estimate is not None


def test_correlated_iterations_are_worth_fewer() -> None:
    """Every lap twice in a row: the autocorrelation is one half, and 74 laps are worth 24 independent ones."""
    twice = [np.repeat(shuffled(37, seed), 2) for seed in range(20)]
    assert autocorrelation(twice) == pytest.approx(0.5, abs=0.05)
    assert tail(twice, 0.95).estimate is not None
    assert "of 25 independent ones" in tail(twice, 0.99).why


def test_the_autocorrelation_is_not_biased_by_short_rounds() -> None:
    """AR(1) with 0.6 in 2000 rounds of 20 laps, where the plain estimate is 0.46."""
    rng = np.random.default_rng(3)
    steps = rng.normal(0, 1, (2000, 20))
    laps = np.empty_like(steps)
    laps[:, 0] = steps[:, 0] / 0.8
    for at in range(1, 20):
        laps[:, at] = 0.6 * laps[:, at - 1] + steps[:, at]
    assert autocorrelation(list(np.exp(0.1 * laps))) == pytest.approx(0.6, abs=0.03)


def test_one_slow_round_widens_the_interval_to_reach_it() -> None:
    rng = np.random.default_rng(1)
    alike = [rng.normal(1.0, 0.01, 100) for _ in range(5)]
    narrow, wide = tail(alike, 0.95).estimate, tail([*alike[:4], rng.normal(2.0, 0.01, 100)], 0.95).estimate
    assert narrow is not None
    assert wide is not None
    assert narrow.half_width < 0.01
    assert wide.low < 1.1 < wide.value < 1.7 < wide.high


@settings(max_examples=30)
@given(st.lists(st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=60), min_size=2, max_size=8))
def test_a_tail_lies_among_the_iterations_and_inside_its_interval(rounds: list[list[float]]) -> None:
    found = tail(rounds, 0.95)
    every = [lap for laps in rounds for lap in laps]
    assert found.n == len(every)
    if found.estimate is not None:
        assert min(every) * (1 - 1e-9) <= found.estimate.value <= max(every) * (1 + 1e-9)
        assert found.estimate.low <= found.estimate.value <= found.estimate.high


def test_equal_iterations_have_no_autocorrelation() -> None:
    """0.01 is no binary fraction: the mean of 80 logs differs from each of them by rounding."""
    assert autocorrelation([[0.1] * 40] * 3) == autocorrelation([[0.01] * 80] * 5) == 0

"""Intervals cover the truth about as often as they say, on the synthetic clock of tests/bench/interval_coverage.py.

Binomial bounds: of 1000 intervals at 95 %, 933 to 966 cover in 99 % of tries; the draws are seeded.
"""

from __future__ import annotations

import pytest

from tests.bench import interval_coverage as bench


def test_intervals_over_rounds_cover_and_those_over_iterations_do_not() -> None:
    clock = bench.Clock()
    assert 0.93 <= bench.mean_of_rounds(clock, 5, 1000) <= 0.97
    assert 0.93 <= bench.mean_of_rounds(clock, 10, 1000) <= 0.97
    assert 0.93 <= bench.ratio_of_cases(clock, bench.Clock(0.02), 5, 1000) <= 0.97
    assert bench.iterations_of_one_process(clock, 1000) < 0.6


@pytest.mark.parametrize(("quantile", "laps"), [(0.95, 80), (0.99, 152)])
def test_tails_cover_where_they_are_given(quantile: float, laps: int) -> None:
    """Rounds that differ by 5 %, iterations with an autocorrelation of 0.6."""
    clock = bench.Clock(laps=laps)
    found = bench.tails(clock, quantile, 5, 800)
    assert found.given > 0.9
    assert 0.93 <= found.covered <= 0.97
    assert bench.tails(clock, quantile, 5, 100, bench.bootstrapped_tail(quantile)).covered < 0.9


def test_tails_of_few_correlated_iterations_are_withheld() -> None:
    assert bench.tails(bench.Clock(correlation=0.9, laps=100), 0.95, 5, 100).given < 0.05


@pytest.mark.parametrize("spread", [0.02, 0.08])
def test_the_stop_rule_does_not_select_luck(spread: float) -> None:
    """Cases that converge are covered like all others; a rule that stops on the interval it prints has 0.8 at 8 %."""
    found = bench.stopped("standard", spread, 1200)
    assert found.covered >= 0.935
    assert found.covered_converged >= 0.93
    assert found.converged > 0.05


@pytest.mark.parametrize("shared", [0.0, 0.5, 1.0])
def test_the_floor_covers_however_much_the_cases_of_a_run_share(shared: float) -> None:
    assert 0.93 <= bench.floors(4, 4, shared, 1500) <= 0.97

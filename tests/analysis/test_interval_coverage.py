"""Intervals cover the truth about as often as they say, on the synthetic clock of tests/bench/interval_coverage.py."""

from __future__ import annotations

from tests.bench import interval_coverage as bench


def test_intervals_over_rounds_cover_and_those_over_iterations_do_not() -> None:
    """92 to 97 % over 1000 draws for rounds; well below that for the iterations of one process."""
    clock = bench.Clock()
    assert 0.92 <= bench.fixed(clock, 5, 1000) <= 0.97
    assert 0.92 <= bench.fixed(clock, 10, 1000) <= 0.97
    assert bench.naive(clock, 1000) < 0.6

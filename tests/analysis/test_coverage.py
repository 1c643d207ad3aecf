"""Intervals cover the truth about as often as they say, on the synthetic clock of tests/bench/interval_coverage.py."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[1] / "bench"


@pytest.fixture(scope="module", autouse=True)
def bench() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCH))
        import interval_coverage

        yield interval_coverage
        sys.modules.pop("interval_coverage")


def test_intervals_over_rounds_cover_and_those_over_iterations_do_not(bench: object) -> None:
    """92 to 97 % over 1000 draws for rounds; well below that for the iterations of one process."""
    clock = bench.Clock()  # type: ignore[attr-defined]
    assert 0.92 <= bench.fixed(clock, 5, 1000) <= 0.97  # type: ignore[attr-defined]
    assert 0.92 <= bench.fixed(clock, 10, 1000) <= 0.97  # type: ignore[attr-defined]
    assert bench.naive(clock, 1000) < 0.6  # type: ignore[attr-defined]

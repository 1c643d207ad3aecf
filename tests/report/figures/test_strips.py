"""A verdict's interval as positions on a line."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.analysis.stats import Estimate, exact
from scalebench.claims.judged_parts import Judged
from scalebench.report.content import Strip
from scalebench.report.figures.strips import strip

POSITIVE = st.floats(1e-3, 1e3)


def _strip(estimate: Estimate, low: float, high: float) -> Strip:
    found = strip(Judged("part", estimate, low, high, "inconclusive"))
    assert found is not None
    return found


@given(value=POSITIVE, spread=st.floats(1.0, 10.0), bound=POSITIVE)
def test_positions_keep_the_order_of_the_numbers(value: float, spread: float, bound: float) -> None:
    found = _strip(Estimate(value, value / spread, value * spread, 3), -math.inf, bound)
    assert 0 <= found.low <= found.value <= found.high <= 100
    assert found.allowed[0] == 0, "an open side reaches the end of the line"
    if value / spread > bound:
        assert found.low >= found.allowed[1]
    if value * spread < bound:
        assert found.high <= found.allowed[1]


def test_twice_is_as_far_from_one_as_half() -> None:
    found = _strip(Estimate(1.0, 0.5, 2.0, 3), 0.9, 1.1)
    assert found.value - found.low == pytest.approx(found.high - found.value, abs=0.02)


def test_what_is_not_positive_is_placed_as_it_is() -> None:
    found = _strip(Estimate(0.0, -1.0, 1.0, 3), -0.5, 0.5)
    assert found.value == pytest.approx(50)


def test_an_exact_number_has_no_width_and_one_without_interval_is_a_point() -> None:
    assert _strip(exact(2.0), 1.9, 2.1).low == _strip(exact(2.0), 1.9, 2.1).high
    alone = _strip(Estimate(2.0, math.nan, math.nan, 1), 1.0, math.inf)
    assert alone.low == alone.value == alone.high
    assert "no interval" in alone.text


def test_without_a_number_nothing_is_drawn() -> None:
    assert strip(None) is None
    assert strip(Judged("part", Estimate(math.nan, math.nan, math.nan, 0), 0, 1, "not measured")) is None

"""Intervals: the finite-sample rank, groups that weigh alike, and no interval where none can hold."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.analysis.predict.conformal import half_width, median_error


@pytest.mark.parametrize(("n", "rank"), [(9, 9), (10, 10), (19, 18), (29, 27), (99, 90)])
def test_every_case_a_group_is_split_conformal(n: int, rank: int) -> None:
    """Rank ceil(0.9 (n + 1))."""
    assert half_width(np.arange(1.0, n + 1), [str(i) for i in range(n)]) == rank


def test_eight_groups_allow_no_interval() -> None:
    assert math.isnan(half_width(np.ones(8), list("abcdefgh")))
    assert math.isnan(half_width(np.ones(80), list("abcdefgh") * 10))
    assert half_width(np.ones(9), list("abcdefghi")) == 1.0


def test_a_large_family_counts_once() -> None:
    """A hundred good cases of one family do not narrow the interval that nine bad families ask for."""
    scores = np.concatenate([np.full(100, 0.01), np.arange(1.0, 10.0)])
    assert half_width(scores, ["big"] * 100 + list("abcdefghi")) == 9.0


@given(st.lists(st.tuples(st.floats(0, 10), st.sampled_from("abcdefghijklmnop")), min_size=1, max_size=60))
def test_order_does_not_matter(rows: list[tuple[float, str]]) -> None:
    shuffled = random.Random(0).sample(rows, len(rows))
    widths = [half_width(np.array([s for s, _ in r]), [g for _, g in r]) for r in (rows, shuffled)]
    assert widths[0] == pytest.approx(widths[1], nan_ok=True)


def test_median_error_is_relative() -> None:
    assert median_error(np.log([1.1, 1.2, 1.3])) == pytest.approx(0.2)
    assert math.isnan(median_error(np.array([])))

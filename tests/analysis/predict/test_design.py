"""What to measure next: within the budget, informative and cheap first, nothing learned twice."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalebench.analysis.predict.cases import MeasuredCase, Place, Work
from scalebench.analysis.predict.design import OpenCase, choose_next
from scalebench.analysis.predict.operator_prices import operator_table

PLACE = Place("box", "cpu", "inference", "fp32", "contiguous", "eager", 2, "", 1)


def candidates(works: list[Work], seconds: float = 10.0) -> list[OpenCase]:
    return [OpenCase(PLACE, work, seconds) for work in works]


def test_everything_fits_or_nothing(models: Any) -> None:
    open_ = candidates(models(0, 12))
    steps = choose_next(open_, {}, 120)
    assert sorted(step.at for step in steps) == list(range(12))
    assert steps[-1].seconds == pytest.approx(120)
    assert steps[-1].left == pytest.approx(0)
    assert choose_next(open_, {}, 9.9) == []


@given(budget=st.floats(0, 200))
@settings(max_examples=20)
def test_the_budget_holds_and_variance_falls(models: Any, budget: float) -> None:
    steps = choose_next(candidates(models(1, 15)), {}, budget)
    assert len(steps) == min(15, int(budget // 10))
    assert all(a.left > b.left for a, b in pairwise(steps))
    assert len({step.at for step in steps}) == len(steps)


def test_a_copy_is_not_measured_before_something_new(models: Any) -> None:
    """Of two equal works and three of another kind one of each comes first."""
    twin, other = models(2, 1, kinds=("dense", "norm")), models(3, 1, kinds=("depthwise", "activation"))
    works = [*twin * 3, *other * 3]
    first, second = choose_next(candidates(works), {}, 20)
    assert (first.at < 3) != (second.at < 3)


def test_the_cheaper_of_two_equal_cases_comes_first(models: Any) -> None:
    (work,) = models(4, 1)
    open_ = [OpenCase(PLACE, work, 10.0), OpenCase(PLACE, work, 5.0), OpenCase(PLACE, work, 20.0)]
    assert choose_next(open_, {}, 100)[0].at == 1


def test_what_is_known_leaves_less_to_learn(models: Any, prices: np.ndarray) -> None:
    """Records of like models make a first case worth less; places tell each other nothing."""
    works, known = models(5, 10), models(6, 30, first=100)
    seen = [MeasuredCase(w, float(t)) for w, t in zip(known, operator_table(known) @ prices, strict=True)]
    fresh = choose_next(candidates(works), {}, 10)[0].left
    informed = choose_next(candidates(works), {PLACE: seen}, 10)[0].left
    elsewhere = choose_next(candidates(works), {replace(PLACE, machine="other"): seen}, 10)[0].left
    assert fresh < informed
    assert elsewhere == pytest.approx(fresh)

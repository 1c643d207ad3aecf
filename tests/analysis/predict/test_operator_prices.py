"""Prices per kind: recovered where the machine has them, scaled with the times, and sure of what was seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalebench.analysis.predict.methods import (
    PRICE_PER_KIND,
    SINGLE_PRICE,
    SUM_OF_TOTALS,
    TOTALS,
    TOTALS_AND_OPERATORS,
    Method,
)  # fmt: skip
from scalebench.analysis.predict.operator_prices import ASPECTS, fit_prices, operator_table, shares

METHODS = [SUM_OF_TOTALS, TOTALS, TOTALS_AND_OPERATORS, SINGLE_PRICE, PRICE_PER_KIND]


def test_the_table_adds_groups_and_batches(models: Any) -> None:
    (work,) = models(0, 1)
    (row,) = operator_table([work]).reshape(1, -1, ASPECTS)
    kind, macs, activations, weights, count = work.facts["operators"][0]
    assert kind == "dense"
    assert row[0].tolist() == [count, macs * count, activations * count, weights * count]
    doubled = operator_table([type(work)(work.model, 224, 2, work.facts)]).reshape(1, -1, ASPECTS)[0]
    assert doubled[0].tolist() == [count, 2 * macs * count, 2 * activations * count, weights * count]


def test_a_machine_of_such_prices_is_recovered(models: Any, prices: np.ndarray) -> None:
    """Without noise and almost without stiffness new models are predicted to a thousandth."""
    known, new = operator_table(models(1, 120)), operator_table(models(2, 30, first=500))
    assert new @ fit_prices(known, known @ prices, 1e-8) == pytest.approx(new @ prices, rel=1e-3)


def test_a_machine_of_one_price_is_recovered_by_the_simple_sum(models: Any) -> None:
    price = np.array([1e-5, 1e-11, 1e-10, 2e-10])
    known, new = SINGLE_PRICE.table(models(1, 40)), SINGLE_PRICE.table(models(2, 10, first=500))
    assert SINGLE_PRICE.fit(known, known @ price)(new) == pytest.approx(new @ price, rel=1e-9)


def test_shares_sum_to_one(models: Any, prices: np.ndarray) -> None:
    rows = shares(operator_table(models(3, 5)), prices)
    assert rows[:, :-1].sum(axis=1) == pytest.approx(np.ones(5))
    assert (rows[:, -1] == 1).all()


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
@given(factor=st.floats(1e-4, 1e4), seed=st.integers(0, 5))
@settings(max_examples=8)
def test_times_in_another_unit_are_predictions_in_it(
    method: Method, models: Any, prices: np.ndarray, factor: float, seed: int
) -> None:
    works, new = models(seed, 25), models(seed + 100, 5, first=300)
    noisy = operator_table(works) @ prices * np.random.default_rng(seed).lognormal(0, 0.1, 25)
    table, asked = method.table(works), method.table(new)
    assert method.fit(table, factor * noisy)(asked) == pytest.approx(factor * method.fit(table, noisy)(asked), rel=1e-4)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_the_order_of_rows_does_not_matter(method: Method, models: Any, prices: np.ndarray) -> None:
    works, new = models(6, 25), models(106, 5, first=300)
    noisy = operator_table(works) @ prices * np.random.default_rng(6).lognormal(0, 0.1, 25)
    turned = np.random.default_rng(0).permutation(25)
    table, asked = method.table(works), method.table(new)
    assert method.fit(table[turned], noisy[turned])(asked) == pytest.approx(method.fit(table, noisy)(asked), rel=1e-5)

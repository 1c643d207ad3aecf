"""The value of information where it is known exactly: uniform costs, symmetric triangles, capacities of two values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from scalebench.procure.decide import Decision, decide
from scalebench.procure.information import Information, information, saving
from scalebench.procure.serving import Capacity
from tests.procure.literal_plan import CAPACITY, box, buy, capacity, plan, rent

MIDPOINTS = (np.arange(400) + 0.5) / 400
MANY = 20_000
RENTED = 6 * 8760
"""Node hours a year of the worked example's six nodes."""


def of(decision: Decision) -> Information:
    result = information(decision)
    assert result is not None
    return result


def choices(result: Information) -> dict[str, float]:
    return {value.path: value.choice for value in result.inputs}


def two_values(node: str = "box") -> Capacity:
    """A node that serves as in the worked example or twice as much, equally likely; the plan counts on the former."""
    return capacity(node, draws=(CAPACITY, 2 * CAPACITY) * 200)


def test_two_uniform_costs() -> None:
    """Of two independent uniform costs on 0 to 1 the lower one is 1/3 on average, either of them 1/2."""
    first, second = (axis.ravel() for axis in np.meshgrid(MIDPOINTS, MIDPOINTS))
    assert saving(np.stack([first, second])) == pytest.approx(1 / 2 - 1 / 3, abs=1e-4)


def test_one_of_two_uniform_costs() -> None:
    """Who knows only the first takes it below 1/2: 1/2 - (1/8 + 1/4)."""
    assert saving(np.stack([MIDPOINTS, np.full(400, 0.5)])) == pytest.approx(1 / 8, abs=1e-4)


def test_a_cost_that_is_always_lower_leaves_nothing_to_learn() -> None:
    assert saving(np.stack([MIDPOINTS, MIDPOINTS + 2])) == 0


def test_an_offer_that_does_not_always_serve_is_not_chosen_blindly() -> None:
    """It costs 1 or does not serve, the other 3: 3 now, (1 + 3) / 2 with knowledge."""
    assert saving(np.array([[1.0, np.inf], [3.0, 3.0]])) == 1.0
    assert math.isnan(saving(np.array([[1.0, np.inf], [np.inf, 3.0]])))


def test_two_rents_with_the_same_triangle() -> None:
    """Prices c - h to c + h, symmetric: knowing one is worth h/6, both 7 h/30 (the sum of four uniforms), per hour."""
    per_hour: dict[str, Any] = {"value": 1.1, "low": 0.9, "high": 1.3, "unit": "currency/h"}
    offers = [rent("a", per_hour=per_hour), rent("b", per_hour=per_hour)]
    result = of(decide(plan(offers), [capacity(draws=(CAPACITY,) * MANY)]))
    assert result.everything == pytest.approx(7 / 30 * 0.2 * RENTED, rel=0.03)
    assert result.regret == pytest.approx(result.everything, rel=0.05), "the offers are equal on average"
    by_path = choices(result)
    for path in ("offers.a.per_hour", "offers.b.per_hour"):
        assert by_path[path] == pytest.approx(1 / 6 * 0.2 * RENTED, rel=0.05)
    assert by_path["capacity.box"] == 0


def test_how_often_the_first_offer_is_beaten_at_the_ends_of_a_range() -> None:
    """Of two equal triangles, the first price in its dearest tenth: 1 - E[u^2] / (2 h^2) with u uniform in the square.

    The tenth is u < h sqrt(0.2), so E[u^2] = 0.1 h^2, and the other one is cheaper in 95 %; by symmetry 5 % in the
    cheapest tenth, and the other way round for the other's price.
    """
    per_hour: dict[str, Any] = {"value": 1.1, "low": 0.9, "high": 1.3, "unit": "currency/h"}
    offers = [rent("a", per_hour=per_hour), rent("b", per_hour=per_hour)]
    result = of(decide(plan(offers), [capacity(draws=(CAPACITY,) * MANY)]))
    beaten = {value.path: (value.beaten_low, value.beaten_high) for value in result.inputs}
    assert beaten["offers.a.per_hour"] == pytest.approx((0.05, 0.95), abs=0.02)
    assert beaten["offers.b.per_hour"] == pytest.approx((0.95, 0.05), abs=0.02)


def test_what_two_offers_have_in_common_is_worth_nothing() -> None:
    """Demand moves both costs alike, and the cheaper one stays the cheaper one."""
    demand = {"value": 875, "low": 500, "high": 1250, "unit": "img/s"}
    result = of(decide(plan([rent(), rent("dear", per_hour=1.3)], mean_images_per_s=demand), [capacity()]))
    assert choices(result)["workload.demand.mean_images_per_s"] == 0
    assert (result.everything, result.regret) == (0, 0)


def test_an_unknown_capacity_decides_between_two_nodes() -> None:
    """fast needs 6 or 4 nodes at 1.3 an hour: 68,328 or 45,552 a year, 56,940 on average; box costs 57,816."""
    offers = [rent(), rent("fast", "fast", per_hour=1.3)]
    decision = decide(plan(offers, [box(), box("fast")]), [capacity(), two_values("fast")])
    result = of(decision)
    assert result.everything == pytest.approx(56_940 - (45_552 + 57_816) / 2)
    assert choices(result)["capacity.fast"] == pytest.approx(56_940 - (45_552 + 57_816) / 2)
    assert choices(result)["capacity.box"] == 0


def test_a_known_capacity_saves_nodes() -> None:
    """Planned for the lower end are 6 nodes; the node serves that or twice as much, which takes 4: 5 on average."""
    result = of(decide(plan([rent()]), [two_values()]))
    (value,) = result.inputs
    assert (value.path, value.choice) == ("capacity.box", 0)
    assert value.sizing == pytest.approx(8760 * 1.10)


def test_most_valuable_first_and_never_more_than_knowing_everything() -> None:
    own = buy(capex={"value": 24000, "low": 20000, "high": 30000, "unit": "currency"},
              life_years={"value": 4, "low": 3, "high": 6, "unit": "years"})  # fmt: skip
    result = of(decide(plan([own, rent()], pue={"value": 1.5, "low": 1.1, "high": 1.8, "unit": ""}), [capacity()]))
    savings = [value.total for value in result.inputs]
    assert savings == sorted(savings, reverse=True)
    assert result.inputs[0].path == "offers.own.life_years"
    assert 0 <= max(choices(result).values()) <= result.everything


def test_without_an_offer_there_is_no_value() -> None:
    assert information(decide(plan(), [])) is None


def test_where_no_offer_always_serves_no_value_can_be_given() -> None:
    drawn = (0.0,) * 40 + (CAPACITY,) * 360
    result = of(decide(plan([rent()]), [capacity(draws=drawn)]))
    assert math.isnan(result.everything)
    assert math.isnan(result.regret)

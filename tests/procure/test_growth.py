"""Demand that grows: whoever buys sizes for the end, whoever rents follows, and images count over the whole horizon."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scalebench.procure.growth import highest_peak, levelised, years_of
from scalebench.procure.pricing import Bill, bill
from scalebench.procure.quantity import point
from tests.procure.literal_plan import CAPACITY, buy, plan, rent

OFFERS = [buy(), rent(), rent("long", commitment="3y"), rent("elastic", scaling="elastic")]


def bills(**inputs: Any) -> dict[str, Bill]:
    """Worked examples 5 and 6 with demand that doubles every year for two years, without discount."""
    purchase = plan(OFFERS, **({"growth_per_year": 1.0, "horizon_years": 2.0, "discount_rate": 0.0} | inputs))
    return {offer.id: bill(purchase, offer, point(purchase), CAPACITY) for offer in purchase.offers}


def test_demand_that_doubles() -> None:
    """The integral of 2^t is 1 / ln 2 = 1.442695 over the first year and twice that over the second."""
    first, second = years_of(1.0, 2.0, 0.0)
    assert (first.mean, second.mean) == pytest.approx((1.442695, 2.885390), abs=1e-6)
    assert (first.peak, second.peak) == (2.0, 4.0)
    assert levelised((first, second), (first.mean, second.mean)) == pytest.approx(2.164043, abs=1e-6)


def test_a_horizon_that_ends_within_a_year() -> None:
    """Half a year from the first on: (2^1.5 - 2) / ln 2 = 1.195168, over half a year 2.390335."""
    _, half = years_of(1.0, 1.5, 0.25)
    assert half.mean == pytest.approx(2.390335, abs=1e-6)
    assert half.peak == pytest.approx(2.828427, abs=1e-6)
    assert half.weight == pytest.approx(0.4), "half a year, discounted by 1.25"


def test_the_term_of_a_rent_has_one_peak() -> None:
    assert [float(year.peak) for year in years_of(1.0, 4.0, 0.0, term_years=3)] == [8.0, 8.0, 8.0, 16.0]


def test_demand_that_shrinks_is_highest_today() -> None:
    assert [float(year.peak) for year in years_of(-0.5, 2.0, 0.0)] == [1.0, 0.5]
    assert highest_peak(-0.5, 2.0) == 1.0
    shrinking = bills(growth_per_year=-0.5)
    assert shrinking["own"].nodes == 6
    assert shrinking["rent"].nodes_paid == 5, "6 nodes for 2,500 images a second, then 4 for 1,250"


def test_bought_nodes_are_there_from_the_first_day() -> None:
    """10,000 / 505.26 = 19.8: 20 nodes and one. Power 21 x 180 + 240 x 1,893.54 / 842.105 = 4,319.66 W."""
    own = bills()["own"]
    assert (own.nodes, own.nodes_paid) == (21, 21)
    assert own.per_year == pytest.approx(187_440.1, abs=0.1), "21 x (5,250 + 1,200 + 1,800) + 14,190.1 of energy"
    assert own.per_million == pytest.approx(3.1389, abs=5e-5), "of 27,594 x 2.164043 = 59,714.6 million images a year"


def test_rented_nodes_follow_the_demand_of_each_year() -> None:
    """11 nodes for 5,000 images a second, then 21 for 10,000: 16 x 8,760 x 1.10 a year."""
    rented, long = bills()["rent"], bills()["long"]
    assert (rented.nodes, rented.nodes_paid) == (21, 16)
    assert rented.per_year == pytest.approx(154_176.0, abs=5e-3)
    assert rented.per_million == pytest.approx(2.5819, abs=5e-5)
    assert long.per_year == pytest.approx(202_356.0, abs=5e-3), "21 nodes for the whole term"


def test_elastic_nodes_follow_the_mean() -> None:
    """875 x 2.164043 / 505.26 = 3.747626 nodes and one that may fail, at 9,636 a year."""
    assert bills()["elastic"].per_year == pytest.approx(45_748.1, abs=0.1)


def test_later_years_count_for_less() -> None:
    assert bills(discount_rate=0.25)["rent"].nodes_paid == pytest.approx(15.444444, abs=1e-6), "(11 + 0.8 x 21) / 1.8"


def test_draws_have_horizons_of_their_own() -> None:
    years = years_of(np.array([0.0, 1.0]), np.array([1.0, 2.0]), np.array([0.0, 0.0]))
    assert np.asarray(levelised(years, [year.mean for year in years])).tolist() == pytest.approx(
        [1.0, 2.164043], abs=1e-6
    )

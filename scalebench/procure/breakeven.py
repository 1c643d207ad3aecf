"""Buying against renting the same node (F9), and every offer over the demand."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from scalebench.procure import formulas as f
from scalebench.procure.choice import costs, counted_on
from scalebench.procure.decide import Decision, Ranked
from scalebench.procure.plan_values import point
from scalebench.procure.purchase_plan import Buy, Rent

_MEAN, _PEAK = "workload.demand.mean_images_per_s", "workload.demand.peak_images_per_s"


@dataclass(frozen=True)
class BreakEven:
    """One node bought against the same node rented, both as they are ranked.

    Attributes:
        buy, rent: ids of the offers.
        per_hour: rent at which owning costs the same, the node always on.
        hours: of rent per year that owning costs.
        utilisation: the same as a share of the year; above 1 renting always wins.
        payback_months: until the price, less the residual, is saved in rent; infinite where it never is.
    """

    buy: str
    rent: str
    per_hour: float
    hours: float
    utilisation: float
    payback_months: float


def break_evens(decision: Decision) -> tuple[BreakEven, ...]:
    """Every pair of a bought and a rented offer of the same node, in the order of the ranking."""
    own = point(decision.plan)
    rate = float(own["finance.discount_rate"])
    return tuple(
        _pair(buy, buy.offer, rent.offer, rate)
        for buy, rent in product(decision.serving, repeat=2)
        if isinstance(buy.offer, Buy) and isinstance(rent.offer, Rent) and buy.node.id == rent.node.id
    )


def _pair(bought: Ranked, buy: Buy, rent: Rent, discount_rate: float) -> BreakEven:
    owned, price = float(bought.bill.per_node_year), rent.per_hour.value
    capital = f.capital_per_year(buy.capex.value, buy.residual.value, discount_rate, buy.life_years.value)
    return BreakEven(
        buy.id,
        rent.id,
        float(f.break_even_per_hour(owned)),
        float(f.break_even_hours(owned, price)),
        float(f.break_even_utilisation(owned, price)),
        float(f.payback_months(buy.capex.value, buy.residual.value, price, owned - float(capital))),
    )


@dataclass(frozen=True)
class CostCurve:
    """Cost of every offer that keeps the constraints over the demand, the peak in proportion to the mean.

    Attributes:
        mean_ips: mean demand, images per second, rising.
        costs: by offer in the order of ``Decision.serving``, see ``policy.rank_by``; as many as there are demands.
    """

    mean_ips: tuple[float, ...]
    costs: dict[str, tuple[float, ...]]


def over_demand(decision: Decision, least: float = 0.1, most: float = 10.0, points: int = 81) -> CostCurve:
    """Costs from ``least`` to ``most`` times the plan's demand; nodes and the choice of setups follow it."""
    factor: npt.NDArray[np.float64] = np.geomspace(least, most, points)
    own = point(decision.plan)
    inputs = {**own, _MEAN: own[_MEAN] * factor, _PEAK: own[_PEAK] * factor}
    offers = [one.offer for one in decision.serving]
    found = costs(decision.plan, offers, inputs, decision.capacities, counted_on(decision.capacities))
    mean = tuple(map(float, own[_MEAN] * factor))
    return CostCurve(mean, {offer.id: tuple(map(float, row)) for offer, row in zip(offers, found, strict=True)})

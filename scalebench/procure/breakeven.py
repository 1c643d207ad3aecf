"""Buying against renting the same node (F9), and the cost of every offer over demand."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from scalebench.procure import formulas as f
from scalebench.procure.decide import Decision, Ranked
from scalebench.procure.pricing import costs
from scalebench.procure.purchase_plan import Buy, Rent
from scalebench.procure.quantity import point

_DEMAND = ("workload.demand.mean_images_per_s", "workload.demand.peak_images_per_s")


@dataclass(frozen=True)
class BreakEven:
    """One node bought against the same node rented, with the setups they are ranked with.

    Attributes:
        buy, rent: ids of the offers.
        per_hour: hourly rent at which owning costs the same, the node always on.
        hours: of rent per year that owning costs.
        utilisation: the same as a share of the year; above 1 renting always costs less.
        payback_months: until the price, less the residual, is saved in rent; infinite if it never is.
    """

    buy: str
    rent: str
    per_hour: float
    hours: float
    utilisation: float
    payback_months: float


def break_evens(decision: Decision) -> tuple[BreakEven, ...]:
    """Every pair of a bought and a rented offer of the same node, in the order of the ranking."""
    rate = decision.plan.finance.discount_rate.value
    return tuple(
        _break_even(bought, bought.offer, rented.offer, rate)
        for bought, rented in product(decision.serving, repeat=2)
        if isinstance(bought.offer, Buy) and isinstance(rented.offer, Rent) and bought.node.id == rented.node.id
    )


def _break_even(bought: Ranked, buy: Buy, rent: Rent, discount_rate: float) -> BreakEven:
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
    """Cost of every offer that meets the constraints over demand, the peak in proportion to the mean.

    Attributes:
        mean_ips: mean demand, images per second, rising.
        costs: by offer in the order of ``Decision.serving``, one for each demand; see ``policy.rank_by``.
    """

    mean_ips: tuple[float, ...]
    costs: dict[str, tuple[float, ...]]


def over_demand(decision: Decision, least: float = 0.1, most: float = 10.0, points: int = 81) -> CostCurve:
    """Costs from ``least`` to ``most`` times the plan's demand; nodes and the choice of setups follow it."""
    factors, own = np.geomspace(least, most, points), point(decision.plan)
    inputs = own | {path: own[path] * factors for path in _DEMAND}
    offers = [ranked.offer for ranked in decision.serving]
    table = costs(decision.plan, offers, inputs, decision.capacities)
    mean = tuple(map(float, inputs[_DEMAND[0]]))
    return CostCurve(mean, {offer.id: tuple(map(float, row)) for offer, row in zip(offers, table, strict=True)})

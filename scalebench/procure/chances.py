"""How likely an offer is the cheapest, and what it costs, over joint draws of measurements and prices (F12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
import numpy.typing as npt

from scalebench.analysis.stats import LEVEL
from scalebench.procure.pricing import SAME, Rates, costs
from scalebench.procure.purchase_plan import Buy, PurchasePlan, Rent
from scalebench.procure.quantity import draws
from scalebench.procure.serving import Capacity

PER_YEAR, PER_MILLION = attrgetter("per_year"), attrgetter("per_million")
"""The two costs of a bill."""


@dataclass(frozen=True)
class CostRange:
    """Median and central 95 % of a cost over the draws in which an offer serves; NaN if it never does."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, drawn: npt.NDArray[np.float64]) -> CostRange:
        """``drawn`` are infinite where the offer does not serve."""
        finite, tail = drawn[np.isfinite(drawn)], (1 - LEVEL) / 2
        quantiles = np.quantile(finite, [0.5, tail, 1 - tail]) if len(finite) else np.full(3, np.nan)
        return cls(*map(float, quantiles))


@dataclass(frozen=True)
class Chance:
    """An offer over all draws.

    Attributes:
        best: share of the draws in which it serves and is cheapest; offers at equal cost share a draw.
        serves: share of the draws in which a setup of its node serves.
        per_year, per_million: its cost. The planned cost is no draw: with ``capacity_bound: lower95`` it counts on
            less capacity.
    """

    best: float
    serves: float
    per_year: CostRange
    per_million: CostRange

    def ranked_by(self, plan: PurchasePlan) -> CostRange:
        """The cost that the plan ranks by."""
        return self.per_million if plan.policy.rank_by == "cost_per_million_images" else self.per_year


def chances(
    plan: PurchasePlan, offers: Sequence[Buy | Rent], capacities: Sequence[Capacity], seed: int
) -> tuple[Chance, ...]:
    """Chance of each offer over as many joint draws as each of the capacities carries.

    A draw takes one value of every quantity with a range and one of every capacity. All offers share the draw, so what
    they have in common cannot separate them. In each draw an offer runs the setup that is cheapest there: a setup can
    be changed after the purchase. Ranges of the service level or an accuracy are not drawn, because they would need
    other capacities; see ``sensitivity``. ``seed`` has to differ from that of the capacities' draws, or the two would
    be correlated.
    """
    if not offers:
        return ()
    rates, inputs = drawn_rates(capacities), draws(plan, len(capacities[0].draws), seed)
    yearly, by_images = (costs(plan, offers, inputs, capacities, rates, of) for of in (PER_YEAR, PER_MILLION))
    serves = np.isfinite(yearly)
    cheapest = serves & (yearly <= yearly.min(axis=0) * (1 + SAME))
    share = cheapest / np.maximum(cheapest.sum(axis=0), 1)
    return tuple(
        Chance(float(best), float(ok), CostRange.of(of_year), CostRange.of(of_images))
        for best, ok, of_year, of_images in zip(share.mean(axis=1), serves.mean(axis=1), yearly, by_images, strict=True)
    )


def drawn_rates(capacities: Sequence[Capacity]) -> Rates:
    """The rates of all draws, for ``costs``."""
    return [(np.asarray(capacity.draws), np.asarray(capacity.slo_draws)) for capacity in capacities]

"""How sure the ranking is: joint draws over what was measured and what was assumed (F12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scalebench.procure.choice import SAME, costs
from scalebench.procure.plan_values import draws
from scalebench.procure.purchase_plan import Buy, PurchasePlan, Rent
from scalebench.procure.serving import Capacity

LEVEL = 0.95


@dataclass(frozen=True)
class Chance:
    """An offer over all draws.

    Attributes:
        best: share of the draws in which it serves and is cheapest; offers that cost the same share a draw.
        serves: share of the draws in which a setup of its node serves.
        low, high: ends of the central 95 % of its cost where it serves; NaN where it never does.
    """

    best: float
    serves: float
    low: float
    high: float


def chances(
    plan: PurchasePlan, offers: Sequence[Buy | Rent], capacities: Sequence[Capacity], seed: int
) -> tuple[Chance, ...]:
    """Chance of each offer over as many joint draws as the capacities carry.

    A draw takes one value of every quantity that has a range, and one of every capacity. The same draw holds for all
    offers, so that what they have in common cannot part them. In each draw an offer runs the setup that is cheapest
    there: a setup can be changed after the purchase. A range of the service level or of an accuracy is not drawn, as
    it would ask for other capacities; see ``sensitivity``.

    Args:
        plan: the plan.
        offers: those that may be ranked.
        capacities: with equally many draws each.
        seed: of the inputs' draws; another one than that of the capacities' draws, so that the two do not run in step.
    """
    if not offers:
        return ()
    count = len(capacities[0].draws)
    serving = [np.asarray(capacity.draws) for capacity in capacities]
    found = costs(plan, offers, draws(plan, count, seed), capacities, serving)
    serves = np.isfinite(found)
    first = serves & (found <= found.min(axis=0) * (1 + SAME))
    share = first / np.maximum(first.sum(axis=0), 1)
    tail = (1 - LEVEL) / 2
    ends = [np.quantile(row[ok], [tail, 1 - tail]) if ok.any() else (np.nan, np.nan)
            for row, ok in zip(found, serves, strict=True)]  # fmt: skip
    return tuple(
        Chance(float(best), float(ok), float(low), float(high))
        for best, ok, (low, high) in zip(share.mean(axis=1), serves.mean(axis=1), ends, strict=True)
    )

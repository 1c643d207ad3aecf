"""Every offer with the cheapest setup of its node: at the plan's numbers, or at thousands of others at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scalebench.procure.bill import Bill, bill
from scalebench.procure.plan_values import Inputs, Number
from scalebench.procure.purchase_plan import Buy, PurchasePlan, Rent
from scalebench.procure.serving import Capacity

SAME = 1e-9
"""Relative difference below which two costs are the same number."""


@dataclass(frozen=True)
class Priced:
    """An offer, what its node serves, and what that costs."""

    offer: Buy | Rent
    capacity: Capacity
    bill: Bill


def cost(plan: PurchasePlan, of: Bill) -> Number:
    """What the plan ranks by, see ``policy.rank_by``."""
    return of.per_million if plan.policy.rank_by == "cost_per_million_images" else of.per_year


def price(
    plan: PurchasePlan, offers: Sequence[Buy | Rent], inputs: Inputs, capacities: Sequence[Capacity]
) -> tuple[Priced, ...]:
    """Each offer that a setup of its node serves, with the cheapest of them; cheapest offer first.

    Of setups that cost the same the one that serves most is taken; of offers that cost the same the first in the plan
    comes first.
    """
    found = []
    for offer in offers:
        setups = [c for c in capacities if c.node == offer.node and c.counted_on > 0]
        options = [Priced(offer, c, bill(plan, offer, inputs, c.counted_on)) for c in setups]
        if options:
            found.append(min(options, key=lambda o: (float(cost(plan, o.bill)), -o.capacity.counted_on)))
    return tuple(sorted(found, key=lambda o: float(cost(plan, o.bill))))


def costs(
    plan: PurchasePlan,
    offers: Sequence[Buy | Rent],
    inputs: Inputs,
    capacities: Sequence[Capacity],
    serving: Sequence[Number],
) -> npt.NDArray[np.float64]:
    """Cost of every offer with the setup that is cheapest at each entry.

    Args:
        plan, inputs: numbers, or arrays of one length.
        offers: the rows of the result.
        capacities: what the nodes serve.
        serving: images per second of each of them, in place of what the plan counts on; 0 serves nothing.

    Returns: shape (offers, entries); infinite where no setup serves.
    """
    lengths = [np.size(value) for value in (*inputs.values(), *serving)]
    found = np.full((len(offers), max(lengths, default=1)), np.inf)
    for row, offer in zip(found, offers, strict=True):
        for capacity, rate in zip(capacities, serving, strict=True):
            if capacity.node == offer.node:
                # NaN passes through the formulas without a warning, and fmin leaves it out.
                known = np.where(np.asarray(rate) > 0, rate, np.nan)
                np.fmin(row, cost(plan, bill(plan, offer, inputs, known)), out=row)
    return found


def counted_on(capacities: Sequence[Capacity]) -> tuple[float, ...]:
    """Images per second that the plan counts on, of each capacity."""
    return tuple(capacity.counted_on for capacity in capacities)

"""Tornado: the whole plan, its nodes and the choice of setups included, at both ends of every range (F11)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from scalebench.procure.choice import SAME, price
from scalebench.procure.choice import cost as ranked_by
from scalebench.procure.decide import Decision
from scalebench.procure.plan_values import point, quantities, with_value
from scalebench.procure.purchase_plan import Buy, PurchasePlan, Rent
from scalebench.procure.serving import Capacity

CAPACITY = "capacity."
"""Start of the path of a bar that is no input of the plan: the measured capacity of a node."""
_ASKS_AGAIN = ("workload.slo.", "workload.accuracy.")
"""Inputs that decide which setups serve, and how much."""

Costs = Mapping[str, float]
"""Cost by offer; an offer that does not serve is not in it."""
Again = Callable[[PurchasePlan], Sequence[Capacity]]
"""What the nodes serve under a changed plan."""


@dataclass(frozen=True)
class Bar:
    """One range.

    Attributes:
        path: of the input; ``capacity.`` and a node's id for the interval of what it serves.
        unit: of the input.
        value, low, high: of the input.
        base: cost of the decision's first offer, see ``policy.rank_by``.
        winner: its id.
        at_low, at_high: cost of every offer at the two ends.
    """

    path: str
    unit: str
    value: float
    low: float
    high: float
    base: float
    winner: str
    at_low: Costs
    at_high: Costs

    @property
    def best_low(self) -> float:
        """Cost of what would then be chosen, infinite where nothing serves."""
        return min(self.at_low.values(), default=math.inf)

    @property
    def best_high(self) -> float:
        """The same at the upper end."""
        return min(self.at_high.values(), default=math.inf)

    @property
    def swing(self) -> float:
        """From the lowest to the highest cost of what would be chosen, the plan's own values included."""
        ends = (self.best_low, self.best_high, self.base)
        return max(ends) - min(ends)

    @property
    def wins_low(self) -> str:
        """Offer that is cheapest at the lower end, empty where nothing serves."""
        return _winner(self.at_low, self.winner)

    @property
    def wins_high(self) -> str:
        """The same at the upper end."""
        return _winner(self.at_high, self.winner)

    @property
    def changes_winner(self) -> bool:
        """Whether another offer, or none, is cheapest at one of the ends."""
        return {self.wins_low, self.wins_high} != {self.winner}


def _winner(found: Costs, present: str) -> str:
    """The cheapest; the present winner where it costs the same."""
    least = min(found.values(), default=math.inf)
    return present if found.get(present, math.inf) <= least * (1 + SAME) and found else min(
        found, key=lambda name: found[name], default=""
    )  # fmt: skip


def tornado(decision: Decision, again: Again) -> tuple[Bar, ...]:
    """A bar for every input with a range and for the interval of every node's capacity; longest swing first.

    Args:
        decision: where nothing is ranked there is no bar.
        again: works out the capacities where an input decides on them.
    """
    if not decision.ranked:
        return ()
    plan, own = decision.plan, point(decision.plan)
    first = decision.ranked[0]
    bars = []
    for path, leaf in quantities(plan).items():
        if leaf.least < leaf.most:
            ends = []
            for end in (leaf.least, leaf.most):
                changed = with_value(plan, path, end)
                serving = again(changed) if path.startswith(_ASKS_AGAIN) else decision.capacities
                ends.append(_costs(changed, decision.offers, serving))
            bars.append(
                Bar(path, leaf.unit, float(own[path]), leaf.least, leaf.most, first.cost, first.offer.id, *ends)
            )
    bars += [
        bar for node in dict.fromkeys(one.node.id for one in decision.ranked) if (bar := _measured(decision, node))
    ]
    return tuple(sorted((bar for bar in bars if bar.swing > 0), key=lambda bar: (-bar.swing, bar.path)))


def _costs(plan: PurchasePlan, offers: Sequence[Buy | Rent], capacities: Sequence[Capacity]) -> Costs:
    priced = price(plan, offers, point(plan), capacities)
    return {one.offer.id: float(ranked_by(plan, one.bill)) for one in priced}


def _measured(decision: Decision, node: str) -> Bar | None:
    """Bar of a node's capacity: all its setups at the lower ends of their intervals, then at the upper ends."""
    chosen = next(one for one in decision.ranked if one.node.id == node)
    interval = chosen.capacity.images_per_s
    if not interval.low < interval.high:
        return None
    low, high = (
        _costs(decision.plan, decision.offers, [_at(c, end) if c.node == node else c for c in decision.capacities])
        for end in ("low", "high")
    )
    first = decision.ranked[0]
    return Bar(f"{CAPACITY}{node}", "img/s", interval.value, interval.low, interval.high, first.cost, first.offer.id,
               low, high)  # fmt: skip


def _at(capacity: Capacity, end: str) -> Capacity:
    value = float(getattr(capacity.images_per_s, end))
    return replace(capacity, counted_on=value) if math.isfinite(value) else capacity

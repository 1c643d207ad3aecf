"""Tornado: the whole plan, with its nodes and the choice of setups, at both ends of every range (F11)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from scalebench.procure.decide import Decision
from scalebench.procure.pricing import SAME, cost, price
from scalebench.procure.purchase_plan import Buy, PurchasePlan, Rent
from scalebench.procure.quantity import point, quantities, with_value
from scalebench.procure.serving import Capacity

CAPACITY = "capacity."
"""Prefix of the path of a bar that is no input of the plan: the measured capacity of a node."""
CHANGES_CAPACITY = ("workload.slo.", "workload.accuracy.")
"""Prefixes of inputs that no bill reads: they decide which setups serve, and how much."""

Costs = Mapping[str, float]
"""Cost by offer; an offer that does not serve is missing."""
Recompute = Callable[[PurchasePlan], Sequence[Capacity]]
"""What the nodes serve under a changed plan."""


@dataclass(frozen=True)
class Bar:
    """One range.

    Attributes:
        path: of the input; ``capacity.`` and a node's id for the interval of its capacity.
        base, winner: cost of the decision's first offer, see ``policy.rank_by``, and its id.
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
        """Cost of the cheapest offer at the lower end, infinite if nothing serves there."""
        return min(self.at_low.values(), default=math.inf)

    @property
    def best_high(self) -> float:
        """The same at the upper end."""
        return min(self.at_high.values(), default=math.inf)

    @property
    def swing(self) -> float:
        """From the lowest to the highest cost of the cheapest offer, the plan's own values included."""
        ends = (self.best_low, self.best_high, self.base)
        return max(ends) - min(ends)

    @property
    def wins_low(self) -> str:
        """Cheapest offer at the lower end, empty if nothing serves there."""
        return _winner(self.at_low, self.winner)

    @property
    def wins_high(self) -> str:
        """The same at the upper end."""
        return _winner(self.at_high, self.winner)

    @property
    def changes_winner(self) -> bool:
        """Whether at one of the ends another offer is cheapest, or nothing serves."""
        return {self.wins_low, self.wins_high} != {self.winner}


def _winner(costs: Costs, current: str) -> str:
    """The cheapest offer; the current winner if it costs the same."""
    cheapest = min(costs, key=lambda name: costs[name], default="")
    return current if costs and costs.get(current, math.inf) <= costs[cheapest] * (1 + SAME) else cheapest


def tornado(decision: Decision, recompute: Recompute) -> tuple[Bar, ...]:
    """A bar for every input with a range and for the interval of every node's capacity; largest swing first.

    ``recompute`` gives the capacities for inputs they depend on. Without a ranked offer there is no bar.
    """
    if not decision.ranked:
        return ()
    plan, first = decision.plan, decision.ranked[0]
    bars = []
    for path, leaf in quantities(plan).items():
        if leaf.least < leaf.most:
            ends = []
            for end in (leaf.least, leaf.most):
                changed = with_value(plan, path, end)
                capacities = recompute(changed) if path.startswith(CHANGES_CAPACITY) else decision.capacities
                ends.append(_costs(changed, decision.offers, capacities))
            bars.append(Bar(path, leaf.unit, leaf.value, leaf.least, leaf.most, first.cost, first.offer.id, *ends))
    for node in dict.fromkeys(offer.node.id for offer in decision.ranked):
        bars += _capacity_bar(decision, node)
    return tuple(sorted((bar for bar in bars if bar.swing > 0), key=lambda bar: (-bar.swing, bar.path)))


def _costs(plan: PurchasePlan, offers: Sequence[Buy | Rent], capacities: Sequence[Capacity]) -> Costs:
    return {p.offer.id: float(cost(plan, p.bill)) for p in price(plan, offers, point(plan), capacities)}


def _capacity_bar(decision: Decision, node: str) -> list[Bar]:
    """All setups of a node at the lower ends of their intervals, then at the upper ends; empty without an interval."""
    interval = next(offer.capacity.images_per_s for offer in decision.ranked if offer.node.id == node)
    if not interval.low < interval.high:
        return []
    ends = [
        _costs(decision.plan, decision.offers, [_at(c, end) if c.node == node else c for c in decision.capacities])
        for end in ("low", "high")
    ]
    first = decision.ranked[0]
    return [Bar(f"{CAPACITY}{node}", "img/s", interval.value, interval.low, interval.high, first.cost, first.offer.id,
                *ends)]  # fmt: skip


def _at(capacity: Capacity, end: str) -> Capacity:
    full, slo = (float(getattr(rate, end)) for rate in (capacity.images_per_s, capacity.slo_images_per_s))
    return replace(capacity, counted_on=full, slo_counted_on=slo) if math.isfinite(full) else capacity

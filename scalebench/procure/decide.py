"""Plan and capacities -> Decision: constraints first, then cost, and how certain the ranking is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from scalebench.procure.chances import Chance, chances
from scalebench.procure.eligible import Rejected, old_prices, split_offers
from scalebench.procure.pricing import Bill, cost, price
from scalebench.procure.purchase_plan import Buy, Node, PurchasePlan, Rent
from scalebench.procure.quantity import point
from scalebench.procure.serving import Capacity, Refusal

SEED = 7
DecisionStatus = Literal["winner", "tie", "open", "none"]
"""One offer leads in enough draws; several share them; one is alone but serves in too few draws; nothing serves."""


@dataclass(frozen=True)
class Ranked:
    """An offer that meets the constraints, with the cheapest setup of its node.

    Attributes:
        capacity, bill: of that setup, at the plan's own numbers.
        cost: what it is ranked by, see ``policy.rank_by``.
        chance: over the draws.
        on_front: whether no other offer beats it in cost, fleet capacity and energy per image together.
        unmeasured: sentences on what behind it was not measured; empty if everything was.
    """

    offer: Buy | Rent
    node: Node
    capacity: Capacity
    bill: Bill
    cost: float
    chance: Chance
    on_front: bool
    unmeasured: tuple[str, ...]

    @property
    def lower_bound(self) -> bool:
        """Whether its cost is only a lower bound: elastic rent is priced as if nodes followed demand."""
        return _elastic(self.offer)

    @property
    def fleet_ips(self) -> float:
        """Images per second of all nodes, within the service level."""
        return float(self.bill.nodes) * self.capacity.most_ips


@dataclass(frozen=True)
class Decision:
    """Which offer, and how certain.

    Attributes:
        ranked: offers that meet the constraints, cheapest first.
        bounds: those whose cost is only a lower bound (elastic rent), in the same order. Such a cost can rule an offer
            out but cannot show that it is the cheapest; they are ranked only if there is nothing else.
        leaders: ids of the winner, of the tied offers, or of the open one; empty if nothing serves.
        best_measured: id of the first offer behind which everything was measured, if any.
        refusals, capacities: setups that do not serve, and those that do.
        warnings: sentences on old prices.
        draws, seed: of every chance.
    """

    plan: PurchasePlan
    standing: DecisionStatus
    ranked: tuple[Ranked, ...]
    bounds: tuple[Ranked, ...]
    leaders: tuple[str, ...]
    best_measured: str | None
    rejected: tuple[Rejected, ...]
    refusals: tuple[Refusal, ...]
    capacities: tuple[Capacity, ...]
    warnings: tuple[str, ...]
    draws: int
    seed: int

    @property
    def serving(self) -> tuple[Ranked, ...]:
        """Every offer that meets the constraints: the ranked ones, then the bounds."""
        return self.ranked + self.bounds

    @property
    def offers(self) -> tuple[Buy | Rent, ...]:
        """The ranked offers, in the order of the plan."""
        ids = {ranked.offer.id for ranked in self.ranked}
        return tuple(offer for offer in self.plan.offers if offer.id in ids)


def decide(
    plan: PurchasePlan, capacities: Sequence[Capacity], refusals: Sequence[Refusal] = (), seed: int = SEED
) -> Decision:
    """Rank the offers of a plan; each capacity has equally many draws, and ``seed`` is that of the plan's ranges."""
    offers, rejected = split_offers(plan, capacities, refusals)
    fixed = [offer for offer in offers if not _elastic(offer)] or offers
    elastic = [offer for offer in offers if offer not in fixed]
    ranked = _ranked(plan, fixed, capacities, seed)
    standing, leaders = _standing(ranked, plan.policy.tie_probability)
    return Decision(
        plan,
        standing,
        ranked,
        # A lower bound has no known probability of being the cheapest, and beats no other offer.
        tuple(
            replace(bound, chance=replace(bound.chance, best=math.nan), on_front=False)
            for bound in _ranked(plan, elastic, capacities, seed)
        ),
        leaders,
        next((offer.offer.id for offer in ranked if not offer.unmeasured), None),
        rejected,
        tuple(refusals),
        tuple(capacities),
        old_prices(plan),
        len(capacities[0].draws) if capacities else 0,
        seed,
    )


def _elastic(offer: Buy | Rent) -> bool:
    return isinstance(offer, Rent) and offer.scaling == "elastic"


def _ranked(
    plan: PurchasePlan, offers: Sequence[Buy | Rent], capacities: Sequence[Capacity], seed: int
) -> tuple[Ranked, ...]:
    priced = price(plan, offers, point(plan), capacities)
    by_offer = dict(zip((offer.id for offer in offers), chances(plan, offers, capacities, seed), strict=True))
    ranked = tuple(
        Ranked(
            p.offer, node := plan.node(p.offer.node), p.capacity, p.bill, float(cost(plan, p.bill)),
            by_offer[p.offer.id], False, _unmeasured(node, p.capacity),
        )
        for p in priced
    )  # fmt: skip
    front = on_front([(r.cost, -r.fleet_ips, float(r.bill.joules_per_image)) for r in ranked]) if ranked else ()
    return tuple(replace(offer, on_front=bool(best)) for offer, best in zip(ranked, front, strict=True))


def on_front(points: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Whether each point is on the Pareto front; equal points are both on it or both off.

    Args:
        points: shape (points, objectives); lower is better in each.
    """
    values = np.asarray(points, dtype=float)
    no_worse = (values[:, None] <= values[None]).all(axis=2)  # [i, j]: i is no worse than j in any objective
    better = (values[:, None] < values[None]).any(axis=2)
    dominated: npt.NDArray[np.bool_] = np.any(no_worse & better, axis=0)
    return np.logical_not(dominated)


def _unmeasured(node: Node, capacity: Capacity) -> tuple[str, ...]:
    sentences = []
    if capacity.origin == "extrapolated":
        source = f" from {node.estimate.from_} by {node.estimate.method}" if node.estimate else ""
        sentences.append(f"capacity not measured: extrapolated{source}")
    elif capacity.origin == "imported":
        sentences.append("capacity not measured here: imported")
    if node.power_source == "tdp_only":
        sentences.append("power not measured: board TDP, host excluded")
    return tuple(sentences)


def _standing(ranked: Sequence[Ranked], enough: float) -> tuple[DecisionStatus, tuple[str, ...]]:
    """Leaders of a tie: the cheapest, then the likeliest others until together they win ``enough`` of the draws."""
    if not ranked:
        return "none", ()
    leaders = [ranked[0]]
    for offer in sorted(ranked[1:], key=lambda r: -r.chance.best):
        if sum(leader.chance.best for leader in leaders) < enough and offer.chance.best > 0:
            leaders.append(offer)
    ids = tuple(leader.offer.id for leader in leaders)
    if ranked[0].chance.best >= enough:
        return "winner", ids
    return ("tie" if len(leaders) > 1 else "open"), ids

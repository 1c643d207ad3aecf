"""Plan and capacities -> Decision: constraints first, then money per unit of work, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from scalebench.procure.bill import Bill
from scalebench.procure.chances import Chance, chances
from scalebench.procure.choice import cost, price
from scalebench.procure.eligible import Rejected, old_prices, sort_out
from scalebench.procure.front import on_front
from scalebench.procure.plan_values import point
from scalebench.procure.purchase_plan import Buy, Node, PurchasePlan, Rent
from scalebench.procure.serving import Capacity, Refusal

SEED = 7
DecisionStatus = Literal["winner", "tie", "open", "none"]
"""One offer leads in enough draws; several share them; one stands alone and serves in too few; nothing serves."""


@dataclass(frozen=True)
class Ranked:
    """An offer that keeps the constraints, with the cheapest setup of its node.

    Attributes:
        offer, node: of the plan.
        capacity: of that setup.
        bill: at the plan's own numbers.
        cost: what it is ranked by, see ``policy.rank_by``.
        chance: over the draws.
        on_front: whether no other offer beats it in cost, capacity of the fleet and energy per image together.
        unmeasured: what stands behind it that was not measured, in words; empty where everything was.
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
        """Whether its cost is one: elastic rent pays for the images alone, which no real one does."""
        return _elastic(self.offer)

    @property
    def fleet_ips(self) -> float:
        """Images per second that all nodes serve."""
        return float(self.bill.nodes) * self.capacity.counted_on


@dataclass(frozen=True)
class Decision:
    """Which offer, and how sure.

    Attributes:
        plan: what was asked.
        standing: whether there is a winner.
        ranked: offers that keep the constraints, cheapest first.
        bounds: those whose cost is only a lower bound, elastic rent, in the same order: such a cost can rule an offer
            out, and cannot show that it is the cheapest. They are ranked where there is nothing else.
        leaders: ids of the winner, of those that share a tie, or of the one that is open; empty where nothing serves.
        best_measured: id of the first offer behind which everything was measured, None where there is none.
        rejected: offers that do not, with their reason.
        refusals: setups that do not serve.
        capacities: all setups that do.
        warnings: old prices, in words.
        draws: behind every chance.
        seed: of them.
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
        """Every offer that keeps the constraints: the ranked ones, then the bounds."""
        return self.ranked + self.bounds

    @property
    def offers(self) -> tuple[Buy | Rent, ...]:
        """Offers that are ranked, in the order of the plan."""
        kept = {one.offer.id for one in self.ranked}
        return tuple(offer for offer in self.plan.offers if offer.id in kept)


def decide(
    plan: PurchasePlan, capacities: Sequence[Capacity], refusals: Sequence[Refusal] = (), seed: int = SEED
) -> Decision:
    """Rank the offers of a plan.

    Args:
        plan: the plan.
        capacities: what its nodes serve, with equally many draws each.
        refusals: setups that do not serve.
        seed: of the draws of the plan's ranges.
    """
    offers, rejected = sort_out(plan, capacities, refusals)
    firm = tuple(offer for offer in offers if not _elastic(offer)) or offers
    ranked = _ranked(plan, firm, capacities, seed)
    standing, leaders = _standing(ranked, plan.policy.tie_probability)
    return Decision(
        plan,
        standing,
        ranked,
        tuple(map(_unplaced, _ranked(plan, [offer for offer in offers if offer not in firm], capacities, seed))),
        leaders,
        next((one.offer.id for one in ranked if not one.unmeasured), None),
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
) -> tuple[Ranked, ...]:  # fmt: skip
    priced = price(plan, offers, point(plan), capacities)
    found = dict(zip((offer.id for offer in offers), chances(plan, offers, capacities, seed), strict=True))
    directions = [
        (float(cost(plan, p.bill)), -float(p.bill.nodes) * p.capacity.counted_on, float(p.bill.joules_per_image))
        for p in priced
    ]
    front = on_front(directions) if directions else ()
    return tuple(
        Ranked(
            p.offer, node := plan.node(p.offer.node), p.capacity, p.bill, unit, found[p.offer.id], bool(best),
            _unmeasured(node, p.capacity),
        )
        for p, (unit, _, _), best in zip(priced, directions, front, strict=True)
    )  # fmt: skip


def _unplaced(one: Ranked) -> Ranked:
    """A bound is cheapest with no known probability, and beats nobody."""
    return replace(one, chance=replace(one.chance, best=math.nan), on_front=False)


def _unmeasured(node: Node, capacity: Capacity) -> tuple[str, ...]:
    said = []
    if capacity.origin == "extrapolated":
        how = f" from {node.estimate.from_} by {node.estimate.method}" if node.estimate else ""
        said.append(f"capacity not measured: extrapolated{how}")
    elif capacity.origin == "imported":
        said.append("capacity not measured here: imported")
    if node.power_source == "tdp_only":
        said.append("power not measured: board TDP, host excluded")
    return tuple(said)


def _standing(ranked: Sequence[Ranked], enough: float) -> tuple[DecisionStatus, tuple[str, ...]]:
    """Leaders of a tie: the cheapest, and the likeliest of the others until they hold enough of the draws together."""
    if not ranked:
        return "none", ()
    leaders = [ranked[0]]
    for one in sorted(ranked[1:], key=lambda r: -r.chance.best):
        if sum(leader.chance.best for leader in leaders) < enough and one.chance.best > 0:
            leaders.append(one)
    ids = tuple(leader.offer.id for leader in leaders)
    if ranked[0].chance.best >= enough:
        return "winner", ids
    return ("tie" if len(leaders) > 1 else "open"), ids

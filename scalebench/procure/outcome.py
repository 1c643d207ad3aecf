"""Outcome: a decision with all that is asked about it: what it hangs on, what would change it, buy against rent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scalebench.procure.breakeven import BreakEven, CostCurve, break_evens, over_demand
from scalebench.procure.decide import SEED, Decision, decide
from scalebench.procure.purchase_plan import PurchasePlan
from scalebench.procure.sensitivity import Again, Bar, tornado
from scalebench.procure.serving import Capacity, Refusal
from scalebench.procure.switching import Switch, switches


@dataclass(frozen=True)
class PurchaseOutcome:
    """Everything that page, table and JSON are made of.

    Attributes:
        decision: the ranking.
        bars: the tornado.
        switches: what would make the runner-up win.
        break_evens: bought against rented.
        curve: costs over the demand.
    """

    decision: Decision
    bars: tuple[Bar, ...]
    switches: tuple[Switch, ...]
    break_evens: tuple[BreakEven, ...]
    curve: CostCurve


def weigh(
    plan: PurchasePlan, capacities: Sequence[Capacity], refusals: Sequence[Refusal], again: Again, seed: int = SEED
) -> PurchaseOutcome:
    """Decide, and ask about the decision.

    Args:
        plan: the plan.
        capacities, refusals: what its nodes serve, and what they do not.
        again: the capacities under another service level or other accuracies.
        seed: of the draws.
    """
    decision = decide(plan, capacities, refusals, seed)
    return PurchaseOutcome(
        decision, tornado(decision, again), switches(decision), break_evens(decision), over_demand(decision)
    )

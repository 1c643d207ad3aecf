"""Outcome: a decision with its sensitivity, switching values, buy against rent, and a list of what was not measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scalebench.procure.decide import SEED, Decision, decide
from scalebench.procure.eligible import reason_text
from scalebench.procure.information import Information, information
from scalebench.procure.purchase_plan import PurchasePlan
from scalebench.procure.sensitivity import Bar, Recompute, tornado
from scalebench.procure.serving import Capacity, Reason, Refusal
from scalebench.procure.switching import BreakEven, CostCurve, Switch, break_evens, over_demand, switches

MEASURABLE: tuple[Reason, ...] = (
    "not_measured", "percentile_not_established", "accuracy_not_assessed", "imported", "input_pipeline",
)  # fmt: skip
"""Reasons of a refusal that a measurement could remove."""


@dataclass(frozen=True)
class PurchaseOutcome:
    """Everything that page, table and JSON show.

    ``bars`` are those of the tornado, ``curve`` costs over demand, ``information`` what deciding better is worth.
    """

    decision: Decision
    bars: tuple[Bar, ...]
    switches: tuple[Switch, ...]
    break_evens: tuple[BreakEven, ...]
    curve: CostCurve
    information: Information | None


def weigh(
    plan: PurchasePlan, capacities: Sequence[Capacity], refusals: Sequence[Refusal], recompute: Recompute,
    seed: int = SEED,
) -> PurchaseOutcome:  # fmt: skip
    """Decide, and analyse the decision; ``recompute`` gives capacities under another service level or accuracy."""
    decision = decide(plan, capacities, refusals, seed)
    return PurchaseOutcome(
        decision, tornado(decision, recompute), switches(decision), break_evens(decision), over_demand(decision),
        information(decision),
    )  # fmt: skip


def not_measured(decision: Decision) -> tuple[str, ...]:
    """A sentence for each thing that the decision rests on and that was not measured."""
    return tuple(dict.fromkeys((*assumed(decision), *_refused(decision))))


def assumed(decision: Decision) -> Iterator[str]:
    """What was not measured of the offers, and what the plan leaves out."""
    plan = decision.plan
    for offer in decision.serving:
        yield from (f"{offer.offer.id}: {text}" for text in offer.unmeasured)
        if offer.lower_bound:
            yield f"{offer.offer.id}: the cost of elastic rent is a lower bound; it assumes nodes follow demand at once"
            yield f"{offer.offer.id}: its energy is a lower bound for the same reason"
    if plan.workload.accuracy is None:
        yield "accuracy: the plan sets no minimum; models of different accuracy are ranked by cost alone"
    if plan.workload.images is None:
        yield "image preprocessing: the plan assumes that images arrive preprocessed"
    if plan.workload.slo.overhead_ms is None:
        yield "decoding and network: the plan adds no time for them"
    if plan.site.grid_g_per_kwh is None:
        yield "emissions: the plan gives no carbon intensity of the grid"


def _refused(decision: Decision) -> Iterator[str]:
    for refusal in decision.refusals:
        if refusal.reason in MEASURABLE:
            setup = f"{refusal.node}, {refusal.setup.label}" if refusal.setup else refusal.node
            yield f"{setup}: {reason_text(refusal.reason)}, {refusal.text}"

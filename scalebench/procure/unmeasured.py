"""What a decision rests on that was not measured."""

from __future__ import annotations

from collections.abc import Iterator

from scalebench.procure.decide import Decision
from scalebench.procure.eligible import in_words
from scalebench.procure.serving import Reason

_OPEN: tuple[Reason, ...] = (
    "not_measured", "percentile_not_established", "accuracy_not_assessed", "imported", "input_pipeline",
)  # fmt: skip
"""Reasons of a refusal that a measurement could take away."""


def not_measured(decision: Decision) -> tuple[str, ...]:
    """A sentence for each thing."""
    return tuple(dict.fromkeys(_found(decision)))


def _found(decision: Decision) -> Iterator[str]:
    plan = decision.plan
    for one in decision.serving:
        yield from (f"{one.offer.id}: {text}" for text in one.unmeasured)
        if one.lower_bound:
            yield f"{one.offer.id}: the cost of elastic rent is a lower bound, nodes following the demand at once"
            yield f"{one.offer.id}: the energy of elastic rent is that of nodes that stay on, an upper bound"
    for refusal in decision.refusals:
        if refusal.reason in _OPEN:
            about = f"{refusal.node}, {refusal.setup.label}" if refusal.setup else refusal.node
            yield f"{about}: {in_words(refusal.reason)}, {refusal.text}"
    if plan.workload.accuracy is None:
        yield "accuracy: not assessed, the plan asks for none; models of different accuracy are ranked by cost alone"
    if plan.workload.images is None:
        yield "preparing the images: the plan takes them as prepared"
    if plan.workload.slo.overhead_ms is None:
        yield "decoding and network: the plan adds nothing to the time of the model"
    if plan.site.grid_g_per_kwh is None:
        yield "emissions: the plan does not say what the grid emits"

"""Constraints come first: which offers may be ranked, which are refused and why, and which prices are old."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from scalebench.procure.plan_values import quantities
from scalebench.procure.purchase_plan import Buy, PurchasePlan, Rent
from scalebench.procure.serving import Capacity, Reason, Refusal

_FURTHEST: tuple[Reason, ...] = (
    "price_expired", "input_pipeline", "slo", "memory", "percentile_not_established", "wrong", "accuracy",
    "accuracy_not_assessed", "does_not_fit_machine", "imported", "not_measured",
)  # fmt: skip
"""Reasons by how many constraints a setup meets that is refused for them, most first."""


def in_words(reason: Reason) -> str:
    """A reason as people read it."""
    return "service level" if reason == "slo" else reason.replace("_", " ")


@dataclass(frozen=True)
class Rejected:
    """An offer that is not ranked.

    Attributes:
        offer, node: ids.
        reason: in one word; where several setups were refused, that of the ones that met most of the constraints.
        text: with the numbers; of every other reason how many setups have it.
    """

    offer: str
    node: str
    reason: Reason
    text: str


def sort_out(
    plan: PurchasePlan, capacities: Sequence[Capacity], refusals: Sequence[Refusal]
) -> tuple[tuple[Buy | Rent, ...], tuple[Rejected, ...]]:
    """Offers that may be ranked, and the others, both in the order of the plan."""
    serving = {capacity.node for capacity in capacities if capacity.counted_on > 0}
    kept: list[Buy | Rent] = []
    rejected = []
    for offer in plan.offers:
        until = offer.quote.valid_until if isinstance(offer, Buy) else None
        if until and until < plan.as_of:
            text = f"the quote was valid until {until}, the decision is made on {plan.as_of}"
            rejected.append(Rejected(offer.id, offer.node, "price_expired", text))
        elif offer.node not in serving:
            here = [refusal for refusal in refusals if refusal.node == offer.node]
            rejected.append(_nothing_serves(offer, here))
        else:
            kept.append(offer)
    return tuple(kept), tuple(rejected)


def _nothing_serves(offer: Buy | Rent, refusals: Sequence[Refusal]) -> Rejected:
    if not refusals:
        return Rejected(offer.id, offer.node, "not_measured", f"nothing was measured for {offer.node}")
    by_reason: dict[Reason, list[Refusal]] = {}
    for refusal in sorted(refusals, key=lambda one: _FURTHEST.index(one.reason)):
        by_reason.setdefault(refusal.reason, []).append(refusal)
    (reason, nearest), *others = by_reason.items()
    about = f" ({nearest[0].setup.label})" if nearest[0].setup else ""
    counts = [f"{len(nearest) - 1} more for this reason"] if nearest[1:] else []
    counts += [f"{len(found)} for {in_words(other)}" for other, found in others]
    also = f"; other setups: {', '.join(counts)}" if counts else ""
    return Rejected(offer.id, offer.node, reason, f"{nearest[0].text}{about}{also}")


def old_prices(plan: PurchasePlan) -> tuple[str, ...]:
    """A sentence for every price that is older on ``as_of`` than ``prices_max_age_days``, or dated after it."""
    dated = [(offer.id, offer.quote.date if isinstance(offer, Buy) else offer.date) for offer in plan.offers]
    dated += [
        (path, leaf.date)
        for path, leaf in quantities(plan).items()
        if leaf.date is not None and leaf.unit.startswith("currency")
    ]
    return tuple(text for name, date in dated if (text := _age(plan, name, date)))


def _age(plan: PurchasePlan, name: str, date: dt.date) -> str:
    days = (plan.as_of - date).days
    if days < 0:
        return f"the price of {name} is dated {date}, after the day of the decision, {plan.as_of}"
    if days > plan.prices_max_age_days:
        return f"the price of {name} is {days} days old ({date}), more than {plan.prices_max_age_days}"
    return ""

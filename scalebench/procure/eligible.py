"""Constraints: which setups may serve, which offers may be ranked, which are rejected and why, which prices are old."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from scalebench.procure.accuracy_evidence import MeasuredAccuracies
from scalebench.procure.purchase_plan import Accuracy, Buy, PurchasePlan, Rent, Select
from scalebench.procure.quantity import quantities
from scalebench.procure.serving import Capacity, Objection, Reason, Refusal, Setup

_FURTHEST: tuple[Reason, ...] = (
    "price_expired", "input_pipeline", "slo", "memory", "percentile_not_established", "wrong", "accuracy",
    "accuracy_not_assessed", "does_not_fit_machine", "imported", "not_measured",
)  # fmt: skip
"""Reasons in the order of how many constraints a setup has met when it is refused for them, most first."""


def reason_text(reason: Reason) -> str:
    """A reason as a table shows it."""
    return "service level" if reason == "slo" else reason.replace("_", " ")


def selected(select: Select, setup: Setup) -> bool:
    """Whether a plan lets a setup serve."""
    allowed = ((select.resolutions, setup.resolution), (select.precisions, setup.precision),
               (select.runtimes, setup.runtime))  # fmt: skip
    named = not select.models or any(fnmatchcase(setup.model, pattern) for pattern in select.models)
    return named and all(not values or value in values for values, value in allowed)


def accuracy_objection(
    accuracy: Accuracy | None, setup: Setup, measured: MeasuredAccuracies | None = None
) -> Objection | None:
    """Why a setup is not accurate enough; None if it is."""
    if accuracy is None:
        return None
    if measured is not None:
        return measured.objection(setup, accuracy.metric, accuracy.min.value)
    name = f"{setup.model}@{setup.resolution}"
    reached = accuracy.values.get(name)
    if reached is None:
        return "accuracy_not_assessed", f"the plan gives no {accuracy.metric} of {name}"
    if reached.value < accuracy.min.value:
        return "accuracy", f"{accuracy.metric} {reached.value:g} of {name} is below {accuracy.min.value:g}"
    return None


@dataclass(frozen=True)
class Rejected:
    """An offer that is not ranked.

    Attributes:
        reason: of several setups, that of those that met most constraints.
        text: the reason with its numbers, and how many setups were refused for each other reason.
    """

    offer: str
    node: str
    reason: Reason
    text: str


def split_offers(
    plan: PurchasePlan, capacities: Sequence[Capacity], refusals: Sequence[Refusal]
) -> tuple[tuple[Buy | Rent, ...], tuple[Rejected, ...]]:
    """Offers that may be ranked, and the rejected ones, both in the order of the plan."""
    serving = {capacity.node for capacity in capacities if capacity.most_ips > 0}
    eligible: list[Buy | Rent] = []
    rejected = []
    for offer in plan.offers:
        until = offer.quote.valid_until if isinstance(offer, Buy) else None
        if until and until < plan.as_of:
            text = f"the quote was valid until {until}, the decision is made on {plan.as_of}"
            rejected.append(Rejected(offer.id, offer.node, "price_expired", text))
        elif offer.node not in serving:
            rejected.append(_nothing_serves(offer, [refusal for refusal in refusals if refusal.node == offer.node]))
        else:
            eligible.append(offer)
    return tuple(eligible), tuple(rejected)


def _nothing_serves(offer: Buy | Rent, refusals: Sequence[Refusal]) -> Rejected:
    if not refusals:
        return Rejected(offer.id, offer.node, "not_measured", f"nothing was measured for {offer.node}")
    by_reason: dict[Reason, list[Refusal]] = {}
    for refusal in sorted(refusals, key=lambda refusal: _FURTHEST.index(refusal.reason)):
        by_reason.setdefault(refusal.reason, []).append(refusal)
    (reason, nearest), *others = by_reason.items()
    setup = f" ({nearest[0].setup.label})" if nearest[0].setup else ""
    counts = [f"{len(nearest) - 1} more for this reason"] if nearest[1:] else []
    counts += [f"{len(refused)} for {reason_text(other)}" for other, refused in others]
    rest = f"; other setups: {', '.join(counts)}" if counts else ""
    return Rejected(offer.id, offer.node, reason, f"{nearest[0].text}{setup}{rest}")


def old_prices(plan: PurchasePlan) -> tuple[str, ...]:
    """A sentence for every price that on ``as_of`` is older than ``prices_max_age_days``, or is dated after it."""
    dated = [(offer.id, offer.quote.date if isinstance(offer, Buy) else offer.date) for offer in plan.offers]
    dated += [(path, q.date) for path, q in quantities(plan).items() if q.date and q.unit.startswith("currency")]
    return tuple(text for name, date in dated if (text := _age_warning(plan, name, date)))


def _age_warning(plan: PurchasePlan, name: str, date: dt.date) -> str:
    days = (plan.as_of - date).days
    if days < 0:
        return f"the price of {name} is dated {date}, after the decision ({plan.as_of})"
    if days > plan.prices_max_age_days:
        return f"the price of {name} is {days} days old ({date}), more than {plan.prices_max_age_days}"
    return ""

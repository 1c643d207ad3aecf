"""What does it cost?"""

from __future__ import annotations

from collections.abc import Iterator

from scalebench.procure.decide import Decision, Ranked
from scalebench.procure.outcome import PurchaseOutcome
from scalebench.procure.purchase_plan import Buy
from scalebench.report.content import Chart
from scalebench.report.figures.costbars import PARTS, cost_bars
from scalebench.report.labels import listed
from scalebench.report.naming import amount, percentage
from scalebench.report.questions.question import Answer

NAME, TEXT = "cost", "What does it cost?"


def cost(outcome: PurchaseOutcome) -> Answer | None:
    """Where the money of the first offer goes, and what is to pay when; None without an offer."""
    decision = outcome.decision
    if not decision.ranked:
        return None
    first = decision.ranked[0]
    parts = {
        offer.offer.id: {part: float(value) for part, value in offer.bill.parts.items()} for offer in decision.serving
    }
    at_once = _at_once(first)
    numbers = {
        "per_year": {offer.offer.id: float(offer.bill.per_year) for offer in decision.serving},
        "parts_per_year": parts, "first_day": at_once,
    }  # fmt: skip
    return Answer((_parts(decision, first), *_payment(decision, first, at_once)), numbers)


def cost_chart(outcome: PurchaseOutcome) -> Chart | None:
    """Bars of every offer's parts."""
    return cost_bars(outcome.decision, "ask-cost-1") if outcome.decision.ranked else None


def _at_once(offer: Ranked) -> float:
    """Price of all nodes on the first day; 0 for rent."""
    return float(offer.bill.nodes) * offer.offer.capex.value if isinstance(offer.offer, Buy) else 0.0


def _parts(decision: Decision, first: Ranked) -> str:
    bill, money = first.bill, decision.plan.currency
    total = float(bill.per_year)
    if len(bill.parts) == 1:
        return f"{first.offer.id} costs {amount(total)} {money} per year, all of it rent."
    shares = sorted(((float(value) / total, part) for part, value in bill.parts.items() if value > 0), reverse=True)
    return (
        f"{first.offer.id} costs {amount(total)} {money} per year: "
        f"{listed([f'{percentage(share)} {PARTS[part]}' for share, part in shares])}."
    )


def _payment(decision: Decision, first: Ranked, at_once: float) -> Iterator[str]:
    money = decision.plan.currency
    if at_once:
        yield f"The nodes themselves take {amount(at_once)} {money} on the first day."
    for second in decision.ranked[1:2]:
        more = float(second.bill.per_year) - float(first.bill.per_year)
        yield f"{second.offer.id} costs {f'{amount(more)} {money} per year more' if more > 0 else 'the same'}."

"""Outcomes of literal plans, for the tests of a decision's words and page."""

from __future__ import annotations

from scalebench.procure.outcome import PurchaseOutcome, weigh
from scalebench.procure.purchase_plan import PurchasePlan
from scalebench.procure.serving import Capacity, Refusal
from tests.procure.literal_plan import box, buy, capacity, plan, rent

CAPEX = {"value": 24000, "low": 20000, "high": 30000, "unit": "currency", "source": "a <quote>", "date": "2026-01-20"}


def outcome_of(purchase: PurchasePlan, serving: list[Capacity], refusals: tuple[Refusal, ...] = ()) -> PurchaseOutcome:
    return weigh(purchase, serving, refusals, lambda _: serving)


def tied() -> PurchaseOutcome:
    """Two offers that tie, one that is not measured, one that has expired."""
    guess = box("guess", machine="", estimate={"from": "box", "method": "roofline"}, power_source="tdp_only")
    offers = [
        buy(capex=CAPEX), rent(), rent("far", "guess", per_hour=4.0),
        buy("gone", quote={"vendor": "x", "date": "2026-05-01", "valid_until": "2026-06-01"}),
    ]  # fmt: skip
    serving = [capacity(), capacity("guess", 2000.0, origin="extrapolated")]
    return outcome_of(plan(offers, [box(), guess]), serving, (Refusal("guess", serving[0].setup, "memory", "9 of 8"),))

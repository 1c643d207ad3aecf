"""Outcomes of literal plans, for the tests of a decision's words and page."""

from __future__ import annotations

from dataclasses import replace

from scalebench.analysis.stats import Estimate
from scalebench.procure.outcome import PurchaseOutcome, weigh
from scalebench.procure.purchase_plan import PurchasePlan
from scalebench.procure.serving import Capacity, LatencyCurve, Refusal
from tests.procure.literal_plan import CAPACITY, box, buy, capacity, plan, rent

CAPEX = {"value": 24000, "low": 20000, "high": 30000, "unit": "currency", "source": "a <quote>", "date": "2026-01-20"}
HOUR = {"value": 1.1, "low": 1.0, "high": 1.3, "unit": "currency/h"}


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


def varied() -> PurchaseOutcome:
    """Own against rent with ranges and a capacity between 842 and 1,000 images per second, and elastic rent."""
    offers = [buy(capex=CAPEX), rent(per_hour=HOUR), rent("elastic", scaling="elastic")]
    drawn = tuple(CAPACITY + (1000 - CAPACITY) * k / 399 for k in range(400))
    served = replace(
        capacity(draws=drawn), images_per_s=Estimate(920.0, CAPACITY, 1000.0, 5),
        slo_images_per_s=Estimate(900.0, 800.0, 990.0, 5), slo_counted_on=800.0,
        curves={end: LatencyCurve((1.0, 500.0, rate), (0.03, 0.04, 0.06))
                for end, rate in (("value", 900.0), ("low", 800.0), ("high", 990.0))},
    )  # fmt: skip
    return outcome_of(plan(offers, [box()]), [served])

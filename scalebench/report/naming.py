"""Inputs of a plan and amounts of money in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scalebench.procure.sensitivity import CAPACITY
from scalebench.units import digits

if TYPE_CHECKING:
    from scalebench.procure.purchase_plan import PurchasePlan

_NAMES = {
    "workload.demand.mean_images_per_s": "the mean demand",
    "workload.demand.peak_images_per_s": "the peak demand",
    "workload.demand.growth_per_year": "the growth of the demand",
    "workload.slo.latency_ms": "the latency limit",
    "workload.slo.overhead_ms": "the time for decoding and network",
    "workload.accuracy.min": "the minimum accuracy",
    "policy.max_utilisation": "the maximum utilisation",
    "site.pue": "PUE",
    "site.electricity_per_kwh": "the price of electricity",
    "site.grid_g_per_kwh": "the carbon intensity of the grid",
    "finance.discount_rate": "the discount rate",
    "finance.horizon_years": "the horizon of the plan",
}
_OF_AN_OFFER = {
    "capex": "the price of a node of",
    "residual": "the residual value of",
    "life_years": "the service life of",
    "maintenance_fraction": "the maintenance of",
    "hosting_per_year": "the hosting of a node of",
    "per_hour": "the hourly rent of",
    "idle_w": "the idle power of",
    "load_w": "the power under load of",
}
_ACCURACY = "workload.accuracy.values."


def name(path: str) -> str:
    """An input or bar in words, from its path in ``procure.quantity`` or ``procure.sensitivity``."""
    if path.startswith(CAPACITY):
        return f"the measured capacity of {path.removeprefix(CAPACITY)}"
    if path.startswith(_ACCURACY):
        return f"the accuracy of {path.removeprefix(_ACCURACY)}"
    if path in _NAMES:
        return _NAMES[path]
    parent, _, last = path.rpartition(".")
    return f"{_OF_AN_OFFER[last]} {parent.partition('.')[2]}"


def amount(value: float) -> str:
    """Number with at least three digits and thousands separators: ``2.24``, ``57,816``; ``-`` if it is not finite."""
    if not math.isfinite(value):
        return "-"
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e15 else digits(value)


def given(value: float) -> str:
    """Number as the user wrote it, with thousands separators: ``24,000``, ``0.25``."""
    return f"{value:,.6g}"


def with_unit(number: str, unit: str, plan: PurchasePlan) -> str:
    """``22,090 EUR``, ``0.25 EUR per kWh``, ``875 img/s``, ``0.08 per year``, ``1.5``."""
    money = unit.replace("currency/", f"{plan.currency} per ").replace("currency", plan.currency)
    return f"{number} {money.replace('1/', 'per ')}".strip()


def percentage(fraction: float) -> str:
    """A share in whole percent, 0 or 100 % only if it is exactly that: ``89 %``."""
    if 0 < fraction < 0.005 or 0.995 <= fraction < 1:
        return "< 1 %" if fraction < 0.5 else "> 99 %"
    return f"{100 * fraction:.0f} %"


def range_words(low: float, high: float) -> str:
    """``560 to 1,300``."""
    return f"{amount(low)} to {amount(high)}"

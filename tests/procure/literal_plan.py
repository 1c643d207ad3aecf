"""The worked examples' plan, offers and capacities as literals, for tests that vary them."""

from __future__ import annotations

from typing import Any

from scalebench.analysis.stats import Estimate
from scalebench.procure.purchase_plan import PurchasePlan
from scalebench.procure.serving import Capacity, Origin, Setup

CAPACITY = 16 / 0.019
"""Images per second of the first worked example."""
DRAWS = 400


def buy(name: str = "own", node: str = "box", **changes: Any) -> dict[str, Any]:
    offer = {
        "id": name, "node": node, "kind": "buy", "capex": 24000, "residual": 3000, "life_years": 4,
        "maintenance_fraction": 0.05, "hosting_per_year": 1800,
        "quote": {"vendor": "fictional", "date": "2026-07-20", "valid_until": "2026-09-30"},
    }  # fmt: skip
    return offer | changes


def rent(name: str = "rent", node: str = "box", **changes: Any) -> dict[str, Any]:
    return {"id": name, "node": node, "kind": "rent", "per_hour": 1.10, "date": "2026-07-20"} | changes


def box(name: str = "box", **changes: Any) -> dict[str, Any]:
    node = {
        "id": name, "machine": f"{name}-machine", "accelerator": "cpu", "idle_w": 180, "load_w": 420,
        "power_source": "measured_wall",
    }  # fmt: skip
    return node | changes


def plan(
    offers: list[dict[str, Any]] | None = None, nodes: list[dict[str, Any]] | None = None, *, redundancy: int = 1,
    rank_by: str = "cost_per_million_images", currency: str = "EUR", **inputs: Any,
) -> PurchasePlan:  # fmt: skip
    """The common inputs of A4; ``inputs`` replaces demand, site, finance and policy by the last part of their path."""
    value: dict[str, Any] = {
        "mean_images_per_s": 875.0, "peak_images_per_s": 2500.0, "growth_per_year": 0.0, "max_utilisation": 0.6,
        "pue": 1.5, "electricity_per_kwh": 0.25, "discount_rate": 0.08, "horizon_years": 4.0, "latency_ms": 60.0,
        "overhead_ms": 10.0,
    } | inputs  # fmt: skip
    take = lambda *names: {name: value[name] for name in names}  # noqa: E731 - used four times below
    demand = take("mean_images_per_s", "peak_images_per_s", "growth_per_year")
    return PurchasePlan.model_validate({
        "schema": "scalebench.procure/1", "currency": currency, "as_of": "2026-08-01",
        "workload": {
            "name": "example", "demand": demand | {"peak_definition": "p99 of the 1-minute rate"},
            "slo": {"percentile": 99} | take("latency_ms", "overhead_ms"),
        },
        "policy": {"redundancy": redundancy, "rank_by": rank_by} | take("max_utilisation"),
        "site": take("pue", "electricity_per_kwh"),
        "finance": take("discount_rate", "horizon_years"),
        "nodes": nodes or [box()],
        "offers": offers or [buy(), rent()],
        "runs": ["box.jsonl"],
    })  # fmt: skip


def capacity(
    node: str = "box", ips: float = CAPACITY, draws: tuple[float, ...] = (), origin: Origin = "measured",
    model: str = "resnet50",
) -> Capacity:  # fmt: skip
    """A capacity without uncertainty, unless ``draws`` has some."""
    setup = Setup(model, 288, "fp32", "contiguous", "onnxruntime", 2, 1)
    rate, tail = Estimate(ips, ips, ips, 5), Estimate(16 / ips, 16 / ips, 16 / ips, 5)
    return Capacity(
        node, setup, 16, rate, ips, rate, ips, tail, 0.048, draws or (ips,) * DRAWS, draws or (ips,) * DRAWS,
        "the largest batch measured", origin, f"{node}-machine", 5, 2.0**28,
    )  # fmt: skip

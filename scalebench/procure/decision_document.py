"""decision.json: everything that a decision was made from and its results, so that another program can repeat it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from scalebench.procure.decide import Decision, Ranked
from scalebench.procure.outcome import PurchaseOutcome, not_measured
from scalebench.procure.purchase_plan import Buy, PurchasePlan, Rent
from scalebench.procure.quantity import quantities
from scalebench.procure.sensitivity import Bar
from scalebench.procure.serving import Capacity
from scalebench.procure.switching import Switch

SCHEMA = "scalebench.decision/1"
_PRICED = {"capex", "residual", "life_years", "maintenance_fraction", "hosting_per_year", "per_hour"}
"""Quantities of an offer, which are among the inputs."""
_POLICY = {"redundancy", "failure_domain", "capacity_bound", "tie_probability"}
_BAR_PROPERTIES = ("best_low", "best_high", "swing", "changes_winner")
_QUANTILES = tuple(step / 20 for step in range(21))


def build_document(outcome: PurchaseOutcome, files: Mapping[str, Path], catalogue: str = "") -> dict[str, Any]:
    """Plain content of ``decision.json``; numbers unrounded, money in the plan's currency.

    Args:
        outcome: the decision and its analyses.
        files: plan and record files by the name to give them.
        catalogue: version of the hardware catalogue, empty if none was used.
    """
    decision = outcome.decision
    plan = decision.plan
    return {
        "schema": SCHEMA,
        "kind": "decision",
        "title": plan.workload.name,
        "machines": sorted({capacity.machine for capacity in decision.capacities if capacity.machine}),
        "sessions": {capacity.machine: capacity.sessions for capacity in decision.capacities if capacity.machine},
        "as_of": plan.as_of.isoformat(),
        "currency": plan.currency,
        "rank_by": plan.policy.rank_by,
        "policy": plan.policy.model_dump(include=_POLICY) | {"percentile": plan.workload.slo.percentile},
        "standing": decision.standing,
        "leaders": list(decision.leaders),
        "best_measured": decision.best_measured,
        "draws": {"count": decision.draws, "seed": decision.seed},
        "inputs": _inputs(plan),
        "offers": [offer.model_dump(mode="json", exclude=_PRICED) for offer in plan.offers],
        "nodes": [node.model_dump(mode="json", exclude={"idle_w", "load_w"}, by_alias=True) for node in plan.nodes],
        "capacities": [_capacity(capacity) for capacity in decision.capacities],
        "ranked": [_ranked(rank, offer, plan) for rank, offer in enumerate(decision.ranked, 1)],
        "bounds": [_ranked(rank, offer, plan) for rank, offer in enumerate(decision.bounds, 1)],
        "rejected": [asdict(rejected) for rejected in decision.rejected],
        "refusals": [asdict(refusal) for refusal in decision.refusals],
        "tornado": [_bar(bar, plan) for bar in outcome.bars],
        "switching": [_switch(switch, decision) for switch in outcome.switches],
        "break_even": [asdict(break_even) | {"formula": "F9"} for break_even in outcome.break_evens],
        "demand_curve": asdict(outcome.curve),
        "information": asdict(outcome.information) | {"formula": "F16"} if outcome.information else None,
        "warnings": list(decision.warnings),
        "not_measured": list(not_measured(decision)),
        "files": [
            {"name": name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()} for name, path in files.items()
        ],
        "catalogue": catalogue or None,
    }


def names_of(plan_file: Path, records: Sequence[Path]) -> dict[str, Path]:
    """Files by name: the plan by its own, records by their folder and file."""
    return {plan_file.name: plan_file, **{"/".join(path.parts[-2:]): path for path in records}}


def _inputs(plan: PurchasePlan) -> list[dict[str, Any]]:
    return [
        {"path": path, "value": q.value, "low": q.least, "high": q.most, "unit": _unit(q.unit, plan),
         "standing": q.status, "source": q.source, "date": q.date and q.date.isoformat()}
        for path, q in quantities(plan).items()
    ]  # fmt: skip


def _unit(text: str, plan: PurchasePlan) -> str:
    """A unit with the plan's currency in it: ``currency/h`` is ``EUR/h``."""
    return text.replace("currency", plan.currency)


def _capacity(capacity: Capacity) -> dict[str, Any]:
    quantiles = {
        name: dict(zip(map(str, _QUANTILES), np.quantile(drawn, _QUANTILES).tolist(), strict=True)) if drawn else {}
        for name, drawn in (("draws", capacity.draws), ("slo_draws", capacity.slo_draws))
    }
    return asdict(capacity) | {"label": capacity.setup.label, "formula": "F2"} | quantiles


def _ranked(rank: int, offer: Ranked, plan: PurchasePlan) -> dict[str, Any]:
    bill, chance, priced = offer.bill, offer.chance, "F7" if isinstance(offer.offer, Buy) else "F8"
    drawn = chance.ranked_by(plan)
    per_year, per_million = f"{plan.currency}/year", f"{plan.currency} per million images"
    ranked_by = per_million if plan.policy.rank_by == "cost_per_million_images" else per_year
    numbers = {
        "nodes": (bill.nodes, "nodes", "F3"),
        "nodes_paid": (bill.nodes_paid, "nodes", "F8" if isinstance(offer.offer, Rent) else "F3"),
        "utilisation": (bill.utilisation, "", "F4"),
        "watts": (bill.watts, "W", "F4"),
        "kwh_per_year": (bill.kwh_per_year, "kWh/year", "F4"),
        "joules_per_image": (bill.joules_per_image, "J", "F5"),
        **{f"{part}_per_year": (value, per_year, priced) for part, value in bill.parts.items()},
        "per_node_year": (bill.per_node_year, per_year, priced),
        "per_year": (bill.per_year, per_year, priced),
        "per_million": (bill.per_million, per_million, priced),
        "capacity": (offer.capacity.counted_on, "img/s", "F1"),
        "slo_capacity": (offer.capacity.slo_counted_on, "img/s", "F2"),
        "fleet_capacity": (offer.fleet_ips, "img/s", "F2"),
        "p_best": (chance.best, "", "F12"),
        "p_serves": (chance.serves, "", "F12"),
        "cost_median": (drawn.median, ranked_by, "F12"),
        "cost_low": (drawn.low, ranked_by, "F12"),
        "cost_high": (drawn.high, ranked_by, "F12"),
    }
    return {
        "rank": rank,
        "offer": offer.offer.id,
        "node": offer.node.id,
        "setup": asdict(offer.capacity.setup) | {"label": offer.capacity.setup.label, "batch": offer.capacity.batch},
        "numbers": {
            name: {"value": float(value), "unit": unit, "formula": formula}
            for name, (value, unit, formula) in numbers.items()
        },
        "on_front": offer.on_front,
        "lower_bound": offer.lower_bound,
        "not_measured": list(offer.unmeasured),
    }


def _bar(bar: Bar, plan: PurchasePlan) -> dict[str, Any]:
    return asdict(bar) | {name: getattr(bar, name) for name in _BAR_PROPERTIES} | {
        "unit": _unit(bar.unit, plan),
        "wins_low": bar.wins_low or None,
        "wins_high": bar.wins_high or None,
        "formula": "F11",
    }  # fmt: skip


def _switch(switch: Switch, decision: Decision) -> dict[str, Any]:
    return asdict(switch) | {
        "unit": _unit(switch.unit, decision.plan),
        "in_range": switch.in_range,
        "wins": decision.ranked[1].offer.id,
        "formula": "F10",
    }

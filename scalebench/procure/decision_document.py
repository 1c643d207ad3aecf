"""decision.json: everything that a decision was made from and says, so that another program can make it again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from scalebench.procure.decide import Decision, Ranked
from scalebench.procure.outcome import PurchaseOutcome
from scalebench.procure.plan_values import quantities
from scalebench.procure.purchase_plan import Buy, PurchasePlan
from scalebench.procure.sensitivity import Bar
from scalebench.procure.serving import Capacity
from scalebench.procure.switching import Switch
from scalebench.procure.unmeasured import not_measured

SCHEMA = "scalebench.decision/1"
_PRICED = {"capex", "residual", "life_years", "maintenance_fraction", "hosting_per_year", "per_hour"}
"""Quantities of an offer, which stand among the inputs."""
_QUANTILES = tuple(step / 20 for step in range(21))


def build_document(outcome: PurchaseOutcome, files: Mapping[str, Path], catalogue: str = "") -> dict[str, Any]:
    """Plain content of ``decision.json``; numbers unrounded, money in the plan's currency.

    Args:
        outcome: the decision, and what was asked about it.
        files: plan and record files by the name they are to have.
        catalogue: version of the hardware catalogue, empty where none was used.
    """
    decision = outcome.decision
    plan = decision.plan
    return {
        "schema": SCHEMA,
        "kind": "decision",
        "title": plan.workload.name,
        "machines": sorted({capacity.machine for capacity in decision.capacities if capacity.machine}),
        "as_of": plan.as_of.isoformat(),
        "currency": plan.currency,
        "rank_by": plan.policy.rank_by,
        "policy": _policy(plan),
        "standing": decision.standing,
        "leaders": list(decision.leaders),
        "best_measured": decision.best_measured,
        "draws": {"count": decision.draws, "seed": decision.seed},
        "inputs": inputs_document(plan),
        "offers": [offer.model_dump(mode="json", exclude=_PRICED) for offer in plan.offers],
        "nodes": [node.model_dump(mode="json", exclude={"idle_w", "load_w"}, by_alias=True) for node in plan.nodes],
        "capacities": [_capacity(capacity) for capacity in decision.capacities],
        "ranked": [_ranked(rank, one, plan) for rank, one in enumerate(decision.ranked, 1)],
        "bounds": [_ranked(rank, one, plan) for rank, one in enumerate(decision.bounds, 1)],
        "rejected": [asdict(one) for one in decision.rejected],
        "refusals": [asdict(one) for one in decision.refusals],
        "tornado": [_bar(bar, decision) for bar in outcome.bars],
        "switching": [_switch(one, decision) for one in outcome.switches],
        "break_even": [asdict(one) | {"formula": "F9"} for one in outcome.break_evens],
        "demand_curve": asdict(outcome.curve),
        "warnings": list(decision.warnings),
        "not_measured": list(not_measured(decision)),
        "files": hashes(files),
        "catalogue": catalogue or None,
    }


def inputs_document(plan: PurchasePlan) -> list[dict[str, Any]]:
    """Every quantity of the plan with what stands behind it."""
    return [
        {
            "path": path,
            "value": leaf.value,
            "low": leaf.least,
            "high": leaf.most,
            "unit": unit(leaf.unit, plan),
            "standing": leaf.status,
            "source": leaf.source,
            "date": leaf.date.isoformat() if leaf.date else None,
        }
        for path, leaf in quantities(plan).items()
    ]


def unit(text: str, plan: PurchasePlan) -> str:
    """A unit with the plan's currency in it: ``currency/h`` is ``EUR/h``."""
    return text.replace("currency", plan.currency)


def hashes(files: Mapping[str, Path]) -> list[dict[str, str]]:
    """Name and sha256 of each file."""
    return [{"name": name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()} for name, path in files.items()]


def _policy(plan: PurchasePlan) -> dict[str, Any]:
    policy = plan.policy
    return {
        "redundancy": policy.redundancy,
        "failure_domain": policy.failure_domain,
        "capacity_bound": policy.capacity_bound,
        "tie_probability": policy.tie_probability,
        "percentile": plan.workload.slo.percentile,
    }


def _capacity(capacity: Capacity) -> dict[str, Any]:
    content = asdict(capacity)
    drawn = content.pop("draws")
    return content | {
        "label": capacity.setup.label,
        "formula": "F2",
        "draws": dict(zip(map(str, _QUANTILES), np.quantile(drawn, _QUANTILES).tolist(), strict=True)) if drawn else {},
    }


def _ranked(rank: int, one: Ranked, plan: PurchasePlan) -> dict[str, Any]:
    bill, money = one.bill, plan.currency
    priced = "F7" if isinstance(one.offer, Buy) else "F8"
    ranked_by = "per_million" if plan.policy.rank_by == "cost_per_million_images" else "per_year"
    units = {"per_year": f"{money}/year", "per_million": f"{money} per million images"}
    numbers = {
        "nodes": (bill.nodes, "nodes", "F3"),
        "utilisation": (bill.utilisation, "", "F4"),
        "watts": (bill.watts, "W", "F4"),
        "kwh_per_year": (bill.kwh_per_year, "kWh/year", "F4"),
        "joules_per_image": (bill.joules_per_image, "J", "F5"),
        "per_node_year": (bill.per_node_year, f"{money}/year", priced),
        "per_year": (bill.per_year, units["per_year"], priced),
        "per_million": (bill.per_million, units["per_million"], priced),
        "capacity": (one.capacity.counted_on, "img/s", "F2"),
        "fleet_capacity": (one.fleet_ips, "img/s", "F2"),
        "p_best": (one.chance.best, "", "F12"),
        "p_serves": (one.chance.serves, "", "F12"),
        "cost_low": (one.chance.low, units[ranked_by], "F12"),
        "cost_high": (one.chance.high, units[ranked_by], "F12"),
    }
    return {
        "rank": rank,
        "offer": one.offer.id,
        "node": one.node.id,
        "setup": asdict(one.capacity.setup) | {"label": one.capacity.setup.label, "batch": one.capacity.batch},
        "numbers": {
            name: {"value": float(value), "unit": unit_, "formula": formula}
            for name, (value, unit_, formula) in numbers.items()
        },
        "on_front": one.on_front,
        "lower_bound": one.lower_bound,
        "not_measured": list(one.unmeasured),
    }


def _bar(bar: Bar, decision: Decision) -> dict[str, Any]:
    return asdict(bar) | {
        "unit": unit(bar.unit, decision.plan),
        "best_low": bar.best_low,
        "best_high": bar.best_high,
        "swing": bar.swing,
        "wins_low": bar.wins_low or None,
        "wins_high": bar.wins_high or None,
        "changes_winner": bar.changes_winner,
        "formula": "F11",
    }


def _switch(one: Switch, decision: Decision) -> dict[str, Any]:
    return asdict(one) | {
        "unit": unit(one.unit, decision.plan),
        "in_range": one.in_range,
        "wins": decision.ranked[1].offer.id,
        "formula": "F10",
    }


def names_of(plan_file: Path, records: Sequence[Path]) -> dict[str, Path]:
    """Files by name: the plan by its own, records by their folder and file."""
    return {plan_file.name: plan_file, **{"/".join(path.parts[-2:]): path for path in records}}

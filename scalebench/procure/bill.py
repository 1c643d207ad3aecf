"""Bill: what one offer costs with one capacity behind it; the pivot that plan, ranges and draws all go through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scalebench.procure import formulas as f
from scalebench.procure.plan_values import Inputs, Number
from scalebench.procure.purchase_plan import Buy, PurchasePlan, Rent


@dataclass(frozen=True)
class Bill:
    """Numbers of one offer; each a number, or an array with one entry per draw. Money is in the plan's currency.

    Attributes:
        nodes: whole nodes, redundancy included (F3).
        utilisation: mean, of the fleet (F4).
        watts: mean of one node at the wall (F4).
        kwh_per_year: of the fleet with its facility (F4).
        joules_per_image: of the facility (F5).
        per_node_year: cost of one node (F7, F8).
        per_year: cost of the fleet (F7, F8).
        per_million: cost per million images (F7, F8).
    """

    nodes: Number
    utilisation: Number
    watts: Number
    kwh_per_year: Number
    joules_per_image: Number
    per_node_year: Number
    per_year: Number
    per_million: Number


def bill(plan: PurchasePlan, offer: Buy | Rent, inputs: Inputs, capacity_ips: Number) -> Bill:
    """Work out one offer.

    Args:
        plan: for what is no quantity: redundancy, the least number of nodes.
        offer: of the plan.
        inputs: every quantity of the plan, see ``inputs``.
        capacity_ips: of one node at the service level, images per second.
    """
    at = _At(inputs, offer)
    mean = at("workload.demand.mean_images_per_s")
    nodes = f.nodes_needed(
        at("workload.demand.peak_images_per_s"),
        at("workload.demand.growth_per_year", 0.0),
        at("finance.horizon_years"),
        capacity_ips,
        at("policy.max_utilisation"),
        plan.policy.redundancy,
    )
    if isinstance(offer, Rent):
        nodes = np.maximum(nodes, offer.min_nodes)
    used = f.mean_utilisation(mean, nodes, capacity_ips)
    watts = f.node_watts(at.node("idle_w"), at.node("load_w"), used)
    pue = at("site.pue")
    kwh = f.fleet_kwh_per_year(nodes, watts, pue)
    each, fleet, unit = (
        _owned(at, nodes, kwh, mean) if isinstance(offer, Buy) else _rented(at, offer, nodes, mean, capacity_ips)
    )
    return Bill(nodes, used, watts, kwh, f.joules_per_image(nodes, watts, pue, mean), each, fleet, unit)


@dataclass(frozen=True)
class _At:
    """Reads the inputs of one offer."""

    inputs: Mapping[str, Number]
    about: Buy | Rent

    def __call__(self, path: str, missing: float | None = None) -> Number:
        return self.inputs[path] if missing is None else self.inputs.get(path, missing)

    def node(self, name: str) -> Number:
        return self.inputs[f"nodes.{self.about.node}.{name}"]

    def offer(self, name: str) -> Number:
        return self.inputs[f"offers.{self.about.id}.{name}"]


def _owned(at: _At, nodes: Number, kwh: Number, mean: Number) -> tuple[Number, Number, Number]:
    capex = at.offer("capex")
    capital = f.capital_per_year(capex, at.offer("residual"), at("finance.discount_rate"), at.offer("life_years"))
    energy = kwh * at("site.electricity_per_kwh") / nodes
    each = f.owned_per_year(capital, capex, at.offer("maintenance_fraction"), at.offer("hosting_per_year"), energy)
    fleet = nodes * each
    return each, fleet, f.per_million_images(fleet, mean)


def _rented(at: _At, offer: Rent, nodes: Number, mean: Number, capacity_ips: Number) -> tuple[Number, Number, Number]:
    price = at.offer("per_hour")
    if offer.scaling == "elastic":
        unit = f.elastic_per_million(price, capacity_ips, at("policy.max_utilisation"))
        fleet = unit * mean * f.SECONDS_PER_YEAR / 1e6
        return fleet / nodes, fleet, unit
    fleet = f.rented_per_year(nodes, price)
    return fleet / nodes, fleet, f.per_million_images(fleet, mean)

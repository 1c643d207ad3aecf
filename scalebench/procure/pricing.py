"""What an offer costs: its bill, and the cheapest setup of its node (F3 to F8).

The same functions take the plan's own numbers, or arrays with one entry per draw.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from scalebench.procure import formulas as f
from scalebench.procure.growth import Year, highest_peak, levelised, years_of
from scalebench.procure.purchase_plan import Buy, PurchasePlan, Rent
from scalebench.procure.quantity import Inputs, Number
from scalebench.procure.serving import Capacity

SAME = 1e-9
"""Relative difference below which two costs count as equal."""

Rates = Sequence[tuple[Number, Number]]
"""Images per second of each capacity: in full batches, and within the service level; 0 for none."""


@dataclass(frozen=True)
class Bill:
    """Costs of one offer, in the plan's currency; each field a number, or an array with one entry per draw.

    Attributes:
        nodes: whole nodes at the highest peak of the horizon, redundancy included (F3).
        nodes_paid: mean number of nodes that are on and paid for: ``nodes``, or fewer with rent (F8).
        utilisation: mean, of the nodes that are on (F4).
        watts: mean of one node at the wall (F4).
        kwh_per_year: of the fleet with its facility (F4).
        joules_per_image: of the facility (F5).
        parts: of the fleet's yearly cost: capital, maintenance, hosting and energy of bought nodes, or rent.
        per_node_year, per_year, per_million: cost of one node and of the fleet per year, and per million images
            (F7, F8); means over the horizon, later years discounted (F15).
    """

    nodes: Number
    nodes_paid: Number
    utilisation: Number
    watts: Number
    kwh_per_year: Number
    joules_per_image: Number
    parts: Mapping[str, Number]
    per_node_year: Number
    per_year: Number
    per_million: Number


def bill(
    plan: PurchasePlan, offer: Buy | Rent, inputs: Inputs, capacity_ips: Number, slo_ips: Number = math.inf
) -> Bill:
    """Costs of one offer.

    Args:
        inputs: by path.
        capacity_ips: images per second that each node serves in full batches.
        slo_ips: images per second up to which each meets the service level.
    """
    node, years = f"nodes.{offer.node}", _years(offer, inputs)
    mean = inputs["workload.demand.mean_images_per_s"] * levelised(years, [year.mean for year in years])
    within_ips = np.minimum(capacity_ips, slo_ips / inputs["policy.max_utilisation"])
    nodes = _nodes(plan, offer, inputs, within_ips)
    paid = nodes if isinstance(offer, Buy) else levelised(years, _rented(plan, offer, inputs, within_ips, years))
    utilisation, pue = f.mean_utilisation(mean, paid, capacity_ips), inputs["site.pue"]
    watts = f.node_watts(inputs[f"{node}.idle_w"], inputs[f"{node}.load_w"], utilisation)
    kwh = f.fleet_kwh_per_year(paid, watts, pue)
    if isinstance(offer, Buy):
        parts = _owned(offer, inputs, paid) | {"energy": kwh * inputs["site.electricity_per_kwh"]}
    else:
        parts = {"rent": f.rented_per_year(paid, inputs[f"offers.{offer.id}.per_hour"])}
    fleet: Number = sum(parts.values())
    joules, per_million = f.joules_per_image(paid, watts, pue, mean), f.per_million_images(fleet, mean)
    return Bill(nodes, paid, utilisation, watts, kwh, joules, parts, fleet / paid, fleet, per_million)


def _years(offer: Buy | Rent, inputs: Inputs) -> tuple[Year, ...]:
    """Years of the horizon; the nodes of a rent committed for three years are as many for three."""
    term = 3 if isinstance(offer, Rent) and offer.commitment == "3y" else 1
    growth, rate = inputs.get("workload.demand.growth_per_year", 0.0), inputs["finance.discount_rate"]
    return years_of(growth, inputs["finance.horizon_years"], rate, term)


def _nodes(plan: PurchasePlan, offer: Buy | Rent, inputs: Inputs, capacity_ips: Number) -> Number:
    """Nodes at the highest peak of the horizon."""
    growth = inputs.get("workload.demand.growth_per_year", 0.0)
    peak = inputs["workload.demand.peak_images_per_s"] * highest_peak(growth, inputs["finance.horizon_years"])
    nodes = f.nodes_needed(peak, capacity_ips, inputs["policy.max_utilisation"], plan.policy.redundancy)
    return np.maximum(nodes, offer.min_nodes) if isinstance(offer, Rent) else nodes


def _rented(
    plan: PurchasePlan, offer: Rent, inputs: Inputs, capacity_ips: Number, years: Sequence[Year]
) -> list[Number]:
    """Nodes paid for in each year: for the peak of the term, or with elastic rent for the mean of the year."""
    usable, spare = inputs["policy.max_utilisation"], plan.policy.redundancy
    if offer.scaling == "elastic":
        mean = inputs["workload.demand.mean_images_per_s"]
        return [f.elastic_nodes(mean * year.mean, capacity_ips, usable, spare, offer.min_nodes) for year in years]
    peak = inputs["workload.demand.peak_images_per_s"]
    return [
        np.maximum(f.nodes_needed(peak * year.peak, capacity_ips, usable, spare), offer.min_nodes) for year in years
    ]


def _owned(offer: Buy, inputs: Inputs, nodes: Number) -> dict[str, Number]:
    """Yearly cost of bought nodes without their energy (F7)."""
    own = f"offers.{offer.id}"
    capex, rate = inputs[f"{own}.capex"], inputs["finance.discount_rate"]
    capital = f.capital_per_year(capex, inputs[f"{own}.residual"], rate, inputs[f"{own}.life_years"])
    return {
        "capital": nodes * capital,
        "maintenance": nodes * inputs[f"{own}.maintenance_fraction"] * capex,
        "hosting": nodes * inputs[f"{own}.hosting_per_year"],
    }


@dataclass(frozen=True)
class Priced:
    """An offer, what its node serves, and what that costs."""

    offer: Buy | Rent
    capacity: Capacity
    bill: Bill


def cost(plan: PurchasePlan, of: Bill) -> Number:
    """The cost that the plan ranks by, see ``policy.rank_by``."""
    return of.per_million if plan.policy.rank_by == "cost_per_million_images" else of.per_year


def price(
    plan: PurchasePlan, offers: Sequence[Buy | Rent], inputs: Inputs, capacities: Sequence[Capacity]
) -> tuple[Priced, ...]:
    """Each offer whose node serves with some setup, at its cheapest setup; cheapest offer first.

    Of setups at equal cost the one with the highest capacity is taken; offers at equal cost stay in the plan's order.
    """
    cheapest = []
    for offer in offers:
        setups = [c for c in capacities if c.node == offer.node and c.most_ips > 0]
        options = [Priced(offer, c, bill(plan, offer, inputs, c.counted_on, c.slo_counted_on)) for c in setups]
        if options:
            cheapest.append(min(options, key=lambda o: (float(cost(plan, o.bill)), -o.capacity.most_ips)))
    return tuple(sorted(cheapest, key=lambda o: float(cost(plan, o.bill))))


def costs(
    plan: PurchasePlan,
    offers: Sequence[Buy | Rent],
    inputs: Inputs,
    capacities: Sequence[Capacity],
    rates: Rates | None = None,
    of: Callable[[Bill], Number] | None = None,
) -> npt.NDArray[np.float64]:
    """Cost of every offer, at each entry of the inputs with the setup that is cheapest there.

    ``rates`` are by default what the plan counts on. ``of`` takes a cost from a bill, by default the one that the plan
    ranks by.

    Returns: shape (offers, entries); infinite where no setup serves.
    """
    rates = [(c.counted_on, c.slo_counted_on) for c in capacities] if rates is None else rates
    entries = max((np.size(value) for value in (*inputs.values(), *chain.from_iterable(rates))), default=1)
    table = np.full((len(offers), entries), np.inf)
    for row, offer in zip(table, offers, strict=True):
        for capacity, (full, slo) in zip(capacities, rates, strict=True):
            if capacity.node == offer.node:
                # NaN passes through the formulas without a warning, and fmin ignores it.
                positive = np.where(np.minimum(full, slo) > 0, full, np.nan)
                billed = bill(plan, offer, inputs, positive, slo)
                np.fmin(row, cost(plan, billed) if of is None else of(billed), out=row)
    return table

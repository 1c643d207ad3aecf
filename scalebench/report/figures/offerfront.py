"""Pareto front of the offers: cost, capacity of the fleet, energy per image."""

from __future__ import annotations

from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from scalebench.procure.decide import Decision
from scalebench.report.content import Absent, Chart, Column, Panel, Table
from scalebench.report.figures.drawing import draw, label_points, log_axis
from scalebench.report.figures.panels import scatter_front
from scalebench.report.figures.tornado import cost_words
from scalebench.report.labels import listed
from scalebench.report.looks import BLUE, Look
from scalebench.report.naming import amount
from scalebench.report.tables import whole
from scalebench.units import digits

_LOOK = Look(BLUE, "o", "-")


def offer_front(decision: Decision, anchor: str) -> Chart | Absent:
    """Ranked offers by cost and capacity, labelled with their energy per image."""
    title = "Pareto front of the offers"
    if len(decision.ranked) < 2:
        return Absent(title, "fewer than two offers meet the constraints")
    on_front = [offer.offer.id for offer in decision.ranked if offer.on_front]
    off_front = [offer.offer.id for offer in decision.ranked if not offer.on_front]
    behind = f" For {listed(off_front)} there is an offer that is as good in all three and better in one."
    takeaway = (
        f"In cost, fleet capacity and energy per image together, no offer beats {listed(on_front)}."
        f"{behind if off_front else ''} Equal offers are both on the front or both off it."
    )
    svg = draw(partial(_panel, decision), f"{anchor}-1", title)
    label = "cost against the capacity of all nodes; large markers: on the front; labels: J per image"
    numbers = {"on_front": float(len(on_front)), "offers": float(len(decision.ranked))}
    return Chart(anchor, title, takeaway, numbers, (Panel(label, svg),), _table(decision), 1)


def _table(decision: Decision) -> Table:
    columns = [
        Column("offer"), Column(f"cost, {cost_words(decision)}", number=True),
        Column("capacity of all nodes, img/s", number=True), Column("J/img", number=True), Column("on the front"),
    ]  # fmt: skip
    rows = [
        [
            offer.offer.id, amount(offer.cost), amount(offer.fleet_ips), digits(float(offer.bill.joules_per_image)),
            "yes" if offer.on_front else "no",
        ]
        for offer in decision.ranked
    ]  # fmt: skip
    return whole("Offers in the three objectives of the front", columns, rows)


def _panel(decision: Decision, axes: Axes) -> None:
    data = pd.DataFrame(
        {"x": offer.cost, "y": offer.fleet_ips, "front": offer.on_front,
         "text": f"{offer.offer.id}, {digits(float(offer.bill.joules_per_image))} J"}
        for offer in decision.ranked
    )  # fmt: skip
    log_axis(axes, "x", [data["x"].min() / 1.3, data["x"].max() * 1.6])
    log_axis(axes, "y", [data["y"].min() / 1.1, data["y"].max() * 1.1])
    scatter_front(axes, data, _LOOK)
    axes.set_xlabel(f"cost, {cost_words(decision)}")
    axes.set_ylabel("capacity of all nodes, images per s")
    by_cost = data.sort_values("x")
    label_points(axes, list(zip(by_cost["x"], by_cost["y"], by_cost["text"], strict=True)))

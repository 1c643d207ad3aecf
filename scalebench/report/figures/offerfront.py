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
    """Ranked offers by cost and capacity, their energy per image beside them."""
    title = "Pareto front of the offers"
    if len(decision.ranked) < 2:
        return Absent(title, "fewer than two offers meet the constraints")
    on_front = [one.offer.id for one in decision.ranked if one.on_front]
    left = [one.offer.id for one in decision.ranked if not one.on_front]
    beaten = f"; {listed(left)}: another is no worse in any and better in one" if left else ""
    said = (
        f"In cost, capacity of the fleet and energy per image together no offer beats {listed(on_front)}{beaten}. "
        f"Equal offers stand or fall together."
    )
    svg = draw(partial(_panel, decision), f"{anchor}-1", title)
    label = "cost against the capacity of all nodes; large: on the front; beside a point its J per image"
    numbers = {"on_front": float(len(on_front)), "offers": float(len(decision.ranked))}
    return Chart(anchor, title, said, numbers, (Panel(label, svg),), _table(decision), 1)


def _table(decision: Decision) -> Table:
    columns = [
        Column("offer"), Column(f"cost, {cost_words(decision)}", number=True),
        Column("capacity of all nodes, img/s", number=True), Column("J/img", number=True), Column("on the front"),
    ]  # fmt: skip
    rows = [
        [
            one.offer.id, amount(one.cost), amount(one.fleet_ips), digits(float(one.bill.joules_per_image)),
            "yes" if one.on_front else "no",
        ]
        for one in decision.ranked
    ]  # fmt: skip
    return whole("Offers in the three directions of the front", columns, rows)


def _panel(decision: Decision, axes: Axes) -> None:
    data = pd.DataFrame(
        {"x": one.cost, "y": one.fleet_ips, "front": one.on_front,
         "text": f"{one.offer.id}, {digits(float(one.bill.joules_per_image))} J"}
        for one in decision.ranked
    )  # fmt: skip
    log_axis(axes, "x", [data["x"].min() / 1.3, data["x"].max() * 1.6])
    log_axis(axes, "y", [data["y"].min() / 1.1, data["y"].max() * 1.1])
    scatter_front(axes, data, _LOOK)
    axes.set_xlabel(f"cost, {cost_words(decision)}")
    axes.set_ylabel("capacity of all nodes, images per s")
    named = data.sort_values("x")
    label_points(axes, list(zip(named["x"], named["y"], named["text"], strict=True)))

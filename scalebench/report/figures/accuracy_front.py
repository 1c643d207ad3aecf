"""Published accuracy against what it costs here, with the front of models that nothing beats in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from scalebench.analysis.accuracy_fronts import AXES
from scalebench.metrics import METRICS
from scalebench.report.content import Panel
from scalebench.report.figures.drawing import INK, draw, intervals, label_points, legend, log_axis
from scalebench.report.figures.panels import scatter_front
from scalebench.report.labels import by_configuration, point_label
from scalebench.report.looks import look, series
from scalebench.report.model_names import family_name

TOP1 = "published top-1, %"
CLAIMED = "efficientnet-t2"
"""The table in which compound scaling is compared with other authors' models (Tan and Le, Table 2)."""
TIME = "latency_image_s"
READING = (
    "The line joins the models that no other beats in both accuracy and cost; the others are hollow. Bars are 95 % "
    "intervals."
)
MOST_NAMED = 16
"""Models that are all named in a panel; of more only those on the front."""
COSTS = {
    **{axis: METRICS[axis] for axis in AXES if axis in METRICS},
    TIME: replace(METRICS["latency_s"], heading="latency, ms per image"),
}


def front_panels(fronts: pd.DataFrame, axes: Sequence[str], prefix: str, title: str) -> tuple[Panel, ...]:
    """One panel per cost and configuration; a counted one that configurations share is drawn once.

    Args:
        fronts: ``accuracy_fronts.fronts`` of one set.
        axes: costs to draw.
        prefix: start of the drawings' ids, unique on the page.
        title: of the figure.
    """
    panels: list[Panel] = []
    drawn: set[tuple[str, ...]] = set()
    for axis in axes:
        for configuration, rows in by_configuration(fronts[fronts["axis"] == axis]):
            points = rows.dropna(subset=["cost", "front"])
            content = (axis, points[["model", "resolution", "cost", "front"]].to_csv(index=False))
            if points.empty or content in drawn:
                continue
            drawn.add(content)
            name = f"{COSTS[axis].title}; {configuration}"
            svg = draw(partial(_panel, points, axis), f"{prefix}-{len(panels)}", f"{title}, {name}")
            panels.append(Panel(name, svg))
    return tuple(panels)


def _panel(points: pd.DataFrame, axis: str, axes: Axes) -> None:
    data = points.assign(x=points["cost"].astype(float) / COSTS[axis].factor, y=points["top1"].astype(float))
    log_axis(axes, "x", data["x"].tolist())
    clouds = []
    for name, rows in data.groupby(data["model"].map(series)):
        style = look(str(name))
        low, high = (rows[end].astype(float) / COSTS[axis].factor for end in ("low", "high"))
        intervals(axes, rows["y"], low, high, style.colour, width=1, alpha=0.7)
        scatter_front(axes, rows, style)
        leading = rows[rows["front"].astype(bool)].sort_values("x")
        if len(leading) > 1:  # above the front is always room
            x, y = leading[["x", "y"]].iloc[len(leading) // 2]
            axes.annotate(family_name(str(name)), (x, y), xytext=(-9, 7), textcoords="offset points", ha="right",
                          fontsize=9, color=style.colour)  # fmt: skip
        elif len(data) > MOST_NAMED:  # fewer have their names beside their points
            clouds.append((family_name(str(name)), replace(style, hollow=leading.empty)))
    best = data[data["front"].astype(bool)].sort_values("x")
    axes.step(best["x"], best["y"], where="post", color=INK, linewidth=1)
    axes.set_xlabel(COSTS[axis].heading)
    axes.set_ylabel(TOP1)
    if clouds:
        legend(axes, clouds)
    shown = data.sort_values("x") if len(data) <= MOST_NAMED else best
    named = zip(shown["x"], shown["y"], shown["model"], shown["resolution"], strict=True)
    label_points(axes, [(x, y, point_label(model, size)) for x, y, model, size in named], most=MOST_NAMED)

"""Published accuracy against what it costs here, with the front of models that nothing beats in both."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from matplotlib.axes import Axes

from scalebench.analysis.accuracy_fronts import AXES
from scalebench.metrics import METRICS
from scalebench.report.content import Chart, Elsewhere
from scalebench.report.figures.drawing import INK, intervals, label_points, legend, log_axis
from scalebench.report.figures.panels import panels, scatter_front
from scalebench.report.labels import point_label
from scalebench.report.looks import look, series
from scalebench.report.model_names import family_name
from scalebench.report.settings import ends

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


def accuracy_against_time(fronts: pd.DataFrame, table: Elsewhere, unmeasured: str = "") -> Chart:
    """A panel each for the smallest and the largest batch; the table has the numbers.

    Args:
        fronts: rows of ``accuracy_fronts.fronts`` by ``TIME`` of one set and configuration, at all its batches.
        table: where its numbers are.
        unmeasured: sentence on models that are missing, for the note.
    """
    title = "Published accuracy against time measured here"
    named = [(f"batch {batch}", fronts[fronts["batch"] == batch]) for batch in ends(fronts["batch"])]
    drawn, _ = panels(named, _panel, "accuracy-time", title)
    return Chart("accuracy-time", title, "", {}, drawn, table, note=f"{READING} {unmeasured}".strip())


def _panel(points: pd.DataFrame, axes: Axes) -> None:
    data = points.assign(x=points["cost"].astype(float) / COSTS[TIME].factor, y=points["top1"].astype(float))
    log_axis(axes, "x", data["x"].tolist())
    clouds = []
    for name, rows in data.groupby(data["model"].map(series)):
        style = look(str(name))
        low, high = (rows[end].astype(float) / COSTS[TIME].factor for end in ("low", "high"))
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
    axes.set_xlabel(COSTS[TIME].heading)
    axes.set_ylabel(TOP1)
    if clouds:
        legend(axes, clouds)
    shown = data.sort_values("x") if len(data) <= MOST_NAMED else best
    named = zip(shown["x"], shown["y"], shown["model"], shown["resolution"], strict=True)
    label_points(axes, [(x, y, point_label(model, size)) for x, y, model, size in named], most=MOST_NAMED)

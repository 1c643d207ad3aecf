"""Figure 4: time of each scaling method over that of compound scaling at equal counted compute."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from scalebench.metrics import METRICS
from scalebench.report.content import Chart
from scalebench.report.figures.drawing import INK, intervals, log_axis, name_ticks
from scalebench.report.figures.panels import panels
from scalebench.report.looks import METHODS
from scalebench.report.model_names import model_name
from scalebench.report.ratio_words import of_row, outcome
from scalebench.report.result_tables import groups_table

ANCHOR, TITLE = "f4", "Time against compound scaling at equal compute"
_READING = (
    "Right of the line a method takes longer than compound scaling, left of it less. A bar is the 95 % interval; "
    "hollow: undecided; filled, across the line: equal within 5 %. Labels are multiples of the base's compute."
)
_FAST = "Fast scaling is compound scaling that grows mostly the width (Doll\u00e1r and others, 2021)."


def ratios_to_compound(groups: pd.DataFrame) -> Chart | None:
    """Dots with intervals, one panel per batch.

    Args:
        groups: ``matched.compare_groups`` of one configuration, without the compound members themselves.

    Returns: None where no time was compared.
    """
    rows = groups[groups["metric"] == "latency_s"]
    if rows.empty:
        return None
    rows = rows.sort_values(["base", "method", "target"], kind="stable", key=_order)
    named = [(f"batch {batch}", own) for batch, own in rows.groupby("batch")]
    drawn, left_out = panels(named, partial(_panel, rows), ANCHOR, TITLE, _height)
    note = " ".join(filter(None, (_READING, _FAST if "fast" in set(rows["method"]) else "", left_out)))
    return Chart(ANCHOR, TITLE, "", {}, drawn, groups_table(groups), note=note)


def _order(column: pd.Series) -> pd.Series:
    """Bases as they come, methods as in ``looks.METHODS``, targets by size."""
    if column.name == "target":
        return column
    first = METHODS if column.name == "method" else ()
    names = dict.fromkeys([*(name for name in first if name in set(column)), *column])
    return column.map({name: nth for nth, name in enumerate(names)})


def _height(rows: pd.DataFrame) -> float:
    return 1.1 + 0.17 * len(rows) + 0.12 * rows.groupby(["base", "method"]).ngroups


def _panel(every: pd.DataFrame, rows: pd.DataFrame, axes: Axes) -> None:
    """Rows: base and method; within a row one dot per target, all batches on the same scale."""
    ends = [*every["ratio"], *every["low"].dropna(), *every["high"].dropna(), 1.0]
    log_axis(axes, "x", [float(end) for end in ends])
    low, high = axes.get_xlim()
    axes.set_xlim(low, high * (high / low) ** 0.08)  # room for the labels
    axes.axvline(1.0, color=INK, linewidth=1, alpha=0.7)
    heights: dict[str, float] = {}
    top = 0.0
    for (base, method), own in rows.groupby(["base", "method"], sort=False):
        y = top + np.arange(len(own))
        _dots(axes, own, y, str(method))
        heights[f"{model_name(str(base))}, {method}"] = float(y.mean())
        top = float(y[-1]) + 1.7
    name_ticks(axes.yaxis, list(heights.values()), list(heights))
    axes.set_ylim(top - 0.9, -0.8)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(f"{METRICS['latency_s'].label}, times that of compound scaling")


def _dots(axes: Axes, rows: pd.DataFrame, y: np.ndarray, method: str) -> None:
    style = METHODS[method]
    intervals(axes, y, rows["low"], rows["high"], style.colour)
    for at, row in zip(y, rows.to_dict("records"), strict=True):
        face = "none" if outcome(of_row(row)) == "undecided" else style.colour
        axes.plot(row["ratio"], at, linestyle="", marker=style.marker, markersize=6, markerfacecolor=face,
                  markeredgecolor=style.colour)  # fmt: skip
        end = row["ratio"] if pd.isna(row["high"]) else row["high"]
        axes.annotate(f"{row['target']:g}x", (end, at), xytext=(4, 0), textcoords="offset points", va="center",
                      fontsize=8.5)  # fmt: skip

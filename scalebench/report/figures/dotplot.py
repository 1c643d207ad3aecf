"""Figure 4: what each scaling method costs against compound scaling at equal counted compute."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import cycle

import pandas as pd
from matplotlib.axes import Axes

from scalebench.analysis.matched import REFERENCE
from scalebench.metrics import MEASURED, METRICS
from scalebench.report.content import Absent, Chart
from scalebench.report.figures.drawing import INK, intervals, log_axis
from scalebench.report.figures.panels import panels
from scalebench.report.figures.takeaways import of_groups
from scalebench.report.labels import by_configuration, short
from scalebench.report.looks import MARKERS, METHODS
from scalebench.report.result_tables import groups_table

TITLE = "Matched groups: ratio to compound scaling at equal counted compute"
_ORDER = tuple(METHODS)


def matched_groups(groups: pd.DataFrame) -> Chart | Absent:
    """Dots with intervals, one panel per configuration and metric.

    Args:
        groups: ``matched.compare_groups``.
    """
    rows = groups[(groups["method"] != REFERENCE) & groups["ratio"].notna()]
    rows = rows.sort_values(["base", "method", "target"], kind="stable", key=_in_order)
    if rows.empty:
        return Absent(TITLE, "no group has both its compound member and another one measured")
    takeaway = of_groups(rows)
    metrics = [name for name in MEASURED if name != "throughput_ips"]  # at one batch it only mirrors latency
    named = [
        (f"{METRICS[metric].label}; {configuration}", subset[subset["metric"] == metric])
        for configuration, subset in by_configuration(rows)
        for metric in metrics
        if (subset["metric"] == metric).any()
    ]
    marks = dict(zip(sorted(rows["target"].unique()), cycle(MARKERS)))
    drawn, note = panels(named, partial(_panel, rows, marks), "f4", TITLE, _height)
    legend = ", ".join(f"{MARKERS[mark]} {target:g}" for target, mark in marks.items())
    note = f"Times the MACs of the base: {legend}. {note}".strip()
    return Chart("f4", TITLE, takeaway.text, takeaway.numbers, drawn, groups_table(rows), note=note)


def _height(groups: pd.DataFrame) -> float:
    return 1.3 + 0.17 * len(groups) + 0.12 * groups.groupby(["base", "method"]).ngroups


def _in_order(column: pd.Series) -> pd.Series:
    return column.map(_ORDER.index) if column.name == "method" else column


def _panel(every: pd.DataFrame, marks: Mapping[float, str], groups: pd.DataFrame, axes: Axes) -> None:
    """Rows: base and method; within a row one dot per target, with its marker, in the method's colour."""
    every = every[every["metric"] == groups["metric"].iloc[0]]
    places, ticks = _places(groups)
    ends = [*every["ratio"], *groups["low"].dropna(), *groups["high"].dropna(), 1.0]
    log_axis(axes, "x", [float(end) for end in ends])
    axes.axvline(1.0, color=INK, linewidth=1, alpha=0.7)
    keys = zip(groups["base"].astype(str), groups["method"].astype(str), groups["target"].astype(float), strict=True)
    at = groups.assign(y=[places[key] for key in keys], colour=[METHODS[name].colour for name in groups["method"]])
    for colour, rows in at.groupby("colour", sort=False):
        intervals(axes, rows["y"], rows["low"], rows["high"], str(colour))
    for target, rows in at.groupby("target"):
        axes.scatter(rows["ratio"], rows["y"], c=rows["colour"].tolist(), marker=marks[target], s=34, linewidth=0)
    axes.set_yticks(list(ticks.values()), labels=[short(f"{b.removeprefix('efficientnet_')}, {m}") for b, m in ticks])
    axes.set_ylim(max(places.values()) + 0.8, min(places.values()) - 0.8)
    axes.grid(visible=False, axis="y")
    axes.set_ylabel("")
    axes.set_xlabel(f"{METRICS[str(groups['metric'].iloc[0])].label}, times that of compound")


def _places(groups: pd.DataFrame) -> tuple[dict[tuple[str, str, float], float], dict[tuple[str, str], float]]:
    """Height of every dot, and of every row's name."""
    places: dict[tuple[str, str, float], float] = {}
    ticks: dict[tuple[str, str], float] = {}
    y = 0.0
    for (base, method), rows in groups.groupby(["base", "method"], sort=False):
        inside = sorted(rows["target"].unique())
        for target in inside:
            places[str(base), str(method), target] = y
            y += 1.0
        ticks[str(base), str(method)] = y - (len(inside) + 1) / 2
        y += 0.7
    return places, ticks

"""Accuracy of compound scaling less that of each axis, of networks trained here at equal counted MACs."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from scalebench.analysis.training_verdicts import StudyVerdict
from scalebench.report.content import Chart
from scalebench.report.figures.drawing import INK, intervals, name_ticks
from scalebench.report.figures.panels import panels
from scalebench.report.looks import METHODS
from scalebench.report.training_tables import EVIDENCE
from scalebench.suite.training_study import ALL

ANCHOR, TITLE = "study-differences", "Compound scaling less each axis, points of accuracy"
_READING = (
    "Right of the line compound scaling is right on more test images than the axis, left of it on fewer. Bars are 95 % "
    "intervals over seeds and images; hollow: undecided after Holm."
)


def study_differences(verdicts: Sequence[StudyVerdict]) -> Chart | None:
    """A panel per test; None where nothing was compared."""
    rows = pd.DataFrame(
        {"test": verdict.test, "method": one.method, "winner": one.winner, "value": 100 * one.difference.value,
         "low": 100 * one.difference.low, "high": 100 * one.difference.high}
        for verdict in verdicts for one in verdict.comparisons
    )  # fmt: skip
    if rows.empty:
        return None
    ends = rows[["value", "low", "high"]].to_numpy().ravel()
    limits = min(0.0, float(pd.Series(ends).min())), max(0.0, float(pd.Series(ends).max()))
    named = [
        (str(test) if test == ALL else f"scratches of {test}", own) for test, own in rows.groupby("test", sort=False)
    ]
    drawn, note = panels(
        named, lambda own, axes: _panel(own, axes, limits), ANCHOR, TITLE, lambda own: 1.1 + 0.35 * len(own)
    )
    return Chart(ANCHOR, TITLE, "", {}, drawn, EVIDENCE, note=f"{_READING} {note}".strip())


def _panel(rows: pd.DataFrame, axes: Axes, limits: tuple[float, float]) -> None:
    room = 0.08 * (limits[1] - limits[0]) or 1.0
    axes.set_xlim(limits[0] - room, limits[1] + room)
    axes.axvline(0.0, color=INK, linewidth=1, alpha=0.7)
    for place, row in enumerate(rows.to_dict("records")):
        style = METHODS[str(row["method"])]
        own = pd.DataFrame([row])
        intervals(axes, pd.Series([place]), own["low"], own["high"], style.colour)
        face = style.colour if row["winner"] else "none"
        axes.plot(row["value"], place, linestyle="", marker=style.marker, markersize=7, markerfacecolor=face,
                  markeredgecolor=style.colour)  # fmt: skip
    name_ticks(axes.yaxis, list(range(len(rows))), [f"against {method}" for method in rows["method"]])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("compound less the axis, points")

"""Ratios of two runs, case by case, with the band in which a difference means nothing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from scalebench.analysis.compare.comparison import Compared, Comparison
from scalebench.analysis.stats import Estimate
from scalebench.metrics import METRICS
from scalebench.report.comparison_text import HEADINGS, NUMERIC, cells, counted, standing, title, word
from scalebench.report.content import Absent, Chart, Column, Table
from scalebench.report.figures.drawing import INK, intervals, log_axis, name_rows
from scalebench.report.figures.panels import panels, scatter
from scalebench.report.figures.takeaways import Takeaway
from scalebench.report.labels import READERS_WORDS, short
from scalebench.report.looks import BLUE, GREEN, GREY, RED, Look
from scalebench.report.tables import capped, number

MOST_ROWS = 30
_LEGEND = "cross worse, diamond better, dot the same, ring undecided; shaded: within {:.2g} %, which counts as the same"
_LOOKS = {
    "worse": Look(RED, "X", "-"),
    "better": Look(GREEN, "D", "-"),
    "same": Look(GREY, "o", "-"),
    "inconclusive": Look(BLUE, "o", "-", hollow=True),
}


def forest(comparison: Comparison, metric: str, anchor: str) -> Chart | Absent:
    """B over A with intervals; furthest from no difference first, and at most ``MOST_ROWS`` of them drawn."""
    rows = [row for row in comparison.rows if row.metric == metric and math.isfinite(row.ratio.value)]
    heading = f"{METRICS[metric].label.capitalize()} of B over A"
    if not rows:
        return Absent(heading, f"no case has its {METRICS[metric].label} on both sides")
    far = sorted(rows, key=lambda row: -abs(math.log(row.ratio.value)))[:MOST_ROWS]
    drawn = sorted(far, key=lambda row: row.ratio.value)
    takeaway = of_ratios(rows, comparison)
    reading = _LEGEND.format(100 * max(row.margin for row in drawn))
    named = [(f"{METRICS[metric].label}, B over A; {reading}", _frame(drawn))]
    shown, _ = panels(named, _panel, anchor, heading, lambda subset: 1.1 + 0.22 * len(subset))
    left = len(rows) - len(drawn)
    note = (
        f"The {len(drawn)} cases furthest from no difference are drawn; the table has all {len(rows)}." if left else ""
    )
    return Chart(anchor, heading, takeaway.text, takeaway.numbers, shown, comparison_table(heading, rows), note=note)


def of_ratios(rows: Sequence[Compared], comparison: Comparison) -> Takeaway:
    """How many cases are worse, better, the same; the geometric mean; the case furthest off."""
    metric = rows[0].metric
    counts = Counter(map(standing, rows))
    mean = comparison.means[metric]
    far = max(rows, key=lambda row: abs(math.log(row.ratio.value)))
    average = (
        f"The geometric mean of B over A is {_with_bounds(mean)}."
        if math.isfinite(mean.value)
        else "There is no mean, as every case is doubtful."
    )
    text = (
        f"Of {len(rows)} cases {counted(metric, counts)}. {average} Furthest from 1 is {title(far.a, far.b)}, "
        f"{_with_bounds(far.ratio)}, {READERS_WORDS.get(word(far), word(far))}."
    )
    numbers = {
        "mean": mean.value, "mean_low": mean.low, "mean_high": mean.high, "furthest": far.ratio.value,
        "furthest_low": far.ratio.low, "furthest_high": far.ratio.high,
        **{name: float(counts[name]) for name in ("worse", "better", "same", "inconclusive")},
    }  # fmt: skip
    return Takeaway(text, numbers)


def _with_bounds(ratio: Estimate) -> str:
    """``0.988 (0.945 to 1.03)``."""
    known = math.isfinite(ratio.low) and math.isfinite(ratio.high)
    return f"{number(ratio.value)} ({f'{number(ratio.low)} to {number(ratio.high)}' if known else 'no interval'})"


def comparison_table(heading: str, rows: Sequence[Compared]) -> Table:
    """The rows of a comparison, in words and numbers."""
    columns = [Column(name, number=name in NUMERIC) for name in HEADINGS]
    lines = [[*own[:-1], own[-1].replace("inconclusive", READERS_WORDS["inconclusive"])] for own in map(cells, rows)]
    return capped(f"{heading}, case by case; values are geometric means over n rounds", columns, lines)


def _frame(rows: Sequence[Compared]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "x": row.ratio.value, "low": row.ratio.low, "high": row.ratio.high, "y": at, "margin": row.margin,
            "verdict": standing(row), "name": short(name, 44),
        }
        for at, (row, name) in enumerate(zip(rows, _names(rows), strict=True))
    )  # fmt: skip


def _names(rows: Sequence[Compared]) -> list[str]:
    """Titles of the cases, without the words in which all of them end."""
    words_ = [title(row.a, row.b).split() for row in rows]
    common = 0
    while len(rows) > 1 and all(len(w) > common + 1 for w in words_) and len({w[-common - 1] for w in words_}) == 1:
        common += 1
    return [" ".join(w[: len(w) - common]) for w in words_]


def _panel(ratios: pd.DataFrame, axes: Axes) -> None:
    """Ends of intervals are followed to three times the furthest ratio, no further: they would squeeze the rest."""
    margin = float(ratios["margin"].max())
    ends = pd.concat([ratios["low"], ratios["high"]]).dropna().clip(ratios["x"].min() / 3, ratios["x"].max() * 3)
    log_axis(axes, "x", [*ratios["x"], *ends, 1 / (1 + margin), 1 + margin])
    axes.axvspan(1 / (1 + margin), 1 + margin, color=INK, alpha=0.08, linewidth=0)
    axes.axvline(1.0, color=INK, linewidth=1, alpha=0.7)
    for verdict, rows in ratios.groupby("verdict"):
        style = _LOOKS[str(verdict)]
        intervals(axes, rows["y"], rows["low"], rows["high"], style.colour)
        scatter(axes, rows, style)
    name_rows(axes, ratios["y"].tolist(), ratios["name"].tolist(), 8.5)
    axes.set_xlabel("B over A")

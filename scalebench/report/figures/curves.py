"""The figures of the report: one panel per configuration, so that machines and batches are never averaged."""

from __future__ import annotations

from functools import partial

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from scalebench.analysis.way import WAY
from scalebench.metrics import METRICS
from scalebench.report.content import Absent, Chart
from scalebench.report.figures.drawing import INK, EndLabel, end_of, intervals, label_ends, log_axis
from scalebench.report.figures.panels import ALL_CASES, dense, per_way, scatter
from scalebench.report.figures.takeaways import of_compute, of_resolution
from scalebench.report.looks import DASHES, MARKERS, look, series

RESOLUTION = "resolution, px (square input)"
MOST_CURVES = 12


def latency_against_macs(cases: pd.DataFrame) -> Chart | Absent:
    """Figure 1; ``cases`` as in ``summary.summarise``."""
    title = "Latency against counted MACs"
    good = cases.dropna(subset=["latency_s", "macs"])
    if good["macs"].nunique() < 2:
        return Absent(title, "fewer than two cases with different counted MACs have a latency")
    takeaway = of_compute(good)
    drawn, note = per_way(good, partial(_compute_panel, good), "f1", title)
    return Chart("f1", title, takeaway.text, takeaway.numbers, drawn, ALL_CASES, note=note)


def against_resolution(cases: pd.DataFrame, metric: str, anchor: str) -> Chart | Absent:
    """Figures 2 and 3: a metric against resolution for every model with two or more of them."""
    scale = METRICS[metric]
    title = f"{scale.title.capitalize()} against resolution"
    good = cases.dropna(subset=[metric])
    counts = good.groupby([*WAY, "model"])["resolution"].transform("nunique")
    curves = good[(counts >= 2) & ~good["model"].str.contains("[", regex=False)]
    if curves.empty:
        return Absent(title, f"no model has its {scale.title} measured at two or more resolutions")
    takeaway = of_resolution(curves, metric)
    drawn, note = per_way(curves, partial(_resolution_panel, curves, metric), anchor, title)
    most = int(curves.groupby(WAY)["model"].nunique().max())
    if most > MOST_CURVES:
        note = (
            f"Of up to {most} curves each panel draws the {MOST_CURVES} that are measured at most resolutions. {note}"
        )
    return Chart(anchor, title, takeaway.text, takeaway.numbers, drawn, ALL_CASES, note=note.strip())


def _same_machine(every: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    """Rows that share this panel's axes: all batches of one machine."""
    same: pd.DataFrame = every[every["machine"] == cases["machine"].iloc[0]]
    return same


def _shown(frame: pd.DataFrame, metric: str) -> pd.Series:
    return frame[metric].astype(float) / METRICS[metric].factor


def _reach(frame: pd.DataFrame, metric: str) -> list[float]:
    """Values and the ends of their intervals; an interval is followed to three times the largest value, no further."""
    values = _shown(frame, metric)
    ends = pd.concat([frame[f"{metric}_low"], frame[f"{metric}_high"]]).astype(float) / METRICS[metric].factor
    within = ends.dropna().clip(values.min() / 3, values.max() * 3)
    return [*values.dropna().tolist(), *within.tolist()]


def _axes(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(METRICS[x].heading if x in METRICS else x)
    axes.set_ylabel(METRICS[y].heading)


def _ends(rows: pd.DataFrame, metric: str) -> tuple[pd.Series, pd.Series]:
    """Lower and upper ends of the 95 % intervals, as they are shown."""
    low, high = (rows[f"{metric}_{end}"].astype(float) / METRICS[metric].factor for end in ("low", "high"))
    return low, high


def _band(axes: Axes, rows: pd.DataFrame, x: pd.Series, metric: str, colour: str) -> None:
    """95 % intervals as a band along a curve, where there are any."""
    low, high = _ends(rows, metric)
    known = low.notna() & high.notna()
    if known.sum() > 1:
        axes.fill(
            [*x[known], *x[known][::-1]], [*low[known], *high[known][::-1]], color=colour, alpha=0.14, linewidth=0
        )


def _compute_panel(every: pd.DataFrame, cases: pd.DataFrame, axes: Axes) -> None:
    machine = _same_machine(every, cases)
    log_axis(axes, "x", _shown(every, "macs").tolist())
    log_axis(axes, "y", _reach(machine, "latency_s"))
    data = cases.assign(x=_shown(cases, "macs"), y=_shown(cases, "latency_s"), series=cases["model"].map(series))
    ends = []
    for name, rows in data.groupby("series"):
        style = look(str(name))
        if not dense(cases):  # so many intervals would hide the points
            intervals(axes, rows["x"], *_ends(rows, "latency_s"), style.colour, vertical=True, width=1, alpha=0.6)
        scatter(axes, rows, style, pixels=dense(cases))
        ends.append(end_of(rows, str(name), style))
    _axes(axes, "macs", "latency_s")
    _slope_one(axes, data)
    label_ends(axes, ends)


def _slope_one(axes: Axes, data: pd.DataFrame) -> None:
    """Line along which latency is proportional to MACs, through the median case."""
    low, high = axes.get_xlim()
    rate = float((data["y"] / data["x"]).median())
    axes.plot([low, high], [rate * low, rate * high], color=INK, alpha=0.45, linewidth=1, linestyle=(0, (1, 2)))
    bottom, top = axes.get_ylim()
    at = min(max(low * 1.1, bottom * 1.6 / rate), high)
    if rate * at < top:
        axes.annotate("slope 1", (at, rate * at), xytext=(0, -9), textcoords="offset points", fontsize=8.5, va="top")


def _resolution_panel(every: pd.DataFrame, metric: str, cases: pd.DataFrame, axes: Axes) -> None:
    machine = _same_machine(every, cases)
    sizes = machine["resolution"].astype(float).tolist()
    log_axis(axes, "x", sizes, ticks=sizes)
    log_axis(axes, "y", _reach(machine, metric))
    ends = []
    seen: dict[str, int] = {}
    for model, rows in _longest(cases.sort_values("resolution")).groupby("model"):
        kind = series(str(model))
        nth = seen[kind] = seen.get(kind, -1) + 1
        style = look(kind)
        data = rows.assign(x=rows["resolution"].astype(float), y=_shown(rows, metric))
        sns.lineplot(data, x="x", y="y", ax=axes, color=style.colour, estimator=None, legend=False,
                     linestyle=DASHES[nth % len(DASHES)], marker=tuple(MARKERS)[nth % len(MARKERS)],
                     markeredgecolor="none")  # fmt: skip
        _band(axes, rows, data["x"], metric, style.colour)
        ends.append(EndLabel(data["x"].iloc[-1], data["y"].iloc[-1], str(model), style.colour))
    _axes(axes, RESOLUTION, metric)
    label_ends(axes, ends)


def _longest(cases: pd.DataFrame) -> pd.DataFrame:
    """Rows of the models with most resolutions, at most ``MOST_CURVES`` of them."""
    lengths = cases.groupby("model")["resolution"].nunique()
    named = sorted(lengths.index, key=lambda model: (-lengths[model], model))[:MOST_CURVES]
    return cases[cases["model"].isin(named)]

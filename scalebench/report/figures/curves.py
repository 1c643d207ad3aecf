"""The figures of the report: one panel per configuration, so that machines and batches are never averaged."""

from __future__ import annotations

from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from scalebench.metrics import METRICS
from scalebench.report.content import Chart, Panel
from scalebench.report.figures.drawing import (
    INK,
    EndLabel,
    draw,
    intervals,
    label_ends,
    legend,
    log_axis,
    size_ticks,
)
from scalebench.report.figures.panels import ALL_CASES, dense, panels, scatter
from scalebench.report.looks import DASHES, MARKERS, Look, look, series
from scalebench.report.model_names import family_name, model_name

RESOLUTION = "resolution, px (square input)"
MOST_CURVES = 6
WIDE = 1.5
"""Intervals that span more than this factor are no part of a band."""


def latency_against_macs(cases: pd.DataFrame) -> Chart:
    """Figure 1, a panel per batch; ``cases`` of one setting as in ``summary.summarise``, timed and counted."""
    title = "Time against counted MACs (half the FLOPs)"
    reading = (
        "Along the dotted line time is proportional to MACs. What lies above it is slow for its MACs. Bars are 95 % "
        "intervals."
    )
    named = [(f"batch {batch}", rows) for batch, rows in cases.groupby("batch")]
    drawn, note = panels(named, partial(_compute_panel, cases), "f1", title)
    return Chart("f1", title, "", {}, drawn, ALL_CASES, note=f"{reading} {note}".strip())


def resolution_curves(cases: pd.DataFrame) -> Chart:
    """Figure 2: time and memory at each batch of models of one setting that were measured at several resolutions."""
    title = "Time and memory against resolution"
    named = [
        (f"{METRICS[metric].title}, batch {batch}", rows, metric)
        for batch, rows in cases.groupby("batch")
        for metric in ("latency_s", "memory_bytes")
        if rows[metric].notna().any()
    ]
    drawn = [
        Panel(name, draw(partial(_resolution_panel, cases, metric, rows), f"f2-{index}", f"{title}; {name}"))
        for index, (name, rows, metric) in enumerate(named)
    ]
    most = int(cases.groupby("batch")["model"].nunique().max())
    spans = [cases[f"{metric}_high"] / cases[f"{metric}_low"] for metric in ("latency_s", "memory_bytes")]
    wide = any((span > WIDE).any() for span in spans)
    bars = f" Bars are intervals that span more than a factor of {WIDE:g}." if wide else ""
    left = f" Of {most} models those with most resolutions are drawn." if most > MOST_CURVES else ""
    return Chart("f2", title, "", {}, tuple(drawn), ALL_CASES, note=f"Bands are 95 % intervals.{bars}{left}")


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


def _band(axes: Axes, rows: pd.DataFrame, x: pd.Series, metric: str, colour: str, nth: int) -> None:
    """95 % intervals as bands along a curve; wide ones, as of two rounds, as bars: as bands they would cover the rest.

    Args:
        nth: of the curves in the panel: bars at the same resolution stand beside each other.
    """
    low, high = _ends(rows, metric)
    narrow = high / low <= WIDE
    runs = (narrow != narrow.shift()).cumsum()
    banded = narrow & (runs.map(runs.value_counts()) > 1)
    for _, at in runs[banded].groupby(runs[banded]):
        corners = [*x[at.index], *x[at.index][::-1]], [*low[at.index], *high[at.index][::-1]]
        axes.fill(*corners, color=colour, alpha=0.14, linewidth=0)
    alone, beside = ~banded, x * (1 + 0.012 * nth)
    intervals(axes, beside[alone], low[alone], high[alone], colour, vertical=True, width=0.9, alpha=0.7)


def _compute_panel(every: pd.DataFrame, cases: pd.DataFrame, axes: Axes) -> None:
    machine = _same_machine(every, cases)
    log_axis(axes, "x", _shown(every, "macs").tolist())
    log_axis(axes, "y", _reach(machine, "latency_s"))
    data = cases.assign(x=_shown(cases, "macs"), y=_shown(cases, "latency_s"), series=cases["model"].map(series))
    clouds = []
    for name, rows in data.groupby("series"):
        style = look(str(name))
        if not dense(cases):  # so many intervals would hide the points
            intervals(axes, rows["x"], *_ends(rows, "latency_s"), style.colour, vertical=True, width=1, alpha=0.6)
        scatter(axes, rows, style, pixels=dense(cases))
        clouds.append((family_name(str(name)), style))
    _axes(axes, "macs", "latency_s")
    _proportional(axes, data)
    legend(axes, clouds)


def _proportional(axes: Axes, data: pd.DataFrame) -> None:
    """Line along which latency is proportional to MACs, through the median case."""
    low, high = axes.get_xlim()
    rate = float((data["y"] / data["x"]).median())
    axes.plot([low, high], [rate * low, rate * high], color=INK, alpha=0.45, linewidth=1, linestyle=(0, (1, 2)))


def _resolution_panel(every: pd.DataFrame, metric: str, cases: pd.DataFrame, axes: Axes) -> None:
    machine = _same_machine(every, cases)
    sizes = machine["resolution"].astype(float).tolist()
    log_axis(axes, "x", sizes, ticks=size_ticks(sizes))
    log_axis(axes, "y", _reach(machine, metric))
    ends: list[EndLabel] = []
    seen: dict[str, int] = {}
    for model, rows in _longest(cases.sort_values("resolution")).groupby("model"):
        kind = series(str(model))
        nth = seen[kind] = seen.get(kind, -1) + 1
        style = look(kind)
        data = rows.assign(x=rows["resolution"].astype(float), y=_shown(rows, metric))
        known = data.dropna(subset=["y"])
        axes.plot(known["x"], known["y"], color=style.colour, linestyle=DASHES[nth % len(DASHES)],
                  marker=_marker(style, nth), markeredgecolor="none")  # fmt: skip
        _band(axes, rows, data["x"], metric, style.colour, len(ends))
        ends.append(EndLabel(data["x"].iloc[-1], data["y"].iloc[-1], model_name(str(model)), style.colour))
    _axes(axes, RESOLUTION, metric)
    label_ends(axes, ends)


def _marker(style: Look, nth: int) -> str:
    """The family's own marker for its first curve, another one for each further curve."""
    markers = tuple(MARKERS)
    start = markers.index(style.marker) if style.marker in markers else 0
    return markers[(start + nth) % len(markers)]


def _longest(cases: pd.DataFrame) -> pd.DataFrame:
    """Rows of the models with most resolutions, at most ``MOST_CURVES`` of them."""
    lengths = cases.groupby("model")["resolution"].nunique()
    named = sorted(lengths.index, key=lambda model: (-lengths[model], model))[:MOST_CURVES]
    return cases[cases["model"].isin(named)]

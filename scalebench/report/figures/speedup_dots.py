"""How much faster each configuration runs every model than eager fp32."""

from __future__ import annotations

import math
from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from scalebench.report.configuration_names import configuration_name
from scalebench.report.content import Chart, Elsewhere
from scalebench.report.figures.drawing import INK, intervals, log_axis, name_rows
from scalebench.report.figures.panels import panels, scatter
from scalebench.report.labels import short
from scalebench.report.looks import drawn_family, look
from scalebench.report.model_names import family_name

TITLE = "Images per second over those of eager fp32"
PANEL = ["machine", "mode", "batch"]
_READING = "Right of 1 a configuration is faster than eager fp32. Each point is one model at one resolution."


def speedup_dots(optimised: pd.DataFrame, table: Elsewhere) -> Chart:
    """A line per configuration, fastest first, a point per model and resolution, a panel per machine, mode and batch.

    Args:
        optimised: ``speedups.optimised``, with rows.
        table: where its numbers stand.
    """
    named = [
        (f"{mode}, batch {batch}, {machine}", rows)
        for (machine, mode, batch), rows in optimised.groupby(PANEL, sort=False)
    ]
    means = optimised["speedup"].map(math.log).groupby(optimised.apply(configuration_name, axis=1)).mean()
    configurations = list(means.sort_values(ascending=False).index)
    height = 1.2 + 0.24 * len(configurations)
    drawn, note = panels(named, partial(_panel, configurations), "ways", TITLE, lambda _: height)
    families = dict.fromkeys(optimised["model"].map(drawn_family))
    markers = ", ".join(f"{look(family).shape} {family_name(family)}" for family in families)
    note = f"{_READING} Markers: {markers}. {note}".strip()
    return Chart("ways", TITLE, "", {}, drawn, table, note=note)


def _panel(configurations: list[str], rows: pd.DataFrame, axes: Axes) -> None:
    lines = [configurations.index(configuration_name(row)) for row in rows.to_dict("records")]
    data = rows.assign(x=rows["speedup"], y=lines)
    ends = [*data["x"], *data["speedup_low"].dropna(), *data["speedup_high"].dropna(), 1.0]
    log_axis(axes, "x", [float(end) for end in ends])
    axes.axvline(1.0, color=INK, linewidth=1, alpha=0.7)
    for name, points in data.groupby(data["model"].map(drawn_family)):
        style = look(str(name))
        intervals(axes, points["y"], points["speedup_low"], points["speedup_high"], style.colour, width=1, alpha=0.7)
        scatter(axes, points, style)
    name_rows(axes, range(len(configurations)), [short(name, 50) for name in configurations], 8.5)
    axes.set_xlabel("times the images per s of eager fp32")

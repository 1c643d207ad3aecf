"""How the models are run: every configuration against eager fp32, with the error that comes with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from scalebench.analysis.speedups import SAME
from scalebench.report.content import Chart, Section, Table
from scalebench.report.figures.drawing import INK, log_axis
from scalebench.report.figures.panels import panels, scatter
from scalebench.report.labels import short
from scalebench.report.looks import drawn_family, look
from scalebench.report.tables import (
    MODEL,
    PERCENT,
    ROUNDS,
    Field,
    build_table,
    count,
    estimate,
    number,
    value,
)
from scalebench.suite.case import configuration_text

ID, TITLE = "runtimes", "How the models are run"
FIGURE = "Images per second over those of eager fp32"
_PANEL = ["machine", "mode", "batch"]


def optimised_section(optimised: pd.DataFrame) -> Section:
    """The figure and the table.

    Args:
        optimised: ``analysis.optimised.optimised``, with rows.
    """
    text = (
        f"{_verified(optimised)} verified against eager fp32, on the same weights and seeded images. The error is the "
        "largest relative distance of the logits. A configuration whose error exceeds its bound is not a result.",
        "The weights are random, so agreement on the class is a strict test. It says nothing about accuracy after "
        "training.",
    )
    return Section(ID, TITLE, text, (_figure(optimised, _table(optimised)),))


def _verified(optimised: pd.DataFrame) -> str:
    """How many rows of the table have the error of a verification."""
    verified = int(optimised["relative_error"].notna().sum())
    return f"{verified} of {len(optimised)} results in the table were" if verified else "None of these results was"


def _configuration(row: pd.Series | Mapping[Any, Any]) -> str:
    return configuration_text({name: row[name] for name in ("precision", "layout", "runtime", "setting")})


def _figure(optimised: pd.DataFrame, table: Table) -> Chart:
    worst, best = (optimised.loc[optimised["speedup"].agg(which)] for which in ("idxmin", "idxmax"))
    slowest, fastest = (
        f"{number(row['speedup'])} times ({row['model']}@{row['resolution']}, {_configuration(row)})"
        for row in (worst, best)
    )
    named = [
        (f"{mode}, batch {batch}, {machine}", rows)
        for (machine, mode, batch), rows in optimised.groupby(_PANEL, sort=False)
    ]
    configurations = list(dict.fromkeys(_configuration(row) for _, row in optimised.iterrows()))
    height = 1.2 + 0.24 * len(configurations)
    drawn, note = panels(named, partial(_panel, configurations), "ways", FIGURE, lambda _: height)
    markers = ", ".join(f"{look(name).shape} {name}" for name in dict.fromkeys(optimised["model"].map(drawn_family)))
    note = f"One point per model and resolution: {markers}. {note}".strip()
    numbers = {"least": float(worst["speedup"]), "most": float(best["speedup"])}
    text = f"From {slowest} to {fastest} the speed of eager fp32."
    return Chart("ways", FIGURE, text, numbers, drawn, table, note=note)


def _panel(configurations: list[str], rows: pd.DataFrame, axes: Axes) -> None:
    """A line per configuration; one point per model, families by their marker."""
    lines = [configurations.index(_configuration(row)) for _, row in rows.iterrows()]
    data = rows.assign(x=rows["speedup"], y=lines)
    ends = [*data["x"], *data["speedup_low"].dropna(), *data["speedup_high"].dropna(), 1.0]
    log_axis(axes, "x", [float(end) for end in ends])
    axes.axvline(1.0, color=INK, linewidth=1, alpha=0.7)
    for name, points in data.groupby(data["model"].map(drawn_family)):
        style = look(str(name))
        bounded = points.dropna(subset=["speedup_low", "speedup_high"])
        axes.hlines(bounded["y"], bounded["speedup_low"], bounded["speedup_high"], colors=style.colour, linewidth=1,
                    alpha=0.5)  # fmt: skip
        scatter(axes, points, style)
    axes.set_yticks(range(len(configurations)), labels=[short(name, 40) for name in configurations], fontsize=8.5)
    axes.set_ylim(len(configurations) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.set_ylabel("")
    axes.set_xlabel("times the images per s of eager fp32")


def _table(optimised: pd.DataFrame) -> Table:
    return build_table(
        f"{FIGURE}, by configuration", optimised.sort_values(SAME, kind="stable"), *MODEL, count("batch", "batch"),
        Field("configuration", _configuration), count("threads", "threads"),
        *estimate("speedup", "times eager fp32"), ROUNDS, value("memory", "memory, times"),
        value("relative_error", "relative error"), value("top1_agreement", "same class, %", PERCENT),
        value("prepare_s", "preparing, s"), Field("pays after, images", _break_even, number=True),
        Field("machine and mode", lambda row: f"{row['machine']}, {row['mode']}"),
    )  # fmt: skip


def _break_even(row: Mapping[Any, Any]) -> str:
    return "never" if row["break_even"] == math.inf else number(row["break_even"])

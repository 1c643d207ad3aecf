"""How the models are run: every way against eager fp32, with the error that comes with it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from scalebench.analysis.speedups import SAME
from scalebench.report.content import Chart, Column, Section, Table
from scalebench.report.figures.drawing import INK, log_axis
from scalebench.report.figures.panels import panels, scatter
from scalebench.report.labels import listed, short
from scalebench.report.looks import drawn_family, look
from scalebench.report.tables import capped, number, span
from scalebench.suite.case import configuration_text

ID, TITLE = "runtimes", "How the models are run"
FIGURE = "Images per second over those of eager fp32"


def optimised_section(found: pd.DataFrame) -> Section:
    """The best way of each model, the figure, and the table.

    Args:
        found: ``analysis.optimised.optimised``, with rows.
    """
    method = (
        "Every way but eager fp32 itself was verified against it, on the same weights and seeded images: the error is "
        "the largest relative distance of the logits. The weights are random, so agreement on the class is a strict "
        "test and says nothing about accuracy after training. A way outside its bound is no result and stands among "
        "the rounds without a number."
    )
    table = _table(found)
    text = (*_said(found), method)
    return Section(ID, TITLE, text, (_figure(found, table),))


def _configuration(row: pd.Series) -> str:
    return configuration_text({name: row[name] for name in ("precision", "layout", "runtime", "setting")})


def _said(found: pd.DataFrame) -> Iterator[str]:
    """One sentence per machine, mode and batch, on its models."""
    alone = found[found["setting"].fillna("") == ""]
    for key, here in alone.groupby(["machine", "mode", "batch"], sort=False):
        machine, mode, batch = key
        best = here.loc[here.groupby(["model", "resolution"])["speedup"].idxmax()]
        said = [
            f"{row['model']}@{row['resolution']} is {number(row['speedup'])} times as fast "
            f"{span(row['speedup_low'], row['speedup_high'], row['n'])} in {_configuration(row)}{_error(row)}"
            for _, row in best.head(6).iterrows()
        ]
        more = f"; {len(best) - 6} more in the table" if len(best) > 6 else ""
        yield f"{machine}, {mode}, batch {batch}, against eager fp32: {listed(said)}{more}."


def _error(row: pd.Series) -> str:
    return f", error {number(row['relative_error'])}" if math.isfinite(row["relative_error"]) else ""


def _figure(found: pd.DataFrame, table: Table) -> Chart:
    best = found.nlargest(1, "speedup").iloc[0]
    worst = found.nsmallest(1, "speedup").iloc[0]
    text = (
        f"From {number(worst['speedup'])} times ({worst['model']}@{worst['resolution']}, {_configuration(worst)}) to "
        f"{number(best['speedup'])} times the speed of eager fp32 ({best['model']}@{best['resolution']}, "
        f"{_configuration(best)})."
    )
    named = [
        (f"{mode}, batch {batch}, {machine}", here)
        for (machine, mode, batch), here in found.groupby(["machine", "mode", "batch"], sort=False)
    ]
    ways = list(dict.fromkeys(_configuration(row) for _, row in found.iterrows()))
    drawn, note = panels(named, partial(_panel, ways), "ways", FIGURE, lambda _: 1.2 + 0.24 * len(ways))
    families = dict.fromkeys(found["model"].map(drawn_family))
    markers = ", ".join(f"{look(name).shape} {name}" for name in families)
    note = f"One point per model and resolution: {markers}. {note}".strip()
    numbers = {"least": float(worst["speedup"]), "most": float(best["speedup"])}
    return Chart("ways", FIGURE, text, numbers, drawn, table, note=note)


def _panel(ways: list[str], here: pd.DataFrame, axes: Axes) -> None:
    """Rows: ways of running; one point per model, families by their marker."""
    data = here.assign(x=here["speedup"], y=[ways.index(_configuration(row)) for _, row in here.iterrows()])
    ends = [*data["x"], *data["speedup_low"].dropna(), *data["speedup_high"].dropna(), 1.0]
    log_axis(axes, "x", [float(end) for end in ends])
    axes.axvline(1.0, color=INK, linewidth=1, alpha=0.7)
    for name, rows in data.groupby(data["model"].map(drawn_family)):
        style = look(str(name))
        known = rows.dropna(subset=["speedup_low", "speedup_high"])
        axes.hlines(known["y"], known["speedup_low"], known["speedup_high"], colors=style.colour, linewidth=1,
                    alpha=0.5)  # fmt: skip
        scatter(axes, rows, style)
    axes.set_yticks(range(len(ways)), labels=[short(way, 40) for way in ways], fontsize=8.5)
    axes.set_ylim(len(ways) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.set_ylabel("")
    axes.set_xlabel("times the images per s of eager fp32")


def _table(found: pd.DataFrame) -> Table:
    columns = [
        Column("model"), Column("resolution, px", number=True), Column("batch", number=True), Column("way of running"),
        Column("threads", number=True), Column("times eager fp32", number=True), Column("95 % interval", number=True),
        Column("n, rounds", number=True), Column("memory, times", number=True), Column("relative error", number=True),
        Column("same class, %", number=True), Column("preparing, s", number=True),
        Column("pays after, images", number=True), Column("machine and mode"),
    ]  # fmt: skip
    rows = [
        [
            row["model"], str(row["resolution"]), str(row["batch"]), _configuration(row), str(row["threads"]),
            number(row["speedup"]), span(row["speedup_low"], row["speedup_high"], row["n"]), str(row["n"]),
            number(row["memory"]), number(row["relative_error"]), number(100 * row["top1_agreement"]),
            number(row["prepare_s"]), "never" if row["break_even"] == math.inf else number(row["break_even"]),
            f"{row['machine']}, {row['mode']}",
        ]
        for _, row in found.sort_values(SAME, kind="stable").iterrows()
    ]  # fmt: skip
    return capped(f"{FIGURE}, by way of running", columns, rows)

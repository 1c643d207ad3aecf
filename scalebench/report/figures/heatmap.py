"""Memory against resolution and batch, with what did not fit."""

from __future__ import annotations

import math
from collections.abc import Sequence

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.patches import Rectangle

from scalebench.analysis.analyse import Failure
from scalebench.metrics import METRICS
from scalebench.report.content import Absent, Chart, Elsewhere
from scalebench.report.figures.drawing import INK, name_ticks
from scalebench.report.figures.panels import panels
from scalebench.report.figures.takeaways import Takeaway
from scalebench.report.labels import short, without_batch
from scalebench.report.model_names import model_name
from scalebench.report.tables import number
from scalebench.store.frame import CASE_COLUMNS, protocol_text

TITLE = "Memory by model, batch and resolution"
MOST_ROWS, MOST_COLUMNS = 14, 9
_ROW = ["model", "batch"]
LONGEST_NAME = 40
"""Characters of a row's name."""
OOM, SKIPPED = "OOM", "skip"
"""What a cell says in place of a number: memory ran out, or was predicted to, which is no measurement."""


def memory_map(cases: pd.DataFrame, failures: Sequence[Failure]) -> Chart | Absent:
    """A heat map per machine: a row per model and batch, a column per resolution, hatched where it was too little.

    Args:
        cases: ``summary.summarise``.
        failures: cases without a number.
    """
    known = cases.dropna(subset=["memory_bytes"]).assign(out="")
    known = pd.concat([known, *_out_of_memory(failures)], ignore_index=True)
    places = [(name, _worth_showing(subset)) for name, subset in without_batch(known)]
    filled = [(name, subset) for name, subset in places if len(subset)]
    if not filled:
        return Absent(TITLE, "no model has its memory measured at two or more resolutions, and none ran out of it")
    takeaway = of_memory(known)
    drawn, note = panels(filled, _panel, "f7", TITLE, _height)
    kept = sum(len(subset) for _, subset in filled)
    if kept < len(known):
        note = (
            f"{kept} of {len(known)} cases are drawn: those of models at most resolutions, and those out of memory. "
            + note
        )
    table = Elsewhere("memory", "Memory three ways")
    return Chart("f7", TITLE, takeaway.text, takeaway.numbers, drawn, table, note=note.strip())


def of_memory(known: pd.DataFrame) -> Takeaway:
    """The range that was measured, and how many cases ran out of memory."""
    measured = known.dropna(subset=["memory_bytes"])
    out, skipped = (int((known["out"] == word).sum()) for word in (OOM, SKIPPED))
    outcome = f"{out or 'None'} of {len(known)} cases ran out of memory."
    outcome += f" {skipped} were skipped, as they were predicted not to fit." if skipped else ""
    if measured.empty:
        return Takeaway(outcome, {"out": float(out), "skipped": float(skipped)})
    by_size = measured.sort_values("memory_bytes", kind="stable")
    low, high = by_size.iloc[0], by_size.iloc[-1]
    mib = METRICS["memory_bytes"].factor
    text = (
        f"The least memory is taken by {_named(low)}: {number(low['memory_bytes'], mib)} MiB. "
        f"The most is taken by {_named(high)}: {number(high['memory_bytes'], mib)} MiB. {outcome}"
    )
    ends = {"least_bytes": float(low["memory_bytes"]), "most_bytes": float(high["memory_bytes"])}
    return Takeaway(text, {**ends, "out": float(out), "skipped": float(skipped)})


def _named(row: pd.Series) -> str:
    return f"{model_name(row['model'])} at {row['resolution']} px, batch {row['batch']}"


def _out_of_memory(failures: Sequence[Failure]) -> list[pd.DataFrame]:
    """Rows like those of cases, with what became of each in ``out``; none where everything fitted."""
    rows = [
        {name: getattr(f.case, name) for name in CASE_COLUMNS}
        | {"machine": f.machine, "protocol": protocol_text(f.case), "memory_bytes": math.nan}
        | {"out": SKIPPED if f.ending == "skipped_predicted_oom" else OOM}
        for f in failures
        if "oom" in f.ending
    ]
    return [pd.DataFrame(rows).drop_duplicates()] if rows else []


def _worth_showing(cases: pd.DataFrame) -> pd.DataFrame:
    """Rows of models at two or more resolutions or out of memory somewhere; those at most resolutions first."""
    sizes = cases.groupby(_ROW).agg(sizes=("resolution", "nunique"), out=("out", "max"))
    wanted = sizes[(sizes["sizes"] > 1) | (sizes["out"] != "")].sort_values(
        ["out", "sizes"], ascending=False, kind="stable"
    )
    kept = cases[pd.MultiIndex.from_frame(cases[_ROW]).isin(wanted.index[:MOST_ROWS])]
    columns = kept["resolution"].value_counts().sort_index(kind="stable").sort_values(ascending=False, kind="stable")
    return kept[kept["resolution"].isin(columns.index[:MOST_COLUMNS])]


def _height(cases: pd.DataFrame) -> float:
    return 1.0 + 0.28 * len(cases[_ROW].drop_duplicates())


def _panel(cases: pd.DataFrame, axes: Axes) -> None:
    mib = cases.assign(mib=cases["memory_bytes"] / METRICS["memory_bytes"].factor)
    grid = mib.pivot(index=_ROW, columns="resolution", values="mib").sort_index().sort_index(axis=1)
    known = grid.to_numpy()[grid.notna().to_numpy()]
    least, most = (float(known.min()), float(known.max())) if len(known) else (1.0, 2.0)
    norm, colours = LogNorm(least, max(most, 1.01 * least)), mpl.colormaps["viridis_r"]
    axes.grid(visible=False)
    axes.pcolormesh(grid.to_numpy(dtype=float), cmap=colours, norm=norm, rasterized=True)  # one element for all cells
    rows, columns = ({key: at for at, key in enumerate(index)} for index in (grid.index, grid.columns))
    for row in mib.to_dict("records"):
        x, y = columns[row["resolution"]], rows[row["model"], row["batch"]]
        if row["out"]:
            axes.add_patch(Rectangle((x, y), 1, 1, fill=False, hatch="////", edgecolor=INK, linewidth=0.6, alpha=0.6))
        ink = INK if row["out"] else _readable(colours(norm(row["mib"])))
        axes.text(x + 0.5, y + 0.5, row["out"] or number(row["mib"]), ha="center", va="center", fontsize=8,
                  color=ink)  # fmt: skip
    names = [short(f"{model_name(model)}, batch {batch}", LONGEST_NAME) for model, batch in rows]
    name_ticks(axes.yaxis, [at + 0.5 for at in rows.values()], names)
    name_ticks(axes.xaxis, [at + 0.5 for at in columns.values()], [str(size) for size in columns])
    axes.set_ylim(len(rows), 0)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_xlabel("resolution, px; cells in MiB")


def _readable(colour: tuple[float, float, float, float]) -> str:
    """Black or white, whichever stands out more (WCAG relative luminance); at least 4.5 to 1 on any colour."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3])
    return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "#ffffff"

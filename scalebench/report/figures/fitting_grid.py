"""Which model fits the limits at which resolution."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from scalebench import units
from scalebench.report.content import Chart, Elsewhere
from scalebench.report.figures.drawing import INK, name_rows, name_ticks
from scalebench.report.figures.panels import panels
from scalebench.report.labels import short
from scalebench.report.looks import GREEN, GREY, RED
from scalebench.report.model_names import model_name

TITLE = "Which model fits at which resolution"
_COLOURS = {"fits": GREEN, "open": GREY, "does not fit": RED}
_MARKS = {"fits": "✓", "open": "?", "does not fit": "✗"}
_READING = "Latency of the fastest configuration: ✓ within the limits, ✗ beyond them, ? undecided."


def fitting_grid(fitting: pd.DataFrame, table: Elsewhere) -> Chart:
    """A cell per model and resolution with the best configuration, a panel per machine.

    Args:
        fitting: ``within_limits.fitting``, with rows.
        table: where all configurations stand.
    """
    order = {name: place for place, name in enumerate(_COLOURS)}
    ranked = fitting.assign(rank=fitting["standing"].map(order)).sort_values(["rank", "latency_s"], kind="stable")
    best = ranked.drop_duplicates(["machine", "model", "resolution"])
    named = [(str(machine), rows) for machine, rows in best.groupby("machine", sort=False)]
    drawn, note = panels(named, _panel, "fit", TITLE, lambda rows: 1.1 + 0.34 * rows["model"].nunique())
    return Chart("fit", TITLE, "", {}, drawn, table, note=f"{_READING} {note}".strip())


def _panel(cells: pd.DataFrame, axes: Axes) -> None:
    """Models that fit at the largest resolution, and of these the fastest, stand on top."""
    fits = cells[cells["standing"] == "fits"].groupby("model")["resolution"].max()
    fastest = cells.groupby("model")["latency_s"].min()
    models = sorted(fastest.index, key=lambda model: (-fits.get(model, 0), fastest[model]))
    sizes = sorted(cells["resolution"].unique())
    for cell in cells.to_dict("records"):
        x, y = sizes.index(cell["resolution"]), models.index(cell["model"])
        colour = _COLOURS[cell["standing"]]
        axes.add_patch(Rectangle((x - 0.47, y - 0.44), 0.94, 0.88, facecolor=colour, alpha=0.25, linewidth=0))
        time = units.digits(1e3 * cell["latency_s"], 2)
        axes.text(x, y, f"{_MARKS[cell['standing']]} {time} ms", ha="center", va="center", fontsize=9, color=INK)
    axes.set_xlim(-0.5, len(sizes) - 0.5)
    name_ticks(axes.xaxis, range(len(sizes)), [f"{size} px" for size in sizes])
    name_rows(axes, range(len(models)), [short(model_name(model)) for model in models])
    axes.grid(visible=False)
    axes.set_xlabel("resolution")

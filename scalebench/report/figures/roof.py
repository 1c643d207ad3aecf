"""The roofline figure: what each case reaches under the measured roof of its machine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from scalebench.analysis.roofline import find
from scalebench.machine.ability import Ability
from scalebench.report.content import Absent, Chart
from scalebench.report.figures.drawing import INK, EndLabel, label_ends, legend, log_axis
from scalebench.report.figures.panels import dense, per_way, scatter
from scalebench.report.figures.takeaways import Takeaway
from scalebench.report.labels import listed
from scalebench.report.looks import look, series
from scalebench.report.model_names import family_name, model_name
from scalebench.report.tables import number
from scalebench.report.trust import roofline_table
from scalebench.suite.precisions import PRECISIONS

TITLE = "Under the roof: arithmetic reached against operational intensity"
_GIGA = 1e9


def under_the_roof(placed: pd.DataFrame, abilities: Sequence[Ability]) -> Chart | Absent:
    """Figure 6; ``placed`` as in ``Analysis.roofline``."""
    good = placed.dropna(subset=["intensity", "ridge"]) if "intensity" in placed else placed
    if good.empty:
        reasons = [str(why) for why in placed["why"].unique() if why] if "why" in placed else []
        return Absent(TITLE, listed(reasons) if reasons else "no case was measured")
    takeaway = of_roof(good)
    drawn, note = per_way(good, partial(_panel, abilities), "f6", TITLE)
    return Chart("f6", TITLE, takeaway.text, takeaway.numbers, drawn, roofline_table(placed), note=note)


def of_roof(placed: pd.DataFrame) -> Takeaway:
    """How much of the roof is used, and what limits most cases."""
    used = 100 * placed["utilisation"]
    best = placed.nlargest(1, "utilisation").iloc[0]
    labels = placed["label"].value_counts()
    words = [f"{count} by {label}" for label, count in labels.items()]
    text = (
        f"Cases use {number(float(used.min()))} to {number(float(used.max()))} % of what the machine could do. "
        f"Most is used by {model_name(best['model'])} at {best['resolution']} px, batch {best['batch']}. "
        f"Of {len(placed)} cases, {listed(words)} are limited."
    )
    wrong = int(placed["violation"].sum())
    text += (
        f" {wrong} of {len(placed)} are faster than their bound: a count, precision or peak is wrong." if wrong else ""
    )
    counts = {f"limited_by_{label}": float(count) for label, count in labels.items()}
    return Takeaway(
        text,
        {"least_percent": float(used.min()), "most_percent": float(used.max()), "violations": float(wrong), **counts},
    )


def _panel(abilities: Sequence[Ability], cases: pd.DataFrame, axes: Axes) -> None:
    first = cases.iloc[0]
    ability = find(first["machine"], first["device"], first["threads"], abilities)
    assert ability is not None  # noqa: S101 - it placed these rows
    peak = ability.matmul[PRECISIONS[first["precision"]].product].best / _GIGA
    data = cases.assign(
        x=cases["intensity"],
        y=2 * cases["macs"] * cases["batch"] / cases["latency_s"] / _GIGA,
        series=cases["model"].map(series),
    )
    low, high = min(data["x"].min(), first["ridge"]) / 2, max(data["x"].max(), first["ridge"]) * 2
    log_axis(axes, "x", [low, high])
    log_axis(axes, "y", [*data["y"], peak])
    x = np.array([low, first["ridge"], high])
    axes.plot(x, np.minimum(x / first["ridge"], 1) * peak, color=INK, linewidth=1)
    clouds = []
    for name, rows in data.groupby("series"):
        style = look(str(name))
        scatter(axes, rows, style, pixels=dense(cases))
        clouds.append((family_name(str(name)), style))
    axes.set_xlabel("operational intensity, FLOPs per byte")
    axes.set_ylabel("reached, GFLOP/s")
    label_ends(axes, [EndLabel(high, peak, "measured peak", INK)])
    legend(axes, clouds)

"""Share of the MACs beside share of the time, kind by kind: one panel per model."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from scalebench.report.content import Chart, Elsewhere
from scalebench.report.figures.drawing import INK, intervals, name_rows
from scalebench.report.figures.panels import panels
from scalebench.report.figures.takeaways import Takeaway
from scalebench.report.labels import by_configuration, short
from scalebench.report.looks import BLUE, GREY
from scalebench.suite.kinds import BETWEEN, KINDS

TITLE = "Share of the MACs and share of the time, by kind of part"
MOST_MODELS = 4
_COLOURS, _LABELS = {"macs": GREY, "time": BLUE}, {"macs": "MACs", "time": "time"}


def shares(parts: pd.DataFrame, table: Elsewhere) -> Chart:
    """Paired bars with the interval of the time.

    Args:
        parts: ``parts.parts_frame`` with at least one row.
        table: where the same data stands.
    """
    named = [
        (f"{model}@{resolution}; {configuration}", subset)
        for configuration, rows in by_configuration(parts)
        for (model, resolution), subset in rows.groupby(["model", "resolution"], sort=False)
    ]
    drawn, _ = panels(named[:MOST_MODELS], _panel, "parts", TITLE, _height)
    left = len(named) - len(drawn)
    note = f"The first {len(drawn)} of {len(named)} models are drawn; the table has all." if left else ""
    takeaway = of_shares(parts)
    return Chart("parts-shares", TITLE, takeaway.text, takeaway.numbers, drawn, table, note=note)


def of_shares(parts: pd.DataFrame) -> Takeaway:
    """The kind whose share of the time is farthest above its share of the MACs."""
    modules = parts[parts["kind"] != BETWEEN]
    widest = modules.iloc[int((modules["time_share"] - modules["macs_share"]).argmax())]
    macs, time = 100 * float(widest["macs_share"]), 100 * float(widest["time_share"])
    text = (
        f"Time and MACs differ most in {widest['model']}@{widest['resolution']} on {widest['machine']}: "
        f"{KINDS[widest['kind']]} does {macs:.1f} % of the MACs in {time:.1f} % of the time."
    )
    return Takeaway(text, {"macs_percent": macs, "time_percent": time})


def _height(parts: pd.DataFrame) -> float:
    return 1.0 + 0.3 * len(parts)


def _panel(parts: pd.DataFrame, axes: Axes) -> None:
    names = [short(KINDS[kind]) for kind in parts["kind"]]
    places = np.arange(len(parts))
    for of, below in (("macs", -0.2), ("time", 0.2)):
        axes.barh(places + below, 100 * parts[f"{of}_share"], 0.4, label=_LABELS[of], color=_COLOURS[of])
    low, high = (100 * parts[f"time_share_{end}"] for end in ("low", "high"))
    intervals(axes, places + 0.2, low, high, INK, width=1)
    # Two rounds can have an interval beyond everything: the bars keep their room.
    ends = 100 * parts[["macs_share", "time_share", "time_share_high"]].max().max()
    name_rows(axes, places.tolist(), names)
    axes.set_xlim(0, min(100.0, 1.05 * ends))
    axes.set_xlabel("share of the whole, %")
    axes.legend(title="", frameon=False, loc="lower right")

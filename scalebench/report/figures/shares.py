"""Share of the MACs beside share of the time, kind by kind: one panel per model."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from scalebench.report.content import Chart, Elsewhere
from scalebench.report.figures.drawing import INK, intervals
from scalebench.report.figures.panels import panels
from scalebench.report.figures.takeaways import Takeaway
from scalebench.report.labels import by_configuration, short
from scalebench.report.looks import BLUE, GREY
from scalebench.suite.kinds import BETWEEN, KINDS

TITLE = "Share of the MACs and share of the time, by kind of part"
MOST_MODELS = 4
_COLOURS = {"MACs": GREY, "time": BLUE}


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
    import seaborn as sns  # a second, and few pages have this figure

    names = [short(KINDS[kind]) for kind in parts["kind"]]
    bars = pd.concat([
        pd.DataFrame({"kind": names, "of": of, "percent": (100 * parts[column]).tolist()})
        for of, column in (("MACs", "macs_share"), ("time", "time_share"))
    ])  # fmt: skip
    sns.barplot(bars, x="percent", y="kind", hue="of", palette=_COLOURS, saturation=1, ax=axes)
    # Bars of a kind stand 0.4 above each other around its place: the second is the time's.
    low, high = (100 * parts[f"time_share_{end}"] for end in ("low", "high"))
    intervals(axes, [place + 0.2 for place in range(len(parts))], low, high, INK, width=1)
    # Two rounds can have an interval beyond everything: the bars keep their room.
    ends = [*bars["percent"], *(100 * parts["time_share_high"].dropna())]
    axes.set_xlim(right=min(100.0, 1.05 * max(ends)))
    axes.grid(visible=False, axis="y")
    axes.set(xlabel="share of the whole, %", ylabel="")
    axes.legend(title="", frameon=False, loc="lower right")

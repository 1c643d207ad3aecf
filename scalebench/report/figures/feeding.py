"""Images per second and core of each decoder against resolution, with what models take beside them."""

from __future__ import annotations

from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from scalebench.report.content import Chart, Table
from scalebench.report.figures.drawing import EndLabel, intervals, label_ends, log_axis, size_ticks
from scalebench.report.figures.panels import panels
from scalebench.report.looks import GREY, Look, nth_look
from scalebench.report.model_names import model_name
from scalebench.report.tables import number
from scalebench.suite.decoder_table import DECODERS
from scalebench.suite.device_kinds import kind_of

TITLE = "Prepared images per second and core against resolution"
MOST_MODELS = 4
LOOKS = {name: nth_look(index) for index, name in enumerate(DECODERS)}


def per_core(rates: pd.DataFrame, feeding: pd.DataFrame, table: Table) -> Chart:
    """One panel per machine and camera, at the most processes at once.

    Args:
        rates: ``analysis.inputs.inputs``, with rows.
        feeding: ``analysis.inputs.feeding``; its fastest models are drawn too, on the CPU per core that they hold.
        table: the same data.
    """
    keys = ["machine", "camera"]
    busy = rates[rates["processes"] == rates.groupby([*keys, "decoder", "resolution"])["processes"].transform("max")]
    named = [
        (f"{machine}, photographs of {camera}, {subset['processes'].max()} at once", subset)
        for (machine, camera), subset in busy.groupby(keys)
    ]
    drawn, note = panels(named, partial(_panel, feeding), "inputs-rate", TITLE)
    best, worst = (some.iloc[0] for some in (busy.nlargest(1, "per_core_ips"), busy.nsmallest(1, "per_core_ips")))
    takeaway = (
        f"A core prepares {number(worst['per_core_ips'])} images/s ({worst['decoder']}, {worst['camera']} to "
        f"{worst['resolution']} px) to {number(best['per_core_ips'])} ({best['decoder']}, {best['camera']} to "
        f"{best['resolution']} px)."
    )
    numbers = {"least": float(worst["per_core_ips"]), "most": float(best["per_core_ips"])}
    return Chart("inputs-rate", TITLE, takeaway, numbers, drawn, table, note=note)


def _panel(feeding: pd.DataFrame, rates: pd.DataFrame, axes: Axes) -> None:
    first = rates.iloc[0]
    models = _models(feeding[(feeding["prepared_on"] == first["machine"]) & (feeding["camera"] == first["camera"])])
    log_axis(axes, "x", sizes := [*rates["resolution"].astype(float), *models["x"]], ticks=size_ticks(sizes))
    ends = [f"per_core_ips{end}" for end in ("_low", "_high")]
    log_axis(axes, "y", [*rates["per_core_ips"], *rates[ends[0]].dropna(), *rates[ends[1]].dropna(), *models["y"]])
    labels = []
    for decoder, rows in rates.groupby("decoder"):
        style, data = LOOKS[str(decoder)], _placed(rows, "per_core_ips")
        _line(axes, data, style)
        intervals(axes, data["x"], data[ends[0]], data[ends[1]], style.colour, vertical=True, width=1, alpha=0.6)
        labels.append(EndLabel(data["x"].iloc[-1], data["y"].iloc[-1], str(decoder), style.colour))
    for name, rows in models.groupby("name"):
        _line(axes, rows, Look(GREY, "X", ":"))
        labels.append(EndLabel(rows["x"].iloc[-1], rows["y"].iloc[-1], str(name), GREY))
    axes.set_xlabel("resolution, px (square input)")
    axes.set_ylabel("images per s and core; grey: models")
    label_ends(axes, labels)


def _models(fed: pd.DataFrame) -> pd.DataFrame:
    """The fastest models, each in its fastest configuration at each resolution; columns ``name, x, y``."""
    on_host = fed["device"].map(lambda device: kind_of(device).on_host)
    cores = fed["cores_there"].where(on_host, 1).astype(float)
    where = fed["device"].where(~on_host, "core")
    data = fed.assign(
        x=fed["resolution"].astype(float), y=fed["model_ips"] / cores, name=fed["model"].map(model_name) + ", " + where
    )
    best = data.sort_values("y").drop_duplicates(["name", "x"], keep="last").sort_values("x")
    fastest = best.groupby("name")["y"].max().nlargest(MOST_MODELS).index
    kept: pd.DataFrame = best[best["name"].isin(fastest)]
    return kept


def _placed(rows: pd.DataFrame, metric: str) -> pd.DataFrame:
    return rows.assign(x=rows["resolution"].astype(float), y=rows[metric]).sort_values("x")


def _line(axes: Axes, data: pd.DataFrame, style: Look) -> None:
    import seaborn as sns  # a second, and few pages have this figure

    sns.lineplot(data, x="x", y="y", ax=axes, color=style.colour, estimator=None, legend=False, linestyle=style.dash,
                 marker=style.marker, markeredgecolor="none")  # fmt: skip

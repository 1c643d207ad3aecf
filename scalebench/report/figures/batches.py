"""What a larger batch buys: latency against throughput, along the batches of each model."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from scalebench.metrics import METRICS
from scalebench.report.content import Absent, Chart
from scalebench.report.figures.drawing import EndLabel, label_ends, label_points, log_axis
from scalebench.report.figures.panels import ALL_CASES, panels
from scalebench.report.figures.takeaways import Takeaway
from scalebench.report.labels import point_label, without_batch
from scalebench.report.looks import DASHES, look, series
from scalebench.report.model_names import model_name
from scalebench.report.tables import number

TITLE = "Latency against throughput, by batch"
MOST_CURVES, NEAREST = 8, 224
_CASE = ["model", "resolution"]
_DASHES = DASHES[:3]
"""Dots are the tail's."""


def batch_curves(cases: pd.DataFrame) -> Chart | Absent:
    """A curve per model and resolution that was measured at two or more batches; p99 dotted where it is established.

    Args:
        cases: ``summary.summarise``.
    """
    good = cases.dropna(subset=["latency_s", "throughput_ips"])
    several = [(name, _several(subset)) for name, subset in without_batch(good)]
    filled = [(name, subset) for name, subset in several if len(subset)]
    if not filled:
        return Absent(TITLE, "no model was measured at two or more batches")
    takeaway = of_batches(filled)
    places = [(name, _one_size(subset)) for name, subset in filled]
    drawn, note = panels(places, _panel, "f8", TITLE)
    if sum(map(len, (subset for _, subset in places))) < sum(map(len, (subset for _, subset in filled))):
        note = (
            f"Each model is drawn at its resolution nearest to {NEAREST} px, at most {MOST_CURVES} in a panel, scaled "
            f"models only where there are no others. {note}"
        )
    note = f"Numbers are batches, dotted lines the p99. {note}"
    return Chart("f8", TITLE, takeaway.text, takeaway.numbers, drawn, ALL_CASES, note=note.strip())


def of_batches(places: list[tuple[str, pd.DataFrame]]) -> Takeaway:
    """What the largest batch gains in throughput and costs in latency over the smallest, from model to model."""
    gains: list[tuple[float, float, str]] = []
    for place, subset in places:
        for (model, size), rows in subset.groupby(_CASE):
            ends = rows.sort_values("batch").iloc[[0, -1]]
            (first, last), (before, after) = ends["throughput_ips"].tolist(), ends["latency_s"].tolist()
            small, large = ends["batch"].tolist()
            where = f" ({place})" if len(places) > 1 else ""
            name = f"{model_name(str(model))} at {size} px, batch {small} to {large}{where}"
            gains.append((last / first, after / before, name))
    gains.sort()
    (low, _, least), (high, longer, most) = gains[0], gains[-1]
    text = (
        f"The largest batch has {number(low)} to {number(high)} times the throughput of the smallest "
        f"({len(gains)} curves). Most is gained by {most}. There the latency is {number(longer)} times as long. "
        f"Least is gained by {least}."
    )
    return Takeaway(text, {"least": low, "most": high, "latency": longer, "curves": float(len(gains))})


def _several(cases: pd.DataFrame) -> pd.DataFrame:
    counts: pd.Series = cases.groupby(_CASE)["batch"].transform("nunique")
    return cases[counts > 1]


def _one_size(cases: pd.DataFrame) -> pd.DataFrame:
    """Each model at one resolution, those at most batches first; scaled models only where there is no other."""
    plain = ~cases["model"].str.contains("[", regex=False)
    cases = cases[plain] if plain.any() else cases
    distance = (cases["resolution"].astype(int) - NEAREST).abs()
    near = cases[distance == distance.groupby(cases["model"]).transform("min")]
    counts = near.groupby("model")["batch"].nunique()
    kept = sorted(counts.index, key=lambda model: (-counts[model], model))[:MOST_CURVES]
    return near[near["model"].isin(kept)]


def _panel(cases: pd.DataFrame, axes: Axes) -> None:
    ms = METRICS["latency_s"].factor
    data = cases.assign(x=cases["throughput_ips"], y=cases["latency_s"] / ms, tail=cases["latency_p99_s"] / ms)
    log_axis(axes, "x", data["x"].tolist())
    log_axis(axes, "y", [*data["y"], *data["tail"].dropna()])
    ends = []
    for nth, (model, rows) in enumerate(data.sort_values("batch").groupby("model")):
        style, size = look(series(str(model))), int(rows["resolution"].iloc[0])
        tails = rows.dropna(subset=["tail"])
        axes.plot(rows["x"], rows["y"], color=style.colour, linestyle=_DASHES[nth % len(_DASHES)], marker=style.marker,
                  markeredgecolor="none")  # fmt: skip
        if len(tails):
            axes.plot(tails["x"], tails["tail"], color=style.colour, linestyle=":", linewidth=0.9)
        last = rows.iloc[-1]
        ends.append(EndLabel(float(last["x"]), float(last["y"]), point_label(str(model), size), style.colour))
    axes.set_xlabel(METRICS["throughput_ips"].heading)
    axes.set_ylabel(METRICS["latency_s"].heading)
    label_ends(axes, ends)
    ordered = data.sort_values(["batch", "x"])
    label_points(axes, list(zip(ordered["x"], ordered["y"], ordered["batch"].astype(str), strict=True)), most=24)

"""Section: published accuracy at the measured cost, and what is left of a front by MACs on other axes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from scalebench.analysis.accuracy_fronts import AXES, BEST, MEASURED, REFERENCE, shares
from scalebench.analysis.way import WAY
from scalebench.metrics import METRICS
from scalebench.report.content import Chart, Panel, Section, Table
from scalebench.report.figures.drawing import INK, draw, end_of, intervals, label_ends, label_points, log_axis
from scalebench.report.figures.panels import scatter_front
from scalebench.report.labels import by_configuration, listed, point_label
from scalebench.report.looks import look, series
from scalebench.report.tables import (
    CONFIGURATION,
    MODEL,
    ROUNDS,
    Field,
    build_table,
    count,
    entry,
    filled,
    number,
    span,
    value,
)

TITLE = "Accuracy at the cost measured here"
CLAIMED = "efficientnet-t2"
"""The table in which compound scaling is held against other people's models (Tan and Le, Table 2)."""
COSTS = {
    **{axis: METRICS[axis] for axis in AXES if axis in METRICS},
    "latency_image_s": replace(METRICS["latency_s"], heading="latency, ms per image"),
}
TOP1 = "published top-1, %"
_RATES = (
    ("top1_per_ms", "ms", "latency_image_s"),
    ("top1_per_gmac", "GMAC", ""),
    ("top1_per_mib", "MiB", "memory_bytes"),
)
_MODEL = (*MODEL, Field(TOP1, lambda row: f"{row['top1']:g}", number=True))


def accuracy_section(accuracy: pd.DataFrame, fronts: pd.DataFrame) -> Section:
    """Which models lead by each cost, which of those that lead by MACs still do, and accuracy per unit of cost.

    Args:
        accuracy: ``analysis.accuracy.accuracy_at_cost``.
        fronts: ``analysis.accuracy.fronts`` of it.
    """
    if accuracy.empty:
        why = "No measured model has a published accuracy at its resolution, so accuracy cannot be compared with cost."
        return Section("accuracy", TITLE, (why,))
    kept = shares(fronts)
    names = [name for name in (CLAIMED, BEST) if (kept["set"] == name).any()]
    text = [
        "Top-1 accuracy is published and was not measured here; parameters, MACs and activations are counted; latency "
        "and memory are measured. Models are compared within one published table, or at the best figure published for "
        "each without extra data, which mixes training recipes. A published accuracy is taken as exact, a measured "
        "cost as anywhere within its 95 % interval.",
    ]
    for name in names:
        of_set = kept[kept["set"] == name]
        text += [*_statements(of_set), *_conclusion(of_set)]
    text += [] if names else ["No front can be drawn: too few models have a published accuracy and all costs."]
    charts = tuple(_chart(fronts[fronts["set"] == name], text[1]) for name in names[:1])
    tables = filled(_fronts_table(fronts), _shares_table(kept), _rates_table(accuracy))
    return Section("accuracy", TITLE, tuple(text), charts, tables)


def _statements(kept: pd.DataFrame) -> Iterator[str]:
    """One sentence per configuration: how many of each family on the front by MACs stay on it by other costs."""
    for configuration, rows in by_configuration(kept):
        led = [_family_words(str(name), family) for name, family in rows.groupby("family") if family["on_macs"].any()]
        compared, families = int(rows["compared"].iloc[0]), int(rows["families"].iloc[0])
        of = "one family, so this says nothing about others" if families == 1 else f"{families} families"
        yield f"{_within(rows)} on {configuration}: {'; '.join(led)}. Compared: {compared} models of {of}."


def _within(kept: pd.DataFrame) -> str:
    name = str(kept["set"].iloc[0])
    return "At the best published figures" if name == BEST else f"Within {name}"


def _family_words(family: str, rows: pd.DataFrame) -> str:
    """``of 8 EfficientNet models on the front by MACs, 3 stay by latency (2 of 8 answers outside the intervals)``."""
    on_macs = int(rows["on_macs"].iloc[0])
    words = [
        f"{row['stays']} by {COSTS[row['axis']].title}"
        + ("" if row["sure"] == on_macs else f" ({row['sure']} of {on_macs} answers outside the intervals)")
        for row in rows.to_dict("records")
    ]
    models = "model" if on_macs == 1 else "models"
    return f"of {on_macs} {family} {models} on the front by MACs, those that stay on it are {listed(words)}"


def _conclusion(kept: pd.DataFrame) -> Iterator[str]:
    """Whether the lead of the family with most models on the front by MACs survives each change of axis."""
    if kept["families"].max() < 2 or not kept["on_macs"].any():
        return
    leader = str(kept.groupby("family")["on_macs"].sum().idxmax())
    words: dict[str, list[str]] = {}
    for axis in dict.fromkeys(kept["axis"]):
        words.setdefault(_survival(kept[kept["axis"] == axis], leader), []).append(COSTS[str(axis)].title)
    parts = [f"to {listed(axes)} {verdict}" for verdict, axes in words.items()]
    n = len(kept.drop_duplicates(WAY))
    of = f"{n} {'configuration' if n == 1 else 'configurations'}"
    lead = f"the lead that {leader} has by MACs"
    yield f"{_within(kept)}, {lead} survives a change of axis {'; '.join(parts)} ({of})."


def _survival(kept: pd.DataFrame, leader: str) -> str:
    """How far a lead survives one axis, over all configurations."""
    own, others = kept[kept["family"] == leader], kept[kept["family"] != leader]
    if not own["stays"].any():
        return "not at all"
    if (own["stays"] < own["on_macs"]).any() or others["joins"].any():
        return "in part"
    return (
        "in full"
        if (own["sure"] == own["on_macs"]).all()
        else "by point estimates only, as the intervals leave it open"
    )


def _chart(fronts: pd.DataFrame, takeaway: str) -> Chart:
    """Top-1 against each cost; a counted panel that configurations share is drawn once."""
    title = f"Published top-1 against each cost: {fronts['set'].iloc[0]}"
    panels: list[Panel] = []
    drawn: set[tuple[str, ...]] = set()
    for axis in AXES:
        for configuration, rows in by_configuration(fronts[fronts["axis"] == axis]):
            points = rows.dropna(subset=["cost", "front"])
            content = (axis, points[["model", "resolution", "cost", "front"]].to_csv(index=False))
            if points.empty or content in drawn:
                continue
            drawn.add(content)
            name = f"{COSTS[axis].title}; {configuration}"
            svg = draw(partial(_panel, points, axis), f"accuracy-{len(panels)}", f"{title}, {name}")
            panels.append(Panel(name, svg))
    macs = fronts[(fronts["axis"] == REFERENCE) & fronts["front"].fillna(False).astype(bool)]
    numbers = {"compared": float(fronts["compared"].max()), "on_macs": float(len(macs[["model"]].drop_duplicates()))}
    return Chart("accuracy-front", title, takeaway, numbers, tuple(panels), _costs_table(fronts), columns=3)


def _panel(points: pd.DataFrame, axis: str, axes: Axes) -> None:
    data = points.assign(x=points["cost"].astype(float) / COSTS[axis].factor, y=points["top1"].astype(float))
    log_axis(axes, "x", data["x"].tolist())
    ends = []
    for name, rows in data.groupby(data["model"].map(series)):
        style = look(str(name))
        low, high = (rows[end].astype(float) / COSTS[axis].factor for end in ("low", "high"))
        intervals(axes, rows["y"], low, high, style.colour, width=1, alpha=0.4)
        scatter_front(axes, rows, style)
        if not rows["front"].astype(bool).any():  # those on the front are named one by one
            ends.append(end_of(rows, str(name), style))
    best = data[data["front"].astype(bool)].sort_values("x")
    axes.step(best["x"], best["y"], where="post", color=INK, linewidth=1)
    axes.set_xlabel(COSTS[axis].heading)
    axes.set_ylabel(TOP1)
    label_ends(axes, ends)
    named = zip(best["x"], best["y"], best["model"], best["resolution"], strict=True)
    label_points(axes, [(x, y, point_label(model, size)) for x, y, model, size in named])


def _models(fronts: pd.DataFrame) -> list[dict[Any, Any]]:
    """Every model once per configuration and set, with its row of ``fronts`` by axis under ``axes``.

    The sets that the text speaks of come first.
    """
    order = fronts["set"].map({CLAIMED: 0, BEST: 1}).fillna(2)
    ordered = fronts.assign(order=order).sort_values(["order", "set", *WAY, "top1"], kind="stable")
    axes = [
        {str(row["axis"]): row for row in rows.to_dict("records")}
        for _, rows in ordered.groupby(["set", *WAY, "model", "resolution"], sort=False)
    ]
    return [{**rows[REFERENCE], "axes": rows} for rows in axes]


def _costs_table(fronts: pd.DataFrame) -> Table:
    fields = [field for axis in AXES for field in _cost(axis)]
    return build_table(
        "Published top-1 and the costs measured or counted here", _models(fronts), *_MODEL, *fields, ROUNDS,
        CONFIGURATION,
    )  # fmt: skip


def _cost(axis: str) -> list[Field]:
    def interval(model: Mapping[Any, Any]) -> str:
        row = model["axes"][axis]
        return span(row["low"], row["high"], row["n"], COSTS[axis].factor)

    cost = Field(COSTS[axis].heading, lambda m: number(m["axes"][axis]["cost"], COSTS[axis].factor), number=True)
    return [cost, Field("95 % interval", interval, number=True)] if axis in MEASURED else [cost]


def _fronts_table(fronts: pd.DataFrame) -> Table:
    """Models on any front, with one column per axis."""

    def answer(axis: str) -> Field:
        return Field(f"by {COSTS[axis].title}", lambda model: _answer(model["axes"][axis]))

    answers = [answer(axis) for axis in AXES]
    return build_table(
        "Fronts of published top-1 by each cost; \u201copen\u201d where the intervals allow the other answer",
        [model for model in _models(fronts) if any(row["front"] is True for row in model["axes"].values())],
        entry("set", "compared within"), *_MODEL, *answers, CONFIGURATION,
    )  # fmt: skip


def _answer(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["front"]):
        return "undecided"
    return ("on" if row["front"] else "off") + ("" if row["sure"] else ", open")


def _shares_table(kept: pd.DataFrame) -> Table:
    return build_table(
        "What is left of the front by MACs on other axes, by family", kept, entry("set", "compared within"),
        entry("family"), Field("change of axis from MACs to", lambda row: COSTS[row["axis"]].title),
        count("on_macs", "on the front by MACs"), count("stays", "stay on it"),
        count("sure", "answers outside the intervals"), count("joins", "join it"),
        value("overlap", "overlap of both fronts, no unit"), count("compared", "n, models compared"),
        count("families", "families compared"), CONFIGURATION,
    )  # fmt: skip


def _rates_table(accuracy: pd.DataFrame) -> Table:
    """Published top-1 over what it costs; the interval is that of the measured cost."""
    return build_table(
        "Published top-1 per ms and image, per GMAC and per MiB", accuracy.sort_values([*WAY, "top1"], kind="stable"),
        *_MODEL, entry("table", "published in"), entry("recipe"), *(field for rate in _RATES for field in _rate(*rate)),
        ROUNDS, CONFIGURATION,
    )  # fmt: skip


def _rate(name: str, unit: str, cost: str) -> list[Field]:
    def interval(row: Mapping[Any, Any]) -> str:
        low, high = (row[name] * row[cost] / row[f"{cost}{end}"] for end in ("_high", "_low"))
        return span(low, high, row["n"])

    rate = value(name, f"top-1 points per {unit}")
    return [rate, Field("95 % interval", interval, number=True)] if cost else [rate]

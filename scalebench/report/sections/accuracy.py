"""Section: published accuracy at the cost found here, and what is left of a front by MACs on other axes."""

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
from scalebench.report.content import Chart, Column, Panel, Section, Table
from scalebench.report.figures.drawing import INK, EndLabel, draw, label_ends, label_points, log_axis
from scalebench.report.figures.panels import scatter_front
from scalebench.report.labels import listed, point_label, sorted_ways, way_label
from scalebench.report.looks import look, series
from scalebench.report.tables import capped, number, span

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
_MODEL = (Column("model"), Column("resolution, px", number=True), Column(TOP1, number=True))
_PLACE = Column("machine and way of running")
_INTERVAL, _N = Column("95 % interval", number=True), Column("n, rounds", number=True)


def accuracy_section(accuracy: pd.DataFrame, found: pd.DataFrame) -> Section:
    """Which models lead by each cost, which of those that lead by MACs still do, and accuracy per unit of cost.

    Args:
        accuracy: ``analysis.accuracy.accuracy_at_cost``.
        found: ``analysis.accuracy.fronts`` of it.
    """
    if accuracy.empty:
        why = "No measured model has a published accuracy at its resolution, so no accuracy can be held against a cost."
        return Section("accuracy", TITLE, (why,))
    kept = shares(found)
    told = [name for name in (CLAIMED, BEST) if (kept["set"] == name).any()]
    text = [
        "Top-1 accuracy is published and was not measured here; parameters, MACs and activations are counted, latency "
        "and memory measured. Models are compared within one published table, or at the best figure published for each "
        "without extra data, which mixes recipes. A printed accuracy is taken as exact, a measured cost within "
        "its 95 % interval.",
    ]
    for name in told:
        here = kept[kept["set"] == name]
        text += [*_statements(here), *_conclusion(here)]
    text += [] if told else ["No front is decided: too few models have a published accuracy and all costs."]
    charts = tuple(_chart(found[found["set"] == name], text[1]) for name in told[:1])
    tables = (_fronts_table(found), _shares_table(kept), _rates_table(accuracy))
    return Section("accuracy", TITLE, tuple(text), charts, tuple(table for table in tables if table.rows))


def _statements(kept: pd.DataFrame) -> Iterator[str]:
    """One sentence per way of running: how many of each family on the front by MACs stay on it by other costs."""
    for way, here in sorted_ways(kept):
        led = [_family_words(str(name), rows) for name, rows in here.groupby("family") if rows["on_macs"].any()]
        compared, families = int(here["compared"].iloc[0]), int(here["families"].iloc[0])
        of = "one family, so this says nothing of others" if families == 1 else f"{families} families"
        yield f"{_within(here)} on {way_label(way)}: {'; '.join(led)}. Compared: {compared} models of {of}."


def _within(kept: pd.DataFrame) -> str:
    name = str(kept["set"].iloc[0])
    return "At the best published figures" if name == BEST else f"Within {name}"


def _family_words(family: str, rows: pd.DataFrame) -> str:
    """``of 8 EfficientNet models on the front by MACs, 3 stay on it by latency (2 of 8 answers beyond intervals)``."""
    on_macs = int(rows["on_macs"].iloc[0])
    words = [
        f"{row['stays']} by {COSTS[row['axis']].title}"
        + ("" if row["sure"] == on_macs else f" ({row['sure']} of {on_macs} answers clear of the intervals)")
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
    ways = len(kept.drop_duplicates(WAY))
    of = f"{ways} {'way' if ways == 1 else 'ways'} of running"
    lead = f"the lead that {leader} has by MACs"
    yield f"{_within(kept)}, {lead} survives a change of axis {'; '.join(parts)} ({of})."


def _survival(kept: pd.DataFrame, leader: str) -> str:
    """In how far a lead survives one axis, over all ways of running."""
    mine, others = kept[kept["family"] == leader], kept[kept["family"] != leader]
    if not mine["stays"].any():
        return "not at all"
    if (mine["stays"] < mine["on_macs"]).any() or others["joins"].any():
        return "in part"
    return (
        "in full"
        if (mine["sure"] == mine["on_macs"]).all()
        else "by point estimates only, as the intervals leave it open"
    )


def _chart(found: pd.DataFrame, takeaway: str) -> Chart:
    """Top-1 against each cost; where ways of running share a counted panel it is drawn once."""
    title = f"Published top-1 against each cost: {found['set'].iloc[0]}"
    panels: list[Panel] = []
    drawn: set[tuple[str, ...]] = set()
    for axis in AXES:
        for way, every in sorted_ways(found[found["axis"] == axis]):
            here = every.dropna(subset=["cost", "front"])
            content = (axis, here[["model", "resolution", "cost", "front"]].to_csv(index=False))
            if here.empty or content in drawn:
                continue
            drawn.add(content)
            name = f"{COSTS[axis].title}; {way_label(way)}"
            panels.append(Panel(name, draw(partial(_panel, here, axis), f"accuracy-{len(panels)}", f"{title}, {name}")))
    macs = found[(found["axis"] == REFERENCE) & found["front"].fillna(False).astype(bool)]
    numbers = {"compared": float(found["compared"].max()), "on_macs": float(len(macs[["model"]].drop_duplicates()))}
    return Chart("accuracy-front", title, takeaway, numbers, tuple(panels), _costs_table(found), columns=3)


def _panel(here: pd.DataFrame, axis: str, axes: Axes) -> None:
    data = here.assign(x=here["cost"].astype(float) / COSTS[axis].factor, y=here["top1"].astype(float))
    log_axis(axes, "x", data["x"].tolist())
    ends = []
    for name, rows in data.groupby(data["model"].map(series)):
        style = look(str(name))
        low, high = (rows[end].astype(float) / COSTS[axis].factor for end in ("low", "high"))
        axes.hlines(
            rows["y"], low.fillna(rows["x"]), high.fillna(rows["x"]), colors=style.colour, linewidth=1, alpha=0.4
        )
        scatter_front(axes, rows, style)
        if not rows["front"].astype(bool).any():  # those on the front are named one by one
            last = rows.nlargest(1, "x").iloc[0]
            ends.append(EndLabel(float(last["x"]), float(last["y"]), str(name), style.colour))
    best = data[data["front"].astype(bool)].sort_values("x")
    axes.step(best["x"], best["y"], where="post", color=INK, linewidth=1)
    axes.set_xlabel(COSTS[axis].heading)
    axes.set_ylabel(TOP1)
    label_ends(axes, ends)
    named = zip(best["x"], best["y"], best["model"], best["resolution"], strict=True)
    label_points(axes, [(x, y, point_label(model, size)) for x, y, model, size in named])


Costed = Mapping[str, Mapping[Any, Any]]
"""One model in one way of running and set: its row of ``fronts`` by axis."""


def _models(found: pd.DataFrame) -> list[Costed]:
    """Every model once per way and set; the sets that the text speaks of come first."""
    order = found["set"].map({CLAIMED: 0, BEST: 1}).fillna(2)
    ordered = found.assign(order=order).sort_values(["order", "set", *WAY, "top1"], kind="stable")
    return [
        {str(row["axis"]): row for row in rows.to_dict("records")}
        for _, rows in ordered.groupby(["set", *WAY, "model", "resolution"], sort=False)
    ]


def _identity(row: Mapping[Any, Any]) -> list[str]:
    return [row["model"], str(row["resolution"]), f"{row['top1']:g}"]


def _costs_table(found: pd.DataFrame) -> Table:
    columns = [*_MODEL]
    for axis in AXES:
        columns += [Column(COSTS[axis].heading, number=True), *([_INTERVAL] if axis in MEASURED else [])]
    rows = [
        [
            *_identity(model[REFERENCE]),
            *(cell for axis in AXES for cell in _cost_cells(model[axis])),
            str(model[REFERENCE]["n"]),
            way_label(model[REFERENCE]),
        ]
        for model in _models(found)
    ]
    return capped("Published top-1 and the costs found here", [*columns, _N, _PLACE], rows)


def _cost_cells(row: Mapping[Any, Any]) -> list[str]:
    factor = COSTS[row["axis"]].factor
    cost = number(row["cost"], factor)
    return [cost, span(row["low"], row["high"], row["n"], factor)] if row["axis"] in MEASURED else [cost]


def _fronts_table(found: pd.DataFrame) -> Table:
    """Models on any front, with one column per axis."""
    columns = [Column("compared within"), *_MODEL, *(Column(f"by {COSTS[axis].title}") for axis in AXES), _PLACE]
    rows = [
        [
            model[REFERENCE]["set"],
            *_identity(model[REFERENCE]),
            *(_answer(model[axis]) for axis in AXES),
            way_label(model[REFERENCE]),
        ]
        for model in _models(found)
        if any(row["front"] is True for row in model.values())
    ]
    return capped(
        "Fronts of published top-1 by each cost; \u201copen\u201d where the intervals allow the other answer",
        columns,
        rows,
    )


def _answer(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["front"]):
        return "undecided"
    return ("on" if row["front"] else "off") + ("" if row["sure"] else ", open")


def _shares_table(kept: pd.DataFrame) -> Table:
    columns = [
        Column("compared within"), Column("family"), Column("change of axis from MACs to"),
        Column("on the front by MACs", number=True), Column("stay on it", number=True),
        Column("answers beyond the intervals", number=True), Column("join it", number=True),
        Column("overlap of both fronts, no unit", number=True),
        Column("n, models compared", number=True), Column("families compared", number=True), _PLACE,
    ]  # fmt: skip
    rows = [
        [
            row["set"], row["family"], COSTS[row["axis"]].title,
            *(str(row[name]) for name in ("on_macs", "stays", "sure", "joins")), number(row["overlap"]),
            str(row["compared"]), str(row["families"]), way_label(row),
        ]
        for row in kept.to_dict("records")
    ]  # fmt: skip
    return capped("What is left of the front by MACs on other axes, by family", columns, rows)


def _rates_table(accuracy: pd.DataFrame) -> Table:
    """Published top-1 over what it costs; the interval is that of the measured cost."""
    columns = [*_MODEL, Column("published in"), Column("recipe")]
    for _, unit, measured in _RATES:
        columns += [Column(f"top-1 points per {unit}", number=True), *([_INTERVAL] if measured else [])]
    ordered = accuracy.sort_values([*WAY, "top1"], kind="stable").to_dict("records")
    rows = []
    for row in ordered:
        cells: list[str] = []
        for name, _, cost in _RATES:
            cells.append(number(row[name]))
            if cost:
                low, high = (row[name] * row[cost] / row[f"{cost}{end}"] for end in ("_high", "_low"))
                cells.append(span(low, high, row["n"]))
        rows.append([row["model"], str(row["resolution"]), f"{row['top1']:g}", row["table"], row["recipe"], *cells,
                     str(row["n"]), way_label(row)])  # fmt: skip
    return capped("Published top-1 per ms and image, per GMAC and per MiB", [*columns, _N, _PLACE], rows)

"""Evidence on accuracy: published figures at the measured cost, and fronts by each cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from scalebench.analysis.accuracy_fronts import AXES, BEST, MEASURED, REFERENCE
from scalebench.analysis.way import WAY
from scalebench.report.content import Section, Table
from scalebench.report.figures.accuracy_front import CLAIMED, COSTS, TOP1
from scalebench.report.tables import (
    CONFIGURATION,
    MODEL,
    ROUNDS,
    Field,
    build_table,
    entry,
    filled,
    number,
    span,
    value,
)

TITLE = "Accuracy at the cost measured here"
_HOW = (
    "Top-1 accuracy is published; it was not measured here.",
    "Parameters, MACs and activations are counted; time and memory are measured.",
    "Models are compared within one published table, or at the best figure published for each.",
    "The best figures come from different training recipes.",
)
_RATES = (
    ("top1_per_ms", "ms", "latency_image_s"),
    ("top1_per_gmac", "GMAC", ""),
    ("top1_per_mib", "MiB", "memory_bytes"),
)
_MODEL = (*MODEL, Field(TOP1, lambda row: f"{row['top1']:g}", number=True))


def accuracy_section(accuracy: pd.DataFrame, fronts: pd.DataFrame) -> Section:
    """Tables of every cost; the figure of time belongs to the answer.

    Args:
        accuracy: ``accuracy_fronts.accuracy_at_cost``, with rows.
        fronts: ``accuracy_fronts.fronts`` of it.
    """
    decided = fronts["set"][(fronts["axis"] == REFERENCE) & fronts["front"].notna()]
    name = next((name for name in (CLAIMED, BEST) if (decided == name).any()), "")
    tables = (_fronts_table(fronts), _costs_table(fronts[fronts["set"] == name]), _rates_table(accuracy))
    return Section("accuracy", TITLE, _HOW, tables=filled(*tables))


def _models(fronts: pd.DataFrame) -> list[dict[Any, Any]]:
    """Every model once per configuration and set, with its row of ``fronts`` by axis under ``axes``.

    The sets that the text speaks of come first.
    """
    order = fronts["set"].map({CLAIMED: 0, BEST: 1}).fillna(2)
    ordered = fronts.assign(order=order).sort_values(["order", "set", *WAY, "top1"], kind="stable")
    axes: dict[tuple[Any, ...], dict[str, dict[Any, Any]]] = {}
    for row in ordered.to_dict("records"):
        model = tuple(row[name] for name in ("set", *WAY, "model", "resolution"))
        axes.setdefault(model, {})[str(row["axis"])] = row
    return [{**rows[REFERENCE], "axes": rows} for rows in axes.values()]


def _costs_table(fronts: pd.DataFrame) -> Table:
    fields = [field for axis in AXES for field in _cost(axis)]
    return build_table(
        "Published top-1 and the costs measured or counted here", _models(fronts), entry("set", "compared within"),
        *_MODEL, *fields, ROUNDS, CONFIGURATION,
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

"""Section: what each scaling method costs against compound at equal counted MACs, measured and on paper."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from scalebench.analysis.matched import MEMBER, REFERENCE
from scalebench.metrics import METRICS
from scalebench.report.content import Column, Section, Table
from scalebench.report.labels import by_configuration
from scalebench.report.tables import (
    CONFIGURATION,
    ROUNDS,
    SHOWN,
    TARGET,
    Field,
    build_table,
    capped,
    count,
    entry,
    estimate,
    filled,
    metric,
    number,
    span,
    value,
)

TITLE = "Compound against single axis"
ON_PAPER = ("peak_bytes_training", "peak_bytes_inference", "activations", "params")
_COSTS = ("latency_s", "memory_bytes", "peak_bytes_training")
_HOW = (
    "Figures are multiples of the cost of compound scaling at equal counted MACs. Results of different configurations "
    "are never averaged.",
    "The cheapest and the most expensive method are picked from several, so their intervals overstate the difference.",
)


def versus_section(groups_measured: pd.DataFrame, counted: pd.DataFrame, explained: pd.DataFrame) -> Section:
    """Ratios to compound by base, target and method, and what they follow.

    Args:
        groups_measured: ``matched.compare_groups``.
        counted: ``matched.counted_ratios``.
        explained: ``matched.explained``.
    """
    measured, paper = _others(groups_measured), _others(counted)
    if measured.empty and paper.empty:
        why = "No group has both its compound member and another one, so there is nothing to compare."
        return Section("axes", TITLE, (why,))
    extremes = [*_extremes(measured), *_extremes(paper)]
    tables = filled(_ratios_table(measured, paper), _extremes_table(extremes), _explained_table(explained))
    paper_only = ["Nothing was measured, so all ratios are on paper."] if measured.empty else []
    return Section("axes", TITLE, (*_HOW, *paper_only, *_caution(explained)), (), tables)


def _others(ratios: pd.DataFrame) -> pd.DataFrame:
    return ratios[(ratios["method"] != REFERENCE) & ratios["ratio"].notna()]


@dataclass(frozen=True)
class _Extremes:
    """Cheapest and most expensive method of one base by one metric, at the largest target, in one configuration."""

    base: str
    target: float
    metric: str
    place: str
    cheapest: Mapping[str, Any]
    dearest: Mapping[str, Any]


def _extremes(ratios: pd.DataFrame) -> Iterator[_Extremes]:
    """Of each base, metric and configuration; compound, at 1 by definition, can be either."""
    compound: dict[Any, Any] = {"method": REFERENCE, "ratio": 1.0, "low": math.nan, "high": math.nan, "n": 0}
    shown = ratios[ratios["metric"].isin(_COSTS)]
    largest = shown[shown["target"] == shown.groupby("base")["target"].transform("max")]
    for _, rows in largest.groupby(["base", "metric"], sort=False):
        places = by_configuration(rows) if "machine" in rows else [("on paper", rows)]
        for place, methods in places:
            members = sorted([compound, *methods.to_dict("records")], key=lambda row: float(row["ratio"]))
            first = methods.iloc[0]
            yield _Extremes(first["base"], float(first["target"]), first["metric"], place, members[0], members[-1])


def _range(values: Sequence[float]) -> str:
    low, high = number(min(values)), number(max(values))
    return low if low == high else f"{low} to {high}"


def _ratios_table(measured: pd.DataFrame, paper: pd.DataFrame) -> Table:
    """One row per member and configuration; what is on paper is the same in all of them."""
    columns = [
        Column("base"), Column(TARGET.label, number=True), Column("method"),
        *(c for name in SHOWN for c in (Column(f"{METRICS[name].label}, times compound", number=True),
                                        Column("95 % interval", number=True))), Column(ROUNDS.label, number=True),
        *(Column(f"{METRICS[name].label} ({METRICS[name].kind}), times compound", number=True) for name in ON_PAPER),
        Column(CONFIGURATION.label),
    ]  # fmt: skip
    on_paper = paper.set_index([*MEMBER, "metric"])["ratio"].to_dict()
    rows = [
        [
            first["base"], f"{first['target']:g}", first["method"], *_measured_cells(metrics),
            *(number(on_paper.get((*member, name), math.nan)) for name in ON_PAPER), place,
        ]
        for place, members in by_configuration(measured) or [("on paper only", paper)]
        for member, metrics in members.groupby(MEMBER, sort=False)
        for first in metrics.iloc[:1].to_dict("records")
    ]  # fmt: skip
    caption = "Ratio of each method to compound at equal counted MACs; counted and estimated ones do not vary by round"
    return capped(caption, columns, rows)


def _measured_cells(metrics: pd.DataFrame) -> list[str]:
    by_metric = {str(row["metric"]): row for row in metrics.to_dict("records")}
    cells: list[str] = []
    for name in SHOWN:
        row = by_metric.get(name)
        cells += [number(row["ratio"]), span(row["low"], row["high"], row["n"])] if row else ["-", "-"]
    rounds = {str(int(by_metric[name]["n"])) for name in SHOWN if name in by_metric}
    return [*cells, " or ".join(sorted(rounds)) or "-"]


def _extremes_table(extremes: Sequence[_Extremes]) -> Table:
    return build_table(
        "Cheapest and most expensive method of each base at its largest target", extremes,
        Field("base", lambda e: e.base), Field(TARGET.label, lambda e: f"{e.target:g}", number=True),
        Field("cost", lambda e: METRICS[e.metric].label),
        *_end("cheapest", lambda e: e.cheapest), *_end("most expensive", lambda e: e.dearest),
        Field(CONFIGURATION.label, lambda e: e.place),
    )  # fmt: skip


def _end(label: str, method: Callable[[_Extremes], Mapping[str, Any]]) -> tuple[Field, ...]:
    """Columns of one end: the method, its ratio, interval and rounds, where it has any."""

    def interval(extremes: _Extremes) -> str:
        row = method(extremes)
        return span(row["low"], row["high"], row["n"]) if row.get("n") else "-"

    return (
        Field(label, lambda e: method(e)["method"]),
        Field("times compound", lambda e: number(method(e)["ratio"]), number=True),
        Field("95 % interval", interval, number=True),
        Field(ROUNDS.label, lambda e: method(e).get("n") or "-", number=True),
    )


def _explained_table(explained: pd.DataFrame) -> Table:
    return build_table(
        "How far measured ratios to compound follow those on paper, over all members", explained,
        metric("metric", "measured"), metric("predictor", "against, on paper"),
        *estimate("spearman", "rank correlation, no unit"),
        *estimate("pearson", "correlation of logarithms, no unit"), count("n", "n, members"),
        value("tied", "rank correlation of the two on paper"), CONFIGURATION, entry("why", "noted"),
    )  # fmt: skip


def _caution(explained: pd.DataFrame) -> list[str]:
    """Why a correlation with counts does not show a cause."""
    if explained["spearman"].isna().all():
        return [f"What explains the ratios is not known: {why}." for why in explained["why"].unique()[:1]]
    tied = explained.loc[explained["spearman"].notna(), "tied"].dropna().tolist()
    if not tied:
        return []
    return [
        "All members of a group are compared with the same compound member, so the intervals of correlations are too "
        "narrow.",
        f"Activations and parameters correlate with each other (rank correlation {_range(tied)}), so part of the "
        "effect of one may be due to the other.",
    ]

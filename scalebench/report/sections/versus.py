"""Evidence on scaling: what each method costs against compound at equal counted MACs, measured and on paper."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd

from scalebench.analysis.matched import MEMBER, REFERENCE
from scalebench.metrics import METRICS
from scalebench.report.content import Column, Section, Table
from scalebench.report.labels import by_configuration
from scalebench.report.result_tables import residuals_table
from scalebench.report.tables import (
    CONFIGURATION,
    ROUNDS,
    SHOWN,
    TARGET,
    build_table,
    capped,
    count,
    entry,
    estimate,
    filled,
    metric,
    number,
    shared_once,
    span,
    value,
)
from scalebench.suite.suite_plan import Plan

ON_PAPER = ("peak_bytes_training", "peak_bytes_inference", "activations", "params")
_HOW = (
    "Ratios are multiples of the cost of compound scaling at equal counted MACs.",
    "All members of a group are compared with the same compound member, so the intervals of correlations are too "
    "narrow.",
)


def versus_section(plan: Plan, measured: pd.DataFrame, counted: pd.DataFrame, explained: pd.DataFrame) -> Section:
    """Ratios to compound by base, target and method, what they follow, and how well the groups are matched.

    Args:
        plan: with the groups, and notes on them.
        measured: ``matched.compare_groups``.
        counted: ``matched.counted_ratios``.
        explained: ``matched.explained``.
    """
    tables = (
        _ratios_table(_others(measured), _others(counted)),
        _explained_table(explained),
        residuals_table(plan.groups),
    )
    return Section("axes", "Compound against single axis", (*plan.notes, *_HOW), (), filled(*tables))


def _others(ratios: pd.DataFrame) -> pd.DataFrame:
    return ratios[(ratios["method"] != REFERENCE) & ratios["ratio"].notna()]


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
            base, f"{target:g}", method, *_measured_cells(by_metric),
            *(number(on_paper.get((*member, name), math.nan)) for name in ON_PAPER), place,
        ]
        for place, ratios in by_configuration(measured) or [("on paper only", paper)]
        for member, by_metric in _by_member(ratios).items()
        for base, target, method in [member[:3]]
    ]  # fmt: skip
    caption = "Ratio of each method to compound at equal counted MACs; counted and estimated ones do not vary by round"
    return shared_once(columns, rows, partial(capped, caption))


def _by_member(ratios: pd.DataFrame) -> dict[tuple[Any, ...], dict[str, dict[Any, Any]]]:
    """Rows by metric of each member, in their order."""
    members: dict[tuple[Any, ...], dict[str, dict[Any, Any]]] = {}
    for row in ratios.to_dict("records"):
        members.setdefault(tuple(row[name] for name in MEMBER), {})[str(row["metric"])] = row
    return members


def _measured_cells(by_metric: Mapping[str, Mapping[Any, Any]]) -> list[str]:
    cells: list[str] = []
    for name in SHOWN:
        row = by_metric.get(name)
        cells += [number(row["ratio"]), span(row["low"], row["high"], row["n"])] if row else ["-", "-"]
    rounds = {str(int(by_metric[name]["n"])) for name in SHOWN if name in by_metric}
    return [*cells, " or ".join(sorted(rounds)) or "-"]


def _explained_table(explained: pd.DataFrame) -> Table:
    return build_table(
        "How far measured ratios to compound follow those on paper, over all members", explained,
        metric("metric", "measured"), metric("predictor", "against, on paper"),
        *estimate("spearman", "rank correlation, no unit"),
        *estimate("pearson", "correlation of logarithms, no unit"), count("n", "n, members"),
        value("tied", "rank correlation of the two on paper"), CONFIGURATION, entry("why", "noted"),
    )  # fmt: skip

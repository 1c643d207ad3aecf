"""Laws of time against counted MACs: which fits, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from scalebench.report.content import Column, Section, Table
from scalebench.report.labels import sorted_ways, way_label
from scalebench.report.tables import capped, number, span

ID, TITLE = "laws", "Laws of time against MACs"


def laws_section(laws: pd.DataFrame) -> Section:
    """One sentence per way of running, and the table of all laws.

    Args:
        laws: ``analysis.study.laws_of_time``.
    """
    said = [_said(way_label(way), here) for way, here in sorted_ways(laws)]
    return Section(ID, TITLE, tuple(said), tables=(_table(laws),))


def _said(where: str, here: pd.DataFrame) -> str:
    chosen = here[here["chosen"].astype(bool)]
    if chosen.empty:
        return f"{where}: too few models for any law; {here.iloc[0]['why']}."
    best = chosen.iloc[0]
    others = [_plain(name) for name in here.loc[here["tied"].astype(bool), "law"] if name != best["law"]]
    tied = f"; not to be told apart from it: {', '.join(others)}" if others else ""
    return (
        f"{where}: a {_plain(best['law'])} law is the simplest that no other beats, missing a model left out by "
        f"{number(100 * best['error'])} % (rms of logs, {best['n']} models), and the largest quarter by "
        f"{number(100 * best['extrapolation'])} % when fitted to the rest{tied}."
    )


def _plain(name: str) -> str:
    return name.replace("_", " ").replace("linear sqrt", "linear plus square root")


def _table(laws: pd.DataFrame) -> Table:
    columns = [
        Column("law of time per image"), Column("formula, x in MACs, x0 their geometric mean"),
        Column("error left out, %", number=True), Column("error on the largest quarter, %", number=True),
        Column("n, models", number=True), Column("standing"), Column("parameters with 95 % intervals"),
        Column("starts that agree", number=True), Column("machine and way of running"),
    ]  # fmt: skip
    rows = [
        [
            _plain(row["law"]), row["formula"], number(100 * row["error"]), number(100 * row["extrapolation"]),
            str(row["n"]), _standing(row), _parameters(row), _starts(row), way_label(row),
        ]
        for row in laws.to_dict("records")
    ]  # fmt: skip
    return capped(
        "Laws by leave-one-out error; intervals from drawing cases, and rounds within them, again", columns, rows
    )


def _standing(row: Mapping[Any, Any]) -> str:
    if row["why"]:
        return f"refused: {row['why']}"
    return "chosen" if row["chosen"] else "tied with the best" if row["tied"] else "worse"


def _starts(row: Mapping[Any, Any]) -> str:
    if row["why"]:
        return "-"
    return f"{row['agreeing']} of {row['starts']}{'' if row['converged'] else ', not converged'}"


def _parameters(row: Mapping[Any, Any]) -> str:
    return ", ".join(
        f"{name} {number(value)}" + (f" {span(low, high, row['n'])}" if math.isfinite(low) else "")
        for name, (value, low, high) in row["parameters"].items()
    )

"""Laws of time against counted MACs: which fits, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from scalebench.report.content import Section, Table
from scalebench.report.labels import by_configuration, capitalised
from scalebench.report.tables import CONFIGURATION, MODELS, PERCENT, Field, build_table, entry, number, span, value

ID, TITLE = "laws", "Laws of time against MACs"


def laws_section(laws: pd.DataFrame) -> Section:
    """A few sentences per configuration, and the table of all laws.

    Args:
        laws: ``analysis.study.laws_of_time``.
    """
    text = tuple(_sentences(configuration, rows) for configuration, rows in by_configuration(laws))
    return Section(ID, TITLE, text, tables=(_table(laws),))


def _sentences(configuration: str, laws: pd.DataFrame) -> str:
    chosen = laws[laws["chosen"].astype(bool)]
    if chosen.empty:
        return f"{configuration}: too few models for any law. {capitalised(laws.iloc[0]['why'])}."
    best = chosen.iloc[0]
    tied = int(laws["tied"].astype(bool).sum()) - 1
    others = f" {tied} other {'law' if tied == 1 else 'laws'} cannot be distinguished from it." if tied > 0 else ""
    return (
        f"{configuration}: the simplest law that no other beats is {_plain(best['law'])}. "
        f"On a model left out of the fit it errs by {number(best['error'], PERCENT)} %. "
        f"On the largest quarter of models, fitted to the rest, it errs by {number(best['extrapolation'], PERCENT)} %."
        f"{others}"
    )


def _plain(name: str) -> str:
    return name.replace("_", " ").replace("linear sqrt", "linear plus square root")


def _table(laws: pd.DataFrame) -> Table:
    return build_table(
        "Laws by leave-one-out error (root mean square of logarithms); intervals resample families, and rounds within "
        "them",
        laws,
        Field("law of time per image", lambda row: _plain(row["law"])),
        entry("formula", "formula, x in MACs, x0 their geometric mean"),
        value("error", "error left out, %", PERCENT),
        value("extrapolation", "error on the largest quarter, %", PERCENT), MODELS,
        Field("standing", _standing), Field("parameters with 95 % intervals", _parameters),
        Field("starts that agree", _starts, number=True), CONFIGURATION,
    )  # fmt: skip


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

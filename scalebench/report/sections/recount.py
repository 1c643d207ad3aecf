"""What a reader learns from counting published tables again."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scalebench import units
from scalebench.analysis.printed_counts import HALVED, TOLERANCE
from scalebench.metrics import METRICS
from scalebench.published import sources
from scalebench.report.content import Column, Section, Table
from scalebench.report.tables import capped, number

ID, TITLE = "printed", "Printed numbers that do not add up"


def recount_section(found: pd.DataFrame) -> Section:
    """Printed figures against our own count.

    Args:
        found: ``analysis.recount.recount``.
    """
    if found.empty:
        return Section(ID, TITLE, ("No printed figure was counted again: the suite counts no model of these tables.",))
    agrees = found["agrees"].astype(bool)
    wrong = found[~agrees]
    tables = [_agreement(found), *([_contradicted(wrong)] if len(wrong) else [])]
    return Section(ID, TITLE, _sentences(found, len(wrong)), tables=tuple(reversed(tables)))


def _sentences(found: pd.DataFrame, wrong: int) -> tuple[str, ...]:
    n, places = len(found), found["table"].nunique()
    unexplained = int((~found["agrees"].astype(bool) & (found["reason"] == "")).sum())
    halved = int((found["reason"] == HALVED).sum())
    said = [
        f"{_several(n, 'printed figure')} of {_several(places, 'source')} {_were(n)} counted again: "
        f"{n - wrong} agree and {wrong} do not.",
        f"A figure agrees within {100 * TOLERANCE['params']:g} % for parameters and {100 * TOLERANCE['macs']:g} % for "
        "MACs and activations, or within half a unit of its last printed digit.",
    ]
    if halved:
        said.append(f"{_several(halved, 'figure')} {_were(halved)} printed with two operations per MAC and halved.")
    if unexplained:
        said.append(f"For {unexplained} of the {wrong} no reason is known.")
    return tuple(said)


def _several(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _were(n: int) -> str:
    return "was" if n == 1 else "were"


def _contradicted(wrong: pd.DataFrame) -> Table:
    """Figures that the count contradicts, worst first."""
    columns = [
        Column("model as printed"), Column("quantity"), Column("printed", number=True), Column("counted", number=True),
        Column("counted over printed", number=True), Column("reason"), Column("source"),
    ]  # fmt: skip
    worst = wrong.loc[np.log(wrong["ratio"]).abs().sort_values(ascending=False, kind="stable").index]
    rows = [
        [
            row["name"], METRICS[row["quantity"]].label, units.si(row["printed"]), units.si(row["counted"]),
            number(row["ratio"]), row["reason"] or "not known", _source(row["table"]),
        ]
        for row in worst.to_dict("records")
    ]  # fmt: skip
    return capped("Printed figures that our own count contradicts, worst first; counts are exact", columns, rows)


def _agreement(found: pd.DataFrame) -> Table:
    """How many figures of each source agree, and between which ratios all of them lie."""
    columns = [
        Column("source"), Column("version"), Column("figures, n", number=True), Column("agree, n", number=True),
        Column("counted over printed, least to most", number=True),
    ]  # fmt: skip
    rows = [
        [
            _source(str(table)), sources()[str(table)].version, str(len(here)), str(int(here["agrees"].sum())),
            f"{number(here['ratio'].min())} to {number(here['ratio'].max())}",
        ]
        for table, here in found.groupby("table", sort=False)
    ]  # fmt: skip
    return capped("Agreement by source", columns, rows)


def _source(table: str) -> str:
    source = sources()[table]
    return f"{source.citation}, {source.place}"

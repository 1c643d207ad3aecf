"""What a reader learns from counting published tables again."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scalebench import units
from scalebench.analysis.printed_counts import HALVED, TOLERANCE
from scalebench.published import sources
from scalebench.report.content import Column, Section, Table
from scalebench.report.tables import Field, build_table, capped, entry, filled, metric, number, value

ID, TITLE = "printed", "Printed numbers that do not add up"


def recount_section(recount: pd.DataFrame) -> Section:
    """Printed figures against our own count.

    Args:
        recount: ``analysis.recount.recount``.
    """
    if recount.empty:
        return Section(ID, TITLE, ("No printed figure was counted again: the suite counts no model of these tables.",))
    wrong = recount[~recount["agrees"].astype(bool)]
    return Section(ID, TITLE, _sentences(recount, wrong), tables=filled(_contradicted(wrong), _agreement(recount)))


def _sentences(recount: pd.DataFrame, wrong: pd.DataFrame) -> tuple[str, ...]:
    n, halved = len(recount), int((recount["reason"] == HALVED).sum())
    unexplained = int((wrong["reason"] == "").sum())
    sentences = {
        f"{_several(n, 'printed figure')} of {_several(recount['table'].nunique(), 'source')} {_were(n)} counted "
        f"again: {n - len(wrong)} agree and {len(wrong)} do not.": True,
        f"A figure agrees within {100 * TOLERANCE['params']:g} % for parameters and {100 * TOLERANCE['macs']:g} % for "
        "MACs and activations of a number that would be printed so.": True,
        f"{_several(halved, 'figure')} {_were(halved)} printed with two operations per MAC and halved.": halved,
        f"For {unexplained} of the {len(wrong)} no reason is known.": unexplained,
    }
    return tuple(sentence for sentence, applies in sentences.items() if applies)


def _several(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _were(n: int) -> str:
    return "was" if n == 1 else "were"


def _contradicted(wrong: pd.DataFrame) -> Table:
    """Figures that the count contradicts, worst first."""
    return build_table(
        "Printed figures that our own count contradicts, worst first; counts are exact",
        wrong.loc[np.log(wrong["ratio"]).abs().sort_values(ascending=False, kind="stable").index],
        entry("name", "model as printed"), metric("quantity"),
        Field("printed", lambda row: units.si(row["printed"]), number=True),
        Field("counted", lambda row: units.si(row["counted"]), number=True),
        value("ratio", "counted over printed"), Field("reason", lambda row: row["reason"] or "not known"),
        Field("source", lambda row: _source(row["table"])),
    )  # fmt: skip


def _agreement(recount: pd.DataFrame) -> Table:
    """How many figures of each source agree, and between which ratios all of them lie."""
    columns = [
        Column("source"), Column("version"), Column("figures, n", number=True), Column("agree, n", number=True),
        Column("counted over printed, least to most", number=True),
    ]  # fmt: skip
    rows = [
        [
            _source(str(table)), sources()[str(table)].version, str(len(figures)), str(int(figures["agrees"].sum())),
            f"{number(figures['ratio'].min())} to {number(figures['ratio'].max())}",
        ]
        for table, figures in recount.groupby("table", sort=False)
    ]  # fmt: skip
    return capped("Agreement by source", columns, rows)


def _source(table: str) -> str:
    source = sources()[table]
    return f"{source.citation}, {source.place}"

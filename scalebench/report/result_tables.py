"""Tables of what was measured and decided: cases, matched groups, exponents, and the verdicts on claims."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from scalebench import units
from scalebench.metrics import METRICS, in_section
from scalebench.report.content import Table
from scalebench.report.tables import (
    CONFIGURATION,
    MODEL,
    ROUNDS,
    SHOWN,
    TARGET,
    Field,
    build_table,
    count,
    counted,
    entry,
    estimate,
    measured,
    metric,
    number,
    ordered,
    span,
    value,
)
from scalebench.suite.suite_plan import Group


def cases_table(cases: pd.DataFrame, caption: str, counts: Sequence[str] = ("macs",)) -> Table:
    """One row per machine and case.

    Args:
        cases: ``summary.summarise``.
        caption: of the table.
        counts: counted metrics, which have no interval.
    """
    return build_table(
        caption, ordered(cases), *MODEL, *map(counted, counts), *measured(*SHOWN), ROUNDS, entry("status", "ended"),
        CONFIGURATION, entry("notes", "noted"),
    )  # fmt: skip


def section_table(cases: pd.DataFrame, section: str, caption: str) -> Table:
    """One row per case that delivered a metric of the section, with a column for each that some case delivered."""
    metrics = [name for name in in_section(section) if cases[name].notna().any()]
    delivered = cases.dropna(subset=metrics, how="all") if metrics else cases.iloc[:0]
    rounds = Field(ROUNDS.label, lambda row: int(max(row[f"{name}_n"] for name in metrics)), number=True)
    return build_table(caption, ordered(delivered), *MODEL, *measured(*metrics, n="{}_n"), rounds, CONFIGURATION)


def groups_table(groups: pd.DataFrame) -> Table:
    """Ratios of each method to compound scaling; ``groups`` as in ``analysis.matched``."""
    return build_table(
        "Ratio of each method to compound scaling at equal counted compute", groups,
        entry("base"), TARGET, entry("method"), metric(), *estimate("ratio", "ratio to compound", ends=""), ROUNDS,
        CONFIGURATION,
    )  # fmt: skip


def residuals_table(groups: Sequence[Group]) -> Table:
    """How well the members of each matched group agree in counted MACs."""
    macs = METRICS["macs"]
    return build_table(
        "Matched groups: counted MACs and how far each lies from its target",
        [(group, member) for group in groups for member in group.members],
        Field("base", lambda row: f"{row[0].base}@{row[0].base_resolution}"),
        Field(TARGET.label, lambda row: f"{row[0].target:g}", number=True),
        Field("method", lambda row: row[1].method),
        Field("model", lambda row: row[0].model(row[1])),
        Field("resolution, px", lambda row: row[1].resolution, number=True),
        Field(macs.heading, lambda row: number(row[1].macs, macs.factor), number=True),
        Field("residual to the target", lambda row: units.percent(row[1].residual), number=True),
    )


def exponents_table(exponents: pd.DataFrame) -> Table:
    """Log-log slopes; ``exponents`` as in ``analysis.scaling``."""
    return build_table(
        "Exponents of power laws, by least squares on logarithms", exponents, entry("subject"), metric(),
        Field("against", lambda row: "counted MACs" if row["against"] == "macs" else row["against"]),
        value("exponent", "exponent, no unit"),
        Field("95 % interval", lambda row: span(row["low"], row["high"], row["n"], exact=row["exact"]), number=True),
        count("n", "n, cases"), value("r2", "r², no unit"),
        Field("largest deviation from the power law", lambda row: units.percent(row["misfit"]), number=True),
        CONFIGURATION,
    )  # fmt: skip

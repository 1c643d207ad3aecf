"""Tables of what was measured and decided: cases, matched groups, exponents, and the verdicts on claims."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from scalebench import units
from scalebench.claims.judge import ON_PAPER, Verdict
from scalebench.claims.judged_parts import Judged
from scalebench.claims.why import allowed
from scalebench.metrics import METRICS, in_section
from scalebench.report.content import Table
from scalebench.report.labels import verdict_word
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
    whole,
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


def verdicts_table(verdicts: Sequence[Verdict], caption: str = "Verdicts at a glance") -> Table:
    """One row per verdict on what can be decided, in the order of the registry; the effect is the deciding part's."""
    return build_table(
        f"{caption}; the effect is that of the deciding part",
        [verdict for verdict in verdicts if verdict.claim.parts],
        Field("claim", lambda v: v.claim.id),
        Field("says", lambda v: v.claim.claim),
        Field("verdict", lambda v: verdict_word(v.verdict, v.machine == ON_PAPER)),
        Field("effect, no unit", lambda v: number(v.effect), number=True),
        Field("95 % interval", lambda v: span(v.low, v.high, v.n, exact=v.exact), number=True),
        Field("n", lambda v: v.n, number=True),
        Field("where", lambda v: ", ".join(filter(None, (v.machine, v.way)))),
        shorten=whole,
    )


def undecidable_table(verdicts: Sequence[Verdict]) -> Table:
    """Claims that cannot be decided here, with the reason."""
    return build_table(
        "Claims that cannot be decided here",
        [verdict.claim for verdict in verdicts if verdict.claim.cannot],
        Field("claim", lambda claim: claim.id),
        Field("says", lambda claim: claim.claim),
        Field("source", lambda claim: claim.source),
        Field("why it cannot be decided here", lambda claim: claim.cannot),
        shorten=whole,
    )


def parts_table(parts: Sequence[Judged]) -> Table:
    """Every part of a claim: the measured effect, what the claim allows, and the verdict on it."""
    return build_table(
        "Parts of the claim; effects are ratios, exponents or constants; n counts rounds or counted models",
        [(part, part.estimate) for part in parts],
        Field("part", lambda row: row[0].label),
        Field("effect, no unit", lambda row: number(row[1].value), number=True),
        Field("95 % interval", lambda row: span(row[1].low, row[1].high, row[1].n, exact=row[1].exact), number=True),
        Field("n", lambda row: row[1].n, number=True),
        Field("the claim allows", lambda row: allowed(row[0]), number=True),
        Field("verdict", lambda row: verdict_word(row[0].word, on_paper=row[1].exact)),
    )


def effect(verdict: Verdict) -> str:
    """Decisive number with its interval: ``1.25, 0.919 to 1.70``; empty where there is no number."""
    if not math.isfinite(verdict.effect):
        return ""
    known = not verdict.exact and math.isfinite(verdict.low) and math.isfinite(verdict.high)
    return number(verdict.effect) + (f", {number(verdict.low)} to {number(verdict.high)}" if known else "")

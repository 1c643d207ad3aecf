"""Frames -> tables of formatted text. Every measured value carries its interval and n."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from scalebench import units
from scalebench.analysis.analyse import Failure
from scalebench.claims.judge import Judged, Verdict, allowed
from scalebench.metrics import METRICS, in_section
from scalebench.record import Environment
from scalebench.report.content import Column, Table
from scalebench.report.labels import plain, way_label
from scalebench.suite.suite_plan import Group

CAP = 200
SHOWN = in_section("cases")
"""Metrics that every round delivers."""
_N = Column("n, rounds", number=True)


def number(value: float, factor: float = 1.0) -> str:
    """Value over factor with three digits; ``-`` where there is none."""
    return units.digits(value / factor) if math.isfinite(value) else "-"


def span(low: float, high: float, n: float, factor: float = 1.0, exact: bool = False) -> str:
    """95 % interval, ``exact`` for a count, or why there is none."""
    if exact:
        return "exact"
    if math.isfinite(low) and math.isfinite(high):
        return units.interval(low / factor, high / factor)
    return "-" if not n else "none (n = 1)" if n == 1 else "none"


def capped(caption: str, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> Table:
    """Table of at most ``CAP`` rows that says what it leaves out."""
    every = [tuple(row) for row in rows]
    left = len(every) - CAP
    note = f"The first {CAP} of {len(every)} rows; the other {left} are in the JSON file." if left > 0 else ""
    return Table(caption, tuple(columns), tuple(every[:CAP]), note)


def whole(caption: str, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> Table:
    """Table that is short by nature and stands on the page with all its rows."""
    return Table(caption, tuple(columns), tuple(map(tuple, rows)), whole=True)


def filled(*shown: Table) -> tuple[Table, ...]:
    """Tables that have rows."""
    return tuple(table for table in shown if table.rows)


def measured_columns(metric: str) -> list[Column]:
    """Headings of ``measured_cells``."""
    return [Column(METRICS[metric].heading, number=True), Column("95 % interval", number=True)]


def measured_cells(row: Mapping[Any, Any], metric: str) -> list[str]:
    """Value and interval of a summarised metric."""
    factor = METRICS[metric].factor
    low, high = row[f"{metric}_low"], row[f"{metric}_high"]
    return [number(row[metric], factor), span(low, high, row["n"], factor)]


def cases_table(
    cases: pd.DataFrame,
    caption: str,
    metrics: Sequence[str] = SHOWN,
    counted: Sequence[str] = ("macs",),
) -> Table:
    """One row per machine and case.

    Args:
        cases: ``summary.summarise``.
        caption: of the table.
        metrics: measured columns, each with its interval.
        counted: counted columns.
    """
    columns = [
        Column("model"),
        Column("resolution, px", number=True),
        *(Column(METRICS[name].heading, number=True) for name in counted),
        *(column for name in metrics for column in measured_columns(name)),
        _N,
        Column("ended"),
        Column("machine and configuration"),
        Column("noted"),
    ]
    rows = [
        [
            row["model"],
            str(row["resolution"]),
            *(number(row[name], METRICS[name].factor) for name in counted),
            *(cell for name in metrics for cell in measured_cells(row, name)),
            str(row["n"]),
            row["status"],
            way_label(row),
            row["notes"],
        ]
        for row in ordered(cases).to_dict("records")
    ]
    return capped(caption, columns, rows)


def section_table(cases: pd.DataFrame, section: str, caption: str) -> Table:
    """One row per case that delivered a metric of the section, with a column for each that some case delivered."""
    metrics = [name for name in in_section(section) if cases[name].notna().any()]
    columns = [
        Column("model"), Column("resolution, px", number=True),
        *(column for name in metrics for column in measured_columns(name)), _N, Column("machine and configuration"),
    ]  # fmt: skip
    rows = []
    for row in ordered(cases.dropna(subset=metrics, how="all") if metrics else cases.iloc[:0]).to_dict("records"):
        rounds = int(max(row[f"{name}_n"] for name in metrics))
        cells = [cell for name in metrics for cell in measured_cells(row | {"n": row[f"{name}_n"]}, name)]
        rows.append([row["model"], str(row["resolution"]), *cells, str(rounds), way_label(row)])
    return capped(caption, columns, rows)


def ordered(cases: pd.DataFrame) -> pd.DataFrame:
    """Rows by machine, batch, model and resolution."""
    return cases.sort_values(["machine", "batch", "model", "resolution"], kind="stable")


def groups_table(groups: pd.DataFrame) -> Table:
    """Ratios of each method to compound scaling; ``groups`` as in ``analysis.matched``."""
    columns = [
        Column("base"), Column("target, times the base's MACs", number=True), Column("method"),
        Column("metric"), Column("ratio to compound", number=True), Column("95 % interval", number=True), _N,
        Column("machine and configuration"),
    ]  # fmt: skip
    rows = [
        [
            row["base"], plain(row["target"]), row["method"], METRICS[row["metric"]].label,
            number(row["ratio"]), span(row["low"], row["high"], row["n"]), str(row["n"]), way_label(row),
        ]
        for row in groups.to_dict("records")
    ]  # fmt: skip
    return capped("Ratio of each method to compound scaling at equal counted compute", columns, rows)


def residuals_table(groups: Sequence[Group]) -> Table:
    """How well the members of each matched group agree in counted MACs."""
    columns = [
        Column("base"), Column("target, times the base's MACs", number=True), Column("method"),
        Column("model"), Column("resolution, px", number=True),
        Column(METRICS["macs"].heading, number=True), Column("residual to the target", number=True),
    ]  # fmt: skip
    rows = [
        [
            f"{g.base}@{g.base_resolution}", plain(g.target), m.method, g.model(m), str(m.resolution),
            number(m.macs, METRICS["macs"].factor), units.percent(m.residual),
        ]
        for g in groups
        for m in g.members
    ]  # fmt: skip
    return capped("Matched groups: counted MACs and how far each lies from its target", columns, rows)


def exponents_table(exponents: pd.DataFrame) -> Table:
    """Log-log slopes; ``exponents`` as in ``analysis.scaling``."""
    columns = [
        Column("subject"), Column("metric"), Column("against"), Column("exponent, no unit", number=True),
        Column("95 % interval", number=True), Column("n, cases", number=True),
        Column("r², no unit", number=True), Column("machine and configuration"),
    ]  # fmt: skip
    rows = [
        [
            row["subject"], METRICS[row["metric"]].label,
            "counted MACs" if row["against"] == "macs" else row["against"],
            number(row["exponent"]), span(row["low"], row["high"], row["n"]), str(row["n"]), number(row["r2"]),
            way_label(row),
        ]
        for row in exponents.to_dict("records")
    ]  # fmt: skip
    return capped("Exponents of power laws, by least squares on logarithms", columns, rows)


def verdicts_table(verdicts: Sequence[Verdict]) -> Table:
    """One row per verdict, in the order of the registry."""
    columns = [
        Column("claim"), Column("says"), Column("verdict"), Column("effect, no unit", number=True),
        Column("95 % interval", number=True), Column("n", number=True), Column("where"),
    ]  # fmt: skip
    rows = [
        [
            v.claim.id, v.claim.claim, v.verdict, number(v.effect), span(v.low, v.high, v.n, exact=v.exact), str(v.n),
            ", ".join(filter(None, (v.machine, v.way))),
        ]
        for v in verdicts
        if v.claim.parts
    ]  # fmt: skip
    return whole("Verdicts at a glance; the effect is that of the part that decides", columns, rows)


def undecidable_table(verdicts: Sequence[Verdict]) -> Table:
    """Claims that cannot be decided here, with the reason."""
    rows = [[v.claim.id, v.claim.claim, v.claim.source, v.claim.cannot] for v in verdicts if v.claim.cannot]
    columns = [Column("claim"), Column("says"), Column("source"), Column("why it cannot be decided here")]
    return whole("Claims that cannot be decided here", columns, rows)


def parts_table(parts: Sequence[Judged]) -> Table:
    """Every part of a claim: the measured effect, what the claim allows, and the verdict on it."""
    columns = [
        Column("part"), Column("effect, no unit", number=True), Column("95 % interval", number=True),
        Column("n", number=True), Column("the claim allows", number=True), Column("verdict"),
    ]  # fmt: skip
    rows = [
        [
            part.label, number(part.estimate.value),
            span(part.estimate.low, part.estimate.high, part.estimate.n, exact=part.estimate.exact),
            str(part.estimate.n), allowed(part), part.word,
        ]
        for part in parts
    ]  # fmt: skip
    caption = "Parts of the claim; effects are ratios, exponents or constants; n counts rounds or counted models"
    return whole(caption, columns, rows)


def failures_table(failures: Sequence[Failure]) -> Table:
    """Cases that ended without a number."""
    columns = [Column("case"), Column("machine"), Column("outcome"), Column("why")]
    rows = [[f.case.label, f.machine, f.ending, f.why] for f in failures]
    return capped("Rounds that ended without a number", columns, rows)


def words_table(caption: str, heading: str, texts: Sequence[str]) -> Table:
    """One column of sentences or names."""
    return capped(caption, [Column(heading)], [[text] for text in texts])


def metrics_table() -> Table:
    """How each metric is obtained."""
    columns = [Column("metric"), Column("unit stored"), Column("kind"), Column("how"), Column("source")]
    rows = [[m.label, m.unit, m.kind, m.how, m.source] for m in METRICS.values()]
    return capped("How each number is obtained", columns, rows)


def machines_table(machines: Mapping[str, Environment]) -> Table:
    """Facts and versions of every machine, one row per fact."""
    columns = [Column("machine"), Column("fact"), Column("value")]
    rows = [
        [name, fact, value if isinstance(value, str) else json.dumps(value, sort_keys=True)]
        for name, e in machines.items()
        for fact, value in [
            ("hardware key", e.hw_key), ("software key", e.sw_key),
            *sorted(e.hardware.items()), *sorted(e.software.items()),
        ]
    ]  # fmt: skip
    return capped("Machines and software", columns, rows)


def files_table(files: Sequence[Mapping[str, str]]) -> Table:
    """Result files with their hashes."""
    columns = [Column("file"), Column("sha256")]
    return capped("Result files", columns, [[f["name"], f["sha256"]] for f in files])

"""Two runs, or two machines, on one page: what differs between them on top, then every ratio with its interval."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from scalebench.analysis.compare.comparison import Comparison
from scalebench.claims.judge import Verdict, by_claim
from scalebench.record import Environment
from scalebench.report.claim_tables import effect
from scalebench.report.comparison_answer import comparison_answer
from scalebench.report.comparison_text import HOW, banners, document, places
from scalebench.report.content import Absent, Chart, Column, Report, Section
from scalebench.report.document import verdict_document
from scalebench.report.figures.explorer import explorer
from scalebench.report.figures.forest import forest
from scalebench.report.findings import Findings
from scalebench.report.labels import listed, verdict_word, when
from scalebench.report.machine_words import machine_words
from scalebench.report.method_tables import method_tables, words_table
from scalebench.report.tables import SHOWN, capped, filled, whole
from scalebench.report.view import answers_before_details


@dataclass(frozen=True)
class Named:
    """One of the two.

    Attributes:
        name: as the user gave it.
        findings: of its records.
    """

    name: str
    findings: Findings

    @property
    def facts(self) -> str:
        """Machine, rounds and dates in a line."""
        analysis, measured = self.findings.analysis, self.findings.document["measured"]
        time = when(measured["first"], measured["last"]) if measured["first"] else "never"
        return f"{self.name}: {listed(list(analysis.machines))}, {measured['rounds']} rounds, measured {time}"


def compose_comparison(a: Named, b: Named, comparison: Comparison) -> Report:
    """Everything on the page.

    Args:
        a, b: the two.
        comparison: B over A.
    """
    charts = [forest(comparison, metric, f"f{index}") for index, metric in enumerate(SHOWN, 1)]
    drawn = tuple(chart for chart in charts if isinstance(chart, Chart))
    absent = tuple(f"{chart.title}: not drawn, {chart.why}." for chart in charts if isinstance(chart, Absent))
    answer = comparison_answer(a.name, b.name, comparison, drawn[0] if drawn else None)
    sections = (
        differences_section(comparison),
        Section("ratios", "Ratios, case by case", absent, drawn),
        _claims(a, b),
        *_explorer(a, b),
        *_left_out(comparison),
        _method(a, b, comparison),
    )
    machines = {**a.findings.analysis.machines, **b.findings.analysis.machines}
    return Report(
        slug(a, b),
        f"{a.name} against {b.name}",
        *answers_before_details([answer], sections),
        machines={label: machine_words(environment) for label, environment in machines.items()},
        facts={"A": a.facts, "B": b.facts, "cases": _cases(comparison)},
        kind="scalebench comparison",
    )


def slug(a: Named, b: Named) -> str:
    """Name of the files: ``A-vs-B``, letters, digits, dashes and underscores only."""
    return "-vs-".join(re.sub(r"[^A-Za-z0-9_]+", "-", run.name).strip("-")[-60:] or "x" for run in (a, b))


def comparison_document(a: Named, b: Named, comparison: Comparison) -> dict[str, Any]:
    """Plain content of the comparison's JSON."""
    both = {"a": a, "b": b}
    return {
        **document(comparison),
        "kind": "comparison",
        "title": f"{a.name} against {b.name}",
        **{key: {"name": run.name, "suite": run.findings.analysis.plan.suite} for key, run in both.items()},
        "machines": {label: asdict(environment) for label, environment in _machines(a, b).items()},
        "measured": {key: run.findings.document["measured"] for key, run in both.items()},
        "verdicts": {key: [verdict_document(v) for v in run.findings.verdicts] for key, run in both.items()},
        "files": {key: run.findings.document["files"] for key, run in both.items()},
    }  # fmt: skip


def differences_section(comparison: Comparison) -> Section:
    """Every field of the fingerprints that is not the same."""
    rows = [
        [" and ".join(dict.fromkeys(d.machines)), kind, change.field, change.old, change.new]
        for d in comparison.differences
        for kind, changes in (("hardware", d.hardware), ("software", d.software))
        for change in changes
    ]
    columns = [Column(name) for name in ("machine", "kind", "field", "A", "B")]
    text = tuple(f"{banner}." for banner in banners(comparison)) or ("Hardware and software of both are the same.",)
    table = capped("Fields of the fingerprints that differ", columns, rows)
    return Section("differences", "What differs between A and B", text, tables=filled(table))


def _cases(comparison: Comparison) -> str:
    both = len({(row.a.key, row.machine) for row in comparison.rows})
    return f"{both} in both, {len(comparison.only_a)} only in A, {len(comparison.only_b)} only in B"


def _claims(a: Named, b: Named) -> Section:
    sides = [by_claim(run.findings.verdicts) for run in (a, b)]
    claims = {v.claim.id: v.claim.claim for run in (a, b) for v in run.findings.verdicts if v.claim.parts}
    rows = [[name, text, *(_words(side.get(name, ())) for side in sides)] for name, text in claims.items()]
    moved = sum(len({tuple(v.verdict for v in side.get(name, ())) for side in sides}) > 1 for name in claims)
    columns = [Column("claim"), Column("says"), Column("A"), Column("B")]
    table = whole("Verdicts side by side", columns, rows)
    text = (f"{moved} of {len(rows)} claims have other verdicts in B than in A.",) if rows else ()
    return Section("claims", "Claims, side by side", text, tables=filled(table))


def _words(verdicts: Sequence[Verdict]) -> str:
    texts = [", ".join(filter(None, (verdict_word(v.verdict), effect(v), v.way))) for v in verdicts]
    return "; ".join(texts) or "not in its suite"


def _explorer(a: Named, b: Named) -> tuple[Section, ...]:
    """Cases of both in one chart; the machine says which."""
    analyses = [("A: ", a.findings.analysis), ("B: ", b.findings.analysis)]
    cases, placed = (
        pd.concat(
            [frame.assign(machine=prefix + frame["machine"].astype(str)) for prefix, frame in named],
            ignore_index=True,
        )
        for named in (
            [(prefix, analysis.cases) for prefix, analysis in analyses],
            [(prefix, analysis.roofline) for prefix, analysis in analyses],
        )
    )
    chart = explorer(cases, placed)
    text = ("Cases of both as points; choose the machine as colour to distinguish them.",)
    return (Section("explorer", "Explorer", text, explorer=chart),) if chart else ()


def _machines(a: Named, b: Named) -> dict[str, Environment]:
    """Machines of both by a label that says whose they are."""
    both = (("A", a), ("B", b))
    return {f"{key}: {name}": e for key, run in both for name, e in run.findings.analysis.machines.items()}


def _left_out(comparison: Comparison) -> tuple[Section, ...]:
    lists: Mapping[str, Sequence[str]] = {
        "Cases only in A": comparison.only_a, "Cases only in B": comparison.only_b,
        "Cases that could not be compared": comparison.failed,
    }  # fmt: skip
    tables = [words_table(caption, "case", names) for caption, names in lists.items() if names]
    text = tuple(f"{note}." for note in comparison.notes)
    return (Section("gaps", "Not compared", text, tables=tuple(tables)),) if text or tables else ()


def _method(a: Named, b: Named, comparison: Comparison) -> Section:
    files = [{**file, "name": f"{key}: {file['name']}"} for key, run in (("A", a), ("B", b))
             for file in run.findings.document["files"]]  # fmt: skip
    text = (*(f"{line[0].upper()}{line[1:]}." for line in HOW), *(f"{line}." for line in places(comparison)))
    return Section("method", "Method and environment", text, tables=method_tables(_machines(a, b), files))

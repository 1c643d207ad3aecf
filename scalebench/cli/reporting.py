"""Records -> findings -> files, and the closing lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from scalebench.claims.judge import Verdict
from scalebench.cli.wanted import Wanted
from scalebench.errors import StoreError
from scalebench.report.content import Live
from scalebench.report.findings import Findings, find
from scalebench.report.write_report import write_report
from scalebench.store.jsonl import Results, read_results
from scalebench.store.previous import previous_files
from scalebench.suite.suite_plan import Plan
from scalebench.units import digits, interval


def write(stored: Results, wanted: Wanted, plan: Plan | None = None, live: Live | None = None) -> tuple[Path, Findings]:
    """Analyse what is stored and write ``reports/<suite>.html`` and ``.json``; a live page goes without the study.

    Raises:
        StoreError: no plan, several suites, or a folder that cannot be written.
    """
    previous = wanted.previous or read_results(previous_files(stored.files))
    findings = find(stored, plan, wanted.claims, previous, study=live is None)
    page = safely(wanted.reports, lambda: write_report(findings, wanted.reports, scripts=wanted.scripts, live=live))
    return page, findings


def safely(reports: Path, act: Callable[[], Path]) -> Path:
    """Do what writes to a folder.

    Raises:
        StoreError: it cannot be written.
    """
    try:
        return act()
    except OSError as error:
        raise StoreError(
            f"{reports} cannot be written: {error.strerror}",
            "the records are safe: scalebench report PATH --reports FOLDER writes the report elsewhere",
        ) from None


def finish(stored: Results, wanted: Wanted, json_: bool, plan: Plan | None = None) -> None:
    """Write the report and say its verdicts; ``json_``: the document on stdout in place of the closing lines."""
    page, findings = write(stored, wanted, plan)
    for name in findings.unknown:
        typer.echo(f"note: claim {name} is not known here; --claims FILE names the file that has it", err=True)
    if json_:
        typer.echo(page.with_suffix(".json").read_text(encoding="utf-8"), nl=False)
        return
    for problem in stored.problems:
        typer.echo(f"note: {problem}", err=True)
    for verdict in findings.verdicts:
        typer.echo(one_line(verdict))
    analysis = findings.analysis
    typer.echo(f"{len(analysis.cases)} cases measured, {len(analysis.failures)} without a number, "
               f"{len(analysis.missing)} missing")  # fmt: skip
    typer.echo(f"report: {page}")


def one_line(verdict: Verdict) -> str:
    """Verdict, claim and effect in one line of a terminal."""
    effect: Any = (
        ""
        if verdict.n == 0
        else f"{digits(verdict.effect)} {interval(verdict.low, verdict.high, verdict.exact)}, n = {verdict.n}"
    )
    return (
        f"{verdict.verdict:<13} {verdict.claim.id:<6} {verdict.claim.claim} ({effect or 'no data'}; {verdict.machine})"
    )

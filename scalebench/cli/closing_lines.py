"""The closing lines of a report: its verdicts, what was measured, where the page is."""

from __future__ import annotations

from pathlib import Path

import typer

from scalebench.analysis.compare.comparison import Comparison
from scalebench.claims.judge import Verdict
from scalebench.cli.output import print_document
from scalebench.report.comparison_text import banners, headline
from scalebench.report.findings import Findings
from scalebench.report.trust import watched_sentence
from scalebench.units import digits, interval


def print_findings(findings: Findings, page: Path, json_: bool) -> None:
    """Print the verdicts and where the page is; ``json_``: its document instead."""
    for name in findings.unknown:
        typer.echo(f"note: claim {name} is not known here; --claims FILE names the file that has it", err=True)
    if json_:
        print_document(page)
        return
    for problem in findings.stored.problems:
        typer.echo(f"note: {problem}", err=True)
    for verdict in findings.verdicts:
        typer.echo(verdict_line(verdict))
    analysis = findings.analysis
    measured, failed, missing = len(analysis.cases), len(analysis.failures), len(analysis.missing)
    typer.echo(f"{measured} cases measured, {failed} without a number, {missing} missing")
    if single := [machine for machine, number in analysis.sessions.items() if number == 1]:
        typer.echo(f"measured in one session: {', '.join(single)}; intervals of absolute values hold for it alone")
    typer.echo(watched_sentence(analysis.rounds))
    typer.echo(f"report: {page}")


def print_comparison(comparison: Comparison, page: Path, json_: bool) -> None:
    """Print what differs between two sets of records and where the page is; ``json_``: its document instead."""
    if json_:
        print_document(page)
        return
    for banner in banners(comparison):
        typer.echo(banner)
    typer.echo(headline(comparison))
    typer.echo(f"report: {page}")


def verdict_line(verdict: Verdict) -> str:
    """Verdict, claim and effect in one line of a terminal."""
    effect = "no data"
    if verdict.n:
        bounds = interval(verdict.low, verdict.high, verdict.exact)
        effect = f"{digits(verdict.effect)} {bounds}, n = {verdict.n}"
    return f"{verdict.verdict:<19} {verdict.claim.id:<8} {verdict.claim.claim} ({effect}; {verdict.machine})"

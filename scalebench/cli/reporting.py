"""Records -> analysis -> verdicts -> files, and the closing lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from scalebench.analysis.run import analyse, with_study
from scalebench.claims.evaluate import Verdict, judge
from scalebench.claims.registry import select_claims, with_file
from scalebench.errors import StoreError
from scalebench.report.build import write_report
from scalebench.report.document import build_document
from scalebench.store.jsonl import Results
from scalebench.suite.plan import Plan
from scalebench.units import digits, interval


def finish(plan: Plan, stored: Results, reports: Path, json_: bool, claims: Path | None = None) -> None:
    """Analyse what is stored, write ``reports/<suite>.html`` and ``.json``, and say the verdicts.

    Args:
        plan: the newest.
        stored: every record of the suite.
        reports: folder to write to.
        json_: whether the document goes to stdout in place of the closing lines.
        claims: the user's own file of claims.
    """
    newest = {found.machines: found for found in (*stored.plans, plan)}
    elsewhere = [case for found in newest.values() for case in found.cases]
    analysis = with_study(analyse(plan, stored.records, elsewhere, stored.abilities))
    known = with_file(claims)
    verdicts = judge(select_claims([name for name in plan.claims if name in known], known), analysis)
    for name in plan.claims:
        if name not in known:
            typer.echo(f"note: claim {name} is not known here; --claims FILE names the file that has it", err=True)
    document = build_document(analysis, verdicts, stored)
    try:
        page = write_report(analysis, verdicts, document, reports)
    except OSError as error:
        raise StoreError(
            f"{reports} cannot be written: {error.strerror}",
            "the records are safe: scalebench report PATH --reports FOLDER writes the report elsewhere",
        ) from None
    if json_:
        typer.echo(page.with_suffix(".json").read_text(encoding="utf-8"), nl=False)
        return
    for problem in stored.problems:
        typer.echo(f"note: {problem}", err=True)
    for verdict in verdicts:
        typer.echo(one_line(verdict))
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

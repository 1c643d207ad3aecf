"""Plan file -> outcome and its document; and the outcome on a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from scalebench.cli.output import print_table
from scalebench.procure.capacity import capacities
from scalebench.procure.catalogue import catalogue, catalogue_version
from scalebench.procure.decision_document import build_document, names_of
from scalebench.procure.evidence import gather
from scalebench.procure.load_plan import load_plan
from scalebench.procure.outcome import PurchaseOutcome, weigh
from scalebench.report.ranking import headings, remarks, rows, verdict, what_changes_it

_CHANGES = 5
"""Switching values that a terminal shows; the page has all."""


def find(path: Path, draws: int) -> tuple[PurchaseOutcome, dict[str, Any], str]:
    """Decide on a plan file.

    Returns: the outcome, its document, and the text of the plan.

    Raises:
        PlanError: a plan that cannot be used.
        StoreError: records that cannot be read.
    """
    file = load_plan(path)
    evidence = gather(file, catalogue())
    for problem in evidence.problems:
        typer.echo(f"note: {problem}", err=True)
    serving, refusals = capacities(file.plan, evidence, draws)
    outcome = weigh(file.plan, serving, refusals, lambda plan: capacities(plan, evidence, 0)[0])
    document = build_document(outcome, names_of(path, evidence.files), catalogue_version())
    return outcome, document, path.read_text(encoding="utf-8")


def print_decision(outcome: PurchaseOutcome) -> None:
    """Verdict, ranked table, warnings, and what would change the answer."""
    decision = outcome.decision
    typer.echo(verdict(decision))
    print_table("", headings(decision), rows(decision))
    for offer, remark in remarks(decision):
        typer.echo(f"{offer}: {remark}")
    for warning in decision.warnings:
        typer.echo(f"warning: {warning}")
    for sentence in what_changes_it(outcome)[:_CHANGES]:
        typer.echo(sentence)

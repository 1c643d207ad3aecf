"""scalebench procure: which offer to take, from a plan file and stored records."""

from __future__ import annotations

from pathlib import Path

import typer

from scalebench.cli.output import print_document, print_table, table_columns
from scalebench.cli.progress import show_progress
from scalebench.jobs.procure import decide_purchase
from scalebench.procure.outcome import PurchaseOutcome
from scalebench.report.offers.purchase_answers import purchase_answers
from scalebench.report.ranking import headings, remarks, rows

NO_OFFER = 3
"""Exit code where no offer meets the constraints."""


def procure(
    plan: Path = typer.Argument(metavar="PLAN", help="Plan file: workload, nodes, offers, records."),
    out: Path = typer.Option(Path("reports"), "--out", metavar="FOLDER", help="Folder of the page and its JSON."),
    draws: int = typer.Option(2000, min=100, help="Joint draws behind every probability."),
    json_: bool = typer.Option(False, "--json", help="Print the decision's JSON on stdout."),
) -> None:
    """Rank the offers of a plan. Exit code 0: at least one offer meets the constraints; 3: none does; 2: bad input."""
    with show_progress() as announce:
        page, outcome = decide_purchase(plan, out, draws=draws, announce=announce)
    if json_:
        print_document(page)
    else:
        _print(outcome)
        typer.echo(f"decision: {page}")
    raise typer.Exit(0 if outcome.decision.ranked else NO_OFFER)


def _print(outcome: PurchaseOutcome) -> None:
    """Ranked table, remarks and warnings, then the answers."""
    decision = outcome.decision
    print_table("", table_columns(headings(decision)), rows(decision))
    for offer, remark in remarks(decision):
        typer.echo(f"{offer}: {remark}")
    for warning in decision.warnings:
        typer.echo(f"warning: {warning}")
    for question, answer in purchase_answers(outcome).items():
        typer.echo(f"{question.text}\n  {' '.join(answer.sentences)}")

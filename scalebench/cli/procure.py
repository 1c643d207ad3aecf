"""scalebench procure: which offer to take, from a plan file and stored records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from scalebench.procure.outcome import PurchaseOutcome

NOTHING_SERVES = 3
"""Exit code."""


def procure(
    plan: Path = typer.Argument(metavar="PLAN", help="Plan file: workload, nodes, offers, records."),
    out: Path = typer.Option(Path("reports"), "--out", metavar="FOLDER", help="Folder of the page and its JSON."),
    draws: int = typer.Option(2000, min=100, help="Joint draws behind every probability."),
    json_: bool = typer.Option(False, "--json", help="Print the decision's JSON on stdout."),
) -> None:
    """Rank the offers of a plan. Exit code 0: at least one offer meets the constraints; 3: none does; 2: bad input."""
    from scalebench.cli.deciding import find, print_decision
    from scalebench.report.decision_page import compose_decision
    from scalebench.report.write_report import write_pages

    outcome, document, text = find(plan, draws)
    report = compose_decision(outcome, document, plan.stem, text)
    page = write_pages(report, document, out)
    if json_:
        typer.echo(page.with_suffix(".json").read_text(encoding="utf-8"), nl=False)
    else:
        print_decision(outcome)
        typer.echo(f"decision: {page}")
    raise typer.Exit(exit_code(outcome))


def exit_code(outcome: PurchaseOutcome) -> int:
    """3 where no offer meets the constraints, else 0."""
    return 0 if outcome.decision.ranked else NOTHING_SERVES

"""Decides which offer of a purchase plan to take, and writes the decision's page and JSON."""

from __future__ import annotations

from pathlib import Path

from scalebench.execute.events import Listener, Note, silent
from scalebench.procure.capacity import DRAWS, capacities
from scalebench.procure.catalogue import catalogue, catalogue_version
from scalebench.procure.decision_document import build_document, names_of
from scalebench.procure.evidence import gather
from scalebench.procure.load_plan import load_plan
from scalebench.procure.outcome import PurchaseOutcome, weigh
from scalebench.report.decision_page import compose_decision
from scalebench.report.write_report import write_pages


def decide_purchase(
    plan: Path, folder: Path = Path("reports"), *, draws: int = DRAWS, announce: Listener = silent
) -> tuple[Path, PurchaseOutcome]:
    """Decide on a plan file.

    Args:
        plan: plan file.
        folder: of the page and its JSON.
        draws: joint draws behind every probability.
        announce: hears which records could not be read.

    Returns: the page, and the outcome.

    Raises:
        PlanError: a plan that cannot be used.
        StoreError: records that cannot be read, or a folder that cannot be written.
    """
    file = load_plan(plan)
    evidence = gather(file, catalogue())
    for problem in evidence.problems:
        announce(Note(f"note: {problem}"))
    serving, refusals = capacities(file.plan, evidence, draws)
    outcome = weigh(file.plan, serving, refusals, lambda changed: capacities(changed, evidence, 0)[0])
    files = names_of(plan, evidence.files)
    document = build_document(outcome, files, catalogue_version())
    report = compose_decision(outcome, document, plan.stem, plan.read_text(encoding="utf-8"))
    return write_pages(report, document, folder), outcome

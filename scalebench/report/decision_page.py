"""The page of a purchase decision: the verdict on top, then everything it depends on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scalebench.procure.decide import Decision
from scalebench.procure.outcome import PurchaseOutcome
from scalebench.report.content import ANCHOR, Answered, Column, Elsewhere, Report, Section
from scalebench.report.labels import listed
from scalebench.report.method_tables import files_table
from scalebench.report.naming import amount, given
from scalebench.report.ranking import sessions, share, verdict, what_changes_it
from scalebench.report.sections.purchase import (
    assumptions_section,
    capacities_section,
    gaps_section,
    offers_section,
    pareto_section,
    sensitivity_section,
    switching_section,
)
from scalebench.report.tables import filled, whole
from scalebench.report.view import answers_before_details

_CHANGES = 3
"""Switching values below the verdict."""


def compose_decision(outcome: PurchaseOutcome, document: Mapping[str, Any], stem: str, text: str) -> Report:
    """Everything on the page.

    Args:
        outcome: the decision and its analyses.
        document: ``decision_document.build_document``, for the hashes of the files.
        stem: of the plan file, which names the page.
        text: of the plan file.
    """
    decision = outcome.decision
    plan = decision.plan
    answer = Answered(
        f"{ANCHOR}offer",
        "Which offer should be taken?",
        (verdict(decision),),
        (_chances(decision), *sessions(decision), *what_changes_it(outcome)[:_CHANGES]),
        details=Elsewhere("offers", ""),
        numbers=_numbers(decision),
    )
    sections = (
        offers_section(decision),
        assumptions_section(decision),
        capacities_section(decision),
        sensitivity_section(outcome),
        switching_section(outcome),
        pareto_section(decision),
        gaps_section(decision),
        _method(decision, document, text),
    )
    return Report(
        f"{stem}-decision",
        plan.workload.name,
        *answers_before_details([answer], sections),
        facts=_facts(decision),
        kind="scalebench decision",
    )


def _facts(decision: Decision) -> dict[str, str]:
    plan = decision.plan
    demand, slo = plan.workload.demand, plan.workload.slo
    machines = sorted({capacity.machine for capacity in decision.capacities if capacity.machine})
    return {
        "as of": plan.as_of.isoformat(),
        "demand": f"{amount(demand.mean_images_per_s.value)} images per s on average, "
        f"{amount(demand.peak_images_per_s.value)} at peak ({demand.peak_definition})",
        "service level": f"p{slo.percentile} within {given(slo.latency_ms.value)} ms",
        "machines measured": listed(machines) if machines else "none",
        "offers": f"{len(decision.ranked)} ranked, {len(decision.bounds)} with only a lower bound on cost, "
        f"{len(decision.rejected)} rejected",
    }


def _numbers(decision: Decision) -> dict[str, float]:
    """Costs of the cheapest offer."""
    if not decision.ranked:
        return {}
    bill = decision.ranked[0].bill
    return {"per_year": float(bill.per_year), "per_million": float(bill.per_million)}


def _chances(decision: Decision) -> str:
    if not decision.ranked:
        return "No setup of any node meets the constraints, or no offer is valid; the table gives the reasons."
    shares = listed([f"{offer.offer.id} {share(offer.chance.best)}" for offer in decision.ranked[:4]])
    return f"Share of {decision.draws:,} joint draws in which an offer serves and is cheapest: {shares}."


def _method(decision: Decision, document: Mapping[str, Any], text: str) -> Section:
    draws = (
        f"Draws: {decision.draws:,} with seed {decision.seed}. Every quantity with a range is drawn from a triangular "
        "distribution over it, every measured capacity from the t-distribution of its service times, times one normal "
        "factor per machine for what differs between its sessions; all offers share each draw."
    )
    columns = [Column("number"), Column("unit"), Column("formula")]
    first = document["ranked"][0]["numbers"] if document["ranked"] else {}
    formulas = [[name.replace("_", " "), entry["unit"] or "-", entry["formula"]] for name, entry in first.items()]
    table = whole("Formula of each number, as numbered in the documentation", columns, formulas)
    return Section(
        "method",
        "Method and files",
        (draws,),
        tables=filled(table, files_table(document["files"])),
        code={"Plan": text},
    )

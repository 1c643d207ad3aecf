"""The page of a purchase decision: a buyer's questions answered, then everything that the answers depend on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scalebench.procure.decide import Decision
from scalebench.procure.outcome import PurchaseOutcome
from scalebench.report.content import Column, Report, Section
from scalebench.report.labels import listed
from scalebench.report.method_tables import files_table
from scalebench.report.naming import amount, given
from scalebench.report.offers.purchase_answers import answered
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


def compose_decision(outcome: PurchaseOutcome, document: Mapping[str, Any], stem: str, text: str) -> Report:
    """Everything on the page.

    Args:
        outcome: the decision and its analyses.
        document: ``decision_document.build_document``, for the hashes of the files.
        stem: of the plan file, which names the page.
        text: of the plan file.
    """
    decision = outcome.decision
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
        f"Which offer for {decision.plan.workload.name}?",
        *answers_before_details(answered(outcome), sections),
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


def _method(decision: Decision, document: Mapping[str, Any], text: str) -> Section:
    draws = (
        f"{decision.draws:,} varied cases with seed {decision.seed}. Every quantity with a range is drawn from a "
        "triangular distribution over it. Every measured capacity is drawn from the t-distribution of its service "
        "times, with one normal factor per machine for what differs between sessions. All offers share each case."
    )
    accuracies = (
        "Every measured accuracy is drawn from its posterior distribution (Jeffreys' prior, by the Bayesian bootstrap "
        "of the same images for all). A setup serves in no case in which its accuracy is below the minimum.",
    )
    columns = [Column("number"), Column("unit"), Column("formula")]
    first = document["ranked"][0]["numbers"] if document["ranked"] else {}
    formulas = [[name.replace("_", " "), entry["unit"] or "-", entry["formula"]] for name, entry in first.items()]
    table = whole("Formula of each number, as numbered in the documentation", columns, formulas)
    return Section(
        "method",
        "Method and files",
        (draws, *(accuracies if any(c.accuracy for c in decision.capacities) else ())),
        tables=filled(table, files_table(document["files"])),
        code={"Plan": text},
    )

"""Decides what the page shows, without a line of HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scalebench.analysis.analyse import Analysis
from scalebench.claims.judge import Verdict, by_claim
from scalebench.report.content import Article, Live, Report, Ruling, Section
from scalebench.report.figures.strips import strip
from scalebench.report.labels import listed, when
from scalebench.report.result_tables import parts_table, undecidable_table, verdicts_table
from scalebench.report.sections.headline import count_words, effect, headline
from scalebench.report.sections.method import gaps, method
from scalebench.report.sections.outlook import outlook
from scalebench.report.sections.results import draw_figures, results
from scalebench.report.tables import filled

NO_DECISION = (
    "This report shows measurements only. It was given no purchase plan, so there are no offers to rank and no prices "
    "to vary. scalebench procure PLAN ranks the offers of a plan by such records."
)


def compose(
    analysis: Analysis, verdicts: Sequence[Verdict], document: Mapping[str, Any], change: Section | None = None,
    live: Live | None = None,
) -> Report:  # fmt: skip
    """Everything on the page, in reading order.

    Args:
        analysis: what the records say.
        verdicts: of the suite's claims.
        document: ``document.build_document``, for what only the stored files know.
        change: what changed since an earlier run, see ``change.change_section``.
        live: there while the run goes on.
    """
    figures = draw_figures(analysis)
    return Report(
        suite=analysis.plan.suite,
        title=analysis.plan.title or analysis.plan.suite,
        facts=_facts(analysis, document),
        headline=headline(verdicts),
        counts=count_words(verdicts),
        outlook=outlook(verdicts, analysis),
        decision=(Section("offers", "Ranked offers and sensitivity", (NO_DECISION,)),),
        verdicts=filled(verdicts_table(verdicts), undecidable_table(verdicts)),
        articles=articles([verdict for verdict in verdicts if not verdict.claim.cannot]),
        sections=(
            *results(analysis, figures),
            *((change,) if change else ()),
            gaps(analysis, document, figures),
            method(analysis, document),
        ),
        live=live,
    )


def articles(verdicts: Sequence[Verdict]) -> tuple[Article, ...]:
    """One per claim, in the order of the verdicts, with a ruling per machine and configuration."""
    return tuple(_article(of_claim) for of_claim in by_claim(verdicts).values())


def _article(verdicts: Sequence[Verdict]) -> Article:
    claim = verdicts[0].claim
    rulings = tuple(
        Ruling(
            v.verdict, effect(v), ", ".join(filter(None, (v.machine, v.way))), v.why, parts_table(v.parts),
            strip(v.decisive),
        )
        for v in verdicts
    )  # fmt: skip
    return Article(
        f"claim-{claim.id}", claim.id, claim.claim, claim.stance, claim.source, claim.published,
        claim.conditions, rulings,
    )  # fmt: skip


def _facts(analysis: Analysis, document: Mapping[str, Any]) -> dict[str, str]:
    measured = document.get("measured", {})
    first, last = measured.get("first", ""), measured.get("last", "")
    return {
        "suite": analysis.plan.suite,
        "machines": listed(list(analysis.machines)) if analysis.machines else "none yet",
        "measured": when(first, last) if first else _without_time(analysis),
        "rounds": f"{len(analysis.rounds)} stored, at least {analysis.plan.rounds} requested per case; "
        f"{_endings(analysis)}",
        "cases": f"{len(analysis.cases)} measured, {len(analysis.failures)} without a number, "
        f"{len(analysis.missing)} missing",
    }


def _without_time(analysis: Analysis) -> str:
    return "elsewhere, at an unknown time" if len(analysis.rounds) else "nothing yet"


def _endings(analysis: Analysis) -> str:
    counted = analysis.cases["status"].value_counts()
    return f"ended: {', '.join(f'{n} {word}' for word, n in counted.items())}" if len(counted) else "no case measured"

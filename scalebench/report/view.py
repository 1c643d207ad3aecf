"""Decides what the page shows, without a line of HTML."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from scalebench.claims.judge import ON_PAPER, Verdict, by_claim, expected_false
from scalebench.report.content import ANCHOR, Answered, Article, Elsewhere, Live, Report, Ruling, Section, Table
from scalebench.report.figures.strips import strip
from scalebench.report.findings import Findings
from scalebench.report.labels import days, verdict_word
from scalebench.report.machine_words import machine_words
from scalebench.report.result_tables import effect, parts_table, undecidable_table, verdicts_table
from scalebench.report.rounds_to_decide import rounds_to_decide
from scalebench.report.sections.change import change_section
from scalebench.report.sections.method import gaps, method
from scalebench.report.sections.results import draw_figures, results
from scalebench.report.tables import filled
from scalebench.units import digits

FIGURE_TABLES = Elsewhere("figure-tables", "Numbers of the figures above")
FEASIBLE = 200
"""More rounds than this are not feasible."""
_BARS = (
    "The bar beside a verdict shows the effect with its 95 % interval against the shaded range that the claim allows. "
    "Ratios stand on a logarithmic line."
)


def compose(findings: Findings, live: Live | None = None) -> Report:
    """Everything on the page, in reading order.

    Args:
        findings: what to report.
        live: there while the run goes on.
    """
    analysis, document = findings.analysis, findings.document
    answers = [
        Answered(
            f"{ANCHOR}{question.name}", question.text, answer.sentences, answer.points, answer.closes,
            question.chart(findings.evidence, answer), details=Elsewhere(question.details, ""), numbers=answer.numbers,
        )
        for question, answer in findings.answers.items()
    ]  # fmt: skip
    figures = draw_figures(analysis, {answer.chart.id for answer in answers if answer.chart})
    change = (change_section(findings.change),) if findings.change else ()
    sections = (
        *claims_sections(findings.verdicts), *results(analysis, figures), *change,
        gaps(analysis, document, figures), method(analysis, document),
    )  # fmt: skip
    measured = document["measured"]
    return Report(
        analysis.plan.suite,
        analysis.plan.title or analysis.plan.suite,
        *answers_before_details(answers, sections),
        machines={label: machine_words(environment) for label, environment in analysis.machines.items()},
        measured=days(measured["first"], measured["last"]) if measured["first"] else "",
        live=live,
    )


def answers_before_details(
    answers: Sequence[Answered], sections: Iterable[Section]
) -> tuple[tuple[Answered, ...], tuple[Section, ...]]:
    """Answers with what they need of the details, and the details without what the answers show.

    A figure stands once on the page; the tables of the answers' figures are details; a link leads to what is there.
    """
    shown = {answer.chart.id for answer in answers if answer.chart}
    others = (replace(s, charts=tuple(c for c in s.charts if c.id not in shown)) for s in sections)
    tables = tuple(a.chart.table for a in answers if a.chart and isinstance(a.chart.table, Table))
    details = [section for section in others if section.has_evidence or section.text]
    details[:0] = [Section(FIGURE_TABLES.anchor, FIGURE_TABLES.title, tables=tables)] if tables else []
    titles = {section.id: section.title for section in details}
    return tuple(_linked(answer, titles) for answer in answers), tuple(details)


def _linked(answer: Answered, titles: dict[str, str]) -> Answered:
    chart, anchor = answer.chart, answer.details.anchor if answer.details else ""
    if chart is not None and isinstance(chart.table, Table):
        chart = replace(chart, table=FIGURE_TABLES)
    return replace(answer, chart=chart, details=Elsewhere(anchor, titles[anchor]) if anchor in titles else None)


def claims_sections(verdicts: Sequence[Verdict]) -> Iterable[Section]:
    """Claims that measurements decide, and apart from them those about papers, which counts decide."""
    decidable = [verdict for verdict in verdicts if not verdict.claim.cannot]
    paper = [verdict for verdict in decidable if not verdict.claim.measured]
    measured = [verdict for verdict in decidable if verdict.claim.measured]
    decided, false = expected_false(measured)
    chance = (
        f"Of {decided} verdicts that measurements decided, {digits(false, 2)} would be false on average if every true "
        "effect lay on its bound. If not, fewer are."
    )
    text = (_BARS, *([chance] if decided else []))
    if measured:
        tables = (verdicts_table(measured),)
        yield Section("claims", "Claims that measurements decide", text, tables=tables, articles=articles(measured))
    if paper:
        tables = (verdicts_table(paper, "Verdicts by counts"),)
        yield Section("paper", "Claims that counts decide", (_BARS,), tables=tables, articles=articles(paper))
    if undecidable := filled(undecidable_table(verdicts)):
        yield Section("undecidable", "Claims that cannot be decided here", tables=undecidable)


def articles(verdicts: Sequence[Verdict]) -> tuple[Article, ...]:
    """One per claim, in the order of the verdicts, with a ruling per machine and configuration."""
    return tuple(_article(of_claim) for of_claim in by_claim(verdicts).values())


def _article(verdicts: Sequence[Verdict]) -> Article:
    claim = verdicts[0].claim
    rulings = tuple(
        Ruling(
            v.verdict, verdict_word(v.verdict, v.machine == ON_PAPER), effect(v),
            ", ".join(filter(None, (v.machine, v.way))), f"{v.why}{_next_step(v)}", parts_table(v.parts),
            strip(v.decisive),
        )
        for v in verdicts
    )  # fmt: skip
    return Article(
        f"claim-{claim.id}", claim.id, claim.claim, claim.stance, claim.source, claim.published,
        claim.conditions, rulings,
    )  # fmt: skip


def _next_step(verdict: Verdict) -> str:
    """What would decide a verdict that is open."""
    if verdict.verdict == "not measured":
        return f" scalebench suite-for {verdict.claim.id} writes a suite that decides it."
    rounds = rounds_to_decide(verdict)
    if math.isnan(rounds):
        return ""
    if rounds > FEASIBLE:
        return " No feasible number of rounds decides it: the effect is too close to its bound."
    return f" About {math.ceil(rounds)} rounds per case in place of {verdict.n} would decide it if the effect stays."

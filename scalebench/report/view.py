"""Decides what the page shows, without a line of HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from scalebench.claims.judge import Verdict, expected_false
from scalebench.report.claim_tables import claim_tables, untested_table
from scalebench.report.content import ANCHOR, Answered, Elsewhere, Live, Report, Section, Table
from scalebench.report.findings import Findings
from scalebench.report.labels import days
from scalebench.report.machine_words import machine_words
from scalebench.report.questions.question import Question
from scalebench.report.sections.change import change_section
from scalebench.report.sections.method import gaps, method
from scalebench.report.sections.results import draw_figures, results
from scalebench.report.tables import filled
from scalebench.units import digits

FIGURE_TABLES = Elsewhere("figure-tables", "Numbers of the figures above")


def compose(findings: Findings, live: Live | None = None) -> Report:
    """Everything on the page, in reading order.

    Args:
        findings: what to report.
        live: there while the run goes on.
    """
    analysis, document = findings.analysis, findings.document
    answers = answered(findings, findings.answers)
    figures = draw_figures(analysis)
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


def answered(findings: Findings, questions: Iterable[Question]) -> list[Answered]:
    """Answers to these questions, which the findings have, with their figures."""
    answers = ((question, findings.answers[question]) for question in questions)
    return [
        Answered(
            f"{ANCHOR}{question.name}", question.text, answer.sentences, answer.points, answer.closes,
            question.chart(findings.evidence, answer), answer.tables, Elsewhere(question.details, ""), answer.numbers,
        )
        for question, answer in answers
    ]  # fmt: skip


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
    """Claims that measurements decide, those about papers, which counts decide, and what these records do not test."""
    tested = [verdict for verdict in verdicts if not verdict.claim.cannot and verdict.verdict != "not measured"]
    paper = [verdict for verdict in tested if not verdict.claim.measured]
    measured = [verdict for verdict in tested if verdict.claim.measured]
    decided, false = expected_false(measured)
    chance = (
        f"Of {decided} verdicts that measurements decided, {digits(false, 2)} would be false on average if every true "
        "effect lay on its bound. If not, fewer are."
    )
    if measured:
        text = (chance,) if decided else ()
        yield Section("claims", "Claims that measurements decide", text, tables=claim_tables(measured, "measurements"))
    if paper:
        yield Section("paper", "Claims that counts decide", tables=claim_tables(paper, "counts"))
    untested = [verdict for verdict in verdicts if verdict.claim.cannot or verdict.verdict == "not measured"]
    if tables := filled(untested_table(untested)):
        yield Section("untested", "Claims that these records do not test", tables=tables)

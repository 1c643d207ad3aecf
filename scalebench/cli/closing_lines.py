"""The closing lines of a report: its answers, what was measured, where the page is."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import typer

from scalebench.analysis.compare.comparison import Comparison
from scalebench.claims.judge import Verdict, by_claim
from scalebench.cli.output import print_document
from scalebench.report.comparison_text import banners, headline
from scalebench.report.findings import Findings
from scalebench.report.questions.question import Answer, Question

MOST_LINES = 15
"""Lines that a report leaves on the terminal: the page has the rest."""


def print_findings(findings: Findings, page: Path, json_: bool) -> None:
    """Print the answers and where the page is; ``json_``: its document instead."""
    if json_:
        for note in _unknown(findings):
            typer.echo(note, err=True)
        print_document(page)
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None  # a pipe has no width
    notes, lines = closing_lines(findings, page, width)
    for note in notes:
        typer.echo(note, err=True)
    for line in lines:
        typer.echo(line)


def closing_lines(findings: Findings, page: Path, width: int | None) -> tuple[list[str], list[str]]:
    """Notes, and what follows them: together at most ``MOST_LINES`` of ``width`` characters, None for any width."""
    notes = _wrapped([*_unknown(findings), *_problems(findings)], width)
    facts = [*_wrapped(_facts(findings), width), f"report: {page}"]
    return notes, [*answer_lines(findings.answers, MOST_LINES - len(notes) - len(facts), width), *facts]


def answer_lines(answers: Mapping[Question, Answer], most: int, width: int | None) -> list[str]:
    """The answers in at most ``most`` lines: their first sentences, and the others where there is room.

    What does not fit even so is left to the page, the last questions first.
    """
    short = [_wrapped([f"{question.text} {answer.sentences[0]}"], width) for question, answer in answers.items()]
    shown = list(short)
    while sum(map(len, shown)) + (len(shown) < len(short)) > most and shown:
        shown.pop()
    left = len(short) - len(shown)
    room = most - sum(map(len, shown)) - (left > 0)
    for index, (question, answer) in enumerate(list(answers.items())[: len(shown)]):
        whole = _wrapped([" ".join((question.text, *answer.sentences))], width)
        if len(whole) - len(shown[index]) <= room:
            room -= len(whole) - len(shown[index])
            shown[index] = whole
    more = [f"{left} more answer{'s are' if left > 1 else ' is'} on the page"] if left else []
    return [line for lines in shown for line in lines] + more


def _facts(findings: Findings) -> list[str]:
    """What the records hold, and what they do not."""
    analysis = findings.analysis
    parts = [f"{len(analysis.cases)} cases measured"]
    parts += [f"{len(analysis.failures)} without a number"] if analysis.failures else []
    parts += [f"{len(analysis.missing)} missing"] if analysis.missing else []
    facts = [", ".join(parts)]
    if single := [machine for machine, number in analysis.sessions.items() if number == 1]:
        facts.append(f"one session on {', '.join(single)}: absolute values may differ by more in another")
    if untested := _untested(findings.verdicts):
        subject = "1 statement of a paper needs" if untested == 1 else f"{untested} statements of papers need"
        facts.append(f"{subject} other models or hardware, or cannot be tested")
    return facts


def _untested(verdicts: Sequence[Verdict]) -> int:
    """Statements of papers that the records test in no configuration."""
    papers = by_claim(verdict for verdict in verdicts if not verdict.claim.ours).values()
    return sum(all(verdict.verdict == "not measured" for verdict in own) for own in papers)


def _unknown(findings: Findings) -> list[str]:
    if not findings.unknown:
        return []
    return [f"note: not known here: claims {', '.join(findings.unknown)}; --claims FILE names the file that has them"]


def _problems(findings: Findings) -> list[str]:
    problems = findings.stored.problems
    more = f"; {len(problems) - 1} more on the page" if len(problems) > 1 else ""
    return [f"note: {problems[0]}{more}"] if problems else []


def _wrapped(texts: Iterable[str], width: int | None) -> list[str]:
    """Lines of at most ``width`` characters; those that continue a text are indented."""
    if width is None:
        return list(texts)
    return [
        line
        for text in texts
        for line in textwrap.wrap(text, max(width, 20), subsequent_indent="  ", break_on_hyphens=False)
    ]


def print_comparison(comparison: Comparison, page: Path, json_: bool) -> None:
    """Print what differs between two sets of records and where the page is; ``json_``: its document instead."""
    if json_:
        print_document(page)
        return
    for banner in banners(comparison):
        typer.echo(banner)
    typer.echo(headline(comparison))
    typer.echo(f"report: {page}")

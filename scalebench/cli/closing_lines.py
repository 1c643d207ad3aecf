"""The closing lines of a report, from its JSON: its answers, what was measured, where the page is."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from scalebench.cli.output import print_document

if TYPE_CHECKING:
    from scalebench.analysis.compare.comparison import Comparison

MOST_LINES = 15
"""Lines that a report leaves on the terminal: the page has the rest."""


def print_findings(page: Path, json_: bool) -> None:
    """Print the answers and where the page is; ``json_``: its document instead."""
    document = json.loads(page.with_suffix(".json").read_bytes())
    if json_:
        for note in document["closing"]["unknown"]:
            typer.echo(note, err=True)
        print_document(page)
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None  # a pipe has no width
    notes, lines = closing_lines(document, page, width)
    for note in notes:
        typer.echo(note, err=True)
    for line in lines:
        typer.echo(line)


def closing_lines(document: Mapping[str, Any], page: Path, width: int | None) -> tuple[list[str], list[str]]:
    """Notes, and what follows them: together at most ``MOST_LINES`` of ``width`` characters, None for any width."""
    closing = document["closing"]
    answers = [document["answers"][name] for name in document["asked"]]
    notes = _wrapped([*closing["unknown"], *closing["problems"]], width)
    facts = [*_wrapped(closing["facts"], width), f"report: {page}"]
    return notes, [*answer_lines(answers, MOST_LINES - len(notes) - len(facts), width), *facts]


def answer_lines(answers: Sequence[Mapping[str, Any]], most: int, width: int | None) -> list[str]:
    """The answers in at most ``most`` lines: their first sentences, and the others where there is room.

    What does not fit even so is left to the page, the last questions first.
    """
    short = [_wrapped([f"{answer['question']} {answer['sentences'][0]}"], width) for answer in answers]
    shown = list(short)
    while sum(map(len, shown)) + (len(shown) < len(short)) > most and shown:
        shown.pop()
    left = len(short) - len(shown)
    room = most - sum(map(len, shown)) - (left > 0)
    for index, answer in enumerate(answers[: len(shown)]):
        whole = _wrapped([" ".join((answer["question"], *answer["sentences"]))], width)
        if len(whole) - len(shown[index]) <= room:
            room -= len(whole) - len(shown[index])
            shown[index] = whole
    more = [f"{left} more answer{'s are' if left > 1 else ' is'} on the page"] if left else []
    return [line for lines in shown for line in lines] + more


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
    from scalebench.report.comparison_text import banners, headline  # scipy, which the answers of a run do not need

    for banner in banners(comparison):
        typer.echo(banner)
    typer.echo(headline(comparison))
    typer.echo(f"report: {page}")

"""An index over all reports of a folder by the question that each answers, from the files of the folder."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from scalebench.atomic import write_atomic
from scalebench.errors import StoreError
from scalebench.record import Environment
from scalebench.report.labels import days
from scalebench.report.machine_words import machine_words
from scalebench.report.questions.asked import QUESTIONS
from scalebench.report.writing.page import render_index

NAME = "index"
OTHERS = "Other reports"
"""Heading above reports that answer no question."""
_DRAWING = re.compile(r'<svg [^>]*class="plot".*?</svg>', re.DOTALL)
_LARGEST = 60_000
"""Characters of a drawing beyond which it is no thumbnail."""


@dataclass(frozen=True)
class Entry:
    """One report in the index.

    Attributes:
        page: file name of the page.
        title: of the suite.
        headline: the first answer.
        answers: name, question and first sentence of each answer, in the order of the page.
        machines: in words.
        measured: on which days, in words; empty where nothing was measured.
        kind: report, comparison or decision.
    """

    page: str
    title: str
    headline: str
    answers: tuple[tuple[str, str, str], ...]
    machines: tuple[str, ...]
    measured: str
    kind: str


def write_index(folder: Path) -> tuple[Path, tuple[Entry, ...]]:
    """Write ``folder/index.html`` over every report that has both its page and its JSON.

    Returns: the page, and its entries in order of their questions and titles.

    Raises:
        StoreError: the folder holds no report, or cannot be written.
    """
    entries = tuple(sorted((e for e in map(_entry, sorted(folder.glob("*.json"))) if e), key=_place))
    if not entries:
        raise StoreError(f"{folder} holds no report", "scalebench run SUITE or scalebench report PATH writes one")
    page = folder / f"{NAME}.html"
    try:
        thumbnails = {entry.page: thumbnail((folder / entry.page).read_text(encoding="utf-8")) for entry in entries}
        write_atomic(page, render_index(_by_question(entries), thumbnails))
    except OSError as error:
        raise StoreError(f"{page} cannot be written: {error.strerror}") from None
    return page, entries


def _place(entry: Entry) -> tuple[int, str, str]:
    """Questions in the order in which pages ask them, then others; reports without an answer last."""
    names = [question.name for question in QUESTIONS]
    if not entry.answers:
        return len(names) + 1, "", entry.title.lower()
    name, question, _ = entry.answers[0]
    return names.index(name) if name in names else len(names), question, entry.title.lower()


def _by_question(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.answers[0][1] if entry.answers else OTHERS, []).append(entry)
    return groups


def thumbnail(html: str) -> str:
    """The first drawing of a page's answers as an address for an image; empty where there is none of fitting size.

    An image shares no ids, styles or scripts with the index.
    """
    drawing = _DRAWING.search(html.partition('class="answer"')[2].partition("</section>")[0])
    if drawing is None or len(drawing[0]) > _LARGEST:
        return ""
    svg = drawing[0].replace('class="plot"', 'font-family="sans-serif"', 1)
    return f"data:image/svg+xml,{quote(svg, safe='/:=,;()-+.')}"


def _entry(file: Path) -> Entry | None:
    """What a report's JSON says of it; None for a file that is none of ours, or has no page."""
    page = file.with_suffix(".html")
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if not page.is_file() or not isinstance(content, dict) or "headline" not in content:
            return None
        measured, answers = content.get("measured", {}), content.get("answers", {})
        return Entry(
            page.name,
            str(content.get("title") or content.get("suite") or file.stem),
            str(content["headline"]),
            tuple((str(n), str(answers[n]["question"]), str(answers[n]["sentences"][0])) for n in content["asked"])
            if answers
            else (),
            _machines(content.get("machines", {})),
            _span(measured) or _span(measured.get("b", {})),
            str(content.get("kind", "report")),
        )
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return None


def _machines(machines: Mapping[str, Any] | list[str]) -> tuple[str, ...]:
    """In words; a decision names its machines without their facts."""
    if isinstance(machines, list):
        return tuple(map(str, machines))
    words = (machine_words(Environment(name, "", "", facts["hardware"])) or name for name, facts in machines.items())
    return tuple(dict.fromkeys(words))


def _span(measured: Mapping[str, Any]) -> str:
    return days(str(measured["first"]), str(measured["last"])) if measured.get("first") else ""

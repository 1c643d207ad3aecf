"""write_report(): the page and its JSON, each written whole or not at all."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scalebench.atomic import write_atomic
from scalebench.errors import StoreError
from scalebench.report.content import ANCHOR, Chart, Live, Report
from scalebench.report.findings import Findings
from scalebench.report.view import compose
from scalebench.report.writing.page import render


def write_report(
    findings: Findings, folder: Path, *, scripts: bool = True, live: Live | None = None, made_from: str = ""
) -> Path:
    """Write ``folder/<suite>.html`` and ``folder/<suite>.json``.

    Args:
        findings: what to report.
        folder: made where it is missing.
        scripts: whether the page may have scripts, and with them the explorer.
        live: there while the run goes on.
        made_from: digest of all that decides the page; where there is one, the JSON holds it under this name.

    Returns: path of the page.
    """
    document = {**findings.document, **({"made_from": made_from} if made_from else {})}
    return write_pages(compose(findings, live), document, folder, scripts)


def write_pages(report: Report, document: Mapping[str, Any], folder: Path, scripts: bool = True) -> Path:
    """Write a page and its JSON under the report's name.

    Args:
        report: what the page shows.
        document: plain content of the JSON; the answers and the figures' numbers are added to it.
        folder: made where it is missing.
        scripts: whether the page may have scripts.

    Raises:
        StoreError: the folder cannot be written.
    """
    content = {**document, **answers_document(report), "figures": figure_numbers(report)}
    text = indented(strict(content))
    html = render(report, scripts)  # before anything is written: JSON and page must not contradict each other
    page = folder / f"{report.suite}.html"
    try:
        write_atomic(page, html)
        write_atomic(page.with_suffix(".json"), f"{text}\n")  # last: what it says of the page has to be true
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be written: {error.strerror}",
            "the records are safe: scalebench report PATH --reports FOLDER writes the report elsewhere",
        ) from None
    return page


def answers_document(report: Report) -> dict[str, Any]:
    """Answers by name; ``asked`` has the names in the order of the page, ``headline`` the first answer in a line."""
    answers = {
        answer.id.removeprefix(ANCHOR): {
            "question": answer.question,
            "sentences": answer.sentences,
            "points": answer.points,
            "numbers": answer.numbers,
            "closes": answer.closes,
        }
        for answer in report.answers
    }
    headline = " ".join(report.answers[0].sentences) if report.answers else ""
    return {"answers": answers, "asked": list(answers), "headline": headline}


def figure_numbers(report: Report) -> list[dict[str, Any]]:
    """Takeaway of every figure, with its numbers unrounded."""
    charts: list[Chart] = [answer.chart for answer in report.answers if answer.chart]
    charts += [chart for section in report.sections for chart in section.charts]
    return [{"id": c.id, "title": c.title, "takeaway": c.takeaway, "numbers": dict(c.numbers)} for c in charts]


def strict(value: Any) -> Any:
    """The same content as strict JSON can say it: numpy scalars as Python's, NaN, NA and infinities as null."""
    if type(value) is float:  # most are: asking for the class of everything else first takes a second per 10,000 rounds
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, Mapping):
        return {str(key): strict(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [strict(item) for item in value]
    if isinstance(value, np.generic):
        return strict(value.item())
    return None if value is pd.NA else str(value)


@cache
def _encoder(line: str) -> Callable[[Any], str]:
    return json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(f",{line}", ": ")).encode


def indented(value: Any, depth: int = 0) -> str:
    """Strict content as ``json.dumps(value, indent=1, sort_keys=True)`` writes it, in a fifth of the time.

    The fast encoder cannot indent, so it gets what holds no further lists or objects, with line ends as separators.
    """
    line = "\n" + " " * (depth + 1)
    write = _encoder(line)
    if not isinstance(value, (dict, list)) or not value:
        return write(value)
    inner = value.values() if isinstance(value, dict) else value
    if {dict, list}.isdisjoint(map(type, inner)):
        text = write(value)
    elif isinstance(value, dict):
        items = (f"{write(key)}: {indented(item, depth + 1)}" for key, item in sorted(value.items()))
        text = f"{{{f',{line}'.join(items)}}}"
    else:
        text = f"[{f',{line}'.join(indented(item, depth + 1) for item in value)}]"
    return f"{text[0]}{line}{text[1:-1]}{line[:-1]}{text[-1]}"

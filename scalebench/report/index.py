"""An index over all reports of a folder, from the JSON files beside the pages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scalebench.atomic import write_atomic
from scalebench.errors import StoreError
from scalebench.report.labels import when
from scalebench.report.writing.page import render_index

NAME = "index"


@dataclass(frozen=True)
class Entry:
    """One report in the index.

    Attributes:
        page: file name of the page.
        title: of the suite.
        headline: the verdict.
        counts: verdicts by word.
        machines: their labels.
        measured: first and last round, in words; empty where nothing was measured.
        kind: report or comparison.
    """

    page: str
    title: str
    headline: str
    counts: Mapping[str, int]
    machines: tuple[str, ...]
    measured: str
    kind: str


def write_index(folder: Path) -> tuple[Path, tuple[Entry, ...]]:
    """Write ``folder/index.html`` over every report that has both its page and its JSON.

    Returns: the page, and its entries in order of their titles.

    Raises:
        StoreError: the folder holds no report, or cannot be written.
    """
    entries = tuple(sorted((e for e in map(_entry, sorted(folder.glob("*.json"))) if e), key=lambda e: e.title.lower()))
    if not entries:
        raise StoreError(f"{folder} holds no report", "scalebench run SUITE or scalebench report PATH writes one")
    page = folder / f"{NAME}.html"
    try:
        write_atomic(page, render_index(entries))
    except OSError as error:
        raise StoreError(f"{page} cannot be written: {error.strerror}") from None
    return page, entries


def _entry(file: Path) -> Entry | None:
    """What a report's JSON says of it; None for a file that is none of ours, or has no page."""
    page = file.with_suffix(".html")
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if not page.is_file() or not isinstance(content, dict) or "headline" not in content:
            return None
        measured = content.get("measured", {})
        return Entry(
            page.name,
            str(content.get("title") or content.get("suite") or file.stem),
            str(content["headline"]),
            {str(word): int(count) for word, count in content.get("tally", {}).items()},
            tuple(map(str, content.get("machines", {}))),
            _span(measured) or _span(measured.get("b", {})),
            str(content.get("kind", "report")),
        )
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def _span(measured: Mapping[str, Any]) -> str:
    return when(str(measured["first"]), str(measured["last"])) if measured.get("first") else ""

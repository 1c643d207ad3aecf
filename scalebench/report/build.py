"""write_report(): the page and its JSON, each written whole or not at all."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from scalebench.analysis.run import Analysis
from scalebench.claims.evaluate import Verdict
from scalebench.report.content import Chart, Report
from scalebench.report.page import render
from scalebench.report.view import compose


def write_report(analysis: Analysis, verdicts: Sequence[Verdict], document: dict[str, Any], folder: Path) -> Path:
    """Write ``folder/<suite>.html`` and ``folder/<suite>.json``.

    Args:
        analysis: what the records say.
        verdicts: of the suite's claims.
        document: ``document.build_document``; headline and figures' numbers are added to it in the file.
        folder: made where it is missing.

    Returns: path of the page.
    """
    report = compose(analysis, verdicts, document)
    content = {**document, "headline": report.headline, "figures": figure_numbers(report)}
    text = json.dumps(strict(content), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    html = render(report)  # before anything is written: JSON and page must not tell different stories
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / f"{report.suite}.json", f"{text}\n")
    page = folder / f"{report.suite}.html"
    write_whole(page, html)
    return page


def figure_numbers(report: Report) -> list[dict[str, Any]]:
    """Takeaway of every figure, with its numbers unrounded."""
    charts: list[Chart] = [chart for section in report.sections for chart in section.charts]
    return [{"id": c.id, "title": c.title, "takeaway": c.takeaway, "numbers": dict(c.numbers)} for c in charts]


def strict(value: Any) -> Any:
    """The same content as strict JSON can say it: numpy scalars as Python's, NaN and infinities as null."""
    if isinstance(value, Mapping):
        return {str(key): strict(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [strict(item) for item in value]
    if isinstance(value, np.generic):
        return strict(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def write_whole(path: Path, text: str) -> None:
    """Write beside ``path`` and put it in place: a reader sees the old file or the new one, never half of one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise

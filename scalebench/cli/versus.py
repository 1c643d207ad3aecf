"""Two result sets -> one page that puts them side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from scalebench.analysis.compare.comparison import Comparison
from scalebench.cli.reporting import safely
from scalebench.cli.wanted import Wanted
from scalebench.report.comparison_text import banners, headline
from scalebench.report.findings import find
from scalebench.report.sections.change import compare_runs
from scalebench.report.sidebyside import Named, comparison_document, compose_comparison
from scalebench.report.write_report import write_pages
from scalebench.store.jsonl import Results


def finish_comparison(names: Sequence[str], stored: Sequence[Results], wanted: Wanted, json_: bool) -> None:
    """Write the page of A and B and its JSON, and say what it says.

    Raises:
        StoreError: the two have no case in common, or were timed by different methods.
    """
    comparison = compare_runs(*stored)
    a, b = (
        Named(name, find(results, claims=wanted.claims, study=False))
        for name, results in zip(short_names(*names), stored, strict=True)
    )
    page = safely(wanted.reports, lambda: _write(a, b, comparison, wanted))
    if json_:
        typer.echo(page.with_suffix(".json").read_text(encoding="utf-8"), nl=False)
        return
    for banner in banners(comparison):
        typer.echo(banner)
    typer.echo(headline(comparison))
    typer.echo(f"report: {page}")


def _write(a: Named, b: Named, comparison: Comparison, wanted: Wanted) -> Path:
    report = compose_comparison(a, b, comparison)
    return write_pages(report, comparison_document(a, b, comparison), wanted.reports, wanted.scripts)


def short_names(a: str, b: str) -> tuple[str, str]:
    """The ends of two paths that tell them apart: ``old/quickstart`` and ``new/quickstart``, or ``x`` and ``y``."""
    one, other = (Path(name).with_suffix("").parts if name.endswith(".jsonl") else Path(name).parts for name in (a, b))
    for length in range(1, max(len(one), len(other)) + 1):
        ends = "/".join(one[-length:]), "/".join(other[-length:])
        if ends[0] != ends[1]:
            return ends
    return "A", "B"

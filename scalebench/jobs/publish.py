"""Records -> findings -> page and JSON; of two sets of records the page that puts them side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scalebench.jobs.page_options import PageOptions
from scalebench.report.content import Live
from scalebench.report.findings import Findings, find
from scalebench.report.sections.change import compare_runs
from scalebench.report.write_report import write_pages, write_report
from scalebench.store.jsonl import Results, read_results
from scalebench.store.previous import previous_files
from scalebench.suite.suite_plan import Plan

if TYPE_CHECKING:
    from scalebench.analysis.compare.comparison import Comparison


def publish(
    stored: Results, options: PageOptions, plan: Plan | None = None, live: Live | None = None, made_from: str = ""
) -> tuple[Path, Findings]:
    """Analyse what is stored and write ``<suite>.html`` and ``.json``; a live page goes without the study.

    Args:
        stored: records of one suite.
        options: what else the report is made of, and where it goes.
        plan: of the suite, the newest stored one by default.
        live: there while the run goes on.
        made_from: ``page_options.page_digest``, where a later run may find that nothing has changed.

    Raises:
        StoreError: no plan, several suites, or a folder that cannot be written.
    """
    findings = analysed(stored, options, plan, study=live is None)
    page = write_report(findings, options.folder, scripts=options.scripts, live=live, made_from=made_from)
    return page, findings


def analysed(stored: Results, options: PageOptions, plan: Plan | None = None, study: bool = True) -> Findings:
    """What a report shows.

    Raises:
        StoreError: no plan, or several suites.
    """
    previous = options.previous or read_results(previous_files(stored.files))
    return find(stored, plan, options.claims, previous, study)


def publish_comparison(
    names: Sequence[str], stored: Sequence[Results], options: PageOptions
) -> tuple[Path, Comparison]:
    """Write the page of A and B and its JSON.

    Raises:
        StoreError: the two have no case in common, or were timed by different methods.
    """
    from scalebench.report.sidebyside import Named, comparison_document, compose_comparison  # scipy.stats

    comparison = compare_runs(*stored)
    a, b = (
        Named(name, find(results, claims=options.claims, study=False))
        for name, results in zip(short_names(*names), stored, strict=True)
    )
    report, document = compose_comparison(a, b, comparison), comparison_document(a, b, comparison)
    return write_pages(report, document, options.folder, options.scripts), comparison


def short_names(a: str, b: str) -> tuple[str, str]:
    """The shortest ends of two paths that differ: ``old/quickstart`` and ``new/quickstart``, or ``x`` and ``y``."""
    parts = [Path(name).with_suffix("").parts if name.endswith(".jsonl") else Path(name).parts for name in (a, b)]
    for length in range(1, max(map(len, parts)) + 1):
        end_a, end_b = ("/".join(steps[-length:]) for steps in parts)
        if end_a != end_b:
            return end_a, end_b
    return "A", "B"

"""Reports that the browser opens, and the browser: offline, and whatever goes wrong on the way fails the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A report with failures, on two machines and two batches."""
    from tests.report.literal_report import build_full

    return build_full(tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="session")
def page_url(built: Any) -> str:
    """Its page."""
    return str(next(built.folder.glob("*.html")).as_uri())


@pytest.fixture(scope="session")
def plain_url(built: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same without scripts."""
    from scalebench.report.write_report import write_report

    return write_report(built.findings, tmp_path_factory.mktemp("plain"), scripts=False).as_uri()


@pytest.fixture(scope="session")
def other_urls(built: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The pages that are no report of one suite: a comparison, a decision, and an index over them."""
    from scalebench.procure.decision_document import build_document
    from scalebench.report.decision_page import compose_decision
    from scalebench.report.findings import find
    from scalebench.report.index import write_index
    from scalebench.report.sections.change import compare_runs
    from scalebench.report.sidebyside import Named, comparison_document, compose_comparison
    from scalebench.report.write_report import write_pages
    from tests.report.many_records import many_results
    from tests.report.offers.literal_outcome import varied

    folder = tmp_path_factory.mktemp("others")
    stored = many_results(30)
    later = replace(stored, records=tuple(replace(r, started=r.started.replace("T22", "T23")) for r in stored.records))
    a, b = Named("old", find(stored)), Named("new", find(later))
    comparison = compare_runs(stored, later)
    page = write_pages(compose_comparison(a, b, comparison), comparison_document(a, b, comparison), folder)
    outcome = varied()
    document = build_document(outcome, {})
    decision = write_pages(compose_decision(outcome, document, "plan", "schema: 1\n"), document, folder)
    index = write_index(folder)[0]
    return {"comparison": page.as_uri(), "decision": decision.as_uri(), "index": index.as_uri()}


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's chromium, driven by Playwright."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Any, page_url: str) -> Iterator[Callable[..., Any]]:
    """Opens a page, by default the report."""
    trouble: list[str] = []
    contexts = []

    def start(theme: str = "light", width: int = 1280, url: str = page_url, **options: Any) -> Any:
        context = browser.new_context(
            offline=True, color_scheme=theme, viewport={"width": width, "height": 800}, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: trouble.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
        page.on("request", lambda request: trouble.append(request.url) if _outside(request.url) else None)
        page.goto(url)
        return page

    yield start
    for context in contexts:
        context.close()
    assert trouble == []


def _outside(url: str) -> bool:
    return not url.startswith(("file:", "data:", "blob:"))

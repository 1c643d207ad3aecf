"""The page of the committed main suite against its budgets: bytes, elements, sheets of paper, a phone's width."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest

from tests.browser.printed import printed

Open = Callable[..., Any]
SHEETS = 8
"""Pages of A4 before the appendix, at most."""


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """With scripts and without."""
    from scalebench.report.findings import find
    from scalebench.report.view import compose
    from scalebench.report.write_report import write_pages
    from scalebench.store.jsonl import read_results, result_files

    root = Path(__file__).parents[2]
    findings = find(read_results(result_files([root / "results" / "reference" / "compound_vs_single"])))
    report, folder = compose(findings), tmp_path_factory.mktemp("main")
    with_scripts, without = (
        write_pages(report, findings.document, folder / str(scripts), scripts).as_uri() for scripts in (True, False)
    )
    return with_scripts, without


def _size(url: str) -> int:
    return Path(unquote(urlparse(url).path)).stat().st_size


def test_the_page_is_small(open_page: Open, urls: tuple[str, str]) -> None:
    assert _size(urls[0]) <= 1_700_000
    assert _size(urls[1]) <= 585_000, "of 600,000: room for what is still to come"
    page = open_page(url=urls[0])
    assert page.evaluate("document.getElementsByTagName('*').length") <= 5_000


def test_the_answers_take_few_sheets_and_the_appendix_starts_on_a_new_one(
    open_page: Open, urls: tuple[str, str]
) -> None:
    page = open_page(url=urls[0])
    answers, appendix = printed(page)
    assert 1 <= len(answers) <= SHEETS
    assert any("Method and environment" in sheet for sheet in appendix)
    assert "scalebench suite-for" not in " ".join(answers)
    assert page.locator("#cases tbody tr").count() == 129, "paper has every case"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_a_phone(open_page: Open, urls: tuple[str, str], theme: str) -> None:
    page = open_page(theme, 390, url=urls[0])
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    assert page.locator(":root").evaluate("root => root.scrollWidth <= window.innerWidth")

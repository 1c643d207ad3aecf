"""The page of the committed example plan: figure on the first screen, a phone's width, sheets of paper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.printed import printed

Open = Callable[..., Any]
SHEETS = 8
"""Pages of A4 before the appendix, at most."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    from scalebench.jobs.procure import decide_purchase

    plan = Path(__file__).parents[2] / "plans" / "example.yaml"
    return decide_purchase(plan, tmp_path_factory.mktemp("decision"))[0].as_uri()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_first_screen_has_the_answer_and_its_figure(open_page: Open, url: str, theme: str) -> None:
    page = open_page(theme, url=url)
    for selector in ("h1", "#ask-take .sentences", "#ask-take svg.plot"):
        box = page.locator(selector).first.bounding_box()
        assert box["y"] + box["height"] <= 800, selector


def test_the_answers_take_few_sheets(open_page: Open, url: str) -> None:
    answers, appendix = printed(open_page(url=url))
    assert 1 <= len(answers) <= SHEETS
    assert any("Prices; a warning is given after 90 days" in sheet for sheet in appendix)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_a_phone(open_page: Open, url: str, theme: str) -> None:
    page = open_page(theme, 390, url=url)
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    assert page.locator(":root").evaluate("root => root.scrollWidth <= window.innerWidth")

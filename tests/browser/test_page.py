"""The page in a real browser, offline: no request, no error, readable in light and dark on a desk and a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
if not CHROMIUM.exists():
    pytest.skip(f"{CHROMIUM} is not installed", allow_module_level=True)
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Any, page_url: str) -> Iterator[Callable[..., Any]]:
    """Opens the report; whatever goes wrong on the way fails the test when it ends."""
    trouble: list[str] = []
    contexts = []

    def start(theme: str = "light", width: int = 1280) -> Any:
        context = browser.new_context(offline=True, color_scheme=theme, viewport={"width": width, "height": 800})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: trouble.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
        page.on("request", lambda request: trouble.append(request.url) if _outside(request.url) else None)
        page.goto(page_url)
        return page

    yield start
    for context in contexts:
        context.close()
    assert trouble == []


def _outside(url: str) -> bool:
    return not url.startswith(("file:", "data:"))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_everything_is_visible_without_sideways_scrolling(
    open_page: Callable[..., Any], theme: str, width: int
) -> None:
    page = open_page(theme, width)
    assert page.locator("#verdict .headline").is_visible()
    assert [page.locator(f"#claim-{name}").is_visible() for name in ("EN-18", "EN-02", "EN-12")] == [True] * 3
    assert page.locator("#cases table").is_visible()
    drawings = page.locator("svg.plot")
    assert all(box["height"] > 100 for box in (d.bounding_box() for d in drawings.all()))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_drawings_follow_the_theme(open_page: Callable[..., Any]) -> None:
    ask = "getComputedStyle(document.querySelector('svg.plot text')).fill"
    assert open_page("light").evaluate(ask) != open_page("dark").evaluate(ask)


def test_the_skip_link_and_tables_are_reached_by_keyboard(open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    assert page.evaluate("[...document.querySelectorAll('.scroll')].every(e => e.tabIndex === 0 && e.ariaLabel)")


def test_details_are_open_on_paper(open_page: Callable[..., Any]) -> None:
    page = open_page()
    table = page.locator("#claim-EN-18 details table").first
    assert not table.is_visible()
    page.emulate_media(media="print")
    assert table.is_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(open_page: Callable[..., Any], theme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page = open_page(theme)
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    found = axe.Axe().run(page).response["violations"]
    assert [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found] == []

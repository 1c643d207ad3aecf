"""What a page costs against its budgets: bytes, elements, seconds to write, milliseconds to read.

``python -m tests.bench.page_budgets`` prints a table over records of several sizes and over the committed main suite.
Needs chromium; nothing else should run meanwhile.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from scalebench.report.findings import find
from scalebench.report.write_report import write_report
from scalebench.store.jsonl import Results, read_results, result_files
from tests.report.many_records import many_results

BUDGETS = {
    "page, kB": 1700.0, "without scripts, kB": 600.0, "elements": 5000.0, "analyse and write, s": 4.0,
    "first paint, ms": 500.0, "first paint at 4x throttle, ms": 1000.0, "explorer ready, ms": 1500.0,
    "filter, ms": 300.0,
}  # fmt: skip
ROOT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"


def main() -> None:
    """Print one column per set of records."""
    sets = {f"{n:,} records": many_results(n) for n in (0, 1, 40, 10_000)}
    sets["main suite"] = read_results(result_files([ROOT / "results" / "reference" / "compound_vs_single"]))
    find(sets["40 records"])  # what is loaded once is not what a page costs
    found = {name: costs(stored) for name, stored in sets.items()}
    width = max(map(len, BUDGETS))
    print(f"{'':{width}} {'budget':>9}", *(f"{name:>14}" for name in found))
    for name, budget in BUDGETS.items():
        print(
            f"{name:{width}} {budget:9.0f}", *(f"{column.get(name, float('nan')):14.1f}" for column in found.values())
        )


def costs(stored: Results) -> dict[str, float]:
    """Every cost of the page of these records."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        findings = find(stored)
        page = write_report(findings, Path(folder))
        spent = time.perf_counter() - started
        plain = write_report(findings, Path(folder) / "plain", scripts=False)
        sizes = {
            "page, kB": page.stat().st_size / 1e3, "without scripts, kB": plain.stat().st_size / 1e3,
            "analyse and write, s": spent,
        }  # fmt: skip
        return sizes | in_browser(page.as_uri())


def in_browser(url: str) -> dict[str, float]:
    """Elements and times of the page as Chromium has it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        first = browser.new_page()
        first.goto(url)
        first.close()  # the browser's own first page is slower than any other
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(url)
        found = {
            "elements": float(page.evaluate("document.getElementsByTagName('*').length")),
            "first paint, ms": painted(page),
        }
        if page.locator("#explore").count():
            found |= {"explorer ready, ms": ready(page), "filter, ms": filtered(page)}
        slow = browser.new_page(viewport={"width": 1280, "height": 900})
        slow.context.new_cdp_session(slow).send("Emulation.setCPUThrottlingRate", {"rate": 4})
        slow.goto(url)
        found["first paint at 4x throttle, ms"] = painted(slow)
        browser.close()
    return found


def painted(page: Any) -> float:
    """Milliseconds from the navigation to the first contentful paint."""
    page.wait_for_function(f"() => ({PAINT}) > 0")
    return float(page.evaluate(PAINT))


def ready(page: Any) -> float:
    """Milliseconds from looking at the explorer to its first chart: unpacking, loading and drawing."""
    started = time.perf_counter()
    page.evaluate("location.hash = '#explorer'")
    page.locator("#explore .vega").evaluate("e => e.scrollIntoView()")
    page.wait_for_selector("#explore[data-drawn]")
    return 1e3 * (time.perf_counter() - started)


def filtered(page: Any) -> float:
    """Milliseconds from choosing a filter to the chart that obeys it, the median of five."""
    times = []
    for value in ("resnet", "", "efficientnet", "", "resnet"):
        drawn = page.locator("#explore").get_attribute("data-drawn")
        started = time.perf_counter()
        page.locator("[name=find]").fill(value)
        page.wait_for_function("n => document.getElementById('explore').dataset.drawn !== n", arg=drawn)
        times.append(1e3 * (time.perf_counter() - started))
    return sorted(times)[2]


if __name__ == "__main__":
    main()

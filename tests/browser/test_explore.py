"""The explorer: what it counts, what its address says, and what it saves."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

Open = Callable[..., Any]


@pytest.fixture
def frame(built: Any) -> pd.DataFrame:
    """The same rows as pandas has them."""
    from scalebench.report.figures.explorer import explorer_frame

    return explorer_frame(built.analysis.cases, built.analysis.roofline)


def _shown(page: Any) -> str:
    """Count of the cases shown, once the chart stands."""
    page.wait_for_selector("#explore[data-drawn]")
    return str(page.locator("#explore .count").inner_text())


def _after(page: Any, act: Callable[[], Any]) -> str:
    drawn = page.locator("#explore").get_attribute("data-drawn")
    act()
    page.wait_for_function("n => document.getElementById('explore').dataset.drawn !== n", arg=drawn)
    return _shown(page)


def _start(page: Any) -> str:
    page.locator("#h-explorer").click()
    page.locator("#explore .vega").scroll_into_view_if_needed()
    return _shown(page)


def test_nothing_of_the_chart_is_loaded_before_it_is_looked_at(open_page: Open) -> None:
    page = open_page()
    assert page.evaluate("typeof window.vegaEmbed") == "undefined"
    _start(page)
    assert page.evaluate("typeof window.vegaEmbed") == "function"


def test_filters_count_as_pandas_does(open_page: Open, frame: pd.DataFrame) -> None:
    page = open_page()
    assert _start(page) == f"{len(frame)} of {len(frame)} cases"
    shown = _after(page, lambda: page.select_option("[name=is-family]", "resnet"))
    resnets = frame[frame["family"] == "resnet"]
    assert shown == f"{len(resnets)} of {len(frame)} cases"
    shown = _after(page, lambda: page.select_option("[name=is-batch_size]", "8"))
    assert shown == f"{(resnets['batch_size'] == '8').sum()} of {len(frame)} cases"
    shown = _after(page, lambda: page.locator("[name=limit]").fill("80"))
    low, high = frame["latency_s"].astype(float).min(), frame["latency_s"].astype(float).max()
    kept = (resnets["batch_size"] == "8") & (
        resnets["latency_s"].astype(float) <= low * (high / low) ** 0.8 * (1 + 1e-9)
    )
    assert shown == f"{kept.sum()} of {len(frame)} cases"
    assert 0 < kept.sum() < (resnets["batch_size"] == "8").sum()
    shown = _after(page, lambda: page.locator("#explore button[type=reset]").click())
    assert shown == f"{len(frame)} of {len(frame)} cases"


def test_a_name_is_searched_for(open_page: Open, frame: pd.DataFrame) -> None:
    page = open_page()
    _start(page)
    shown = _after(page, lambda: page.locator("[name=find]").fill("NET50"))
    assert shown == f"{frame['model'].str.contains('net50').sum()} of {len(frame)} cases"


def test_an_address_leads_back_to_its_view(open_page: Open, page_url: str) -> None:
    page = open_page()
    _start(page)
    _after(page, lambda: page.select_option("[name=y]", "throughput_ips"))
    _after(page, lambda: page.select_option("[name=facet]", "machine"))
    shown = _after(page, lambda: page.select_option("[name=is-family]", "efficientnet"))
    address = page.evaluate("location.hash")
    assert address == "#explorer?y=throughput_ips&facet=machine&is-family=efficientnet"
    again = open_page(url=page_url + address)
    assert _shown(again) == shown
    state = "() => Object.fromEntries(new FormData(document.querySelector('#explore form')))"
    assert again.evaluate(state) == page.evaluate(state)
    assert again.evaluate("scrollY") > 0


def test_an_address_that_names_what_is_not_there_shows_everything(
    open_page: Open, page_url: str, frame: pd.DataFrame
) -> None:
    page = open_page(url=f"{page_url}#explorer?y=nonsense&is-family=%3Cb%3E&other=1")
    assert _shown(page) == f"{len(frame)} of {len(frame)} cases"
    assert page.locator("[name=y]").input_value() == "latency_s"


def test_a_filter_that_leaves_nothing_draws_nothing(open_page: Open, frame: pd.DataFrame) -> None:
    page = open_page()
    _start(page)
    assert _after(page, lambda: page.locator("[name=find]").fill("no such model")) == f"0 of {len(frame)} cases"
    assert page.locator("#explore canvas").count() == 0


@pytest.mark.parametrize("axis", ["x", "y"])
def test_every_axis_can_be_drawn(open_page: Open, axis: str) -> None:
    page = open_page()
    _start(page)
    names = page.locator(f"[name={axis}] option").evaluate_all("all => all.map(one => one.value)")
    assert len(names) > 6
    for name in (name for name in names if name != page.locator(f"[name={axis}]").input_value()):
        _after(page, lambda name=name: page.select_option(f"[name={axis}]", name))


def test_what_is_saved_is_what_was_embedded(open_page: Open, frame: pd.DataFrame, tmp_path: Path) -> None:
    page = open_page()
    _start(page)
    _after(page, lambda: page.select_option("[name=is-family]", "resnet"))
    wanted = frame[frame["family"] == "resnet"]
    saved: dict[str, Path] = {}
    for kind in ("csv", "json", "svg"):
        with page.expect_download() as download:
            page.locator(f"[data-act={kind}]").click()
        saved[kind] = tmp_path / f"cases.{kind}"
        download.value.save_as(saved[kind])
    from_json = json.loads(saved["json"].read_text(encoding="utf-8"))
    assert [row["latency_s"] for row in from_json] == wanted["latency_s"].tolist()
    assert [row["model"] for row in from_json] == wanted["model"].tolist()
    with saved["csv"].open(encoding="utf-8", newline="") as file:
        from_csv = list(csv.DictReader(file))
    assert [float(row["latency_s_low"]) for row in from_csv] == wanted["latency_s_low"].tolist()
    assert saved["svg"].read_text(encoding="utf-8").startswith("<svg")


def test_a_point_says_its_whole_record_when_it_is_pointed_at(open_page: Open, frame: pd.DataFrame) -> None:
    page = open_page()
    _start(page)
    _after(page, lambda: page.locator("[name=find]").fill("resnet50"))
    chart = page.locator("#explore canvas")
    box = chart.bounding_box()
    hit = None
    for across in range(20, int(box["width"]), 7):
        for down in range(20, int(box["height"]), 23):
            page.mouse.move(box["x"] + across, box["y"] + down)
            if page.locator("#vg-tooltip-element.visible").count():
                hit = page.locator("#vg-tooltip-element").inner_text()
                break
        if hit:
            break
    assert hit is not None
    assert "resnet50" in hit
    assert all(title in hit for title in ("machine", "latency, ms per batch", "n, rounds", "counted MACs"))
    assert frame["model"].str.contains("resnet50").any()


def test_hostile_names_stay_text_in_the_explorer(open_page: Open, tmp_path: Path) -> None:
    from dataclasses import replace

    from tests.report.literal_report import MACHINE, build_report, make_rounds

    wild = '"><img src=x onerror="window.pwned=1"></script><script>window.pwned=1</script>\u05d0\u202e' + "n" * 200
    built = build_report(tmp_path, make_rounds(2, replace(MACHINE, machine=wild)), title=wild)
    page = open_page(url=next(built.folder.glob("*.html")).as_uri())
    _start(page)
    shown = _after(page, lambda: page.select_option("[name=is-machine]", wild))
    assert shown == "9 of 9 cases"
    _after(page, lambda: page.select_option("[name=color]", "machine"))
    assert page.evaluate("window.pwned") is None
    assert page.title() == f"{wild} - scalebench"
    assert page.locator(":root").evaluate("root => root.scrollWidth <= window.innerWidth")

"""The written files: complete, honest, deterministic, and safe with hostile names."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scalebench import units
from scalebench.report.tables import Field, build_table, capped, number, span
from scalebench.report.view import claims_sections
from scalebench.report.write_report import indented, strict, write_report
from tests.report.literal_report import CLAIMS, MACHINE, Built, make_record, make_rounds

HOSTILE = "</script><b>\"'&$x$\u05d0\u05d1\u202e" + "n" * 200
_VOID = {"meta", "link", "br", "img", "input"}
OURS = 4
"""Scripts of a page: its data, the chart's script packed, and the two that run."""


READING_ORDER = (
    "ask-size", "ask-count", "claims", "paper", "untested", "axes", "exponents", "accuracy", "memory", "batch", "trust",
    "explorer", "cases", "gaps", "method",
)  # fmt: skip


class Page(HTMLParser):
    """Elements, ids and text of a page; wrongly nested tags fail."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.ids: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        named = dict(attrs)
        if named.get("id"):
            self.ids.append(str(named["id"]))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def _numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [n for item in value.values() for n in _numbers(item)]
    if isinstance(value, list):
        return [n for item in value for n in _numbers(item)]
    return [float(value)] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


def test_every_number_of_a_claim_is_in_the_json(full: Built) -> None:
    known = {units.digits(n) for n in _numbers(full.json["verdicts"])}
    known |= {str(int(n)) for n in _numbers(full.json["verdicts"]) if n == int(n)}
    tables = [table for section in claims_sections(full.verdicts) for table in section.tables]
    shown = {
        number for table in tables for row in table.rows for cell, column in zip(row, table.columns, strict=True)
        if column.number for number in re.findall(r"\d+(?:\.\d+)?", cell)
    }  # fmt: skip
    assert shown
    assert shown <= known | {"1"}, "n = 1 where there is no interval"


def test_every_number_of_an_answer_is_in_the_json(full: Built) -> None:
    """Under the question's name, unrounded, with the words of the page."""
    assert full.json["asked"] == ["size", "count"]
    assert full.json["headline"] == " ".join(full.json["answers"]["size"]["sentences"])
    for name, answer in full.json["answers"].items():
        html = full.html.partition(f'<section id="ask-{name}"')[2].partition("</section>")[0]
        words = [*answer["sentences"], *answer["points"], answer["closes"]]
        assert all(text in html for text in words)
        shown = re.findall(r"\d+(?:\.\d+)?", " ".join(words))
        numbers = _numbers(answer["numbers"])
        known = (
            {units.digits(n) for n in numbers} | {units.digits(1e3 * n) for n in numbers} | {f"{n:g}" for n in numbers}
        )
        known |= {"128", "320", "50"}  # names
        assert shown
        assert [number for number in shown if number not in known] == []
    assert full.json["answers"]["size"]["numbers"]["ratio"] == pytest.approx(6.25)


def test_the_page_is_well_formed_with_unique_ids(full: Built) -> None:
    page = Page(full.html)
    assert [name for name, count in Counter(page.ids).items() if count > 1] == []
    assert page.tags["script"] == OURS
    assert page.tags["main"] == page.tags["h1"] == 1
    assert set(READING_ORDER) <= set(page.ids)
    assert set(re.findall(r'href="#([^"]+)"', full.html)) <= set(page.ids)
    assert set(re.findall(r"url\(#([^)]+)\)", full.html)) <= set(page.ids)


def test_figures_have_a_name_a_takeaway_and_a_table(full: Built) -> None:
    html = full.html
    drawings = re.findall(r"<svg [^>]*>", html)
    plots = [drawing for drawing in drawings if 'class="plot"' in drawing]
    assert len(plots) == 2 * 2 + 2 + 1  # time and memory of f2 by batch; f7 and f8 without batch
    assert all('role="img"' in d and 'aria-label="' in d and "viewBox" in d for d in drawings)
    assert "#010203" not in html
    figures = {f["id"] for f in full.json["figures"]}
    assert figures == {"f2", "f7", "f8"}
    assert html.count('class="takeaway"') == len(figures) - 1, "the answer above a figure says what it shows"
    assert html.count("<summary>Table: ") + html.count('<p class="twin">Table: ') == len(figures)


def test_sections_come_in_reading_order(full: Built) -> None:
    places = [full.html.index(f'<section id="{name}"') for name in READING_ORDER]
    assert places == sorted(places)


def test_failures_missing_and_torn_lines_are_told(full: Built) -> None:
    text = full.html
    assert "it ended: oom" in text
    assert "it ended: timeout" in text
    assert "a.jsonl ends in half a line" in text


def test_two_builds_are_byte_identical(full: Built, tmp_path: Path) -> None:
    again = write_report(full.findings, tmp_path / "again")
    first = next(full.folder.glob("*.html"))
    assert again.read_bytes() == first.read_bytes()
    assert again.with_suffix(".json").read_bytes() == first.with_suffix(".json").read_bytes()


def test_hostile_names_stay_text(build: Callable[..., Built]) -> None:
    machine = replace(MACHINE, machine=HOSTILE, hardware={HOSTILE: HOSTILE})
    bad = make_record("resnet50", 224, 4e9, 0, outcome="crashed", environment=machine)
    bad = replace(bad, error={"type": "X", "message": HOSTILE, "stderr": ""})
    rounds = [*make_rounds(2, machine), bad]
    built = build(rounds, title=HOSTILE, text=f"title: '{HOSTILE}'", problems=[HOSTILE])
    page = Page(built.html)
    assert page.tags["b"] == 0
    assert page.tags["script"] == OURS
    assert built.json["title"] == HOSTILE


def test_hostile_model_names_stay_text_inside_drawings(full: Built, tmp_path: Path) -> None:
    analysis, wild = full.analysis, HOSTILE + "]]><b>"
    cases = analysis.cases.assign(model=analysis.cases["model"].replace({"resnet50": wild}))
    groups = analysis.groups.assign(base=wild, method="<b>\x00$")
    findings = replace(full.findings, analysis=replace(analysis, cases=cases, groups=groups))
    path = write_report(findings, tmp_path / "wild")
    page = Page(path.read_text(encoding="utf-8"))
    assert page.tags["b"] == 0
    assert page.tags["script"] == OURS
    assert page.tags["svg"] == Page(full.html).tags["svg"]


@pytest.mark.parametrize("rounds", [0, 1, 2])
def test_few_rounds_make_a_whole_page(build: Callable[..., Built], rounds: int) -> None:
    built = build(make_rounds(rounds))
    Page(built.html)
    cells = re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", built.html)
    assert not any("nan" in cell.lower().split() or "nan," in cell.lower() for cell in cells)
    if rounds == 1:
        assert "none (n = 1)" in built.html
        assert "no interval" in built.html


def test_without_rounds_for_an_interval_supported_becomes_inconclusive(build: Callable[..., Built]) -> None:
    claim = CLAIMS[0].model_validate({**CLAIMS[0].model_dump(), "parts": [
        {**CLAIMS[0].parts[0].model_dump(exclude_none=True), "at_most": 1.2}]})  # fmt: skip
    words = [build(make_rounds(rounds), claims=[claim]).json["verdicts"][0]["verdict"] for rounds in (3, 1)]
    assert words == ["supported", "inconclusive"]


def test_a_tail_of_too_few_iterations_is_not_established(full: Built) -> None:
    assert "not established" in full.html
    assert all(case["latency_p99_s"] is None for case in full.json["cases"])


def test_what_was_not_measured_never_looks_as_if_it_were(full: Built) -> None:
    """Every column of a published, counted or estimated number says so in its heading."""
    accuracy, memory = (
        full.html.split(f'<section id="{name}"')[1].split("</section>")[0] for name in ("accuracy", "memory")
    )
    headings = re.findall(r'<th scope="col">([^<]*)</th>', accuracy + memory)
    assert not [h for h in headings if h.startswith("top-1, %")]
    assert "published top-1, %" in headings
    assert {"static estimate, MiB", "measured, MiB", "whole process, MiB"} <= set(headings)


def test_no_records_at_all_make_a_page(build: Callable[..., Built]) -> None:
    built = build([], counts=False, claims=())
    Page(built.html)
    assert '<h1 id="title">A small suite</h1>' in built.html, "there is no answer"
    assert '<details class="part" open>' in built.html, "and so its details are unfolded"
    assert built.json["answers"] == {}


def test_missing_metrics_are_no_numbers(build: Callable[..., Built]) -> None:
    both = (*make_rounds(3), *make_rounds(3, batch=8))
    built = build([replace(r, facts={**r.facts, "memory_bytes": float("nan")}) for r in both])
    assert "Memory by model, batch and resolution: no model" in built.html
    assert Page(built.html).tags["svg"] > 0


def test_json_is_indented_as_the_standard_library_does() -> None:
    content = {
        "b": [1, 2.5, None],
        "a": {},
        "c": [],
        "d": [{"z": "x,\n: y", "é": True}, {"n": {"m": [[1], []]}}],
        "": 0,
    }
    assert indented(content) == json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False)


def test_what_is_not_known_is_null() -> None:
    assert strict([pd.NA, math.nan, np.float64("inf"), np.int64(3), np.bool_(True)]) == [None, None, None, 3, True]


def test_json_is_strict_sorted_and_whole(full: Built) -> None:
    text = next(full.folder.glob("*.json")).read_text(encoding="utf-8")
    assert "NaN" not in text
    assert "Infinity" not in text
    assert list(full.json) == sorted(full.json)
    assert full.json["headline"]
    assert strict({"a": [float("nan"), float("-inf"), 1.5, True, None, ("x",)]}) == {
        "a": [None, None, 1.5, True, None, ["x"]]
    }


def test_long_tables_are_cut_and_say_so() -> None:
    table = capped("caption", [], [[str(n)] for n in range(135)])
    assert len(table.rows) == 130
    assert table.note == "The first 130 of 135 rows; the other 5 are in the JSON file."
    assert capped("caption", [], [["1"]]).note == ""


def test_rows_that_are_left_out_are_not_filled() -> None:
    filled: list[int] = []
    table = build_table("caption", pd.DataFrame({"a": range(135)}), Field("a", lambda row: filled.append(row["a"])))
    assert filled == list(range(130))
    assert table.note == "The first 130 of 135 rows; the other 5 are in the JSON file."


def test_cells() -> None:
    nan = float("nan")
    assert number(0.0123, 1e-3) == "12.3"
    assert number(nan) == "-"
    assert span(0.01, 0.02, 3, 1e-3) == "[10.0, 20.0]"
    assert span(nan, nan, 1) == "none (n = 1)"
    assert span(nan, nan, 0) == "-"

"""The index over all reports of a folder."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote
from xml.etree.ElementTree import fromstring

import pytest

from scalebench.errors import StoreError
from scalebench.report.index import thumbnail, write_index
from tests.report.literal_report import Built, build_report, make_rounds


def test_an_entry_links_the_page_and_repeats_its_answers(full: Built, tmp_path: Path) -> None:
    for file in full.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    page, entries = write_index(tmp_path)
    assert [entry.page for entry in entries] == ["small.html"]
    assert entries[0].headline == full.json["headline"]
    assert entries[0].machines == ("cpu-a", "gpu-b")
    html = page.read_text(encoding="utf-8")
    assert '<h2 id="q1">What does a larger image cost here?</h2>' in html
    assert '<a href="small.html">A small suite</a>' in html
    assert '<a href="small.html#ask-count">How much was measured?</a> There are 27 cases.' in html
    assert html.count('src="data:image/svg+xml,') == 1
    assert "<script" not in html
    assert len(html) < 60_000


def test_a_thumbnail_is_the_first_drawing_of_an_answer(full: Built) -> None:
    uri = thumbnail(full.html)
    drawing = fromstring(unquote(uri.removeprefix("data:image/svg+xml,")))
    assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
    assert drawing.get("aria-label", "").startswith("Time and memory against resolution; latency, batch 1")
    assert thumbnail('<svg class="plot"></svg>') == "", "not of an answer"


def test_reports_are_grouped_by_question_and_those_without_an_answer_come_last(tmp_path: Path) -> None:
    build_report(tmp_path, make_rounds(1))
    for name, answers in (("alone", {}), ("other", {"x": {"question": "Which offer?", "sentences": ["This one."]}})):
        content = {"headline": "h", "title": name, "answers": answers, "asked": list(answers)}
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
        (tmp_path / f"{name}.html").write_text("")
    page, entries = write_index(tmp_path)
    assert [entry.page for entry in entries] == ["small.html", "other.html", "alone.html"]
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", page.read_text(encoding="utf-8"))
    assert headings == ["What does a larger image cost here?", "Which offer?", "Other reports"]


def test_what_is_no_report_is_passed_over(tmp_path: Path) -> None:
    build_report(tmp_path, make_rounds(1), title="<b>bold</b>")
    (tmp_path / "index.json").write_text("[]")
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "other.json").write_text(json.dumps({"headline": "no page beside it"}))
    (tmp_path / "odd.json").write_text(json.dumps({"headline": "x", "answers": 3}))
    (tmp_path / "odd.html").write_text("")
    page, entries = write_index(tmp_path)
    assert [entry.page for entry in entries] == ["small.html"]
    assert "<b>bold" not in page.read_text(encoding="utf-8")


def test_an_empty_folder_has_no_index(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no report"):
        write_index(tmp_path)
    assert list(tmp_path.iterdir()) == []

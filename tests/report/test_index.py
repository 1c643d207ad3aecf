"""The index over all reports of a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scalebench.errors import StoreError
from scalebench.report.index import write_index
from tests.report.literal_report import Built, build_report, make_rounds


def test_an_entry_links_the_page_and_repeats_its_verdict(full: Built, tmp_path: Path) -> None:
    for file in full.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    page, entries = write_index(tmp_path)
    assert [entry.page for entry in entries] == ["small.html"]
    assert entries[0].headline == full.json["headline"]
    assert entries[0].machines == ("cpu-a", "gpu-b")
    html = page.read_text(encoding="utf-8")
    assert '<a href="small.html">A small suite</a>' in html
    assert "<script" not in html


def test_what_is_no_report_is_passed_over(tmp_path: Path) -> None:
    build_report(tmp_path, make_rounds(1), title="<b>bold</b>")
    (tmp_path / "index.json").write_text("[]")
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "other.json").write_text(json.dumps({"headline": "no page beside it"}))
    (tmp_path / "odd.json").write_text(json.dumps({"headline": "x", "tally": 3}))
    (tmp_path / "odd.html").write_text("")
    page, entries = write_index(tmp_path)
    assert [entry.page for entry in entries] == ["small.html"]
    assert "<b>bold" not in page.read_text(encoding="utf-8")


def test_an_empty_folder_has_no_index(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no report"):
        write_index(tmp_path)
    assert list(tmp_path.iterdir()) == []

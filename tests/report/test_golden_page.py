"""The words of a whole page, a golden file per section: a change of what a reader sees shows up in one diff."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.report.literal_report import Built

STORED = sorted(file.stem for file in (Path(__file__).parents[1] / "golden" / "page").glob("*.json"))


def words(html: str) -> list[str]:
    """Text of a part of the page, a line per element; drawings, styles and scripts left out."""
    text = re.sub(r"<(style|script|svg|head)\b.*?</\1>", "", html, flags=re.DOTALL)
    lines = (unescape(line).strip() for line in re.sub(r"<[^>]+>", "\n", text).splitlines())
    return [line for line in lines if line]


@pytest.fixture(scope="module")
def sections(full: Built) -> dict[str, list[str]]:
    """Words by id of their section; ``page-head`` is what stands before the first."""
    html, start = full.html, r'(?:<details class="part">\s*<summary>.*?</summary>\s*)?<section id="([^"]+)"'
    starts = list(re.finditer(start, html))
    ends = [*(start.start() for start in starts[1:]), len(html)]
    return {
        "page-head": words(html[: starts[0].start()]),
        **{start[1]: words(html[start.start() : end]) for start, end in zip(starts, ends, strict=True)},
    }


@pytest.mark.parametrize("name", STORED)
def test_a_section_reads_as_before(
    name: str, sections: dict[str, list[str]], golden: Callable[[str, Any], None]
) -> None:
    golden(f"page/{name}", sections[name])


def test_no_section_is_new_or_gone(sections: dict[str, list[str]], golden: Callable[[str, Any], None]) -> None:
    """``--accept`` writes the file of a new section; that of a section which is gone is deleted by hand."""
    for name in sections.keys() - set(STORED):
        golden(f"page/{name}", sections[name])
    assert set(STORED) <= sections.keys()

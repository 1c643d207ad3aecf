"""The words of a whole page, so that every change of what a reader sees shows up in a diff."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

from tests.report.literal_report import Built


def words(html: str) -> list[str]:
    """Text of the page, a line per element; drawings, styles and scripts left out."""
    text = re.sub(r"<(style|script|svg|head)\b.*?</\1>", "", html, flags=re.DOTALL)
    lines = (unescape(line).strip() for line in re.sub(r"<[^>]+>", "\n", text).splitlines())
    return [line for line in lines if line]


def test_the_page_reads_as_before(full: Built, golden: Callable[[str, Any], None]) -> None:
    golden("page_words", words(full.html))

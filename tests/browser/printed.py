"""What stands on paper."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest


def printed(page: Any) -> tuple[list[str], Iterator[str]]:
    """Texts of the sheets before the appendix, and of those from its first on, which are read only as far as asked."""
    pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed")
    page.evaluate("window.scalebench.data()")
    pdf = pypdf.PdfReader(io.BytesIO(page.pdf(format="A4", prefer_css_page_size=True)))
    sheets = (sheet.extract_text().strip() for sheet in pdf.pages)
    before: list[str] = []
    for text in sheets:
        if text.startswith("Appendix"):
            return before, chain([text], sheets)
        before.append(text)
    raise AssertionError("no sheet begins with the appendix")

"""Running text of the committed pages, sentence by sentence: short, of one idea, without a list of numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "reports" / "reference"
MOST_WORDS, MOST_NUMBERS = 25, 7
_NO_TEXT = {"script", "style", "svg", "table", "pre", "nav", "figcaption"}
_NUMBER = re.compile(r"(?<![\w.-])\d[\d.,]*")
"""``1.40x`` and ``80 %``, but not the numbers in names, such as ``ResNet-50``."""


class _RunningText(HTMLParser):
    """Paragraphs and points of a page, without tables, drawings and code."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._outside, self._open = 0, False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._outside += tag in _NO_TEXT
        if tag in ("p", "li") and not self._outside and dict(attrs).get("class") not in ("kind", "where"):
            self.texts.append("")
            self._open = True

    def handle_endtag(self, tag: str) -> None:
        self._outside -= tag in _NO_TEXT
        self._open &= tag not in ("p", "li")

    def handle_data(self, data: str) -> None:
        if self._open and not self._outside:
            self.texts[-1] += data


def sentences(html: str) -> Iterator[str]:
    """A sentence ends in a full stop, or in a question or exclamation mark, with a space after it."""
    reader = _RunningText()
    reader.feed(html)
    for text in reader.texts:
        yield from filter(None, re.split(r"(?<=[.?!])\s+", " ".join(text.split())))


def too_long(html: str) -> list[str]:
    """Sentences of too many words or numbers."""
    return [
        sentence
        for sentence in sentences(html)
        if len(sentence.split()) > MOST_WORDS or len(_NUMBER.findall(sentence)) > MOST_NUMBERS
    ]


def test_what_is_measured() -> None:
    numbers = "ResNet-50 takes 1.40x (1.2 to 1.6), 2, 3, 4 and 5 times as long."
    html = (
        f"<nav><p>{'x ' * 30}</p></nav><p>Short. {'word ' * 26}end. It is 1.5 ms.</p><ul><li>{numbers}</li>"
        f"<li>{numbers.replace('5 times', '5, 6 times')}</li></ul><table><td><p>{'x ' * 30}</p></td></table>"
    )
    assert list(sentences(html))[:3] == ["Short.", f"{'word ' * 26}end.", "It is 1.5 ms."]
    assert too_long(html) == [f"{'word ' * 26}end.", numbers.replace("5 times", "5, 6 times")]


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.html")), ids=lambda page: page.stem)
def test_every_sentence_of_a_committed_page_is_short(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    assert sum(1 for _ in sentences(html)) > 10
    assert too_long(html) == []

"""Names and texts as the report shows them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from scalebench import units
from scalebench.analysis.way import WAY
from scalebench.suite.case import configuration_text

LONGEST = 26
READERS_WORDS = {
    "supported": "holds here", "refuted": "does not hold here", "not reproduced here": "not reproduced here",
    "inconclusive": "undecided", "not measured": "not measured",
}  # fmt: skip
"""What pages call the verdicts of the JSON."""


def verdict_word(word: str, on_paper: bool = False) -> str:
    """A verdict as a reader reads it; what is on paper holds anywhere."""
    shown = READERS_WORDS[word]
    return shown.removesuffix(" here") if on_paper and word in ("supported", "refuted") else shown


def configuration_label(row: Any) -> str:
    """``machine, batch 1, fp32 eager, cpu, 2 threads`` of a frame's row."""
    return f"{row['machine']}, {configuration_text({name: row[name] for name in WAY})}"


def by_configuration(frame: pd.DataFrame, axes: Sequence[str] = WAY) -> list[tuple[str, pd.DataFrame]]:
    """Rows of each configuration by its words, in order of machine and batch."""
    groups = [(dict(zip(axes, key, strict=True)), rows) for key, rows in frame.groupby(list(axes), sort=True)]
    return [(f"{values['machine']}, {configuration_text(values)}", rows) for values, rows in groups]


def without_batch(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Rows of each configuration over all its batches, by its words."""
    return by_configuration(frame, [name for name in WAY if name != "batch"])


def plain(value: float) -> str:
    """A round number without digits that say nothing: ``2``, ``0.5``."""
    text = units.digits(value)
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def printable(text: str) -> str:
    """Text without control characters."""
    return "".join("\ufffd" if unicodedata.category(c)[0] == "C" else c for c in text)


def short(text: str, longest: int = LONGEST) -> str:
    """Text for a drawing: printable, and cut in the middle where it is long."""
    clean = printable(text)
    keep = longest // 2 - 1
    return clean if len(clean) <= longest else f"{clean[:keep]}…{clean[-keep:]}"


def point_label(model: str, resolution: int) -> str:
    """Label of one case in a drawing: ``b0@224`` for an EfficientNet, the model's own name otherwise."""
    return short(f"{model.removeprefix('efficientnet_')}@{resolution}")


def when(first: str, last: str) -> str:
    """``2026-11-24, 00:07 to 00:49 UTC`` of two ISO 8601 times in UTC; the texts themselves where they are none."""
    try:
        start, end = (datetime.fromisoformat(text) for text in (first, last))
    except ValueError:
        return f"{first} to {last}"
    day = "" if start.date() == end.date() else f"{end:%Y-%m-%d}, "
    return f"{start:%Y-%m-%d}, {start:%H:%M} to {day}{end:%H:%M} UTC"


def days(first: str, last: str) -> str:
    """``24 November 2026``, or ``30 June 2026 to 1 July 2026``, of two ISO 8601 times; the texts if they are none."""
    try:
        dates = [f"{day.day} {day:%B %Y}" for day in (datetime.fromisoformat(text) for text in (first, last))]
    except ValueError:
        return f"{first} to {last}"
    return " to ".join(dict.fromkeys(dates))


def listed(items: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def capitalised(text: str) -> str:
    """The text with a capital first letter."""
    return text[0].upper() + text[1:]

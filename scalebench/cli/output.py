"""How commands print on stdout: JSON as one document, tables for people."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

_PIPE_WIDTH = 200


def print_json(content: Any) -> None:
    """Print one JSON document; NaN and infinity become null."""
    sys.stdout.write(json.dumps(plain(content), indent=2, allow_nan=False) + "\n")


def print_document(page: Path) -> None:
    """Print the JSON document that was written beside a page."""
    sys.stdout.write(page.with_suffix(".json").read_text(encoding="utf-8"))


def plain(content: Any) -> Any:
    """Same content with every number that JSON cannot hold replaced by None."""
    if isinstance(content, dict):
        return {str(key): plain(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [plain(value) for value in content]
    if isinstance(content, float) and not math.isfinite(content):
        return None
    return content.item() if hasattr(content, "item") else content


def table_columns(headings: Iterable[tuple[str, bool]]) -> list[str]:
    """Columns for ``print_table`` from headings and whether they are numeric."""
    return [f">{heading}" if numeric else heading for heading, numeric in headings]


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; a heading that starts with ``>`` is that of a numeric column."""
    table = Table(title=escape(title) or None, title_justify="left", header_style="bold", box=SIMPLE_HEAD)
    for column in columns:
        numeric = column.startswith(">")
        table.add_column(
            column.removeprefix(">"), justify="right" if numeric else "left", no_wrap=numeric, overflow="fold"
        )
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    if sys.stdout.isatty():
        Console().print(table)
        return
    console = Console(width=_PIPE_WIDTH)  # a pipe has no width: lines must not be cut or folded there
    with console.capture() as text:
        console.print(table)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in text.get().splitlines()))

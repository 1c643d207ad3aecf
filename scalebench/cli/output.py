"""How commands print: JSON as one document, tables for people, progress on stderr."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

_PIPE_WIDTH = 200


def print_json(content: Any) -> None:
    """Print one JSON document; NaN and infinity become null."""
    sys.stdout.write(json.dumps(plain(content), indent=2, allow_nan=False) + "\n")


def plain(content: Any) -> Any:
    """Same content with every number that JSON cannot hold replaced by None."""
    if isinstance(content, dict):
        return {str(key): plain(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [plain(value) for value in content]
    if isinstance(content, float) and not math.isfinite(content):
        return None
    return content.item() if hasattr(content, "item") else content


def print_table(title: str, columns: Sequence[str | tuple[str, bool]], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; a column is its heading, with a leading ``>`` where it holds numbers, or (heading, numeric)."""
    table = Table(title=escape(title) or None, title_justify="left", header_style="bold", box=SIMPLE_HEAD)
    for column in columns:
        heading, numeric = (column.lstrip(">"), column.startswith(">")) if isinstance(column, str) else column
        table.add_column(heading, justify="right" if numeric else "left", no_wrap=numeric, overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    # A pipe has no width: lines must not be cut or folded there.
    Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH).print(table)


@contextmanager
def paper_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Progress bar for matching and counting, on stderr; appears only when something has to be worked out."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        tasks: dict[str, Any] = {}

        def progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield progress

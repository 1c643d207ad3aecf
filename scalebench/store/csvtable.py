"""A foreign CSV, read as text, so that every error names file, line and column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from scalebench.errors import StoreError, did_you_mean

_FIRST = 2
"""Line of the first row: the header is line 1."""


@dataclass(frozen=True)
class CsvTable:
    """Rows as text.

    Attributes:
        path: the file.
        columns: names in its header.
        rows: line of the file -> cells by column.
    """

    path: Path
    columns: tuple[str, ...]
    rows: dict[int, dict[str, str]]

    def error(self, line: int, column: str, message: str, hint: str = "") -> StoreError:
        """The error of a cell: ``table.csv:12: infer_img_size: message``."""
        return StoreError(f"{self.path}:{line}: {column}: {message}", hint)

    def number(self, line: int, column: str) -> float | None:
        """A cell's positive number; None where it is empty or there is no such column.

        Raises:
            StoreError: it is not a number, or not positive.
        """
        text = self.rows[line].get(column, "").strip()
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and value > 0):
            raise self.error(line, column, f"{text!r} is not a number above 0")
        return value

    def whole(self, line: int, column: str) -> int | None:
        """A cell's integer, ``1024`` or ``1024.0``; None as in ``number``.

        Raises:
            StoreError: as in ``number``, or it is not an integer.
        """
        value = self.number(line, column)
        if value is not None and not value.is_integer():
            raise self.error(line, column, f"{self.rows[line][column]!r} is not a whole number")
        return None if value is None else int(value)


def read_csv(path: Path, required: Sequence[str]) -> CsvTable:
    """Read a CSV with a header.

    Args:
        path: the file, UTF-8.
        required: columns that it must have, in any order; it may have others.

    Raises:
        StoreError: it cannot be read, is not such a table, or has no rows.
    """
    try:
        # Without a header: pandas would read rows longer than the header as rows with an index.
        cells = pd.read_csv(
            path, header=None, dtype=str, keep_default_na=False, skip_blank_lines=False, encoding="utf-8"
        ).fillna("")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise StoreError(f"{path}: not a table of comma-separated values: {str(error).strip()}") from None
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from None
    columns = tuple(str(name).strip() for name in cells.iloc[0])
    for name in required:
        if name not in columns:
            raise StoreError(
                f"{path}:1: {name}: there is no such column",
                did_you_mean(name, columns) or f"columns here: {', '.join(columns)}",
            )
    rows = {
        line: dict(zip(columns, map(str, row), strict=True))
        for line, row in enumerate(cells.iloc[1:].itertuples(index=False), _FIRST)
        if any(row)
    }
    if not rows:
        raise StoreError(f"{path}: the table has no rows")
    return CsvTable(path, columns, rows)

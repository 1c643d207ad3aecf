"""Building blocks of tables: formatted cells, columns that know how to fill themselves, and tables made of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import itemgetter
from typing import Any

import pandas as pd

from scalebench import units
from scalebench.analysis.way import WAY
from scalebench.metrics import METRICS, in_section
from scalebench.report.content import Column, Table
from scalebench.report.labels import configuration_label

CAP = 130
PERCENT = 0.01
SHOWN = in_section("cases")
"""Metrics that every round delivers."""


def number(value: float, factor: float = 1.0) -> str:
    """Value over factor with three digits; ``-`` where there is none."""
    return units.digits(value / factor) if math.isfinite(value) else "-"


def span(low: float, high: float, n: float, factor: float = 1.0, exact: bool = False) -> str:
    """95 % interval, ``exact`` for a count, the range of what was rounded in print, or why there is none."""
    if exact:
        return units.interval(low / factor, high / factor, exact)
    if math.isfinite(low) and math.isfinite(high):
        return units.interval(low / factor, high / factor)
    return "-" if not n else "none (n = 1)" if n == 1 else "none"


def capped(caption: str, columns: Sequence[Column], rows: Iterable[Sequence[str]], total: int | None = None) -> Table:
    """Table of at most ``CAP`` rows that says what it leaves out; ``total`` where more rows exist than are given."""
    every = [tuple(row) for row in rows]
    total = total or len(every)
    note = f"The first {CAP} of {total} rows; the other {total - CAP} are in the JSON file." if total > CAP else ""
    return Table(caption, tuple(columns), tuple(every[:CAP]), note)


def whole(caption: str, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> Table:
    """Table that is short by nature and stands on the page with all its rows."""
    return Table(caption, tuple(columns), tuple(map(tuple, rows)), whole=True)


def filled(*tables: Table) -> tuple[Table, ...]:
    """Tables that have rows."""
    return tuple(table for table in tables if table.rows)


@dataclass(frozen=True)
class Field:
    """A column and how it is filled.

    Attributes:
        label: heading.
        cell: what a row of the data has here; shown as text.
        number: whether its cells are numbers, set right-aligned.
    """

    label: str
    cell: Callable[[Any], object]
    number: bool = False


def build_table(
    caption: str, data: pd.DataFrame | Iterable[Any], *fields: Field, shorten: Callable[..., Table] = capped
) -> Table:
    """Table with one row per row of a frame, or per item.

    Args:
        caption: of the table.
        data: a frame, whose rows reach the fields as dictionaries, or any items.
        fields: the columns.
        shorten: ``capped`` or ``whole``.
    """
    data = data if isinstance(data, pd.DataFrame) else list(data)
    first = data[:CAP] if shorten is capped else data
    rows = first.to_dict("records") if isinstance(first, pd.DataFrame) else first
    columns = [Column(field.label, field.number) for field in fields]
    cells = [[str(field.cell(row)) for field in fields] for row in rows]
    shortened = partial(capped, caption, total=len(data)) if shorten is capped else partial(shorten, caption)
    at = _place(columns)
    beyond = [] if at is None or len(rows) == len(data) else [str(fields[at].cell(row)) for row in _places(data[CAP:])]
    return shared_once(columns, cells, shortened, beyond)


def _place(columns: Sequence[Column]) -> int | None:
    """Index of the column of configurations."""
    return next((index for index, column in enumerate(columns) if column.label in (CONFIGURATION.label, PLACE)), None)


def _places(rows: pd.DataFrame | list[Any]) -> list[Any]:
    """Rows, of a frame one for each configuration."""
    if not isinstance(rows, pd.DataFrame):
        return rows
    return rows.drop_duplicates([name for name in WAY if name in rows]).to_dict("records")


def shared_once(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], shorten: Callable[..., Table], beyond: Sequence[str] = ()
) -> Table:
    """Table in which the words of the configuration that all rows share stand once, in its note, not in every row.

    Args:
        columns: one of them, at most, headed ``CONFIGURATION`` or ``PLACE``.
        rows: cells.
        shorten: makes a table of columns and rows.
        beyond: configurations of rows that are left out.
    """
    at = _place(columns)
    words = [] if at is None else [row[at].split(", ") for row in rows]
    every = [*words, *(place.split(", ") for place in beyond)]
    shared = [word for word in words[0] if all(word in own for own in every)] if words else []
    if at is None or not shared:
        return shorten(columns, rows)
    rest = [", ".join(word for word in own if word not in shared) for own in words]
    cells = [[text] for text in rest] if any(rest) else [[] for _ in rest]
    heading = [Column(PLACE)] if any(rest) else []
    table = shorten(
        [*columns[:at], *heading, *columns[at + 1 :]],
        [[*row[:at], *own, *row[at + 1 :]] for row, own in zip(rows, cells, strict=True)],
    )
    return replace(table, note=f"All rows: {', '.join(shared)}. {table.note}".strip())


def entry(name: str, label: str = "") -> Field:
    """Text as it is stored, under its own name by default."""
    return Field(label or name, itemgetter(name))


def count(name: str, label: str) -> Field:
    """A whole number as it is stored."""
    return Field(label, itemgetter(name), number=True)


def value(name: str, label: str, factor: float = 1.0) -> Field:
    """A number without an interval, in units of ``factor``."""
    return Field(label, lambda row: number(row[name], factor), number=True)


def interval(
    name: str, factor: float = 1.0, ends: str | None = None, n: str = "n", label: str = "95 % interval"
) -> Field:
    """Interval of a number; ``ends`` is what precedes ``low`` and ``high`` in their names, ``name_`` by default."""
    low, high = (f"{name}_{end}" if ends is None else f"{ends}{end}" for end in ("low", "high"))
    return Field(label, lambda row: span(row[low], row[high], row[n], factor), number=True)


def estimate(name: str, label: str, factor: float = 1.0, ends: str | None = None, n: str = "n") -> tuple[Field, Field]:
    """A number and its interval."""
    return value(name, label, factor), interval(name, factor, ends, n)


def counted(name: str) -> Field:
    """A metric without an interval, under its heading."""
    return value(name, METRICS[name].heading, METRICS[name].factor)


def measured(*names: str, n: str = "n") -> list[Field]:
    """Summarised metrics, each with its interval; ``{}`` in ``n`` stands for the metric's name."""
    metrics = [METRICS[name] for name in names]
    return [field for m in metrics for field in estimate(m.name, m.heading, m.factor, n=n.format(m.name))]


def metric(name: str = "metric", label: str = "") -> Field:
    """A metric that rows name."""
    return Field(label or name, lambda row: METRICS[row[name]].label)


MODEL = (entry("model"), count("resolution", "resolution, px"))
ROUNDS = count("n", "n, rounds")
MODELS = count("n", "n, models")
TARGET = Field("target, times the base's MACs", lambda row: f"{row['target']:g}", number=True)
CONFIGURATION = Field("machine and configuration", configuration_label)
PLACE = "where"
"""Heading of what is left of a configuration once the words that all rows share are said."""


def ordered(cases: pd.DataFrame) -> pd.DataFrame:
    """Rows by machine, batch, model and resolution."""
    return cases.sort_values(["machine", "batch", "model", "resolution"], kind="stable")

"""Tables: what all rows share stands once."""

from __future__ import annotations

from typing import Any

from scalebench.analysis.way import WAY
from scalebench.report.tables import CAP, CONFIGURATION, Field, build_table, whole

_PLAIN = dict(zip(WAY, ("epyc", "inference", 1, "fp32", "contiguous", "eager", 2, "", "cpu", "{}"), strict=True))
MODEL, NOTED = Field("model", lambda row: row["model"]), Field("noted", lambda row: row["noted"])


def _rows(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**_PLAIN, "model": f"m{index}", "noted": "x", **change} for index, change in enumerate(changes)]


def test_what_differs_stays_in_the_rows_and_the_rest_is_said_once() -> None:
    table = build_table("Cases", _rows({}, {"batch": 8}), MODEL, CONFIGURATION, NOTED)
    assert [column.label for column in table.columns] == ["model", "where", "noted"]
    assert table.rows == (("m0", "batch 1", "x"), ("m1", "batch 8", "x"))
    assert table.note == "All rows: epyc, fp32 eager, cpu, 2 threads."


def test_where_nothing_differs_there_is_no_column() -> None:
    table = build_table("Cases", _rows({}, {}), MODEL, CONFIGURATION, NOTED, shorten=whole)
    assert [column.label for column in table.columns] == ["model", "noted"]
    assert table.rows == (("m0", "x"), ("m1", "x"))
    assert table.note == "All rows: epyc, batch 1, fp32 eager, cpu, 2 threads."


def test_where_everything_differs_nothing_is_said() -> None:
    other = {"machine": "xeon", "batch": 8, "precision": "bf16", "device": "cuda:0", "threads": 1}
    table = build_table("Cases", _rows({}, other), MODEL, CONFIGURATION)
    assert table.columns[1].label == "machine and configuration"
    assert table.note == ""


def test_rows_beyond_the_cap_count_too() -> None:
    """A batch that only the rows left out have is none that all rows share."""
    table = build_table("Cases", _rows(*[{}] * CAP, {"batch": 8}), MODEL, CONFIGURATION)
    assert {row[1] for row in table.rows} == {"batch 1"}
    assert table.note == (
        f"All rows: epyc, fp32 eager, cpu, 2 threads. The first {CAP} of {CAP + 1} rows; the other 1 are in the JSON "
        "file."
    )


def test_a_table_without_rows_is_empty() -> None:
    table = build_table("Cases", [], MODEL, CONFIGURATION)
    assert (table.rows, table.note) == ((), "")

"""Section: how the models are built, from counted facts; for the command line as well."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

import pandas as pd

from scalebench.report.content import Column, Section, Table
from scalebench.report.tables import capped
from scalebench.suite.families import family_of

ID, TITLE = "built", "How the models are built"
Row = Mapping[str, Any]
"""``model``, ``resolution``, ``params``, ``macs``, ``activations`` and ``structure``, see ``model.structure``."""
Grid = tuple[list[tuple[str, bool]], list[list[str]]]
"""Headings, each with whether numbers stand below it, and cells."""


def worth_showing(counts: pd.DataFrame) -> bool:
    """Whether models of two families or more have their structure counted; older records do not have it."""
    return len({family_of(row["model"]) for row in _rows(counts)}) > 1


def built_section(counts: pd.DataFrame) -> Section:
    """One row per model, at its first resolution: its structure is the same at all.

    Args:
        counts: ``store.frame.counts_frame``.
    """
    rows = _rows(counts)
    text = (
        "Counted from the models' structure, without running them. A linear layer applied to every pixel counts as a "
        "1x1 convolution; layers inside squeeze-and-excitation count there only. Other is mostly norms and scales.",
    )
    shapes = _table("How the models are built: blocks and channels by stage", shape_rows(rows))
    return Section(
        ID, TITLE, text, tables=(shapes, _table("Share of each kind of layer, per cent; exact", kind_rows(rows)))
    )


def _table(caption: str, grid: Grid) -> Table:
    return capped(caption, [Column(label, number) for label, number in grid[0]], grid[1])


def _rows(counts: pd.DataFrame) -> list[dict[str, Any]]:
    if "structure" not in counts:
        return []
    by_model: dict[str, dict[str, Any]] = {}
    for row in counts.to_dict("records"):
        if isinstance(row["structure"], Mapping) and "[" not in row["model"]:
            by_model.setdefault(row["model"], {str(key): value for key, value in row.items()})
    return list(by_model.values())


def shape_rows(rows: Iterable[Row]) -> Grid:
    """Model by model: blocks and channels per stage, kernels, norms, functions, downsampling, head."""
    headings = ["model", "blocks", "channels", "kernels", "norms", "functions", "downsampling", "head"]
    body = []
    for row in rows:
        built = row["structure"]
        body.append(
            [
                _name(row), _each(stage[0] for stage in built["stages"]), _each(stage[1] for stage in built["stages"]),
                *(_numbered(built[key]) for key in ("kernels", "norms", "functions")),
                _runs(built["downsampling"]), "; ".join(built["head"]) or "-",
            ]
        )  # fmt: skip
    return [(heading, False) for heading in headings], body


def kind_rows(rows: Iterable[Row]) -> Grid:
    """Model and kind of layer: how many, and their share of MACs, parameters and activations in per cent."""
    headings = [("model", False), ("kind", False), ("number", True)]
    headings += [(f"{name}, %", True) for name in ("MACs", "params", "activations")]
    totals = ("macs", "params", "activations")
    body = [
        [_name(row), kind, str(number or "-"), *(_share(n, row[total]) for n, total in zip(costs, totals, strict=True))]
        for row in rows
        for kind, (number, *costs) in row["structure"]["kinds"].items()
    ]
    return headings, body


def _name(row: Row) -> str:
    return f"{row['model']}@{int(row['resolution'])}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if whole else "-"


def _each(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers)) or "-"


def _numbered(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items()) or "-"


def _runs(steps: Sequence[str]) -> str:
    """Equal steps in a row as one: ``dense 2x2, by 2 (3 times)``."""
    runs = [(step, len(list(same))) for step, same in groupby(steps)]
    return "; ".join(step if n == 1 else f"{step} ({n} times)" for step, n in runs) or "-"

"""Where the kinds of claims find their numbers in an analysis."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scalebench.analysis.way import WAY
from scalebench.claims.base_part import Way
from scalebench.metrics import COUNTED, STRUCTURE
from scalebench.suite.variant import parse_at

if TYPE_CHECKING:
    import pandas as pd

    from scalebench.analysis.analyse import Analysis

COUNTABLE = (*COUNTED, *STRUCTURE, "resolution", "intensity")
"""Quantities that are known on paper."""


def counted(analysis: Analysis, text: str, metric: str) -> float:
    """A quantity of ``COUNTABLE`` for ``MODEL@PIXELS``; NaN where it was not counted.

    ``intensity`` is MACs per byte that the operators move, each with its operands from memory, batch 1, fp32.
    """
    variant, resolution = parse_at(text)
    if metric == "resolution":
        return float(resolution or 0)
    counts = analysis.own_counts
    row = counts[(counts["model"] == variant.name) & (counts["resolution"] == resolution)]
    value = None if row.empty else _intensity(row["work"].iloc[0]) if metric == "intensity" else row[metric].iloc[0]
    return math.nan if value is None else float(value)


def _intensity(work: object) -> float | None:
    if not isinstance(work, (list, tuple)) or not work:
        return None
    macs = sum(macs * number for macs, _, _, number in work)
    moved = sum((activations + weights) * number for _, activations, weights, number in work)
    return float(macs) / float(moved)


def counted_ratio(analysis: Analysis, over: str, under: str, metric: str) -> float:
    """One model's counted quantity over another's; NaN where one is not known."""
    return counted(analysis, over, metric) / counted(analysis, under, metric)


def ways(analysis: Analysis) -> Iterator[tuple[Way, pd.DataFrame]]:
    """Rounds that count, by way of running."""
    rounds = analysis.rounds
    for way, found in rounds[rounds["used"]].groupby(WAY, sort=False):
        yield tuple(way), found


def cases_by_way(analysis: Analysis) -> Iterator[tuple[Way, pd.DataFrame]]:
    """Summarised cases, by way of running."""
    if len(analysis.cases):
        for way, found in analysis.cases.groupby(WAY, sort=False):
            yield tuple(way), found


def rounds_of(rounds: pd.DataFrame, text: str, metric: str) -> list[float]:
    """Values of a measured metric for ``MODEL@PIXELS``, one per round."""
    variant, resolution = parse_at(text)
    rows = rounds[(rounds["model"] == variant.name) & (rounds["resolution"] == resolution)]
    return [float(value) for value in rows[metric].dropna()]

"""Where the kinds of claims look up their numbers in an analysis."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scalebench.analysis.sessions import SessionRounds
from scalebench.analysis.way import WAY
from scalebench.claims.base_part import Configuration
from scalebench.metrics import COUNTED, STRUCTURE
from scalebench.suite.variant import parse_at

if TYPE_CHECKING:
    import pandas as pd

    from scalebench.analysis.analyse import Analysis
    from scalebench.analysis.used_rounds import UsedRounds

COUNTABLE = (*COUNTED, *STRUCTURE, "resolution", "intensity")
"""Quantities that are known on paper."""


def counted(analysis: Analysis, text: str, metric: str) -> float:
    """A quantity of ``COUNTABLE`` for ``MODEL@PIXELS``; NaN where it was not counted.

    ``intensity`` is MACs per byte that the operators move, each with its operands from memory, batch 1, fp32.
    """
    if metric == "resolution":
        return float(parse_at(text)[1] or 0)
    variant, resolution = parse_at(text)
    facts = analysis.facts.get((variant.name, resolution or 0), {})
    value = _intensity(facts.get("work")) if metric == "intensity" else facts.get(metric)
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


def cases_by_configuration(analysis: Analysis) -> Iterator[tuple[Configuration, pd.DataFrame]]:
    """Summarised cases, by configuration."""
    if len(analysis.cases):
        for configuration, rows in analysis.cases.groupby(WAY, sort=False):
            yield tuple(configuration), rows


def rounds_of(rounds: UsedRounds, text: str, metric: str) -> SessionRounds:
    """Values of a measured metric for ``MODEL@PIXELS``, one per round."""
    variant, resolution = parse_at(text)
    return rounds.of(variant.name, resolution, metric)

"""Ratio of two measured cases, turn by turn where they shared heats."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from scalebench.analysis.analyse import Analysis
from scalebench.analysis.sessions import SessionRounds
from scalebench.analysis.stats import Estimate, ratio
from scalebench.analysis.way import WAY

Row = Mapping[Hashable, Any]


def paired_ratio(analysis: Analysis, over: Row, under: Row, metric: str) -> Estimate:
    """Metric of one case over that of another, with its interval.

    Args:
        analysis: with the rounds of both.
        over, under: any rows with the columns ``WAY``, ``model`` and ``resolution``.
        metric: measured; its value is that of a whole batch.
    """
    return ratio(*(_rounds(analysis, row, metric) for row in (over, under)))


def _rounds(analysis: Analysis, row: Row, metric: str) -> SessionRounds:
    rounds = analysis.used.get(tuple(row[name] for name in WAY))
    return SessionRounds({}) if rounds is None else rounds.of(row["model"], row["resolution"], metric)

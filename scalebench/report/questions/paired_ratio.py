"""Ratio of two measured cases, turn by turn where they shared heats."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from scalebench.analysis.analyse import Analysis
from scalebench.analysis.pooling import sample
from scalebench.analysis.sessions import SessionRounds
from scalebench.analysis.stats import Estimate, ratio
from scalebench.analysis.way import WAY

KEY = [*WAY, "model", "resolution"]
Row = Mapping[Hashable, Any]


def paired_ratio(analysis: Analysis, over: Row, under: Row, metric: str) -> Estimate:
    """Metric of one case over that of another, with its interval.

    Args:
        analysis: with the rounds of both.
        over, under: any rows with the columns ``KEY``.
        metric: measured; its value is that of a whole batch.
    """
    return ratio(*(_rounds(analysis, row, metric) for row in (over, under)))


def _rounds(analysis: Analysis, row: Row, metric: str) -> SessionRounds:
    rounds = analysis.rounds
    used = rounds[(rounds["model"] == row["model"]) & rounds["used"].astype(bool)]
    own: pd.DataFrame = used[(used[KEY] == pd.Series({name: row[name] for name in KEY})).all(axis=1)]
    return sample(own, metric, analysis.pooled)

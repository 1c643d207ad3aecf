"""Intervals without assumptions on the shape of errors, from the errors of left-out predictions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from scalebench.analysis.predict.cases import Values

LEVEL = 0.9


def half_width(scores: Values, groups: Sequence[str], level: float = LEVEL) -> float:
    """Half-width that covers a case of a new group with probability ``level``, in the unit of the scores.

    Hierarchical conformal prediction (Lee, Barber and Willett, arXiv:2306.06342): the quantile of the scores, where
    each group weighs the same, and one more group of unknown, infinite score. With every case a group of its own it
    is split conformal prediction with rank ceil((n + 1) level).

    Args:
        scores: absolute errors of predictions, each made without its own group.
        groups: of every score.

    Returns: NaN where there are fewer groups than level / (1 - level), nine at 90 %: no finite width suffices.
    """
    sizes = Counter(groups)
    order = np.argsort(scores, kind="stable")
    mass = np.cumsum([1 / ((len(sizes) + 1) * sizes[groups[index]]) for index in order])
    reached = np.flatnonzero(mass >= level - 1e-12)
    return float(scores[order[reached[0]]]) if len(reached) else math.nan


def median_error(scores: Values) -> float:
    """Median relative error, from absolute errors of logarithms; NaN without any."""
    return math.expm1(float(np.median(scores))) if len(scores) else math.nan

"""Resampling of cases by family: models of one family resemble each other, so families are what is drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from scalebench.analysis.stats import LEVEL, Estimate

DRAWS = 500
SEED = 0
FEWEST_CASES, FEWEST_FAMILIES = 8, 5
"""Below these no interval over families means anything."""

Indices = npt.NDArray[np.intp]


def too_few(families: Sequence[str]) -> str:
    """Why nothing can be said, or an empty string."""
    cases, kinds = len(families), len(set(families))
    if cases >= FEWEST_CASES and kinds >= FEWEST_FAMILIES:
        return ""
    return f"{cases} cases of {kinds} families; {FEWEST_CASES} of {FEWEST_FAMILIES} are needed"


def draws(families: Sequence[str], number: int = DRAWS) -> list[Indices]:
    """Resamples as row numbers: as many families as there are, with replacement, each with all of its cases."""
    labels = np.asarray(families)
    members = [np.flatnonzero(labels == name) for name in dict.fromkeys(families)]
    random = np.random.default_rng(SEED)
    picks = random.integers(0, len(members), size=(number, len(members)))
    return [np.concatenate([members[at] for at in pick]) for pick in picks]


def bootstrapped(statistic: Callable[[Indices], float], families: Sequence[str]) -> Estimate:
    """A statistic of all cases with its percentile interval over resampled families.

    Args:
        statistic: row numbers in, number out; NaN where a resample does not allow it.
        families: of every row.

    Returns: n is the number of cases; everything NaN where ``too_few``.
    """
    if too_few(families):
        return Estimate(math.nan, math.nan, math.nan, len(families))
    found = np.array([statistic(rows) for rows in draws(families)])
    if np.isnan(found).all():  # a side that never varies has no correlation
        return Estimate(math.nan, math.nan, math.nan, len(families))
    low, high = np.nanquantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(statistic(np.arange(len(families))), float(low), float(high), len(families))

"""Resampling by family: models of one family resemble each other, so whole families are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from scalebench.analysis.stats import Estimate, resampled, unknown

DRAWS = 500
SEED = 0
FEWEST_CASES, FEWEST_FAMILIES = 8, 5
"""Below these no interval over families means anything."""

Indices = npt.NDArray[np.intp]


def too_few(families: Sequence[str]) -> bool:
    """Whether cases of these families are too few for a statement."""
    return len(families) < FEWEST_CASES or len(set(families)) < FEWEST_FAMILIES


def draws(families: Sequence[str], number: int = DRAWS) -> list[Indices]:
    """Resamples as row numbers: as many families as there are, with replacement, each with all of its cases."""
    labels = np.asarray(families)
    members = [np.flatnonzero(labels == name) for name in dict.fromkeys(families)]
    picks = np.random.default_rng(SEED).integers(0, len(members), size=(number, len(members)))
    return [np.concatenate([members[index] for index in pick]) for pick in picks]


def bootstrapped(statistic: Callable[[Indices], float], families: Sequence[str]) -> Estimate:
    """A statistic of all cases with its percentile interval over resampled families.

    Args:
        statistic: row numbers in, number out; NaN where a resample does not allow it.
        families: of every row.

    Returns: n is the number of cases; everything NaN where ``too_few``.
    """
    if too_few(families):
        return unknown(len(families))
    values = np.array([statistic(rows) for rows in draws(families)])
    if np.isnan(values).all():  # a side that never varies has no correlation
        return unknown(len(families))
    return resampled(statistic(np.arange(len(families))), values, len(families))

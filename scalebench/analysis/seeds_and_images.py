"""Means over training seeds and test images, which both vary: intervals hold for other seeds and other images."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import special

from scalebench.analysis.stats import LEVEL, Estimate

Values = npt.NDArray[np.float64]
Groups = npt.NDArray[np.int64]


def two_way(values: Values, groups: Groups) -> Estimate:
    """Mean with a 95 % t-interval; seeds and images are crossed random effects.

    The variance is that of seed means over seeds plus that of image means over images. Both contain the scatter of a
    single answer, so it is counted twice and the interval is on the wide side (the min F' of Clark, Journal of Verbal
    Learning and Verbal Behavior 12, 1973). Degrees of freedom are Satterthwaite's.

    Args:
        values: seeds x images, such as differences of correctness between two networks of the same seed.
        groups: of each image; images of one group vary together.

    Returns: without an interval of fewer than two seeds or groups.
    """
    mean, spread, freedom = _moments(values, groups)
    if math.isnan(freedom):
        return Estimate(mean, math.nan, math.nan, len(values))
    half = spread * float(special.stdtrit(freedom, (1 + LEVEL) / 2))
    return Estimate(mean, mean - half, mean + half, len(values), freedom=freedom)


def p_of_none(values: Values, groups: Groups) -> float:
    """Two-sided p of the same test that the mean is 0; 1 where there is no interval."""
    mean, spread, freedom = _moments(values, groups)
    if math.isnan(freedom) or (mean == 0 and spread == 0):
        return 1.0
    return 2 * float(special.stdtr(freedom, -abs(mean) / spread)) if spread else 0.0


def _moments(values: Values, groups: Groups) -> tuple[float, float, float]:
    """Mean, its standard error, degrees of freedom."""
    seeds, images = values.shape
    mean = float(values.mean())
    members = np.unique(groups, return_inverse=True)[1]
    number = int(members.max()) + 1
    if seeds < 2 or number < 2:
        return mean, math.nan, math.nan
    of_seeds = float(values.mean(axis=1).var(ddof=1)) / seeds
    sums = np.bincount(members, values.mean(axis=0) - mean)
    of_images = number / (number - 1) * float((sums**2).sum()) / images**2
    total = of_seeds + of_images
    if not total:
        return mean, 0.0, math.inf
    return mean, math.sqrt(total), total**2 / (of_seeds**2 / (seeds - 1) + of_images**2 / (number - 1))

"""Power laws by least squares on logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from scalebench.analysis.stats import LEVEL, Estimate

MIN_POINTS = 3
"""A line through two points has no interval."""


@dataclass(frozen=True)
class Fit:
    """y = coefficient * x^exponent."""

    exponent: Estimate  # with its 95 % t-interval from the scatter about the line; n is the number of points
    coefficient: float
    r2: float  # share of the variance of log y that the line explains
    misfit: float  # largest relative deviation of a point from the line


def power_law(x: Sequence[float], y: Sequence[float]) -> Fit | None:
    """Fit log y against log x, all positive; None with fewer than three different x.

    The interval of the exponent is about points that scatter by chance. Of counts the scatter is no error: their
    exponent is exact, and ``misfit`` tells how far they are from a power law.
    """
    log_x, log_y = np.log(np.asarray(x, dtype=float)), np.log(np.asarray(y, dtype=float))
    keep = np.isfinite(log_x) & np.isfinite(log_y)
    log_x, log_y = log_x[keep], log_y[keep]
    if len(np.unique(log_x)) < MIN_POINTS:
        return None
    if np.ptp(log_y) == 0:  # linregress divides by it
        return Fit(Estimate(0.0, 0.0, 0.0, len(log_x)), float(np.exp(log_y[0])), 1.0, 0.0)
    line = stats.linregress(log_x, log_y)
    freedom = len(log_x) - 2
    half = float(stats.t.ppf(0.5 + LEVEL / 2, freedom)) * float(line.stderr)
    slope = float(line.slope)
    exponent = Estimate(slope, slope - half, slope + half, len(log_x), freedom=freedom)
    misfit = float(np.expm1(np.abs(log_y - line.intercept - slope * log_x).max()))
    return Fit(exponent, float(np.exp(line.intercept)), float(line.rvalue) ** 2, misfit)

"""Power laws by least squares on logs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

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
    if np.ptp(log_y) == 0:  # which is divided by below
        return Fit(Estimate(0.0, 0.0, 0.0, len(log_x)), float(np.exp(log_y[0])), 1.0, 0.0)
    freedom = len(log_x) - 2
    (of_x, of_both), (_, of_y) = np.cov(log_x, log_y, bias=True)
    slope, r2 = float(of_both / of_x), min(1.0, float(of_both**2 / (of_x * of_y)))
    half = float(special.stdtrit(freedom, 0.5 + LEVEL / 2)) * math.sqrt((1 - r2) * of_y / of_x / freedom)
    exponent = Estimate(slope, slope - half, slope + half, len(log_x), freedom=freedom)
    intercept = float(log_y.mean() - slope * log_x.mean())
    misfit = float(np.expm1(np.abs(log_y - intercept - slope * log_x).max()))
    return Fit(exponent, math.exp(intercept), r2, misfit)

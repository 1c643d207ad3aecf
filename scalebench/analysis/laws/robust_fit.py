"""Fitting a scaling law: robust, from many starts, refused where the points cannot carry it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from scalebench.analysis.laws.forms import Law, Values

DELTA = 0.05
"""Log residuals beyond this count linearly (Huber): 5 % is the noise of a good measurement here.

Hoffmann et al. (arXiv:2203.15556) use 1e-3 on hundreds of runs; on some ten points that is a median, and jumpy.
"""
POINTS_PER_PARAMETER = 2.5
_BOUND = 40.0
_ITERATIONS, _TOLERANCE = 300, 1e-9
_LIMIT_REACHED = 5
"""MINPACK's word for too many evaluations."""
_AGREES = 1e-3
_ZERO = 1e-12
"""Cost that is zero but for rounding, a relative error below 1e-6 at every point: there is nothing left to improve."""


@dataclass(frozen=True)
class LawFit:
    """One law fitted to points, or why it was not.

    Attributes:
        law: the form.
        theta: fitted parameters, positive ones as logarithms.
        x0: geometric mean of x.
        low, high: smallest and largest x.
        n: points.
        loss: mean Huber loss of the log residuals.
        rms: root mean square of the log residuals.
        converged: whether the optimiser ended by its tolerance, not by its limit; a fit without any error has, however
            long the optimiser pushed a floor that is not there towards zero.
        agreeing, starts: how many of the starts came to the best loss within 0.1 %, of how many.
        why: why nothing was fitted; empty where it was.
    """

    law: Law
    theta: tuple[float, ...] = ()
    x0: float = math.nan
    low: float = math.nan
    high: float = math.nan
    n: int = 0
    loss: float = math.nan
    rms: float = math.nan
    converged: bool = False
    agreeing: int = 0
    starts: int = 0
    why: str = ""

    @property
    def parameters(self) -> dict[str, float]:
        """Parameters as the formula has them."""
        named = zip(self.law.parameters, self.theta, strict=True) if self.theta else ()
        return {name: math.exp(value) if name in self.law.positive else value for name, value in named}


def fit_law(law: Law, x: Sequence[float], y: Sequence[float], warm: LawFit | None = None) -> LawFit:
    """Fit by least Huber loss of log residuals.

    Args:
        law: the form.
        x, y: positive values of equal length.
        warm: a fit to all points, of which these are a part or a resample; its parameters and the best of the usual
            starts are then the only ones, and as many distinct x as parameters are enough, for the whole has carried
            the law.

    Returns: the best of all starts; with ``why`` where the points are too few (fewer distinct x than 2.5 per
        parameter), or not positive and finite.
    """
    a, b = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    why = _refused(law, a, b, POINTS_PER_PARAMETER if warm is None else 1.0)
    if why:
        return LawFit(law, n=len(a), why=why)
    x0 = math.exp(float(np.mean(np.log(a))))
    u, v = np.log(a / x0), np.log(b)
    starts = law.starts(u, v)
    if warm and warm.theta:  # a parameter that the whole did not need may lie where nothing leads back from
        nearest = min(starts, key=lambda start: float(np.abs(law.curve(u, start) - v).sum()))
        starts = np.array([_moved(warm, x0), nearest])
    solutions = [_descended(law, u, v, start) for start in starts]
    cost, theta, converged = min(solutions, key=lambda solution: solution[0])
    agreeing = sum(other <= cost * (1 + _AGREES) + _ZERO for other, *_ in solutions)
    rms = math.sqrt(float(np.mean((law.curve(u, theta) - v) ** 2)))
    return LawFit(
        law, tuple(map(float, theta)), x0, float(a.min()), float(a.max()), len(a), cost / len(a), rms,
        converged or cost <= _ZERO, agreeing, len(solutions),
    )  # fmt: skip


def _descended(law: Law, u: Values, v: Values, start: Values) -> tuple[float, Values, bool]:
    """Sum of the Huber losses at the minimum below a start, its parameters, and whether a tolerance ended the descent.

    The squares of ``roots`` are twice the losses, so MINPACK's Levenberg-Marquardt minimises them; a trust region of
    ``least_squares(loss="huber")`` comes to the same minimum in ten times as long.
    """

    def roots(theta: Values) -> Values:
        residuals = law.curve(u, np.minimum(np.maximum(theta, -_BOUND), _BOUND)) - v
        size = np.abs(residuals)
        beyond = np.sqrt(DELTA * np.maximum(2 * size - DELTA, 0.0))
        return np.where(size <= DELTA, residuals, np.copysign(beyond, residuals))

    limit = _ITERATIONS * (len(start) + 1)
    theta, _, last, _, status = optimize.leastsq(
        roots, np.clip(start, -_BOUND, _BOUND), full_output=True, ftol=_TOLERANCE, xtol=_TOLERANCE, maxfev=limit
    )
    cost = 0.5 * float(last["fvec"] @ last["fvec"])
    return cost, np.clip(theta, -_BOUND, _BOUND), status != _LIMIT_REACHED


def predict(fit: LawFit, x: Sequence[float], extrapolate: bool = False) -> Values:
    """y at each x; NaN outside the support unless ``extrapolate``, and everywhere where nothing was fitted."""
    a = np.asarray(x, dtype=float)
    if not fit.theta:
        return np.full(len(a), math.nan)
    y = np.asarray(np.exp(fit.law.curve(np.log(a / fit.x0), np.asarray(fit.theta))), dtype=float)
    inside = (a >= fit.low) & (a <= fit.high)
    return y if extrapolate else np.where(inside, y, math.nan)


def _refused(law: Law, x: Values, y: Values, points_per_parameter: float) -> str:
    if not (np.isfinite(x).all() and np.isfinite(y).all() and (x > 0).all() and (y > 0).all()):
        return "a value is missing or not positive"
    distinct, needed = len(np.unique(x)), math.ceil(points_per_parameter * len(law.parameters))
    return "" if distinct >= needed else f"{distinct} different x; {len(law.parameters)} parameters need {needed}"


def _moved(warm: LawFit, x0: float) -> Values:
    """Parameters of a fit about another centre; only a start, so the level alone is moved."""
    theta = np.asarray(warm.theta, dtype=float)
    shift = warm.law.curve(np.array([math.log(x0 / warm.x0)]), theta) - warm.law.curve(np.array([0.0]), theta)
    scale = "b" if "b" in warm.law.positive else "a"
    theta[warm.law.parameters.index(scale)] += float(shift[0])
    return theta

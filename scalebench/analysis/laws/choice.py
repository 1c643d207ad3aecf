"""Choice of a law by leave-one-out error, with ties, and the error of extrapolating."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from scalebench.analysis.laws.forms import LAWS, Law, Values
from scalebench.analysis.laws.robust_fit import LawFit, fit_law, predict
from scalebench.analysis.stats import Estimate, resampled, unknown

DRAWS, SEED = 2000, 0
RESOLUTION = 0.01
"""Relative difference of two errors below which laws are not distinguished: one that contains the other may end on the
same curve, and then rounding would decide."""
_ROUNDING = 1e-6
HELD_OUT = 0.25
"""Share of the distinct x, the largest, on which extrapolation is tested."""


@dataclass(frozen=True)
class ScoredLaw:
    """One law in a choice; errors are root mean squares of logs, NaN where the law was refused."""

    fit: LawFit  # to all points
    error: float  # on points left out
    extrapolation: float  # on the largest quarter, by a fit to the rest
    tied: bool  # whether its error cannot be distinguished from the best one's


def choose(
    x: Sequence[float],
    y: Sequence[float],
    laws: Sequence[Law] = tuple(LAWS.values()),
    families: Sequence[str] | None = None,
) -> list[ScoredLaw]:
    """All laws, least leave-one-out error first, refused ones last; see ``winner``.

    A law is tied with the best where their errors agree within ``RESOLUTION``, or the 95 % bootstrap interval of the
    difference in squared errors includes zero; it resamples ``families`` where they are given, else distinct x. A fit
    that has not converged is tied with nothing.
    """
    fits = [fit_law(law, x, y) for law in laws]
    errors = {fit.law.name: left_out(fit, x, y) for fit in fits}
    ranked = sorted(fits, key=lambda fit: (math.isnan(_rms(errors[fit.law.name])), _rms(errors[fit.law.name])))
    best = errors[ranked[0].law.name]
    return [
        ScoredLaw(fit, _rms(own), extrapolated(fit.law, x, y), fit.converged and _tied(best, own, families or x))
        for fit in ranked
        for own in [errors[fit.law.name]]
    ]


def winner(candidates: Sequence[ScoredLaw]) -> ScoredLaw | None:
    """The simplest of those that are tied with the best; None where every law was refused."""
    tied = [candidate for candidate in candidates if candidate.tied]
    return min(tied, key=lambda c: len(c.fit.law.parameters), default=None)


def law_ratio(
    x: Sequence[float], y: Sequence[float], law: Law, rival: Law, families: Sequence[str] | None = None
) -> Estimate:
    """Leave-one-out error of one law over that of another, with its bootstrap interval.

    The interval resamples ``families`` where they are given, for models of one family lie on the same side of a law
    together; else distinct x. Below 1 favours ``law``; everything NaN where one of them is refused. The fits are not
    resampled, so the interval is somewhat narrow; it is never narrower than ``RESOLUTION``, so that rounding cannot
    distinguish equal curves.
    """
    errors = [left_out(fit_law(form, x, y), x, y) for form in (law, rival)]
    if np.isnan(errors).any():
        return unknown(len(x))
    squares, rival_squares = (_by_unit(own, families or x) for own in errors)
    rows = _draws(len(squares))
    value = math.sqrt(float(squares.sum() / rival_squares.sum()))
    e = resampled(value, np.sqrt(squares[rows].sum(axis=1) / rival_squares[rows].sum(axis=1)), len(x))
    return Estimate(value, min(e.low, value * (1 - RESOLUTION)), max(e.high, value * (1 + RESOLUTION)), len(x))


def left_out(fit: LawFit, x: Sequence[float], y: Sequence[float]) -> Values:
    """Log error of each point, predicted by a fit to the points of all other x; NaN where the law is refused."""
    return _left_out(fit, tuple(x), tuple(y))


@lru_cache(maxsize=64)  # the study and several claims ask about the same points, and each answer is a fit per point
def _left_out(fit: LawFit, x: tuple[float, ...], y: tuple[float, ...]) -> Values:
    a, b = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    errors = np.full(len(a), math.nan)
    if not fit.theta:
        return errors
    for value in np.unique(a):
        own = a == value
        refit = fit_law(fit.law, a[~own].tolist(), b[~own].tolist(), warm=fit)
        errors[own] = np.log(predict(refit, a[own].tolist(), extrapolate=True) / b[own])
    return errors


def extrapolated(law: Law, x: Sequence[float], y: Sequence[float]) -> float:
    """Root mean square log error on the largest quarter of distinct x, by a fit to the rest; NaN where refused."""
    a, b = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    distinct = np.unique(a)
    large = a > distinct[max(0, math.ceil((1 - HELD_OUT) * len(distinct)) - 1)]
    fit = fit_law(law, a[~large].tolist(), b[~large].tolist())
    return _rms(np.log(predict(fit, a[large].tolist(), extrapolate=True) / b[large]))


def _rms(errors: Values) -> float:
    return math.sqrt(float(np.mean(errors**2))) if len(errors) else math.nan


def _tied(best: Values, errors: Values, units: Sequence[float] | Sequence[str]) -> bool:
    if np.isnan(errors).any() or np.isnan(best).any():
        return False
    least, squares = _by_unit(best, units), _by_unit(errors, units)
    if squares.sum() <= least.sum() * (1 + RESOLUTION) ** 2:
        return True
    difference = resampled(0.0, (squares - least)[_draws(len(least))].sum(axis=1), len(least))
    return difference.low <= 0 <= difference.high


def _by_unit(errors: Values, units: Sequence[float] | Sequence[str]) -> Values:
    """Sum of squared errors for each unit: points that share one are not independent."""
    _, which = np.unique(np.asarray(units), return_inverse=True)
    return np.asarray(np.bincount(which, weights=errors**2 + _ROUNDING**2), dtype=float)


def _draws(n: int) -> npt.NDArray[np.int64]:
    return np.random.default_rng(SEED).integers(0, n, size=(DRAWS, n))

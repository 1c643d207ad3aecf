"""Intervals of a law's parameters, by resampling families of cases, and rounds within each case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scalebench.analysis.laws.forms import Law, Values
from scalebench.analysis.laws.robust_fit import LawFit, fit_law
from scalebench.analysis.stats import Estimate, resampled

DRAWS, SEED = 200, 0
Labels = npt.NDArray[np.intp]
"""Number of the family of every point."""


@dataclass(frozen=True)
class Bootstrap:
    """A law with percentile intervals; ``n`` of each is the number of points."""

    fit: LawFit  # to the geometric means of all points
    parameters: dict[str, Estimate]
    failed: int  # draws to whose points the law could not be fitted


def bootstrap(
    law: Law,
    x: Sequence[float],
    rounds: Sequence[Sequence[float]],
    families: Sequence[str] | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Bootstrap:
    """Fit a law to points of one or several rounds each.

    Intervals are percentiles: BCa would need a jackknife of the whole fit beside the draws.

    Args:
        law: the form.
        x: of every point.
        rounds: values of y of every point, one per round.
        families: of every point, which are drawn whole; by default every point is drawn by itself.
        draws: resamples.
        seed: of the resampling.
    """
    means = [float(np.exp(np.mean(np.log(values)))) for values in rounds]
    fit = fit_law(law, x, means)
    random = np.random.default_rng(seed)
    labels = np.arange(len(x)) if families is None else np.unique(np.asarray(families), return_inverse=True)[1]
    refits = [_refit(fit, x, rounds, labels, random) for _ in range(draws)] if fit.theta else []
    good = [refit for refit in refits if refit.theta]
    parameters = {
        name: _estimate(value, np.array([refit.parameters[name] for refit in good]), len(x))
        for name, value in fit.parameters.items()
    }
    return Bootstrap(fit, parameters, len(refits) - len(good))


def _refit(
    fit: LawFit, x: Sequence[float], rounds: Sequence[Sequence[float]], labels: Labels, random: np.random.Generator
) -> LawFit:
    number = int(labels.max()) + 1
    rows = np.concatenate([np.flatnonzero(labels == label) for label in random.integers(0, number, size=number)])
    y = [float(np.exp(np.mean(np.log(random.choice(np.asarray(rounds[row]), len(rounds[row])))))) for row in rows]
    return fit_law(fit.law, [x[row] for row in rows], y, warm=fit)


def _estimate(value: float, draws: Values, n: int) -> Estimate:
    return resampled(float(value), draws, n) if len(draws) else Estimate(float(value), float("nan"), float("nan"), n)

"""Moderated variances: what the cases of a machine have in common makes up for few rounds of each.

Smyth, Linear models and empirical Bayes methods for assessing differential expression in microarray experiments
(Statistical Applications in Genetics and Molecular Biology 3, 2004), as in limma: the true variances of all cases are
drawn from one scaled inverse chi-squared distribution, whose variance and degrees of freedom are estimated from the
moments of the logarithms of the sample variances.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Part = tuple[float, float]
"""A variance and its degrees of freedom."""
FEWEST = 5
"""Fewest variances for a prior; ``tests/bench/turn_coverage.py`` has what fewer give."""
_FLOOR = 1e-5
"""Least variance over the median one, as in limma: rounds that agree by chance have no logarithm."""


@dataclass(frozen=True)
class Prior:
    """Distribution of the true variances of cases that vary for the same reasons.

    Attributes:
        variance: typical variance.
        freedom: degrees of freedom that it is worth beside a case's own; infinite where all cases vary alike, 0 where
            there is no prior.
        most: degrees of freedom of all cases together; no case has more.
    """

    variance: float = 1.0
    freedom: float = 0.0
    most: float = math.inf

    def moderate(self, variance: float, freedom: float) -> Part:
        """A case's sample variance and its degrees of freedom, with what the other cases say."""
        if not self.freedom or not freedom:
            return variance, freedom
        share = 1.0 if math.isinf(self.freedom) else self.freedom / (self.freedom + freedom)
        return share * self.variance + (1 - share) * variance, max(freedom, min(self.freedom + freedom, self.most))


NO_PRIOR = Prior()


def fit_prior(parts: Sequence[Part], most: float | None = None) -> Prior:
    """Prior of these sample variances; none where fewer than ``FEWEST`` have degrees of freedom, or half of them are 0.

    Args:
        parts: of independent or nearly independent samples.
        most: degrees of freedom of all of them together; default their sum.
    """
    known = np.array([part for part in parts if part[1] > 0], dtype=float).reshape(-1, 2)
    variances, freedom = known.T
    if len(known) < FEWEST or not (median := float(np.median(variances))) > 0:
        return NO_PRIOR
    from scipy import special  # half a second, and only priors need it

    half = freedom / 2
    logs = np.log(np.maximum(variances, _FLOOR * median)) - special.digamma(half) + np.log(half)
    excess = float(logs.var(ddof=1) - special.polygamma(1, half).mean())
    total = float(freedom.sum()) if most is None else most
    if excess <= 0:
        return Prior(float(np.average(variances, weights=freedom)), math.inf, total)
    prior_half = _inverse_trigamma(excess)
    typical = math.exp(float(logs.mean()) + float(special.digamma(prior_half)) - math.log(prior_half))
    return Prior(typical, 2 * prior_half, total)


def _inverse_trigamma(value: float) -> float:
    """Argument of the trigamma function; its logarithm is searched."""
    from scipy import optimize, special

    return math.exp(optimize.brentq(lambda log: float(special.polygamma(1, math.exp(log))) - value, -20.0, 40.0))

"""Tail latencies over the pooled iterations of a case, or the reason why there are none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scalebench.analysis.resampling import drawn_quantiles
from scalebench.analysis.stats import LEVEL, Estimate

NEEDED = {0.95: 72, 0.99: 368}
"""Least iterations for which order statistics give the quantile a finite two-sided 95 % interval."""
FEWEST_ROUNDS = 5
"""Fewer cannot be resampled: the interval would be far too narrow."""
TOO_FEW = "too_few_samples"
_RESAMPLES = 500
_SEED = 20190528


@dataclass(frozen=True)
class Tail:
    """A quantile of the iterations.

    Attributes:
        estimate: with an interval from resampling rounds, or None.
        n: pooled iterations.
        why: reason word where there is no estimate.
    """

    estimate: Estimate | None
    n: int
    why: str = ""


def tail(rounds: Sequence[Sequence[float]], quantile: float) -> Tail:
    """Quantile of all iterations, seconds.

    The interval is a percentile bootstrap over rounds, not over iterations, which are correlated within a round; there
    is none below five rounds.

    Args:
        rounds: iterations of each round, seconds.
        quantile: 0.95 or 0.99.
    """
    rounds = [laps for laps in rounds if len(laps)]
    laps = np.concatenate([np.asarray(r, dtype=float) for r in rounds]) if rounds else np.empty(0)
    if len(laps) < NEEDED[quantile]:
        return Tail(None, len(laps), TOO_FEW)
    value = float(np.quantile(laps, quantile, method="inverted_cdf"))
    if len(rounds) < FEWEST_ROUNDS:
        return Tail(Estimate(value, math.nan, math.nan, len(rounds)), len(laps))
    drawn = drawn_quantiles(rounds, quantile, _RESAMPLES, np.random.default_rng(_SEED))
    low, high = np.quantile(drawn, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return Tail(Estimate(value, float(low), float(high), len(rounds)), len(laps))

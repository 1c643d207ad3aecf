"""Tail latencies over the pooled iterations of a case, or why there are none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scalebench.analysis.resampling import drawn_quantiles
from scalebench.analysis.stats import Estimate, resampled

NEEDED = {0.95: 72, 0.99: 368}
"""Fewest iterations for which order statistics give the quantile a finite two-sided 95 % interval."""
FEWEST_ROUNDS = 5
"""Intervals from resampling fewer rounds would be far too narrow."""
TOO_FEW = "too_few_samples"
_RESAMPLES = 500
_SEED = 20190528


@dataclass(frozen=True)
class Tail:
    """A quantile of the iterations."""

    estimate: Estimate | None  # with an interval from resampling rounds
    n: int  # pooled iterations
    why: str = ""  # reason where there is no estimate


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
    return Tail(resampled(value, drawn, len(rounds)), len(laps))

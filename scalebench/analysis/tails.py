"""Tail latencies of a case over its rounds, or why there are none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scalebench.analysis.stats import Estimate, of_rounds

SHORTEST = {0.95: 20, 0.99: 70}
"""Fewest iterations of a round for its quantile: the order statistic then lies among them."""
INDEPENDENT = {0.95: 15, 0.99: 25}
"""Fewest independent iterations that a round has to be worth, see ``tests/bench/interval_coverage.py``: with fewer the
quantiles of correlated iterations are too low, and the intervals cover less than 93 % of the time."""
FEWEST_ROUNDS = 3


@dataclass(frozen=True)
class Tail:
    """A quantile of the iterations."""

    estimate: Estimate | None
    n: int  # iterations of all rounds
    why: str = ""  # reason where there is no estimate


def tail(rounds: Sequence[Sequence[float]], quantile: float) -> Tail:
    """Quantile of the iterations of a process: geometric mean over rounds of each round's own, with a t-interval.

    Args:
        rounds: iterations of each round, seconds.
        quantile: 0.95 or 0.99.
    """
    rounds = [laps for laps in rounds if len(laps)]
    n = sum(map(len, rounds))
    reason = _too_few(rounds, quantile)
    if reason:
        return Tail(None, n, reason)
    return Tail(of_rounds(round_quantiles(rounds, quantile)), n)


def round_quantiles(rounds: Sequence[Sequence[float]], quantile: float) -> list[float]:
    """Each round's quantile, seconds: median-unbiased for independent iterations (Hyndman and Fan 1996, type 8)."""
    return [float(np.quantile(np.asarray(laps, dtype=float), quantile, method="median_unbiased")) for laps in rounds]


def _too_few(rounds: Sequence[Sequence[float]], quantile: float) -> str:
    """What is missing; empty where the quantile can be estimated."""
    if len(rounds) < FEWEST_ROUNDS:
        return f"{len(rounds)} of {FEWEST_ROUNDS} rounds"
    shortest = min(map(len, rounds))
    if shortest < SHORTEST[quantile]:
        return f"{shortest} of {SHORTEST[quantile]} iterations in the shortest round"
    correlation = autocorrelation(rounds)
    worth = math.floor(shortest * (1 - correlation) / (1 + correlation))
    if worth < INDEPENDENT[quantile]:
        return (
            f"{shortest} iterations in the shortest round, with an autocorrelation of {correlation:.2f}, are worth "
            f"{worth} of {INDEPENDENT[quantile]} independent ones"
        )
    return ""


def autocorrelation(rounds: Sequence[Sequence[float]]) -> float:
    """Lag-1 autocorrelation of log iterations within rounds, 0 to 1.

    Corrected for the mean of each round, which its own iterations estimate: the bias is about -(1 + 3 r) / n (Marriott
    and Pope, Biometrika 41, 1954).
    """
    logs = [np.log(np.asarray(laps, dtype=float)) for laps in rounds]
    deviations = [log - log.mean() for log in logs]
    total = sum(float(d @ d) for d in deviations)
    if total < 1e-20 * sum(map(len, logs)):  # equal iterations, up to rounding
        return 0.0
    r = sum(float(d[1:] @ d[:-1]) for d in deviations) / total
    return min(1.0, max(0.0, r + (1 + 3 * r) / float(np.mean([len(log) for log in logs]))))

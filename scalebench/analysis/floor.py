"""The noise floor of a machine, from several runs of the same cases."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from scalebench.analysis.compare.gate import SD_OF_FLOOR
from scalebench.analysis.compare.sides import sides
from scalebench.analysis.stats import LEVEL, Estimate, of_rounds
from scalebench.record import Record


def run_values(runs: Sequence[Sequence[Record]], metric: str = "latency_s") -> dict[str, list[float]]:
    """Value of each case in each run, by the case's label; cases with a value in every run only."""
    by_run = [
        {side.case.label: of_rounds(values).value for own in sides(run)[0].values() for side in own
         if (values := side.values(metric))}
        for run in runs
    ]  # fmt: skip
    return {label: [values[label] for values in by_run] for label in by_run[0] if all(label in v for v in by_run)}


def noise_floor(values: Sequence[Sequence[float]]) -> Estimate:
    """|log ratio| that 95 % of comparisons of two runs of one case stay below: 1.96 standard deviations of a log ratio.

    The variance of a run is pooled over cases; its interval is that of chi-squared. ``n`` is its degrees of freedom,
    rounded: cases times (runs - 1), fewer where the values of one run rise and fall together, for then they are not
    independent (the variance of a mean of k squares with a correlation r is 1 + (k - 1) r^2 times that of independent
    ones).

    Args:
        values: of each case in each run, at least one case and two runs; all cases have the same runs.
    """
    logs = np.log(np.asarray(values, dtype=float))
    cases, runs = logs.shape
    deviations = logs - logs.mean(axis=1, keepdims=True)
    total = float((deviations**2).sum())
    freedom = float(cases * (runs - 1))
    variance = total / freedom
    if cases > 1 and total > 0:
        shared = (float((deviations.sum(axis=0) ** 2).sum()) / total - 1) / (cases - 1)
        freedom /= 1 + (cases - 1) * max(0.0, shared) ** 2
    ends = stats.chi2.ppf([(1 + LEVEL) / 2, (1 - LEVEL) / 2], freedom)
    value = SD_OF_FLOOR * math.sqrt(variance)
    low, high = (value * math.sqrt(freedom / end) for end in ends)
    return Estimate(value, low, high, max(1, round(freedom)))

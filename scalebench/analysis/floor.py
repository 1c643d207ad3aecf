"""The noise floor of a machine, from two runs of the same cases."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from scalebench.analysis.compare.pairing import pair_up
from scalebench.analysis.stats import of_rounds
from scalebench.record import Record


def run_differences(first: Sequence[Record], second: Sequence[Record], metric: str = "latency_s") -> dict[str, float]:
    """|log ratio| of each case between two runs, by the case's label; cases with values on both sides only.

    Raises:
        StoreError: the runs have no case in common.
    """
    differences = {}
    for pair in pair_up(first, second).pairs:
        before, after = (of_rounds(side.values(metric)) for side in (pair.a, pair.b))
        if before.n and after.n:
            differences[pair.a.case.label] = abs(math.log(after.value / before.value))
    return differences


def noise_floor(differences: Sequence[float]) -> float:
    """95th percentile, not interpolated downwards: of fewer than twenty values, at least one, the largest."""
    return float(np.quantile(np.asarray(differences), 0.95, method="higher"))

"""Pareto front: the cases that no other case dominates."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]


def on_front(cost: Values, gain: Values) -> npt.NDArray[np.bool_]:
    """Whether each point is on the front: no other is better in one value without being worse in the other.

    Args:
        cost: lower is better.
        gain: higher is better; as long as ``cost``.

    Returns: booleans; a point with NaN is never on the front.
    """
    front = np.zeros(len(cost), dtype=bool)
    known = np.flatnonzero(~np.isnan(cost) & ~np.isnan(gain))
    order = known[np.lexsort((-gain[known], cost[known]))]
    if not len(order):
        return front
    x, y = cost[order], gain[order]
    reached = np.concatenate([[-np.inf], np.maximum.accumulate(y)[:-1]])
    first = y > reached
    # Equal points share one answer: that of the first of them.
    new = np.concatenate([[True], (x[1:] != x[:-1]) | (y[1:] != y[:-1])])
    front[order] = first[np.flatnonzero(new)][np.cumsum(new) - 1]
    return front

"""Pareto front: the cases that no other case dominates."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Values = npt.NDArray[np.float64]


def pareto(frame: pd.DataFrame, cost: str, gain: str) -> pd.Series:
    """Whether each row is on the front: no other row is better in one column without being worse in the other.

    Args:
        frame: any table.
        cost: column where lower is better.
        gain: column where higher is better.

    Returns: booleans on the frame's index; rows with NaN are never on the front.
    """
    values = (frame[name].to_numpy(dtype=float) for name in (cost, gain))
    return pd.Series(on_front(*values), index=frame.index)


def on_front(cost: Values, gain: Values) -> npt.NDArray[np.bool_]:
    """The same for two arrays of equal length; a point with NaN is never on the front."""
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

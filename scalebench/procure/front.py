"""Pareto front in several directions: what nothing else beats in one without being worse in another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def on_front(points: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Whether each point is on the front; equal points stand or fall together.

    Args:
        points: shape (points, directions); lower is better in each.
    """
    each = np.asarray(points, dtype=float)
    no_worse = (each[:, None] <= each[None]).all(axis=2)  # [i, j]: i is no worse than j anywhere
    better = (each[:, None] < each[None]).any(axis=2)
    beaten: npt.NDArray[np.bool_] = np.any(no_worse & better, axis=0)
    return np.logical_not(beaten)

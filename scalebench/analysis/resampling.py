"""Draws of a mean over rounds by its t-distribution."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence

import numpy as np


def generator(seed: int, machine: str, key: str) -> np.random.Generator:
    """Generator of one case on one machine: its draws do not depend on what else is in a plan."""
    return np.random.default_rng([seed, zlib.crc32(f"{machine} {key}".encode())])


def drawn_means(values: Sequence[float], count: int, rng: np.random.Generator) -> np.ndarray:
    """``count`` draws of the geometric mean of positive values, one of each round; a single value is every draw.

    The log of the mean follows the t-distribution of ``stats.of_rounds``, so that the central 95 % of the draws are its
    interval. Resampling three rounds would give draws of two fifths of that width.
    """
    logs, n = np.log(np.asarray(values, dtype=float)), len(values)
    spread = float(logs.std(ddof=1)) / math.sqrt(n) if n > 1 else 0.0
    drawn: np.ndarray = np.exp(logs.mean() + spread * rng.standard_t(max(n - 1, 1), count))
    return drawn


def session_factors(deviation: float, count: int, rng: np.random.Generator) -> np.ndarray:
    """``count`` factors by which other sessions of a machine may be slower than those measured.

    Args:
        deviation: standard deviation of their logarithms, see ``sessions.Spread``.
    """
    return np.exp(deviation * rng.standard_normal(count))

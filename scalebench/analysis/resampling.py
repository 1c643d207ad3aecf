"""Bootstrap over rounds: draws of a quantile or mean under rounds drawn with replacement."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np


def generator(seed: int, machine: str, key: str) -> np.random.Generator:
    """Generator of one case on one machine: its draws do not depend on what else is in a plan."""
    return np.random.default_rng([seed, zlib.crc32(f"{machine} {key}".encode())])


def drawn_quantiles(
    rounds: Sequence[Sequence[float]], quantile: float, count: int, rng: np.random.Generator
) -> np.ndarray:
    """``count`` draws of a quantile (0 to 1) of the pooled iterations, seconds: the smallest that bounds this share.

    Args:
        rounds: iterations of each round, seconds; at least one.
    """
    if count == 0:
        return np.empty(0)
    laps = np.concatenate([np.asarray(laps, dtype=float) for laps in rounds])
    owner = np.repeat(np.arange(len(rounds)), [len(laps) for laps in rounds])
    order = np.argsort(laps, kind="stable")
    # Five rounds give no more than 126 different draws: each is computed once.
    weights, which = np.unique(_weights(len(rounds), count, rng), axis=0, return_inverse=True)
    total = np.cumsum(weights[:, owner[order]], axis=1)
    at = (total < quantile * total[:, -1:]).sum(axis=1)
    drawn: np.ndarray = laps[order][at][which.reshape(-1)]
    return drawn


def drawn_means(values: Sequence[float], count: int, rng: np.random.Generator) -> np.ndarray:
    """``count`` draws of the geometric mean of positive values, one of each round."""
    weights = _weights(len(values), count, rng)
    drawn: np.ndarray = np.exp(weights @ np.log(np.asarray(values, dtype=float)) / len(values))
    return drawn


def _weights(rounds: int, count: int, rng: np.random.Generator) -> np.ndarray:
    return rng.multinomial(rounds, [1 / rounds] * rounds, size=count)

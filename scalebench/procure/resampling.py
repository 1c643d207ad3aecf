"""Resampled rounds: what a number might have been, had other rounds of the same process been drawn."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np


def generator(seed: int, machine: str, key: str) -> np.random.Generator:
    """Generator of one case on one machine: its draws do not depend on what else is in a plan.

    Args:
        seed: of the whole decision.
        machine: of the records.
        key: of the case.
    """
    return np.random.default_rng([seed, zlib.crc32(f"{machine} {key}".encode())])


def drawn_quantiles(
    rounds: Sequence[Sequence[float]], quantile: float, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Quantile of the pooled iterations under rounds drawn with replacement, as ``analysis.tails`` resamples them.

    Args:
        rounds: iterations of each round, seconds; at least one.
        quantile: between 0 and 1.
        count: draws.
        rng: generator.

    Returns: ``count`` quantiles, seconds.
    """
    if count == 0:
        return np.empty(0)
    laps = np.concatenate([np.asarray(laps, dtype=float) for laps in rounds])
    owner = np.repeat(np.arange(len(rounds)), [len(laps) for laps in rounds])
    order = np.argsort(laps, kind="stable")
    # Five rounds give no more than 126 different draws: each is worked out once.
    weights, which = np.unique(_weights(len(rounds), count, rng), axis=0, return_inverse=True)
    total = np.cumsum(weights[:, owner[order]], axis=1)
    at = (total < quantile * total[:, -1:]).sum(axis=1)
    found: np.ndarray = laps[order][at][which.reshape(-1)]
    return found


def drawn_means(values: Sequence[float], count: int, rng: np.random.Generator) -> np.ndarray:
    """Geometric mean of positive values, one of each round, under rounds drawn with replacement; ``count`` of them."""
    weights = _weights(len(values), count, rng)
    found: np.ndarray = np.exp(weights @ np.log(np.asarray(values, dtype=float)) / len(values))
    return found


def _weights(rounds: int, count: int, rng: np.random.Generator) -> np.ndarray:
    return rng.multinomial(rounds, [1 / rounds] * rounds, size=count)

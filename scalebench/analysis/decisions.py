"""Directed stopping: which comparisons are decided, so that heats go where questions are open.

Whoever looks after every heat and stops at the first decision errs more often than 1 in 20. So a look takes an interval
of a higher level, after the alpha-spending function of Lan and DeMets (Biometrika 70, 1983) of O'Brien-Fleming's type:
early looks demand nearly certainty, the last one little more than the plain interval. The level is that of a normal
quantile and is applied to the quantile of t, which holds well (Jennison and Turnbull, Group sequential methods, 2000,
section 3.8).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from scipy import optimize, special

from scalebench.analysis.stats import LEVEL, Estimate
from scalebench.suite.case import Case

Decision = Literal["different", "equal", "open"]
_NODES = 200
_TAIL = 8.0
"""Standard deviations beyond which a normal density is nothing."""


@dataclass(frozen=True)
class Question:
    """One case against another.

    Attributes:
        over, under: the cases.
        margin: relative difference that does not matter.
        thresholds: ratios that matter: 1, or the bounds of a claim.
    """

    over: Case
    under: Case
    margin: float
    thresholds: tuple[float, ...] = (1.0,)


def decision(ratio: Estimate, margin: float, level: float = LEVEL, thresholds: Sequence[float] = (1.0,)) -> Decision:
    """Whether a comparison is decided.

    ``different``: no threshold lies in the interval. ``equal``: the interval lies within the margin on both sides of 1.
    ``open``: neither, or there is no interval.

    Args:
        ratio: with its 95 % interval.
        margin: relative difference that does not matter.
        level: of the interval that decides, see ``level_of_look``.
        thresholds: ratios that matter.
    """
    e = ratio.at(level)
    if math.isnan(e.low) or math.isnan(e.high):
        return "open"
    if not any(e.low <= threshold <= e.high for threshold in thresholds):
        return "different"
    return "equal" if 1 / (1 + margin) <= e.low and e.high <= 1 + margin else "open"


def level_of_look(look: int, most: int) -> float:
    """Level of the interval that decides after heat ``look`` of at most ``most``, both counted from 1."""
    return float(1 - 2 * special.ndtr(-boundaries(most)[look - 1]))


@lru_cache
def boundaries(most: int) -> tuple[float, ...]:
    """Standard normal boundary of every look, two-sided, looks equally far apart.

    Between looks the sum of independent standard normal increments is followed over the paths that have not crossed:
    its density on the nodes of a Gauss-Legendre rule (Armitage, McPherson and Rowe, Journal of the Royal Statistical
    Society A 132, 1969). Each boundary spends what the spending function allows until then.
    """
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    sums, masses = np.zeros(1), np.ones(1)
    levels: list[float] = []
    for look in range(1, most + 1):
        allowed = _spent(look / most) - _spent((look - 1) / most)
        z = float(optimize.brentq(_excess, 0.0, 40.0, args=(math.sqrt(look), sums, masses, allowed)))
        levels.append(z)
        end = min(z, _TAIL) * math.sqrt(look)
        inner = end * nodes
        density = np.exp(-((inner[:, None] - sums) ** 2) / 2) / math.sqrt(2 * math.pi) @ masses
        sums, masses = inner, end * weights * density
    return tuple(levels)


def _excess(z: float, scale: float, sums: np.ndarray, masses: np.ndarray, allowed: float) -> float:
    """Chance to cross a boundary next, by the density of the sums until now, over what may be spent on it."""
    beyond = special.ndtr(sums - z * scale) + special.ndtr(-sums - z * scale)
    return float(masses @ beyond) - allowed


def _spent(time: float) -> float:
    """Two-sided error spent until this share of all heats: on each side 2 - 2 Phi(z / sqrt(time))."""
    if not time:
        return 0.0
    side = (1 - LEVEL) / 2
    return float(4 * special.ndtr(special.ndtri(side / 2) / math.sqrt(time)))

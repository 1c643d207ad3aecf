"""Directed stopping: which comparisons are decided, so that heats go where questions are open.

Whoever looks after every heat and stops at the first decision errs more often than 1 in 20. So a look takes an interval
of a higher level, after Lan and DeMets (Biometrika 70, 1983): the error allowed grows with the square of the share of
heats made (Kim and DeMets, Biometrika 74, 1987). It decides early what is plain, where O'Brien and Fleming's boundaries
demand near certainty of the first looks; and it errs less than one that grows in proportion, whose stopped intervals
covered 91 %. The level is that of a normal quantile and is
applied to the quantile of t, which holds well (Jennison and Turnbull, Group sequential methods, 2000, section 3.8).
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
FIRST_LOOK = 3
"""Heats before a question is first looked at: below, a variance says next to nothing."""
_POWER = 2
"""Of the share of heats made; 1 spends most on early looks, 3 is near O'Brien and Fleming."""
_NODES = 200
_TAIL = 8.0
"""Standard deviations beyond which a normal density is nothing."""


@dataclass(frozen=True)
class PairQuestion:
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


def level_of_look(look: int, most: int, first: int = 1) -> float:
    """Level of the interval that decides after heat ``look`` of at most ``most``; none does before the ``first``."""
    return float(1 - 2 * special.ndtr(-boundaries(most, first)[look - 1]))


@lru_cache
def boundaries(most: int, first: int = 1) -> tuple[float, ...]:
    """Standard normal boundary of every look, two-sided, looks equally far apart; infinite before the ``first``.

    Between looks the sum of independent standard normal increments is followed over the paths that have not crossed:
    its density on the nodes of a Gauss-Legendre rule (Armitage, McPherson and Rowe, Journal of the Royal Statistical
    Society A 132, 1969). Each boundary spends what the spending function allows until then.
    """
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    points, masses = np.zeros(1), np.ones(1)
    spent, values = 0.0, []
    for look in range(1, most + 1):
        scale, allowed = math.sqrt(look), (1 - LEVEL) * (look / most) ** _POWER - spent
        if look < first:
            values.append(math.inf)
        else:
            values.append(_boundary(points, masses, scale, allowed))
            spent += allowed
        end = min(values[-1], _TAIL) * scale
        inner = end * nodes
        density = np.exp(-((inner[:, None] - points) ** 2) / 2) / math.sqrt(2 * math.pi) @ masses
        points, masses = inner, end * weights * density
    return tuple(values)


def _boundary(points: np.ndarray, masses: np.ndarray, scale: float, allowed: float) -> float:
    """Beyond which, in units of ``scale``, the next sum lies with probability ``allowed``."""

    def excess(z: float) -> float:
        beyond = special.ndtr(points - z * scale) + special.ndtr(-points - z * scale)
        return float(masses @ beyond) - allowed

    return float(optimize.brentq(excess, 0.0, 40.0))

"""Scaling rules: a nominal compute factor in, depth, width and resolution multipliers out.

Every rule assumes that MACs grow with depth x width^2 x resolution^2 (Tan and Le, arXiv:1905.11946,
section 3.3), so ``Multipliers.nominal_factor`` of each result equals the factor asked for. Rounding
of blocks, channels and pixels then moves the *counted* factor away from it; ``model.matching`` closes
that gap.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

ALPHA, BETA, GAMMA = 1.2, 1.1, 1.15
"""Depth, width and resolution bases of compound scaling (arXiv:1905.11946, section 4)."""


@dataclass(frozen=True)
class Multipliers:
    """Depth, width and resolution multipliers on a base model, each 1.0 for the base itself."""

    depth: float = 1.0
    width: float = 1.0
    resolution: float = 1.0

    @property
    def nominal_factor(self) -> float:
        """MACs relative to the base before any rounding: d * w^2 * r^2."""
        return self.depth * self.width**2 * self.resolution**2


def compound_constant() -> float:
    """alpha * beta^2 * gamma^2: the compute factor of one step of phi (arXiv:1905.11946, Eq. 3)."""
    return Multipliers(ALPHA, BETA, GAMMA).nominal_factor


def depth(factor: float) -> Multipliers:
    """All of the factor into blocks: d = s."""
    return Multipliers(depth=factor)


def width(factor: float) -> Multipliers:
    """All of the factor into channels: w = s^0.5."""
    return Multipliers(width=math.sqrt(factor))


def resolution(factor: float) -> Multipliers:
    """All of the factor into pixels: r = s^0.5."""
    return Multipliers(resolution=math.sqrt(factor))


def compound(factor: float) -> Multipliers:
    """d = alpha^phi, w = beta^phi, r = gamma^phi with phi chosen so that the product is the factor.

    Source: Tan and Le, arXiv:1905.11946, Eq. 3 with alpha 1.2, beta 1.1, gamma 1.15.
    """
    phi = math.log(factor) / math.log(compound_constant())
    return Multipliers(ALPHA**phi, BETA**phi, GAMMA**phi)


def fast(factor: float) -> Multipliers:
    """Fast compound scaling: d = s^0.1, w = s^0.4, r = s^0.05, activations grow as s^0.6.

    Source: Dollar, Singh and Girshick, arXiv:2103.06877 (dWr with alpha 0.8) and its reference scaler.
    """
    return Multipliers(factor**0.1, factor**0.4, factor**0.05)


RULES: dict[str, Callable[[float], Multipliers]] = {
    "depth": depth,
    "width": width,
    "resolution": resolution,
    "compound": compound,
    "fast": fast,
}

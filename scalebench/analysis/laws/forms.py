"""Scaling laws: the forms that are fitted, each a curve of log y over log x.

x enters as x / x0 with x0 the geometric mean of the data, so that no parameter depends on the unit of x; positive
parameters are fitted as logarithms. Every form can rise (time against MACs) or fall (error against MACs), but for
``linear_sqrt``, which rises.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

_SHARES = (1e-3, 0.03, 0.3)
"""Starting values of a floor, as shares of the smallest y."""


@dataclass(frozen=True)
class Law:
    """One functional form."""

    name: str
    formula: str  # in x, its parameters, and x0
    source: str
    parameters: tuple[str, ...]
    positive: frozenset[str]  # parameters that are fitted as logarithms
    curve: Callable[[Values, Values], Values]  # (log(x / x0), fitted parameters) -> log y
    starts: Callable[[Values, Values], Values]  # (log(x / x0), log y) -> rows of fitted parameters to start from


def _line(u: Values, v: Values) -> tuple[float, float]:
    slope, level = np.polyfit(u, v, 1)
    return float(level), float(slope)


def _floors(v: Values) -> list[float]:
    return [float(v.min()) + float(np.log(share)) for share in _SHARES]


def _power_starts(u: Values, v: Values) -> Values:
    level, slope = _line(u, v)
    return np.array([[level, slope], [level, slope / 2], [level, 2 * slope]])


def _floor_starts(u: Values, v: Values) -> Values:
    level, slope = _line(u, v)
    return np.array([[e, level, c * slope] for e in _floors(v) for c in (1.0, 2.0, 4.0)])


def _sqrt_starts(u: Values, v: Values) -> Values:
    level, _ = _line(u, v)
    return np.array([[level + a, level + b] for a, b in ((-0.7, -0.7), (0.0, -3.0), (-3.0, 0.0))])


def _saturating_starts(u: Values, v: Values) -> Values:
    level, slope = _line(u, v)
    shifts = np.quantile(u, [0.0, 0.5, 1.0]) - 1.0
    return np.array([[level, d, -b * slope, e] for d in shifts for b in (1.0, 2.5) for e in _floors(v)])


def _broken_starts(u: Values, v: Values) -> Values:
    breaks = np.quantile(u, [0.25, 0.5, 0.75])
    rows = []
    for at in breaks:
        before, after = u <= at, u >= at
        slopes = [_line(u[side], v[side])[1] if side.sum() > 2 else _line(u, v)[1] for side in (before, after)]
        level = float(np.interp(0.0, u, v))
        for floor in _floors(v)[:2]:
            rows += [[floor, level, -slopes[0], slopes[0] - slopes[1], at, width] for width in (-2.0, -0.5)]
    return np.array(rows)


LAWS: dict[str, Law] = {
    law.name: law
    for law in (
        Law(
            "power", "y = b (x / x0)^c", "Kaplan et al., arXiv:2001.08361", ("b", "c"), frozenset("b"),
            lambda u, t: t[0] + t[1] * u, _power_starts,
        ),
        Law(
            "power_floor", "y = e + b (x / x0)^c", "Alabdulmohsin et al., arXiv:2209.06640, M2", ("e", "b", "c"),
            frozenset("eb"), lambda u, t: np.logaddexp(t[0], t[1] + t[2] * u), _floor_starts,
        ),
        Law(
            "linear_sqrt", "y = a x / x0 + b sqrt(x / x0)", "Radosavovic et al., arXiv:2003.13678, section 4",
            ("a", "b"), frozenset("ab"), lambda u, t: np.logaddexp(t[0] + u, t[1] + u / 2), _sqrt_starts,
        ),
        Law(
            "double_saturating", "y = a (x / x0 + d)^-b + c", "Zhai et al., arXiv:2106.04560, section 2.2",
            ("a", "d", "b", "c"), frozenset("adc"),
            lambda u, t: np.logaddexp(t[3], t[0] - t[2] * np.logaddexp(u, t[1])), _saturating_starts,
        ),
        Law(
            "broken_power", "y = a + b (x / x0)^-c0 (1 + (x / (x0 d))^(1 / f))^(-c1 f)",
            "Caballero et al., arXiv:2210.14891, one break", ("a", "b", "c0", "c1", "d", "f"), frozenset("abdf"),
            lambda u, t: np.logaddexp(
                t[0], t[1] - t[2] * u - t[3] * np.exp(t[5]) * np.logaddexp(0.0, (u - t[4]) / np.exp(t[5]))),
            _broken_starts,
        ),
    )
}  # fmt: skip
"""Forms by name, fewer parameters first."""

"""Effect of one case, its verdict, and the correction over all cases.

All on logarithms: an effect is the log of a ratio B / A, and a margin of 3 % is log(1.03) on either side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from scalebench.analysis.stats import LEVEL, Estimate

Verdict = Literal["worse", "better", "same", "inconclusive"]
Better = Literal["lower", "higher"]

GATE = (1 - LEVEL) / 2
"""Family-wise error of the gate, one-sided: the other half of the 5 % would be improvements."""
SD_OF_FLOOR = float(stats.norm.ppf(0.975)) * math.sqrt(2)
"""95 % of comparisons of two runs of one case stay below a floor; divided by this (2.77) it is the standard deviation
of one run, on logarithms."""


@dataclass(frozen=True)
class Effect:
    """Natural log of B / A with its standard error."""

    log: float
    error: float  # standard error, NaN where n is too small for one
    freedom: float  # degrees of freedom
    n: int  # rounds of the smaller side, or pairs

    @property
    def estimate(self) -> Estimate:
        """The ratio with its 95 % t-interval."""
        half = self.half_width
        return Estimate(math.exp(self.log), math.exp(self.log - half), math.exp(self.log + half), self.n)

    @property
    def half_width(self) -> float:
        """Half of the 95 % interval of the log."""
        if not self.error:  # rounds that agree to the last digit, mostly bytes
            return 0.0
        return float(stats.t.ppf(0.5 + LEVEL / 2, self.freedom)) * self.error

    def p_worse(self, better: Better) -> float:
        """One-sided p of "B is not worse than A"; NaN where there is no standard error."""
        log = _cost(self.log, better)
        if not self.error:
            return 0.5 if log == 0 else 0.0 if log > 0 else 1.0
        return float(stats.t.sf(log / self.error, self.freedom))


def welch(a: Sequence[float], b: Sequence[float], floor: float = 0.0, freedom: float = math.inf) -> Effect:
    """Effect between the rounds of two runs, after Welch, with the noise between runs added.

    Rounds of one run share the state of the machine, which their own spread cannot show. So twice the variance of a
    run is added, with a standard deviation of ``floor / SD_OF_FLOOR``. It enters the degrees of freedom (Satterthwaite)
    with its own, or as known where these are infinite.

    Args:
        a, b: round medians, both with at least one value.
        floor: |log ratio| that 95 % of comparisons of two runs of one case stay below.
        freedom: its degrees of freedom.
    """
    x, y = (np.log(np.asarray(values, dtype=float)) for values in (a, b))
    mean, n = float(y.mean() - x.mean()), min(len(x), len(y))
    if n < 2:
        return Effect(mean, math.nan, math.nan, n)
    parts: list[tuple[float, float]] = [(float(values.var(ddof=1)) / len(values), len(values) - 1) for values in (x, y)]
    parts.append((2 * (floor / SD_OF_FLOOR) ** 2, freedom))
    variance = sum(part for part, _ in parts)
    unsure = sum(part**2 / part_freedom for part, part_freedom in parts)
    return Effect(mean, math.sqrt(variance), variance**2 / unsure if unsure else math.inf, n)


def paired(logs: Sequence[float], level: float = LEVEL) -> Effect:
    """Effect from the log ratios B / A of the pairs of one run, at least one: their mean, with a t-interval.

    Where one of several looks may decide, ``level`` is that of the look, and the standard error is as much larger as
    its interval is longer. Such intervals hold at all looks together (repeated confidence intervals, Jennison and
    Turnbull, Journal of the Royal Statistical Society B 51, 1989).
    """
    n = len(logs)
    error = float(stats.sem(logs)) if n > 1 else math.nan
    if n > 1 and level != LEVEL:
        usual, longer = stats.t.ppf([0.5 + LEVEL / 2, 0.5 + level / 2], n - 1)
        error *= float(longer / usual)
    return Effect(float(np.mean(logs)), error if math.isfinite(error) else math.nan, n - 1, n)


def judge(effect: Effect, margin: float, better: Better) -> Verdict:
    """Verdict of one case, not corrected for the number of cases.

    ``worse``: the whole interval is on the worse side of 1, and the point effect is beyond the margin, a relative
    difference. ``better``: the mirror. ``same``: the whole interval lies within the margin on both sides (two one-sided
    tests). ``inconclusive``: none of these.
    """
    cost, half, limit = _cost(effect.log, better), effect.half_width, math.log1p(margin)
    if cost - half > 0 and cost > limit:
        return "worse"
    if cost + half < 0 and cost < -limit:
        return "better"
    if -limit <= cost - half and cost + half <= limit:
        return "same"
    return "inconclusive"  # also where there is no interval: no comparison with NaN holds


def _cost(log: float, better: Better) -> float:
    return log if better == "lower" else -log

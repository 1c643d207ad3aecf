"""A ratio of two costs in words: more or less, by how much, between which bounds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from scipy import special

from scalebench.analysis.stats import LEVEL, Estimate

MARGIN = 0.05
"""Differences within it do not matter to a reader."""
_NARROW = 1.01
Outcome = Literal["less", "more", "equal", "undecided"]


def outcome(ratio: Estimate) -> Outcome:
    """Whether a ratio is certainly below 1, above 1 or within ``MARGIN`` of it; undecided without an interval."""
    if not (math.isfinite(ratio.low) and math.isfinite(ratio.high)):
        return "undecided"
    if ratio.low >= 1 / (1 + MARGIN) and ratio.high <= 1 + MARGIN:
        return "equal"
    return "less" if ratio.high < 1 else "more" if ratio.low > 1 else "undecided"


def inverse(ratio: Estimate) -> Estimate:
    """The ratio the other way round."""
    return Estimate(1 / ratio.value, 1 / ratio.high, 1 / ratio.low, ratio.n, freedom=ratio.freedom)


def figure(ratio: float) -> str:
    """Three digits at most, two places at most: ``0.97``, ``1.40``, ``12.3``."""
    return f"{ratio:.{2 if ratio < 9.995 else 1 if ratio < 99.95 else 0}f}"


def bounds(ratio: Estimate) -> str:
    """Interval of a ratio, to follow it: `` (0.97 to 1.08)``; empty where it is within 1 % of the value."""
    text = _bounds(ratio)
    return f" ({text})" if text else ""


def judged_bounds(ratio: Estimate) -> str:
    """The same with the word for a ratio that may be 1: `` (0.97 to 1.08, undecided)``."""
    words = [_bounds(ratio), "undecided" if math.isfinite(ratio.low) and outcome(ratio) == "undecided" else ""]
    text = ", ".join(filter(None, words))
    return f" ({text})" if text else ""


def _bounds(ratio: Estimate) -> str:
    if not (math.isfinite(ratio.low) and math.isfinite(ratio.high)):
        return "no interval"
    narrow = ratio.high / ratio.value < _NARROW and ratio.value / ratio.low < _NARROW
    return "" if narrow else f"{figure(ratio.low)} to {figure(ratio.high)}"


def times(ratio: Estimate) -> str:
    """``1.40x (1.20 to 1.60)``."""
    return f"{figure(ratio.value)}x{bounds(ratio)}"


def numbers(ratio: Estimate) -> dict[str, Any]:
    """The ratio as the report's JSON holds it."""
    return {"ratio": ratio.value, "low": ratio.low, "high": ratio.high, "n": ratio.n, "outcome": outcome(ratio)}


def of_row(row: Mapping[Any, Any]) -> Estimate:
    """Ratio of a row of ``matched.compare_groups``."""
    freedom = float(row.get("freedom", math.inf))
    return Estimate(float(row["ratio"]), float(row["low"]), float(row["high"]), int(row["n"]), freedom=freedom)


def rounds_to_decide(ratio: Estimate) -> float:
    """Rounds after which the interval of an undecided ratio would leave out 1, or lie within ``MARGIN`` of it.

    Whichever comes first, if the value and the scatter of the rounds stay as they are; NaN without an interval. Two
    rounds more than a normal distribution needs stand for the longer tails of the t-distribution.
    """
    if not (math.isfinite(ratio.low) and math.isfinite(ratio.high)):
        return math.nan
    normal, student = special.ndtri(0.5 + LEVEL / 2), special.stdtrit(ratio.freedom, 0.5 + LEVEL / 2)
    half = math.log(ratio.high / ratio.low) / 2 * float(normal / student if math.isfinite(ratio.freedom) else 1.0)
    off = abs(math.log(ratio.value))
    goal = max(off, math.log1p(MARGIN) - off)
    return ratio.n * (half / goal) ** 2 + 2


def what_decides(ratios: Iterable[Estimate]) -> str:
    """What would decide the undecided ones of these ratios; empty where none is."""
    undecided = [ratio for ratio in ratios if outcome(ratio) == "undecided"]
    if not undecided:
        return ""
    most = max(map(rounds_to_decide, undecided))
    rounds = min(ratio.n for ratio in undecided)
    if math.isnan(most):
        return "A single round has no interval. At least three rounds of each case would give one."
    return f"About {math.ceil(max(most, rounds + 1))} rounds of each case, instead of {rounds}, would decide the rest."

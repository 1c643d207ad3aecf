"""One part against what a claim allows, and a claim from its parts.

A claim of several measured parts has several chances to be refuted by accident (``all_of``), or supported (``any_of``).
Such a part decides alone only where it still does by an interval of 1 - 0.05 / parts (Bonferroni), so that the claim's
error stays that of one part. What takes every part needs no correction (intersection-union test).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from scalebench.analysis.stats import LEVEL, Estimate
from scalebench.claims.registry import PartsRule

Word = Literal["supported", "refuted", "not reproduced here", "inconclusive", "not measured"]
"""``not reproduced here``: measured outside what is claimed, on other hardware or under other conditions."""
DECISIVE_ALONE: dict[PartsRule, tuple[Word, ...]] = {
    "all_of": ("refuted", "not reproduced here"), "any_of": ("supported",),
}  # fmt: skip
"""The words that, on one part, decide a claim."""
_ORDER: dict[PartsRule, tuple[Word, ...]] = {
    "all_of": ("refuted", "not reproduced here", "not measured", "inconclusive", "supported"),
    "any_of": ("supported", "not measured", "inconclusive", "not reproduced here", "refuted"),
}
"""The first of these words that a part has is the claim's."""
_SAME = 1e-9
"""Relative width of an interval that is nothing but the error of computing it."""


@dataclass(frozen=True)
class Judged:
    """One finding compared with its expectation.

    Attributes:
        label, estimate: of the finding.
        low, high: lowest and highest value that the claim allows; infinite on an open side.
        word: the verdict on this part.
        misfit: largest relative deviation of a count from its power law; NaN where there is none.
        rounded: the verdict if the printed digits were all there are, where it is another one.
        level: of the interval by which this part decides the claim alone.
        uncorrected: the verdict by the 95 % interval, where it does not hold at ``level``.
        launch_bound: ``MODEL@PIXELS`` whose times are those of launches, so that this part decides nothing.
    """

    label: str
    estimate: Estimate
    low: float
    high: float
    word: Word
    misfit: float = math.nan
    rounded: Word | None = None
    level: float = LEVEL
    uncorrected: Word | None = None
    launch_bound: tuple[str, ...] = ()

    @property
    def distance(self) -> float:
        """How far the estimate lies outside (positive) or inside (negative) the allowed range, as a log ratio."""
        value = self.estimate.value
        if not value > 0:
            return -math.inf
        above = math.log(value / self.high) if 0 < self.high < math.inf else -math.inf
        below = math.log(self.low / value) if self.low > 0 else -math.inf
        return max(above, below)

    @property
    def sampled(self) -> bool:
        """Whether its number could have come out otherwise; a count, or a size that is always the same, could not."""
        e = self.estimate
        return not e.exact and e.high - e.low > _SAME * abs(e.value)


def decide(estimate: Estimate, low: float, high: float) -> Word:
    """Supported if the whole interval is allowed, refuted if none of it is, inconclusive otherwise."""
    if math.isnan(estimate.value):
        return "not measured"
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return "inconclusive"
    if low <= estimate.low and estimate.high <= high:
        return "supported"
    return "refuted" if estimate.low > high or estimate.high < low else "inconclusive"


def corrected(parts: Sequence[Judged], rule: PartsRule) -> list[Judged]:
    """The same parts; those that decide alone do so at the level that their number demands."""
    level = 1 - (1 - LEVEL) / max(1, sum(part.sampled for part in parts))
    return [_corrected(part, level, rule) if part.sampled else part for part in parts]


def _corrected(part: Judged, level: float, rule: PartsRule) -> Judged:
    part = replace(part, level=level)
    if part.word in DECISIVE_ALONE[rule] and decide(part.estimate.at(level), part.low, part.high) == "inconclusive":
        return replace(part, word="inconclusive", uncorrected=part.word)
    return part


def combine(words: Sequence[Word], rule: PartsRule = "all_of") -> Word:
    """The verdict on a claim from those on its parts.

    ``all_of``: one refuted part refutes it, an unmeasured one leaves it open, all must hold to support it. ``any_of``:
    one part that holds supports it, an unmeasured one leaves it open, all must fail to refute it.
    """
    return next(word for word in _ORDER[rule] if word in words)


def decisive(deciding: Sequence[Judged], word: Word, rule: PartsRule) -> Judged:
    """The part to show: the first that decides alone, in the claim's own order; else the one nearest to deciding.

    Of measured parts that decide alone it is the most extreme one, as it is of all others.
    """
    if word in DECISIVE_ALONE[rule]:
        if not deciding[0].sampled:
            return deciding[0]
        deciding = [part for part in deciding if part.sampled]
    return (max if rule == "all_of" else min)(deciding, key=lambda part: part.distance)

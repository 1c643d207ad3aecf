"""Verdicts of a training study: whether compound scaling is right on more test images than every single axis."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from scalebench.analysis.stats import LEVEL, Estimate
from scalebench.suite.training_study import BASE_RANGE, COMPOUND

Word = Literal["supported", "refuted", "inconclusive", "not measured"]
SHARED, OWN = "shared", "own"
"""Recipes: the learning rate that is best for the base, and the better of two for each variant."""


@dataclass(frozen=True)
class AxisComparison:
    """Compound scaling against one axis on one set of tests.

    Attributes:
        method: the axis.
        difference: share that compound gets right, less that of the axis; by seed and image.
        p: of no difference; ``p_holm`` after Holm over the axes.
    """

    method: str
    difference: Estimate
    p: float
    p_holm: float = 1.0

    @property
    def winner(self) -> str:
        """The method that is right on more images; empty where that is open."""
        if self.p_holm >= 1 - LEVEL:
            return ""
        return COMPOUND if self.difference.value > 0 else self.method


@dataclass(frozen=True)
class StudyVerdict:
    """Whether compound scaling is right on more images than every single axis.

    Attributes:
        test: the scratch width, or all images.
        recipe: ``SHARED`` or ``OWN``.
        word: the verdict.
        base: accuracy of the base, which has to lie within ``BASE_RANGE``.
        comparisons: one per axis.
        why: what stands against a verdict; empty where nothing does.
    """

    test: str
    recipe: str
    word: Word
    base: Estimate
    comparisons: tuple[AxisComparison, ...]
    why: str = ""

    @property
    def best(self) -> str:
        """Compound, or the axis furthest ahead of it; empty where neither is shown."""
        if self.word == "supported":
            return COMPOUND
        ahead = [one for one in self.comparisons if one.winner == one.method]
        return min(ahead, key=lambda one: one.difference.value).method if self.word == "refuted" else ""


def judged(
    test: str, recipe: str, base: Estimate, comparisons: tuple[AxisComparison, ...],
    longer: tuple[Estimate, AxisComparison] | None, complete: bool,
) -> StudyVerdict:  # fmt: skip
    """The verdict by the rule that was fixed beforehand.

    Args:
        test, recipe, base, comparisons: as in ``StudyVerdict``.
        longer: gain of depth by more epochs, and compound scaling against that; None without such a check.
        complete: whether every axis has as many seeds as compound scaling.
    """
    low, high = BASE_RANGE
    verdict = StudyVerdict(test, recipe, "inconclusive", base, comparisons)
    if not comparisons or not complete or any(math.isnan(one.difference.low) for one in comparisons):
        return replace(verdict, word="not measured", why="some training runs are missing")
    if not low <= base.value <= high:
        right = f"the base is right on {100 * base.value:.0f} % of the images"
        why = f"{right}; a verdict needs {100 * low:.0f} to {100 * high:.0f} %"
        return replace(verdict, word="not measured", why=why)
    winners = {one.winner for one in comparisons}
    if winners == {COMPOUND}:
        if longer is not None and longer[1].winner != COMPOUND:
            return replace(verdict, why="with more epochs depth is not behind compound scaling")
        return replace(verdict, word="supported")
    return replace(verdict, word="refuted") if winners - {COMPOUND, ""} else verdict

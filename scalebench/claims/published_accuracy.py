"""Kinds that compare published accuracies with the cost counted or measured here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from scalebench import published
from scalebench.analysis.laws.forms import LAWS
from scalebench.claims.base_part import UNKNOWN, BasePart, Finding, ModelAt
from scalebench.claims.counted import of_printed
from scalebench.claims.lookup import cases_by_configuration, counted
from scalebench.claims.printed import Number
from scalebench.claims.studied import Cost, LawName

if TYPE_CHECKING:
    from scalebench.analysis.analyse import Analysis


def accuracies(tables: Iterable[str]) -> dict[str, float]:
    """Published top-1 in per cent by ``MODEL@PIXELS``; the first table that prints a model counts."""
    rows = [row for row in published.models() if row.model and row.resolution and row.top1 is not None]
    return {
        f"{row.model}@{row.resolution}": row.top1
        for table in reversed(list(tables))
        for row in reversed(rows)
        if row.table == table and row.top1 is not None
    }


class AccuracyGain(BasePart):
    """Points of published accuracy per doubling of counted MACs: the gain of each step over that of the step before."""

    kind: Literal["accuracy_gain"]
    models: dict[ModelAt, Number] = Field(min_length=3, description="published accuracy in per cent")

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """One finding per step after the first, with the range that the printed digits leave."""
        top1, doublings = list(self.models.values()), list(self._doublings(analysis))
        steps = zip(zip(top1, top1[1:], top1[2:], strict=False), pairwise(doublings), strict=True)
        for label, (accuracy, (earlier, later)) in zip(self.labels(), steps, strict=True):
            ratio = partial(_gain_over_the_one_before, earlier, later)
            yield Finding(label, of_printed(ratio, *accuracy, n=3))

    def labels(self) -> Iterable[str]:
        """One per step after the first."""
        return [self.label.format(model=text) for text in list(self.models)[2:]]

    def _doublings(self, analysis: Analysis) -> Iterator[float]:
        for before, after in pairwise(self.models):
            yield math.log2(counted(analysis, after, "macs") / counted(analysis, before, "macs"))


def _gain_over_the_one_before(earlier: float, later: float, first: float, second: float, third: float) -> float:
    """Points per doubling of the second step over those of the first; NaN where the first gained nothing."""
    if not earlier or not later or not second - first > 0:
        return math.nan
    return (third - second) / later / ((second - first) / earlier)


class AccuracyLaw(BasePart):
    """Leave-one-out error of one law of published error against counted MACs over another's; below 1 favours it."""

    kind: Literal["accuracy_law"]
    tables: list[str] = Field(min_length=1)
    models: list[ModelAt] = Field(min_length=5)
    law: LawName
    rival: LawName

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """One finding, on paper."""
        from scalebench.analysis.laws.choice import law_ratio

        top1 = accuracies(self.tables)
        errors = [100 - top1.get(text, math.nan) for text in self.models]
        macs = [counted(analysis, text, "macs") for text in self.models]
        complete = all(map(math.isfinite, (*errors, *macs)))
        yield Finding(self.label, law_ratio(macs, errors, LAWS[self.law], LAWS[self.rival]) if complete else UNKNOWN)


class FrontOverlap(BasePart):
    """Models that are on the front of published accuracy by both of two costs, over those on it by either."""

    timed: ClassVar[bool] = True
    kind: Literal["front_overlap"]
    tables: list[str] = Field(min_length=1)
    models: list[ModelAt] = Field(min_length=5)
    first: Cost
    second: Cost

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """One finding per configuration that has all listed models."""
        from scalebench.analysis.accuracy_fronts import overlap_of_fronts

        top1 = accuracies(self.tables)
        for configuration, cases in cases_by_configuration(analysis):
            texts = cases["model"].str.cat(cases["resolution"].astype(str), sep="@")
            listed = cases.assign(top1=texts.map(top1))[texts.isin(self.models)].dropna(subset=["top1", "latency_s"])
            if len(listed) == len(self.models):
                yield Finding(self.label, overlap_of_fronts(listed, self.first, self.second), configuration)

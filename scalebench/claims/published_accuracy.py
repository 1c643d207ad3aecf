"""Kinds that hold published accuracies against the cost that is counted or measured here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from scalebench import published
from scalebench.analysis.laws.forms import LAWS
from scalebench.analysis.stats import Estimate, exact
from scalebench.claims.base_part import UNKNOWN, BasePart, Finding, ModelAt, Needs
from scalebench.claims.lookup import cases_by_way, counted
from scalebench.claims.studied import LawName

if TYPE_CHECKING:
    from scalebench.analysis.analyse import Analysis


def accuracies(tables: Iterable[str]) -> dict[str, float]:
    """Published top-1 in per cent by ``MODEL@PIXELS``; the first table that prints a model counts."""
    wanted = list(tables)
    rows = sorted((row for row in published.models() if row.table in wanted), key=lambda row: wanted.index(row.table))
    found: dict[str, float] = {}
    for row in rows:
        if row.model and row.resolution and row.top1 is not None:
            found.setdefault(f"{row.model}@{row.resolution}", row.top1)
    return found


class AccuracyGain(BasePart):
    """Points of published accuracy per doubling of counted MACs, between each model and the next, step over step."""

    kind: Literal["accuracy_gain"]
    models: dict[ModelAt, float] = Field(min_length=3, description="published accuracy in per cent")

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """One finding per step after the first."""
        gains = list(self._gains(analysis))
        for label, (before, after) in zip(self.labels(), pairwise(gains), strict=True):
            known = math.isfinite(after) and math.isfinite(before) and before > 0
            yield Finding(label, exact(after / before, 3) if known else UNKNOWN)

    def needs(self) -> Needs:
        """All models counted."""
        return Needs(counts=tuple(self.models))

    def labels(self) -> Iterable[str]:
        """One per step after the first."""
        return [self.label.format(model=text) for text in list(self.models)[2:]]

    def _gains(self, analysis: Analysis) -> Iterator[float]:
        for (first, before), (second, after) in pairwise(self.models.items()):
            doublings = math.log2(counted(analysis, second, "macs") / counted(analysis, first, "macs"))
            yield (after - before) / doublings if doublings else math.nan


class AccuracyLaw(BasePart):
    """Leave-one-out error of one law of published error against counted MACs over another's; below 1 speaks for it."""

    kind: Literal["accuracy_law"]
    tables: list[str] = Field(min_length=1)
    models: list[ModelAt] = Field(min_length=5)
    law: LawName
    rival: LawName

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """One finding, on paper."""
        errors = _errors(self.tables, self.models)
        macs = {text: counted(analysis, text, "macs") for text in errors}
        if not all(map(math.isfinite, macs.values())) or len(errors) < len(self.models):
            yield Finding(self.label, UNKNOWN)
            return
        yield Finding(self.label, self._effect(list(macs.values()), list(errors.values())))

    def needs(self) -> Needs:
        """All models counted."""
        return Needs(counts=tuple(self.models))

    def _effect(self, macs: list[float], errors: list[float]) -> Estimate:
        from scalebench.analysis.laws.choice import law_ratio

        return law_ratio(macs, errors, LAWS[self.law], LAWS[self.rival])


def _errors(tables: Iterable[str], models: Iterable[str]) -> Mapping[str, float]:
    known = accuracies(tables)
    return {text: 100 - known[text] for text in models if text in known}


class FrontOverlap(BasePart):
    """Models that are on the front of published accuracy by both of two costs, over those on it by either."""

    kind: Literal["front_overlap"]
    tables: list[str] = Field(min_length=1)
    models: list[ModelAt] = Field(min_length=5)
    first: Literal["params", "macs", "activations", "latency_s", "memory_bytes"]
    second: Literal["params", "macs", "activations", "latency_s", "memory_bytes"]

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """One finding per way of running that has all listed models."""
        from scalebench.analysis.accuracy_fronts import overlap_of_fronts

        known = accuracies(self.tables)
        for way, cases in cases_by_way(analysis):
            texts = cases["model"].str.cat(cases["resolution"].astype(str), sep="@")
            here = cases.assign(top1=texts.map(known))[texts.isin(self.models)].dropna(subset=["top1", "latency_s"])
            if len(here) == len(self.models):
                yield Finding(self.label, overlap_of_fronts(here, self.first, self.second), way)

    def needs(self) -> Needs:
        """All models measured."""
        return Needs(counts=tuple(self.models), cases=tuple(self.models))

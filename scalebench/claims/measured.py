"""Kinds that are decided by measuring: ratios, orders, exponents and matched groups, per way of running."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, field_validator

from scalebench.analysis.stats import Estimate, mean_ratio, of_rounds, ratio, ratio_of_ratios
from scalebench.analysis.way import WAY
from scalebench.claims.base_part import UNKNOWN, BasePart, Finding, GroupNeed, ModelAt, Needs
from scalebench.claims.lookup import counted, counted_ratio, rounds_of, ways
from scalebench.metrics import MEASURED
from scalebench.suite.suite_plan import Group

if TYPE_CHECKING:
    import pandas as pd

    from scalebench.analysis.analyse import Analysis


class _Measures(BasePart):
    """A part about one measured metric."""

    metric: str

    @field_validator("metric")
    @classmethod
    def _can_be_measured(cls, metric: str) -> str:
        if metric not in MEASURED:
            raise ValueError(f"{metric!r} is not measured; measured: {', '.join(MEASURED)}")
        return metric


class MeasuredRatio(_Measures):
    """Measured metric of one case over another's, in the same way of running.

    ``per`` divides by the ratio of a counted metric: latency per MACs says how much longer the same compute takes.
    """

    kind: Literal["measured_ratio"]
    over: ModelAt
    under: ModelAt
    per: Literal["macs", "activations", "params"] | None = None

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """One ratio per way of running that has both."""
        scale = counted_ratio(analysis, self.over, self.under, self.per) if self.per else 1.0
        for way, rounds in ways(analysis):
            over, under = (rounds_of(rounds, text, self.metric) for text in (self.over, self.under))
            if over and under and math.isfinite(scale):
                yield Finding(self.label, _scaled(ratio(over, under), 1 / scale), way)

    def needs(self) -> Needs:
        """Both cases measured, and counted where that matters."""
        return Needs(counts=(self.over, self.under), cases=(self.over, self.under))


class MeasuredValue(_Measures):
    """A measured metric of one case, held against a limit in the metric's own unit."""

    kind: Literal["measured_value"]
    of: ModelAt

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """One value per way of running."""
        for way, rounds in ways(analysis):
            values = rounds_of(rounds, self.of, self.metric)
            if values:
                yield Finding(self.label, of_rounds(values), way)

    def needs(self) -> Needs:
        """The case measured."""
        return Needs(counts=(self.of,), cases=(self.of,))


class MeasuredOrder(_Measures):
    """Cases in the order that a claim names: each over the one before it."""

    kind: Literal["measured_order"]
    models: list[ModelAt] = Field(min_length=2)

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """One ratio per neighbouring pair and way of running."""
        for way, rounds in ways(analysis):
            values = {text: rounds_of(rounds, text, self.metric) for text in self.models}
            if all(values.values()):
                for label, (before, after) in zip(self.labels(), pairwise(self.models), strict=True):
                    yield Finding(label, ratio(values[after], values[before]), way)

    def needs(self) -> Needs:
        """All cases measured."""
        return Needs(counts=tuple(self.models), cases=tuple(self.models))

    def labels(self) -> Iterable[str]:
        """One per neighbouring pair."""
        return [self.label.format(after=after, before=before) for before, after in pairwise(self.models)]


class MeasuredExponent(_Measures):
    """Log-log slope of a measured metric over cases; ``margin`` is absolute."""

    absolute: ClassVar[bool] = True
    kind: Literal["measured_exponent"]
    against: Literal["macs", "resolution", "activations"]
    models: list[ModelAt] = Field(min_length=3)

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """One slope per way of running that has all cases; least squares on the logs of their means."""
        from scalebench.analysis.power_law import power_law

        x = [counted(analysis, text, self.against) for text in self.models]
        for way, rounds in ways(analysis):
            values = [rounds_of(rounds, text, self.metric) for text in self.models]
            if all(values) and all(map(math.isfinite, x)):
                fit = power_law(x, [of_rounds(found).value for found in values])
                if fit:
                    yield Finding(self.label, fit.exponent, way)

    def needs(self) -> Needs:
        """All cases measured."""
        return Needs(counts=tuple(self.models), cases=tuple(self.models))


class BatchGrowth(_Measures):
    """A measured metric at a larger batch over that at a smaller one; over the same of another case, where named."""

    kind: Literal["batch_growth"]
    over: ModelAt
    under: ModelAt | None = None
    batches: tuple[int, int]

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """One finding per pair of ways that differ in nothing but the batch; its way is that of the larger."""
        found = dict(ways(analysis))
        small, large = self.batches
        at = WAY.index("batch")
        for way, rounds in found.items():
            before = found.get((*way[:at], small, *way[at + 1 :]))
            if way[at] == large and before is not None:
                estimate = self._growth(before, rounds)
                if estimate is not None:
                    yield Finding(self.label, estimate, way)

    def _growth(self, before: pd.DataFrame, after: pd.DataFrame) -> Estimate | None:
        texts = [self.over, *filter(None, [self.under])]
        values = [(rounds_of(after, text, self.metric), rounds_of(before, text, self.metric)) for text in texts]
        if not all(a and b for a, b in values):
            return None
        return ratio(*values[0]) if len(values) == 1 else ratio_of_ratios(*values)

    def needs(self) -> Needs:
        """The cases at both batches."""
        texts = (self.over, *filter(None, [self.under]))
        return Needs(counts=texts, cases=texts, batches=self.batches)


class GroupRatio(_Measures):
    """Measured metric of one method over others' at equal counted compute, averaged over targets."""

    kind: Literal["group_ratio"]
    base: str
    method: str
    against: list[str] = Field(min_length=1)
    targets: list[float] = Field([2, 4, 8], min_length=1)

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """One mean ratio per method held against, and way of running."""
        groups = [group for group in analysis.plan.groups if group.base == self.base]
        for way, rounds in ways(analysis):
            pairs = {against: self._pairs(groups, rounds, against) for against in self.against}
            if any(ours and theirs for found in pairs.values() for ours, theirs in found):
                for against, found in pairs.items():
                    # One target that failed, often the largest, must not turn into a verdict on the rest.
                    complete = bool(found) and all(ours and theirs for ours, theirs in found)
                    yield Finding(self.label.format(against=against), mean_ratio(found) if complete else UNKNOWN, way)

    def needs(self) -> Needs:
        """The matched groups measured."""
        return Needs(groups=(GroupNeed(self.base, (self.method, *self.against), tuple(self.targets)),))

    def labels(self) -> Iterable[str]:
        """One per method held against."""
        return [self.label.format(against=against) for against in self.against]

    def _pairs(
        self, groups: Sequence[Group], rounds: pd.DataFrame, against: str
    ) -> list[tuple[list[float], list[float]]]:
        """Rounds of the method and of the one it is held against, for every group that has both."""
        found = []
        for group in groups:
            by_method = {m.method: m for m in group.members}
            if {self.method, against} <= by_method.keys():
                ours, theirs = (
                    rounds_of(rounds, f"{group.model(m)}@{m.resolution}", self.metric)
                    for m in (by_method[self.method], by_method[against])
                )
                found.append((ours, theirs))
        return found


def _scaled(estimate: Estimate, factor: float) -> Estimate:
    return replace(estimate, value=estimate.value * factor, low=estimate.low * factor, high=estimate.high * factor)

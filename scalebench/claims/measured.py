"""Kinds decided by measuring: ratios, orders, exponents and matched groups, per configuration."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from scalebench.analysis.sessions import SessionRounds
from scalebench.analysis.stats import Estimate, mean_ratio, of_rounds, ratio, ratio_of_ratios
from scalebench.analysis.way import WAY
from scalebench.claims.base_part import UNKNOWN, BasePart, Finding, GroupNeed, ModelAt, Needs, check_metric
from scalebench.claims.lookup import counted, counted_ratio, rounds_of
from scalebench.metrics import MEASURED, METRICS

if TYPE_CHECKING:
    from scalebench.analysis.analyse import Analysis
    from scalebench.analysis.used_rounds import UsedRounds


class _MeasuredPart(BasePart):
    """A part about one measured metric."""

    timed: ClassVar[bool] = True
    narrows: ClassVar[bool] = True
    metric: Annotated[str, AfterValidator(partial(check_metric, MEASURED, "measured"))]

    @property
    def of_time(self) -> bool:
        """All but sizes."""
        return METRICS[self.metric].unit != "byte"


class MeasuredRatio(_MeasuredPart):
    """Measured metric of one case over another's, in the same configuration.

    ``per`` divides by the ratio of a counted metric: latency per MACs is how much longer the same compute takes.
    """

    kind: Literal["measured_ratio"]
    over: ModelAt
    under: ModelAt
    per: Literal["macs", "activations", "params"] | None = None

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """One ratio per configuration that has both."""
        scale = counted_ratio(analysis, self.over, self.under, self.per) if self.per else 1.0
        for configuration, rounds in analysis.used.items():
            over, under = (rounds_of(rounds, text, self.metric) for text in (self.over, self.under))
            if over and under and math.isfinite(scale):
                e = ratio(over, under)
                scaled = replace(e, value=e.value / scale, low=e.low / scale, high=e.high / scale)
                yield Finding(self.label, scaled, configuration)


class MeasuredValue(_MeasuredPart):
    """A measured metric of one case, compared with a limit in the metric's own unit."""

    kind: Literal["measured_value"]
    of: ModelAt

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """One value per configuration."""
        for configuration, rounds in analysis.used.items():
            if values := rounds_of(rounds, self.of, self.metric):
                yield Finding(self.label, of_rounds(values), configuration)


class MeasuredOrder(_MeasuredPart):
    """Cases in the order that a claim names: each over the one before it."""

    kind: Literal["measured_order"]
    models: list[ModelAt] = Field(min_length=2)

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """One ratio per neighbouring pair and configuration."""
        for configuration, rounds in analysis.used.items():
            values = {text: rounds_of(rounds, text, self.metric) for text in self.models}
            if all(values.values()):
                for label, (before, after) in zip(self.labels(), pairwise(self.models), strict=True):
                    yield Finding(label, ratio(values[after], values[before]), configuration)

    def labels(self) -> Iterable[str]:
        """One per neighbouring pair."""
        return [self.label.format(after=after, before=before) for before, after in pairwise(self.models)]


class MeasuredExponent(_MeasuredPart):
    """Log-log slope of a measured metric over cases; ``margin`` is absolute."""

    absolute: ClassVar[bool] = True
    narrows: ClassVar[bool] = False
    kind: Literal["measured_exponent"]
    against: Literal["macs", "resolution", "activations"]
    models: list[ModelAt] = Field(min_length=3)

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """One slope per configuration that has all cases; least squares on the logs of their means."""
        from scalebench.analysis.power_law import power_law

        x = [counted(analysis, text, self.against) for text in self.models]
        for configuration, rounds in analysis.used.items():
            values = [rounds_of(rounds, text, self.metric) for text in self.models]
            complete = all(values) and all(map(math.isfinite, x))
            if complete and (fit := power_law(x, [of_rounds(own).value for own in values])):
                yield Finding(self.label, fit.exponent, configuration)


class BatchGrowth(_MeasuredPart):
    """A measured metric at a larger batch over that at a smaller one; over the same of another case, where named."""

    kind: Literal["batch_growth"]
    over: ModelAt
    under: ModelAt | None = None
    batches: tuple[int, int]

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """One finding per pair of configurations that differ in the batch only, given the one of the larger."""
        small, large = self.batches
        column = WAY.index("batch")
        for configuration, after in analysis.used.items():
            before = analysis.used.get((*configuration[:column], small, *configuration[column + 1 :]))
            estimate = None if before is None else self._growth(before, after)
            if configuration[column] == large and estimate is not None:
                yield Finding(self.label, estimate, configuration)

    def _growth(self, before: UsedRounds, after: UsedRounds) -> Estimate | None:
        texts = self.models_named
        values = [(rounds_of(after, text, self.metric), rounds_of(before, text, self.metric)) for text in texts]
        if all(map(all, values)):
            return ratio(*values[0]) if len(values) == 1 else ratio_of_ratios(*values)
        return None

    def needs(self) -> Needs:
        """The cases at both batches."""
        return replace(super().needs(), batches=self.batches)


class GroupRatio(_MeasuredPart):
    """Measured metric of one method over others' at equal counted compute, averaged over targets."""

    kind: Literal["group_ratio"]
    base: str
    method: str
    against: list[str] = Field(min_length=1)
    targets: list[float] = Field([2, 4, 8], min_length=1)

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """One mean ratio per method of ``against`` and configuration."""
        for configuration, rounds in analysis.used.items():
            pairs = [self._pairs(analysis, rounds, against) for against in self.against]
            if any(all(pair) for by_target in pairs for pair in by_target):
                for label, by_target in zip(self.labels(), pairs, strict=True):
                    # A target that failed, often the largest, must not leave a verdict on the rest.
                    complete = bool(by_target) and all(map(all, by_target))
                    yield Finding(label, mean_ratio(by_target) if complete else UNKNOWN, configuration)

    def needs(self) -> Needs:
        """The matched groups measured."""
        return Needs(groups=(GroupNeed(self.base, (self.method, *self.against), tuple(self.targets)),))

    def labels(self) -> Iterable[str]:
        """One per method of ``against``."""
        return [self.label.format(against=against) for against in self.against]

    def _pairs(self, analysis: Analysis, rounds: UsedRounds, against: str) -> list[tuple[SessionRounds, SessionRounds]]:
        """Rounds of both methods, for every group that has both."""
        pairs = []
        for group in analysis.plan.groups:
            by_method = {member.method: member for member in group.members}
            if group.base == self.base and {self.method, against} <= by_method.keys():
                method_rounds, against_rounds = (
                    rounds_of(rounds, f"{group.model(member)}@{member.resolution}", self.metric)
                    for member in (by_method[self.method], by_method[against])
                )
                pairs.append((method_rounds, against_rounds))
        return pairs

"""Kinds decided on paper: by counting built models, or by arithmetic on printed figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from operator import sub, truediv
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from scalebench.analysis.stats import Estimate, exact
from scalebench.claims.base_part import UNKNOWN, BasePart, Finding, ModelAt, Needs, check_metric
from scalebench.claims.lookup import COUNTABLE, counted, counted_ratio
from scalebench.claims.printed import Number, ends, spread
from scalebench.metrics import METRICS
from scalebench.suite.scaling import compound_constant
from scalebench.suite.variant import parse_at

if TYPE_CHECKING:
    from scalebench.analysis.analyse import Analysis


def exact_or_unknown(value: float, n: int = 1) -> Estimate:
    """A counted value; unknown where it is not finite."""
    return exact(value, n) if math.isfinite(value) else UNKNOWN


def of_printed(function: Callable[..., float], *values: float, n: int = 1) -> Estimate:
    """What follows from printed values, with the range that their rounding leaves; unknown where it is not finite."""
    value, (low, high) = function(*values), spread(function, *values)
    return Estimate(value, low, high, n, exact=True) if math.isfinite(value) else UNKNOWN


class Constant(BasePart):
    """A number that follows from the scaling rules alone."""

    kind: Literal["constant"]
    quantity: Literal["compound_constant"]

    def find(self, _: Analysis) -> Iterator[Finding]:
        """The constant, exactly."""
        yield Finding(self.label, exact({"compound_constant": compound_constant}[self.quantity]()))


class PrintedRatio(BasePart):
    """Ratio or difference of two printed figures, pair by pair."""

    kind: Literal["printed"]
    op: Literal["ratio", "difference"] = "ratio"
    pairs: dict[str, tuple[Number, Number]] = Field(min_length=1)

    def _slack(self, expected: float) -> float:
        return self.margin if self.op == "difference" else super()._slack(expected)

    def find(self, _: Analysis) -> Iterator[Finding]:
        """One finding per pair, with the range that the printed digits leave."""
        function = truediv if self.op == "ratio" else sub
        for label, (first, second) in zip(self.labels(), self.pairs.values(), strict=True):
            yield Finding(label, of_printed(function, first, second))

    def labels(self) -> Iterable[str]:
        """One per pair."""
        return [self.label.format(pair=name) for name in self.pairs]


class _CountedPart(BasePart):
    """A part about one counted metric."""

    metric: Annotated[str, AfterValidator(partial(check_metric, COUNTABLE, "counted"))]

    def needs(self) -> Needs:
        """All models counted, and their static memory where the metric is one."""
        mode = self.metric.removeprefix("peak_bytes_")
        peaks = ("training",) if self.metric == "macs_training" else (mode,) if mode != self.metric else ()
        return Needs(counts=self.models_named, peaks=peaks)


class CountRatio(_CountedPart):
    """Counted metric of one model over another's."""

    kind: Literal["count_ratio"]
    over: ModelAt
    under: ModelAt

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """The ratio, exactly."""
        yield Finding(self.label, exact_or_unknown(counted_ratio(analysis, self.over, self.under, self.metric), 2))


class CountSpread(_CountedPart):
    """Largest over smallest counted metric of several models."""

    kind: Literal["count_spread"]
    models: list[ModelAt] = Field(min_length=2)

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """The spread, exactly."""
        values = [counted(analysis, text, self.metric) for text in self.models]
        complete = not any(map(math.isnan, values))
        yield Finding(self.label, exact(max(values) / min(values), len(values)) if complete else UNKNOWN)


class CountExponent(_CountedPart):
    """Log-log slope of a counted metric; ``margin`` is absolute."""

    absolute: ClassVar[bool] = True
    kind: Literal["count_exponent"]
    against: Literal["macs", "depth", "width", "resolution"]
    models: list[ModelAt] = Field(min_length=3)

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """The slope, exactly, with how far the counts are from a power law."""
        from scalebench.analysis.power_law import power_law

        x = [self._abscissa(analysis, text) for text in self.models]
        y = [counted(analysis, text, self.metric) for text in self.models]
        fit = power_law(x, y) if all(map(math.isfinite, (*x, *y))) else None
        label = next(iter(self.labels()))
        yield Finding(label, exact(fit.exponent.value, len(x)), misfit=fit.misfit) if fit else Finding(label, UNKNOWN)

    def labels(self) -> Iterable[str]:
        """Which exponent it is."""
        metric = METRICS[self.metric].label if self.metric in METRICS else self.metric
        against = METRICS["macs"].label if self.against == "macs" else self.against
        return (f"exponent of {metric} against {against}, {self.label}",)

    def _abscissa(self, analysis: Analysis, text: str) -> float:
        if self.against in ("macs", "resolution"):
            return counted(analysis, text, self.against)
        return float(getattr(parse_at(text)[0], self.against))


class CountSeries(_CountedPart):
    """Counted metric of each model, relative to the base where one is named, over the printed value beside it."""

    kind: Literal["count_series"]
    models: dict[ModelAt, Number] = Field(min_length=1)
    base: ModelAt | None = None

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """One finding per model."""
        base = counted(analysis, self.base, self.metric) if self.base else 1.0
        for label, (text, printed) in zip(self.labels(), self.models.items(), strict=True):
            least, most = ends(printed)
            estimate = exact_or_unknown(counted(analysis, text, self.metric) / base / printed)
            yield Finding(label, estimate, rounding=(least / printed, most / printed))

    def labels(self) -> Iterable[str]:
        """One per model."""
        return [self.label.format(model=text) for text in self.models]

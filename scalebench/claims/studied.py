"""Kinds about many cases at once: what predicts time, how rankings agree, which law fits, which family is slow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from scalebench.analysis.laws.forms import LAWS
from scalebench.analysis.stats import Estimate
from scalebench.claims.base_part import UNKNOWN, BasePart, Finding, ModelAt
from scalebench.claims.lookup import cases_by_configuration
from scalebench.suite.families import family_of
from scalebench.suite.variant import parse_at

if TYPE_CHECKING:
    import pandas as pd

    from scalebench.analysis.analyse import Analysis

LawName = Literal["power", "power_floor", "linear_sqrt", "double_saturating", "broken_power"]
Cost = Literal["params", "macs", "activations", "latency_s", "memory_bytes"]


class _StudyPart(BasePart):
    """A part about a list of cases, of which at least ``least`` must be measured in one configuration."""

    timed: ClassVar[bool] = True
    models: list[ModelAt] = Field(min_length=8)
    least: int = Field(24, ge=8)

    @property
    def of_time(self) -> bool:
        """All but rankings by other quantities."""
        return True

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """One finding per configuration in which enough of the cases were measured."""
        keys = {(parse_at(text)[0].name, parse_at(text)[1]) for text in self.models}
        for configuration, cases in cases_by_configuration(analysis):
            listed = [key in keys for key in zip(cases["model"], cases["resolution"], strict=True)]
            timed = cases[listed].dropna(subset=["latency_s"])
            if len(timed) >= self.least:
                yield Finding(self.label, self._effect(timed), configuration)

    def _effect(self, cases: pd.DataFrame) -> Estimate:
        raise NotImplementedError


class PredictorAdvantage(_StudyPart):
    """Correlation of one counted quantity with time, minus that of another."""

    absolute: ClassVar[bool] = True
    kind: Literal["predictor_advantage"]
    better: Literal["params", "macs", "activations", "bytes"]
    than: Literal["params", "macs", "activations", "bytes"]
    statistic: Literal["pearson", "pearson_log", "spearman"]

    def _effect(self, cases: pd.DataFrame) -> Estimate:
        from scalebench.analysis.predictors import advantage

        return advantage(cases, self.better, self.than, self.statistic)


class RankAgreement(_StudyPart):
    """Kendall's tau between the rankings by two quantities."""

    absolute: ClassVar[bool] = True
    kind: Literal["rank_agreement"]
    first: Cost
    second: Cost

    @property
    def of_time(self) -> bool:
        """Where time is one of the two."""
        return "latency_s" in (self.first, self.second)

    def _effect(self, cases: pd.DataFrame) -> Estimate:
        from scalebench.analysis.ranks import tau

        return tau(cases, self.first, self.second)


class FamilyResidual(_StudyPart):
    """How many times slower a family is than the counted MACs of all others suggest."""

    kind: Literal["family_residual"]
    family: str

    def _effect(self, cases: pd.DataFrame) -> Estimate:
        from scalebench.analysis.residuals import residual_of

        return residual_of(cases, self.family)


class FitComparison(_StudyPart):
    """Leave-one-out error of one law of latency over that of another; below 1 favours the law."""

    kind: Literal["fit_comparison"]
    law: LawName
    rival: LawName
    against: Literal["macs", "activations"] = "macs"
    families: list[str] = Field([], description="only these families; all where empty")

    def _effect(self, cases: pd.DataFrame) -> Estimate:
        from scalebench.analysis.clusters import too_few
        from scalebench.analysis.laws.choice import law_ratio

        if self.families:
            cases = cases[cases["model"].map(family_of).isin(self.families)]
        if len(cases) < self.least:
            return UNKNOWN
        per_image = (cases["latency_s"] / cases["batch"]).tolist()
        # A claim about named families speaks of no others, so their models are what is resampled.
        families = None if self.families else cases["model"].map(family_of).tolist()
        if families and too_few(families):
            return UNKNOWN
        return law_ratio(cases[self.against].tolist(), per_image, LAWS[self.law], LAWS[self.rival], families)

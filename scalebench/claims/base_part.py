"""What every kind of part shares: an expectation, its needs, and findings.

Plans read claims for their needs, so these modules load without pandas: ``find`` imports what it computes with.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from scalebench.analysis.stats import Estimate, unknown
from scalebench.claims.printed import Number, ends
from scalebench.suite.variant import parse_at

if TYPE_CHECKING:
    from scalebench.analysis.analyse import Analysis

UNKNOWN = unknown()
Configuration = tuple[Any, ...]
"""Values of ``WAY``; empty for what holds on paper, on any machine."""


def _with_resolution(text: str) -> str:
    if parse_at(text)[1] is None:
        raise ValueError(f"{text!r} needs a resolution: MODEL@PIXELS")
    return text


ModelAt = Annotated[str, AfterValidator(_with_resolution)]
"""``MODEL@PIXELS``, a variant allowed."""


def check_metric(names: Sequence[str], kind: str, metric: str) -> str:
    """The metric, which must be among the ``counted`` or ``measured`` ones."""
    if metric not in names:
        raise ValueError(f"{metric!r} is not {kind}; {kind}: {', '.join(names)}")
    return metric


@dataclass(frozen=True)
class Finding:
    """One number a claim is judged by."""

    label: str
    estimate: Estimate  # NaN where nothing was measured
    configuration: Configuration = ()  # empty for a count
    misfit: float = math.nan  # largest relative deviation of counts from the power law whose exponent it is
    rounding: tuple[float, float] = (1.0, 1.0)  # factors by which a printed number behind it widens the bounds


@dataclass(frozen=True)
class GroupNeed:
    """A matched group that must be measured: methods of one base at each of its targets."""

    base: str
    methods: tuple[str, ...]
    targets: tuple[float, ...]


@dataclass(frozen=True)
class Needs:
    """What must be counted or measured before a part can be decided; models are given as ``MODEL@PIXELS``."""

    counts: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    groups: tuple[GroupNeed, ...] = ()
    batches: tuple[int, ...] = ()  # in place of the claim's own batch
    peaks: tuple[str, ...] = ()  # modes whose static memory is needed for ``counts``


class BasePart(BaseModel):
    """One statement of a claim with what is expected: exactly one of near, at_least, at_most."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    absolute: ClassVar[bool] = False
    """Whether ``margin`` is absolute, as for exponents and differences; relative otherwise."""
    timed: ClassVar[bool] = False
    """Whether its models must be measured, not only counted."""
    narrows: ClassVar[bool] = False
    """Whether more rounds narrow its interval; one that comes from the choice of models they do not."""

    label: str
    near: Number | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    margin: float = Field(0.0, ge=0)

    @model_validator(mode="after")
    def _one_expectation(self) -> BasePart:
        if sum(value is not None for value in (self.near, self.at_least, self.at_most)) != 1:
            raise ValueError("give exactly one of near, at_least, at_most")
        return self

    @property
    def bounds(self) -> tuple[float, float]:
        """Lowest and highest value the claim allows; infinite on an open side.

        A printed expectation allows what any number allows that would be printed so.
        """
        return self._bounds(*ends(self._expected))

    @property
    def bounds_as_printed(self) -> tuple[float, float]:
        """The same if the printed digits were all there are."""
        return self._bounds(self._expected, self._expected)

    @property
    def _expected(self) -> float:
        return next(value for value in (self.near, self.at_least, self.at_most) if value is not None)

    def _bounds(self, least: float, most: float) -> tuple[float, float]:
        low = -math.inf if self.at_most is not None else least - self._slack(least)
        high = math.inf if self.at_least is not None else most + self._slack(most)
        return low, high

    def _slack(self, expected: float) -> float:
        return self.margin if self.absolute else self.margin * abs(expected)

    @property
    def models_named(self) -> tuple[str, ...]:
        """Every ``MODEL@PIXELS`` in its fields."""
        values = (getattr(self, name, None) for name in ("of", "base", "over", "under", "models"))
        return tuple(text for value in values if value for text in ([value] if isinstance(value, str) else value))

    @property
    def measured(self) -> bool:
        """Whether deciding it takes measurements."""
        needs = self.needs()
        return bool(needs.cases or needs.groups)

    @property
    def of_time(self) -> bool:
        """Whether it is decided by how long passes take, or by what that changes: throughput and energy."""
        return False

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """One finding per label, and per configuration where it is measured."""
        raise NotImplementedError

    def needs(self) -> Needs:
        """What must be counted or measured."""
        return Needs(counts=self.models_named, cases=self.models_named if self.timed else ())

    def labels(self) -> Iterable[str]:
        """Labels of the expected findings, so that absent ones can be named."""
        return (self.label,)

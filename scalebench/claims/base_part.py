"""What every kind of part shares: an expectation, what it needs, and findings.

Plans read claims for what they need, so the modules of the kinds start without pandas and scipy: what ``find``
computes with is imported where it is called.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from scalebench.analysis.stats import Estimate
from scalebench.suite.variant import parse_at

if TYPE_CHECKING:
    from scalebench.analysis.analyse import Analysis

UNKNOWN = Estimate(math.nan, math.nan, math.nan, 0)
Way = tuple[Any, ...]
"""Values of ``WAY``; empty for what holds on paper, on any machine."""


def _with_resolution(text: str) -> str:
    if parse_at(text)[1] is None:
        raise ValueError(f"{text!r} needs a resolution: MODEL@PIXELS")
    return text


ModelAt = Annotated[str, AfterValidator(_with_resolution)]
"""``MODEL@PIXELS``, a variant allowed."""


@dataclass(frozen=True)
class Finding:
    """One number a claim is judged by.

    Attributes:
        label: what it is.
        estimate: with interval; NaN where nothing was measured.
        way: how and where it was measured; empty for a count.
    """

    label: str
    estimate: Estimate
    way: Way = ()


@dataclass(frozen=True)
class GroupNeed:
    """A matched group that must be measured: methods of one base at each of its targets."""

    base: str
    methods: tuple[str, ...]
    targets: tuple[float, ...]


@dataclass(frozen=True)
class Needs:
    """What must be counted or measured before a part can be decided.

    Attributes:
        counts: models at a resolution, to be counted.
        cases: models at a resolution, to be measured.
        groups: matched groups, to be measured.
        batches: batch sizes beside the claim's own.
        peaks: modes whose static memory is wanted for ``counts``.
    """

    counts: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    groups: tuple[GroupNeed, ...] = ()
    batches: tuple[int, ...] = ()
    peaks: tuple[str, ...] = ()


class BasePart(BaseModel):
    """One thing a claim says, with what is expected: exactly one of near, at_least, at_most."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    absolute: ClassVar[bool] = False
    """Whether ``margin`` is absolute, as for exponents and differences; relative otherwise."""

    label: str
    near: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    margin: float = Field(0.0, ge=0)

    @model_validator(mode="after")
    def _one_expectation(self) -> BasePart:
        if sum(value is not None for value in (self.near, self.at_least, self.at_most)) != 1:
            raise ValueError("give exactly one of near, at_least, at_most")
        return self

    @property
    def bounds(self) -> tuple[float, float]:
        """Lowest and highest value the claim allows; infinite on an open side."""
        expected = next(value for value in (self.near, self.at_least, self.at_most) if value is not None)
        slack = self._slack(expected)
        low = -math.inf if self.at_most is not None else expected - slack
        high = math.inf if self.at_least is not None else expected + slack
        return low, high

    def _slack(self, expected: float) -> float:
        return self.margin if self.absolute else self.margin * abs(expected)

    @property
    def measured(self) -> bool:
        """Whether a machine has a say in it."""
        needs = self.needs()
        return bool(needs.cases or needs.groups)

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        """One finding per model, per method, and per way of running."""
        raise NotImplementedError

    def needs(self) -> Needs:
        """What must be counted or measured."""
        return Needs()

    def labels(self) -> Iterable[str]:
        """Labels of the findings that are expected, for saying which are absent."""
        return (self.label,)

"""Published claims as data, checked on load."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, model_validator
from ruamel.yaml import YAML

from scalebench.errors import UnknownNameError, did_you_mean
from scalebench.suite.case import COUNT, Case
from scalebench.suite.variant import parse_at


def _with_resolution(text: str) -> str:
    if parse_at(text)[1] is None:
        raise ValueError(f"{text!r} needs a resolution: MODEL@PIXELS")
    return text


ModelAt = Annotated[str, AfterValidator(_with_resolution)]


class _Part(BaseModel):
    """One thing a claim says, with what is expected: exactly one of near, at_least, at_most."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str
    near: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    margin: float = Field(0.0, ge=0)

    @model_validator(mode="after")
    def _one_expectation(self) -> _Part:
        if sum(value is not None for value in (self.near, self.at_least, self.at_most)) != 1:
            raise ValueError("give exactly one of near, at_least, at_most")
        return self


class Constant(_Part):
    """A number that follows from the scaling rules alone."""

    kind: Literal["constant"]
    quantity: Literal["compound_constant"]


class CountRatio(_Part):
    """Counted metric of one model over another's."""

    kind: Literal["count_ratio"]
    metric: str
    over: ModelAt
    under: ModelAt


class CountSpread(_Part):
    """Largest over smallest counted metric of several models."""

    kind: Literal["count_spread"]
    metric: str
    models: list[ModelAt] = Field(min_length=2)


class CountExponent(_Part):
    """Log-log slope of a counted metric; ``margin`` is absolute."""

    kind: Literal["count_exponent"]
    metric: str
    against: Literal["macs", "depth", "width", "resolution"]
    models: list[ModelAt] = Field(min_length=3)


class CountSeries(_Part):
    """Counted metric of each model, over the base's where one is named, over the printed value beside it."""

    kind: Literal["count_series"]
    metric: str
    models: dict[ModelAt, float]
    base: ModelAt | None = None


class MeasuredRatio(_Part):
    """Measured metric of one case over another's, in the same way of running."""

    kind: Literal["measured_ratio"]
    metric: str
    over: ModelAt
    under: ModelAt
    batch: int = 1


class GroupRatio(_Part):
    """Measured metric of one method over others' at equal counted compute, averaged over targets."""

    kind: Literal["group_ratio"]
    metric: str
    base: str
    method: str
    against: list[str] = Field(min_length=1)
    batch: int = 1


Part = Annotated[
    Constant | CountRatio | CountSpread | CountExponent | CountSeries | MeasuredRatio | GroupRatio,
    Field(discriminator="kind"),
]


class Claim(BaseModel):
    """A published claim: what it says, where, under which conditions, and how it is decided here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    claim: str
    stance: Literal["for compound scaling", "against compound scaling", "baseline", "trap", "method"]
    source: str
    published: str
    conditions: str
    threads: int | None = Field(None, description="threads the paper used, where it matters")
    device: Literal["cpu", "cuda"] | None = Field(None, description="the only kind of device it speaks of")
    parts: list[Part] = Field(min_length=1)

    def counts(self) -> list[Case]:
        """Models that must be counted to decide it."""
        return [_count_case(text) for part in self.parts for text in _models(part)]


def _models(part: Part) -> Iterable[str]:
    if isinstance(part, (CountRatio, MeasuredRatio)):
        return (part.over, part.under)
    if isinstance(part, CountSeries):
        return (*([part.base] if part.base else []), *part.models)
    return part.models if isinstance(part, (CountExponent, CountSpread)) else ()


def _count_case(text: str) -> Case:
    variant, resolution = parse_at(text)
    assert resolution is not None  # noqa: S101 - ModelAt has checked it
    return Case(variant.name, resolution, mode=COUNT, device="meta")


@cache
def registry() -> dict[str, Claim]:
    """Every claim by id, in the order of the file."""
    text = resources.files("scalebench.data").joinpath("claims.yaml").read_text(encoding="utf-8")
    claims = TypeAdapter(list[Claim]).validate_python(YAML(typ="safe", pure=True).load(text))
    return {claim.id: claim for claim in claims}


def select_claims(ids: Sequence[str]) -> tuple[Claim, ...]:
    """Claims by id; ``all`` stands for every one.

    Raises:
        UnknownNameError: an id nobody registered; ``location`` is its place in ``ids``.
    """
    known = registry()
    if "all" in ids:
        return tuple(known.values())
    for at, name in enumerate(ids):
        if name not in known:
            hint = did_you_mean(name, known) or f"claims: all, {', '.join(known)}"
            raise UnknownNameError(f"unknown claim {name!r}", hint, (at,))
    return tuple(known[name] for name in dict.fromkeys(ids))

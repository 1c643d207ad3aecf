"""Published claims as data, checked on load. Adding a claim of existing kinds needs no code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from scalebench.claims.base_part import Needs
from scalebench.claims.counted import Constant, CountExponent, CountRatio, CountSeries, CountSpread, PrintedRatio
from scalebench.claims.measured import (
    BatchGrowth,
    GroupRatio,
    MeasuredExponent,
    MeasuredOrder,
    MeasuredRatio,
    MeasuredValue,
)
from scalebench.claims.published_accuracy import AccuracyGain, AccuracyLaw, FrontOverlap
from scalebench.claims.studied import FamilyResidual, FitComparison, PredictorAdvantage, RankAgreement
from scalebench.errors import ClaimError, UnknownNameError, did_you_mean
from scalebench.suite.case import COUNT, Case
from scalebench.suite.located import Located, Location, parse_yaml, read_text
from scalebench.suite.variant import parse_at
from scalebench.userdirs import cache_folder, write_cache

Part = Annotated[
    Constant | PrintedRatio | CountRatio | CountSpread | CountExponent | CountSeries
    | MeasuredRatio | MeasuredValue | MeasuredOrder | MeasuredExponent | BatchGrowth | GroupRatio
    | PredictorAdvantage | RankAgreement | FamilyResidual | FitComparison
    | AccuracyGain | AccuracyLaw | FrontOverlap,
    Field(discriminator="kind"),
]  # fmt: skip

PartsRule = Literal["all_of", "any_of"]


class Conditions(BaseModel):
    """How the source ran it, where ours may differ; a verdict names the differences."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threads: int | None = Field(None, ge=1)
    batch: int | None = Field(None, ge=1)
    device: Literal["cpu", "cuda", "tpu", "phone"] | None = None
    precision: str | None = None
    mode: Literal["inference", "training"] | None = None
    hardware: str | None = Field(None, description="CPU or GPU, as a part of its full name")


class Claim(BaseModel):
    """A published claim: what it says, where, under which conditions, and how it is decided here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    claim: str
    stance: Literal["for compound scaling", "against compound scaling", "baseline", "trap", "method"]
    source: str
    published: str
    conditions: str
    confidence: str = Field("read in the source", description="how sure the published figures are")
    under: Conditions = Field(default_factory=lambda: Conditions.model_validate({}))
    only: Literal["cpu", "cuda"] | None = Field(None, description="kind of device the claim is about, where it is one")
    launches: bool = Field(False, description="whether it is about what a pass takes even where launches decide that")
    reason: str = Field("", description="for a claim that is refuted or surprising: why, in one sentence")
    cannot: str = Field("", description="why it cannot be decided here; then it has no parts")
    rule: PartsRule = Field("all_of", description="whether the claim holds when all parts do, or when any does")
    parts: tuple[Part, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Claim:
        if self.reason and self.measured:
            raise ValueError("a reason is for claims decided by counts: measured verdicts differ between machines")
        if bool(self.parts) == bool(self.cannot):
            raise ValueError("give parts, or under cannot the reason why there are none")
        return self

    @property
    def measured(self) -> bool:
        """Whether deciding it takes measurements."""
        return any(part.measured for part in self.parts)

    @property
    def ours(self) -> bool:
        """Whether we wrote the sentence: a trap, or a question of our own. It never counts as a refuted paper."""
        return self.stance == "trap" or self.source.startswith("scalebench")

    def needs(self) -> list[Needs]:
        """What its parts need."""
        return [part.needs() for part in self.parts]

    def counts(self) -> dict[Case, tuple[str, ...]]:
        """Models that must be counted to decide it, with the modes whose static memory is needed."""
        modes: dict[Case, tuple[str, ...]] = {}
        for need in self.needs():
            for text in need.counts:
                variant, resolution = parse_at(text)
                case = Case(variant.name, resolution or 0, mode=COUNT, device="meta")  # ModelAt has a resolution
                modes[case] = tuple(dict.fromkeys((*modes.get(case, ()), *need.peaks)))
        return modes


Registry = dict[str, Claim]
_CLAIMS = TypeAdapter(list[Claim])


@cache
def registry() -> Registry:
    """Every shipped claim by id, in the order of the file, which takes a second to parse: kept parsed in the cache."""
    text = resources.files("scalebench.data").joinpath("claims.yaml").read_text(encoding="utf-8")
    parsed = cache_folder("claims") / f"{hashlib.sha256(text.encode()).hexdigest()[:24]}.json"
    try:
        return {claim.id: claim for claim in _CLAIMS.validate_python(json.loads(parsed.read_bytes()))}
    except (OSError, ValueError):  # none yet, or a damaged one
        file = parse_yaml("scalebench/data/claims.yaml", text, list, ClaimError)
    claims = _claims(file)
    write_cache(parsed, json.dumps(file.plain()))
    return claims


def claims_schema() -> dict[str, Any]:
    """JSON Schema of a file of claims, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_CLAIMS.json_schema()}


def with_file(path: Path | None) -> Registry:
    """The shipped claims and those of a user's file, which replace shipped ones of the same id.

    Raises:
        ClaimError: with file, line, key, and the nearest valid word where there is one.
    """
    return (
        registry()
        if path is None
        else {**registry(), **_claims(parse_yaml(str(path), read_text(path, ClaimError), list, ClaimError))}
    )


def _claims(file: Located) -> Registry:
    try:
        claims = _CLAIMS.validate_python(file.plain())
    except ValidationError as error:
        raise file.explain(error, _known_keys, _in_file) from None
    by_id: Registry = {}
    for index, claim in enumerate(claims):
        if claim.id in by_id:
            raise file.error((index, "id"), f"claim {claim.id!r} is defined twice")
        by_id[claim.id] = claim
    return by_id


def _in_file(loc: Location) -> Location:
    """Pydantic's location without the kind of a part, which is no level of the file."""
    return (*loc[:3], *loc[4:]) if loc[1:2] == ("parts",) else loc


def _known_keys(loc: Location) -> list[str]:
    if loc[1:2] == ("under",):
        return list(Conditions.model_fields)
    if loc[1:2] != ("parts",):
        return list(Claim.model_fields)
    kinds = {get_args(kind.model_fields["kind"].annotation)[0]: kind for kind in get_args(get_args(Part)[0])}
    return list(kinds[str(loc[3])].model_fields) if len(loc) > 3 and loc[3] in kinds else list(kinds)


def select_claims(ids: Sequence[str], known: Registry | None = None) -> tuple[Claim, ...]:
    """Claims by id or glob; ``all`` selects every one, ``counted`` and ``measured`` those so decided.

    Raises:
        UnknownNameError: an unregistered id; ``location`` is its index in ``ids``.
    """
    claims = registry() if known is None else known
    selected: dict[str, Claim] = {}
    for index, name in enumerate(ids):
        matching = {claim.id: claim for claim in claims.values() if _matches(claim, name)}
        if not matching:
            hint = did_you_mean(name, claims) or "scalebench claims lists them"
            raise UnknownNameError(f"unknown claim {name!r}", hint, (index,))
        selected |= matching
    return tuple(selected.values())


def _matches(claim: Claim, name: str) -> bool:
    if name == "all":
        return True
    if name in ("counted", "measured"):
        return bool(claim.parts) and claim.measured == (name == "measured")
    return fnmatchcase(claim.id, name)

"""Entries of a suite and names -> models with their sizes, and what is still to be matched by counting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from scalebench import published
from scalebench.errors import UnknownNameError, did_you_mean
from scalebench.suite.decoder_table import camera_size
from scalebench.suite.dense import EFFICIENTDETS, KINDS, PIXELS
from scalebench.suite.families import FAMILIES, native_resolution
from scalebench.suite.model_facts import Catalogue, Known, MatchRequest, Spec, nominal
from scalebench.suite.own_entries import OwnModels
from scalebench.suite.own_files import remembered
from scalebench.suite.own_kinds import OWN_KINDS
from scalebench.suite.own_selection import check_own_size, own_size, own_variants, weighted
from scalebench.suite.suite_schema import (
    FamilyModels,
    InputImages,
    ModelEntry,
    NearTarget,
    PublishedModels,
    ScaledModels,
)
from scalebench.suite.variant import Variant, check_kind, parse_variant


@dataclass(frozen=True)
class Selection:
    """What one entry of ``models`` asks for: specs, and matched variants still to be found."""

    kind: str
    specs: tuple[Spec, ...]
    requests: tuple[MatchRequest, ...] = ()


def select(entry: ModelEntry, catalogue: Catalogue, folder: Path = Path()) -> Selection:
    """Resolve the names and sizes of one entry; paths of own models start from ``folder``.

    Raises:
        UnknownNameError: no such model or family, or a size below the model's stride or above the photograph's.
        BuildError: a file of the user's that cannot be used.
    """
    if isinstance(entry, InputImages):
        return _input(entry)
    if isinstance(entry, ScaledModels):
        return _scaled(entry, catalogue)
    if isinstance(entry, PublishedModels):
        return _published(entry, catalogue)
    if isinstance(entry, FamilyModels):
        if entry.family not in FAMILIES:
            raise UnknownNameError(
                f"unknown family {entry.family!r}",
                did_you_mean(entry.family, FAMILIES) or f"families: {', '.join(FAMILIES)}",
                ("family",),
            )
        variants: Iterable[Variant] = [Variant(name) for name in FAMILIES[entry.family]]
        kind = "family"
    elif isinstance(entry, OwnModels):
        variants, kind = own_variants(entry, folder, catalogue), "own"
    else:
        variants = [v for at, name in enumerate(entry.timm) for v in _named(name, ("timm", at), catalogue)]
        kind = "timm"
    weights = None if isinstance(entry, OwnModels) else entry.weights
    if weights is not None:
        variants = [weighted(variant, weights, folder, catalogue) for variant in variants]
    specs = [Spec(v, size) for v in variants for size in entry.resolution or [native(v, catalogue)]]
    for spec in specs:
        check_size(spec, catalogue)
    return Selection(kind, tuple(specs))


def _named(pattern: str, location: tuple[str | int, ...], catalogue: Catalogue) -> list[Variant]:
    try:
        return matching_variants(pattern, catalogue)
    except UnknownNameError as error:
        raise UnknownNameError(error.message, error.hint, location) from None


def matching_variants(pattern: str, catalogue: Catalogue) -> list[Variant]:
    """Variants a name or glob stands for, in timm's order; ``KIND:`` before it holds for all of them.

    Raises:
        UnknownNameError: nothing fits; the hint names close matches.
    """
    kind, dense, rest = pattern.partition(":")
    if dense:
        check_kind(kind)
        if kind in OWN_KINDS:
            return [parse_variant(remembered(pattern).name)]
        return [replace(variant, task=kind) for variant in matching_variants(rest, _bases(kind, catalogue))]
    if pattern in catalogue:
        return [Variant(pattern)]
    if any(mark in pattern for mark in "*?"):
        matches = [Variant(name) for name in catalogue if fnmatchcase(name, pattern)]
        if not matches:
            raise UnknownNameError(f"no model fits {pattern!r}", "scalebench models lists what can be named")
        return matches
    variant = parse_variant(pattern)
    if variant.base not in catalogue:
        near = did_you_mean(variant.base, catalogue)
        raise UnknownNameError(f"unknown model {variant.base!r}", near or "scalebench models lists what can be named")
    return [variant]


def _published(entry: PublishedModels, catalogue: Catalogue) -> Selection:
    """Rows of the tables named that say model and size; rows that this timm cannot build are left out."""
    every: list[published.PublishedModel | published.PublishedVariant] = [*published.models(), *published.variants()]
    rows = [row for row in every if row.model and row.resolution]
    specs: dict[Spec, None] = {}
    for at, pattern in enumerate(entry.published):
        matches = [row for row in rows if fnmatchcase(row.table, pattern)]
        if not matches:
            tables = sorted({row.table for row in rows})
            hint = did_you_mean(pattern, tables) or f"tables: {', '.join(tables)}"
            raise UnknownNameError(f"unknown table {pattern!r}", hint, ("published", at))
        for row in matches:
            spec = Spec(parse_variant(row.model), int(row.resolution or 0))
            if spec.variant.base in catalogue:
                specs[spec] = None
    return Selection("published", tuple(specs))


def _input(entry: InputImages) -> Selection:
    """An entry without models: only sizes are checked; ``expand`` builds its cases."""
    smallest = min(entry.camera, key=lambda camera: min(camera_size(camera)))
    for at, side in enumerate(entry.resolution):
        if side >= min(camera_size(smallest)):
            raise UnknownNameError(
                f"resolution {side} is not below the short side of camera {smallest}",
                "photographs are only scaled down, never up",
                ("resolution", at),
            )
    return Selection("input", ())


def _bases(kind: str, catalogue: Catalogue) -> Catalogue:
    """What can stand after ``KIND:``."""
    if kind == "effdet":
        return {name: Known(side, KINDS[kind].stride) for name, side in EFFICIENTDETS.items()}
    return catalogue


def native(variant: Variant, catalogue: Catalogue) -> int:
    """Native resolution in pixels: the paper's, else timm's default; of dense models the detector's, else 512."""
    if variant.task in OWN_KINDS:
        return own_size(variant, catalogue)
    if variant.task:
        return EFFICIENTDETS.get(variant.base, PIXELS)
    return native_resolution(variant.base, catalogue[variant.base].resolution)


def check_size(spec: Spec, catalogue: Catalogue) -> None:
    """Refuse an input so small that the last feature map would be less than one pixel, or that no decoder fits."""
    name, kind = spec.variant.unscaled, spec.variant.task
    if kind in OWN_KINDS:
        check_own_size(spec)
        return
    if kind and spec.resolution % KINDS[kind].stride:
        raise UnknownNameError(
            f"resolution {spec.resolution} does not suit {name}", f"give a multiple of {KINDS[kind].stride}",
            ("resolution",),
        )  # fmt: skip
    stride = _bases(kind, catalogue)[spec.variant.base].stride
    if spec.resolution < stride:
        raise UnknownNameError(
            f"resolution {spec.resolution} is too small for {name}, which reduces it about {stride} times",
            f"give at least {stride}",
            ("resolution",),
        )


def _scaled(entry: ScaledModels, catalogue: Catalogue) -> Selection:
    base = _named(entry.scale, ("scale",), catalogue)
    if len(base) != 1 or base[0].task:
        raise UnknownNameError(
            f"scale needs one model of timm's, plain or scaled, not {entry.scale!r}", location=("scale",)
        )
    name, size = base[0].name, entry.resolution or native(base[0], catalogue)
    specs = [Spec(base[0], size)]
    check_size(specs[0], catalogue)
    if entry.target is not None:
        requests = [_request(name, size, m, t, entry.tolerance) for t in entry.target for m in entry.by]
        return Selection("scale", tuple(specs), tuple(requests))
    specs += [nominal(name, size, method, factor) for factor in entry.factor or () for method in entry.by]
    for spec in specs:
        check_size(spec, catalogue)
    return Selection("scale", tuple(specs))


def _request(base: str, size: int, method: str, target: float | NearTarget, tolerance: float) -> MatchRequest:
    if isinstance(target, NearTarget):
        return MatchRequest(base, size, method, target.near, tolerance, near=True)
    return MatchRequest(base, size, method, target, tolerance)

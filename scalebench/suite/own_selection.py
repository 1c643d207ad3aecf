"""What entries and commands name of the user's own models -> variants and sizes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from scalebench.errors import BuildError, ScalebenchError, UnknownNameError
from scalebench.suite.families import native_resolution
from scalebench.suite.model_facts import Catalogue, Spec
from scalebench.suite.own_entries import CheckpointModels, OwnModels
from scalebench.suite.own_files import own_model, remembered
from scalebench.suite.own_kinds import OWN_KINDS
from scalebench.suite.variant import Variant, parse_variant

_NAMED = re.compile(rf"({'|'.join(OWN_KINDS)}):(.+?)(@[0-9]+)?")


def own_variants(entry: OwnModels, folder: Path, catalogue: Catalogue) -> list[Variant]:
    """Variants of an entry of a suite in ``folder``.

    Raises:
        BuildError: a file that cannot be used.
    """
    kind, sources = entry.sources()
    timm = entry.model if isinstance(entry, CheckpointModels) else ""
    variants = []
    for at, source in enumerate(sources):
        try:
            own = own_model(kind, source, folder, timm, entry.channels, entry.outputs, lambda: catalogue)
        except ScalebenchError as error:
            raise type(error)(error.message, error.hint, error.location or (kind, at)) from None
        variants.append(parse_variant(own.name))
    return variants


def weighted(variant: Variant, weights: str, folder: Path, catalogue: Catalogue) -> Variant:
    """A model of timm's with pretrained weights, see ``pretrained.find_weights``.

    Raises:
        BuildError: there are none, or the model is not timm's own.
    """
    if variant.task or not variant.is_base:
        raise BuildError(f"{variant.name} has no pretrained weights", "only timm's own models have", ("weights",))
    try:
        own = own_model("checkpoint", weights, folder, variant.base, models=lambda: catalogue)
    except ScalebenchError as error:
        raise type(error)(error.message, error.hint, ("weights",)) from None
    return parse_variant(own.name)


def own_size(variant: Variant, catalogue: Catalogue) -> int:
    """Side of the input where none is given, pixels: what the file is fixed to, or timm's for a checkpoint.

    Raises:
        UnknownNameError: neither says.
    """
    own = remembered(variant.name)
    base = own.timm.partition(".")[0]
    if base in catalogue:
        return native_resolution(base, catalogue[base].resolution)
    if own.resolution is None:
        raise UnknownNameError(
            f"{variant.name} does not say how large its images are", "give resolution: [224], or NAME@224 to a command"
        )
    return own.resolution


def check_own_size(spec: Spec) -> None:
    """Refuse a size that the file is not fixed to."""
    fixed = remembered(spec.variant.name).resolution
    if fixed not in (None, spec.resolution):
        raise UnknownNameError(
            f"{spec.variant.name} takes images of {fixed} pixels only, not {spec.resolution}",
            f"give resolution: [{fixed}], or export the model without fixed sizes", ("resolution",),
        )  # fmt: skip


def written_names(
    names: Iterable[str], models: Callable[[], Catalogue] = dict, channels: int | None = None
) -> list[str]:
    """Names as given to a command, with files of the user's own models as the names they have in records.

    ``onnx:nets/damage.onnx@224`` becomes ``onnx:damage-1a2b3c4d@224``; whatever names no file stays as it is.

    Args:
        names: as written.
        models: what timm knows, for its own weights: ``checkpoint:resnet50:timm``.
        channels: of an image, as declared for all of the user's own models among these.

    Raises:
        BuildError: a file that cannot be used.
    """
    return [_written(name, models, channels) for name in names]


def _written(name: str, models: Callable[[], Catalogue], channels: int | None) -> str:
    match = _NAMED.fullmatch(name)
    if not match:
        return name
    kind, source, size = match.groups(default="")
    try:
        return f"{remembered(f'{kind}:{source}').name}{size}"
    except UnknownNameError:
        timm, mark, rest = source.partition(":") if kind == "checkpoint" else ("", "", source)
        if kind == "checkpoint" and not mark:
            raise UnknownNameError(f"{name!r} names no model", f"write {OWN_KINDS[kind].written}") from None
        return f"{own_model(kind, rest, timm=timm, channels=channels, models=models).name}{size}"

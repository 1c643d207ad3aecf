"""Variant: a base model with depth and width multipliers, what is built on it, and its written form."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scalebench.errors import UnknownNameError, did_you_mean
from scalebench.suite.dense import KINDS
from scalebench.suite.own_kinds import OWN_KINDS

_NAME = re.compile(r"(?:(?P<task>[a-z0-9]+):)?(?P<base>[A-Za-z0-9_.\-/]+)(?:\[(?P<axes>[^\[\]]*)\])?")
_AXES = {"d": "depth", "w": "width", "t": "trim", "f": "fused"}
_WHOLE = ("trim", "fused")
DECIMALS = 4
"""Multipliers are written, and built, with this many decimals, so a name rebuilds its model exactly."""


@dataclass(frozen=True, order=True)
class Variant:
    """``base`` with ``depth`` and ``width`` multipliers; resolution belongs to the case.

    ``trim`` blocks are left out again after depth has been rounded up, one per stage, longest stage first. Rounding
    up adds a block to every stage at once (ResNet-50 jumps from 1.86 to 2.07 times its MACs at d = 2), so without
    it some compute targets could not be matched by depth alone.

    ``fused`` stages, the first ones, have Fused-MBConv blocks in place of MBConv: ``efficientnet_b4[f=3]`` is the
    "fused stage1-3" of Tan and Le, arXiv:2104.00298, Table 3; ``model.fused`` says how it is built.

    ``task`` is what is built on the base: a kind of ``dense.KINDS``, or empty for the classifier that timm has; or the
    kind of one of the user's own models, ``own_kinds.OWN_KINDS``, whose base is the name of its file with its hash.
    """

    base: str
    depth: float = 1.0
    width: float = 1.0
    trim: int = 0
    fused: int = 0
    task: str = ""

    @property
    def unscaled(self) -> str:
        """Written form without multipliers: ``resnet50``, ``unet:resnet50``."""
        return f"{self.task}:{self.base}" if self.task else self.base

    @property
    def name(self) -> str:
        """Written form: ``efficientnet_b0[d=1.4,w=1.2]``, ``features:resnet50[d=2]``, or the bare base."""
        plain = Variant(self.base)
        values = {
            key: getattr(self, axis) for key, axis in _AXES.items() if getattr(self, axis) != getattr(plain, axis)
        }
        axes = [f"{key}={value:g}" for key, value in values.items()]
        return f"{self.unscaled}[{','.join(axes)}]" if axes else self.unscaled

    @property
    def is_base(self) -> bool:
        """True where nothing is scaled."""
        return self == Variant(self.base, task=self.task)


def parse_variant(text: str) -> Variant:
    """Read the written form back.

    Raises:
        UnknownNameError: the text is not a model name with optional ``KIND:`` and ``[d=..,w=..]``.
    """
    hint = "write a variant as name, or name[d=1.4,w=1.2]"
    match = _NAME.fullmatch(text)
    if not match:
        raise UnknownNameError(f"{text!r} is not a model name", hint)
    task = match["task"] or ""
    if task:
        check_kind(task)
    values: dict[str, float] = {}
    for part in filter(None, (match["axes"] or "").split(",")):
        key, _, value = part.partition("=")
        axis = _AXES.get(key.strip())
        if axis is None or axis in values:
            raise UnknownNameError(f"{text!r}: {part!r} is not a multiplier, or is given twice", hint)
        values[axis] = _whole(key, value, text) if axis in _WHOLE else _multiplier(value, text, hint)
    whole = {axis: int(values.get(axis, 0)) for axis in _WHOLE}
    return Variant(match["base"], values.get("depth", 1.0), values.get("width", 1.0), **whole, task=task)


def check_kind(kind: str) -> None:
    """Raise UnknownNameError unless ``kind`` is a kind of dense model or of an own one."""
    kinds = (*KINDS, *OWN_KINDS)
    if kind not in kinds:
        raise UnknownNameError(f"unknown kind {kind!r}", did_you_mean(kind, kinds) or f"kinds: {', '.join(kinds)}")


def _multiplier(value: str, text: str, hint: str) -> float:
    try:
        number = round(float(value), DECIMALS)
    except ValueError:
        number = 0.0
    if not 0 < number <= 100:
        raise UnknownNameError(f"{text!r}: {value!r} is not a multiplier between 0 and 100", hint)
    return number


def _whole(key: str, value: str, text: str) -> int:
    if not value.strip().isdecimal():
        what = {"t": "blocks, which t leaves out", "f": "stages, which f fuses"}[key.strip()]
        raise UnknownNameError(f"{text!r}: {value!r} is not a number of {what}", f"write {key.strip()}=1 for one")
    return int(value)


def parse_at(text: str) -> tuple[Variant, int | None]:
    """Read ``MODEL`` or ``MODEL@RESOLUTION``.

    Returns: the variant, and the resolution in pixels or None where none is written.
    """
    name, mark, pixels = text.partition("@")
    if mark and not (pixels.isdecimal() and int(pixels) > 0):
        raise UnknownNameError(
            f"{text!r}: {pixels!r} is not a resolution", "write a whole number of pixels: resnet50@224"
        )
    return parse_variant(name), int(pixels) if mark else None

"""Models and families as papers write them: ``EfficientNet-B0`` for ``efficientnet_b0``."""

from __future__ import annotations

from functools import cache

from scalebench import published
from scalebench.suite.families import family_of


def model_name(model: str) -> str:
    """Printed name of a written model, its multipliers kept: ``EfficientNet-B0[d=2]``; as it is if no paper has it."""
    base, bracket, rest = model.partition("[")
    return f"{_models().get(base, base)}{bracket}{rest}"


def family_name(family: str) -> str:
    """Printed name of a family as ``suite.families`` writes it: ``ResNet`` for ``resnet``, also ``ResNet, scaled``."""
    name, comma, rest = family.partition(",")
    return f"{_families().get(name, name)}{comma}{rest}"


def plural(family: str) -> str:
    """``EfficientNets``, ``MobileNetV3 models``: several models of a printed family."""
    return f"{family}s" if family.lower().endswith(("net", "next")) else f"{family} models"


@cache
def _models() -> dict[str, str]:
    """First printed name of each model that says nothing about input size or training."""
    rows = reversed([row for row in published.models() if not set("(@") & set(row.name)])
    return {row.model: row.name for row in rows}


@cache
def _families() -> dict[str, str]:
    return {family_of(row.model): row.family for row in reversed(published.models()) if row.model}

"""Model families by name, with the input sizes their papers used (timm's defaults often differ)."""

from __future__ import annotations

import re

_EFFICIENTNET_SIZES = (224, 240, 260, 300, 380, 456, 528, 600)

FAMILIES: dict[str, dict[str, int]] = {
    # Tan and Le, arXiv:1905.11946: coefficients of the reference code
    "efficientnet": {f"efficientnet_b{i}": size for i, size in enumerate(_EFFICIENTNET_SIZES)},
    # He et al., arXiv:1512.03385, Table 1
    "resnet": {f"resnet{depth}": 224 for depth in (18, 34, 50, 101, 152)},
}
"""Family name -> member -> native resolution in pixels."""

_PAPER_SIZES = {name: size for members in FAMILIES.values() for name, size in members.items()}


def native_resolution(model: str, default: int) -> int:
    """Paper's input size of ``model`` (``tf_`` ports included), else ``default``, timm's own size; in pixels."""
    return _PAPER_SIZES.get(model.removeprefix("tf_"), default)


_PORTS = ("tf_", "legacy_")
_PREFIXES = (
    "efficientnetv2", "efficientnet", "mobilenetv1", "mobilenetv2", "mobilenetv3", "mobilenetv4", "mnasnet", "regnetx",
    "regnety", "regnetz", "resnetrs", "resnext", "wide_resnet", "resnet", "res2net", "res2next", "convnext", "densenet",
    "inception_next", "inception_resnet", "inception",
)  # fmt: skip
"""Beginnings of timm names that tell a family, longer ones first where one begins another."""


def family_of(model: str) -> str:
    """Family of a written timm name, scaled or not, ports included: ``efficientnet`` of ``tf_efficientnet_b3[d=2]``.

    A name that begins like none of the known ones gives its leading letters.
    """
    name = next((model.removeprefix(port) for port in _PORTS if model.startswith(port)), model)
    known = next((prefix for prefix in _PREFIXES if name.startswith(prefix)), None)
    return known or re.split(r"[^a-z]", name, maxsplit=1)[0]

"""Model families by name, with the input sizes their papers used (timm's defaults often differ)."""

from __future__ import annotations

import re

_EFFICIENTNET_SIZES = (224, 240, 260, 300, 380, 456, 528, 600)
_EFFICIENTNETV2_SIZES = (224, 240, 260, 300)
_REGNET_COMPUTE = ("002", "004", "006", "008", "016", "032", "040", "064", "080", "120", "160", "320")
"""timm's names of 0.2 to 32 GFLOPs."""

_TABLE: dict[str, dict[str, int]] = {
    # He et al., arXiv:1512.03385, Table 1
    "resnet": {f"resnet{depth}": 224 for depth in (18, 34, 50, 101, 152)},
    # Tan and Le, arXiv:1905.11946: coefficients of the reference code
    "efficientnet": {f"efficientnet_b{i}": size for i, size in enumerate(_EFFICIENTNET_SIZES)},
    # Liu et al., arXiv:2201.03545, Table 1
    "convnext": {f"convnext_{size}": 224 for size in ("tiny", "small", "base", "large")},
    # Tan and Le, arXiv:2104.00298, Table 7 (S, M, L) and the README of google/automl (B0 to B3): sizes for inference,
    # larger than those in training, which timm has as default. timm names B0 to B3 as ports only.
    "efficientnetv2": {
        **{f"tf_efficientnetv2_b{i}": size for i, size in enumerate(_EFFICIENTNETV2_SIZES)},
        "efficientnetv2_s": 384, "efficientnetv2_m": 480, "efficientnetv2_l": 480,
    },
    # Howard et al., arXiv:1905.02244, Table 3
    "mobilenetv3": {f"mobilenetv3_{size}_{width}": 224 for size in ("small", "large") for width in ("075", "100")},
    # Radosavovic et al., arXiv:2003.13678, Figures 15 and 16; timm's regnety_640 and larger are not in this paper
    "regnetx": {f"regnetx_{compute}": 224 for compute in _REGNET_COMPUTE},
    "regnety": {f"regnety_{compute}": 224 for compute in _REGNET_COMPUTE},
    # Bello et al., arXiv:2103.07579, as the README of tensorflow/tpu lists its models. It has 101 at 160 and 192,
    # 152 at 192, 224 and 256, 350 at 256 and 320: the largest is native.
    "resnetrs": {
        "resnetrs50": 160, "resnetrs101": 192, "resnetrs152": 256, "resnetrs200": 256, "resnetrs270": 256,
        "resnetrs350": 320, "resnetrs420": 320,
    },
    # Without a list of members: a suite names their models one by one, at timm's sizes. The ninth has the colour of the
    # first in figures, and so on: families that are shown together stand apart.
    **{name: {} for name in (
        "vgg", "mobilenetv1", "mobilenetv4", "mnasnet", "resnext", "wide_resnet", "densenet", "mobilenetv2",
        "inception_next", "inception_resnet", "inception", "xception", "res2net", "res2next", "regnetz", "swinv2",
        "swin", "deit", "coatnet",
    )},
}  # fmt: skip
"""Family, which is how the timm names of its models begin -> member -> native resolution in pixels."""

FAMILIES = {name: members for name, members in _TABLE.items() if members}
"""Families that a suite can name."""
NAMES = tuple(_TABLE)
"""Every listed family; figures give their looks in this order."""
_BY_LENGTH = sorted(_TABLE, key=len, reverse=True)
_PORTS = ("tf_", "legacy_")


def _unported(model: str) -> str:
    return next((model.removeprefix(port) for port in _PORTS if model.startswith(port)), model)


_PAPER_SIZES = {_unported(name): size for members in FAMILIES.values() for name, size in members.items()}


def native_resolution(model: str, default: int) -> int:
    """Paper's input size of ``model`` (ports included), else ``default``, timm's own size; in pixels."""
    return _PAPER_SIZES.get(_unported(model), default)


def family_of(model: str) -> str:
    """Family of a written name, scaled or not, ports included: ``efficientnet`` of ``tf_efficientnet_b3[d=2]``.

    A dense model's family is that of its base, with its kind: ``unet:resnet``. A model of no listed family belongs to
    the leading letters of its name.
    """
    kind, dense, base = model.partition(":")
    if dense:
        return f"{kind}:{family_of(base)}"
    name = _unported(model)
    listed = next((family for family in _BY_LENGTH if name.startswith(family)), None)
    return listed or re.split(r"[^a-z]", name, maxsplit=1)[0]

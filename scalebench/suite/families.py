"""Model families by name, with the input sizes their papers used (timm's defaults often differ)."""

from __future__ import annotations

import re

_EFFICIENTNET_SIZES = (224, 240, 260, 300, 380, 456, 528, 600)
_EFFICIENTNETV2_SIZES = (224, 240, 260, 300)
_REGNET_COMPUTE = ("002", "004", "006", "008", "016", "032", "040", "064", "080", "120", "160", "320")
"""timm's names of 0.2 to 32 GFLOPs."""

FAMILIES: dict[str, dict[str, int]] = {
    # Tan and Le, arXiv:1905.11946: coefficients of the reference code
    "efficientnet": {f"efficientnet_b{i}": size for i, size in enumerate(_EFFICIENTNET_SIZES)},
    # Tan and Le, arXiv:2104.00298, Table 7 (S, M, L) and the README of google/automl (B0 to B3): sizes for inference,
    # larger than those in training, which timm has as default. timm names B0 to B3 as ports only.
    "efficientnetv2": {
        **{f"tf_efficientnetv2_b{i}": size for i, size in enumerate(_EFFICIENTNETV2_SIZES)},
        "efficientnetv2_s": 384, "efficientnetv2_m": 480, "efficientnetv2_l": 480,
    },
    # Liu et al., arXiv:2201.03545, Table 1
    "convnext": {f"convnext_{size}": 224 for size in ("tiny", "small", "base", "large")},
    # Howard et al., arXiv:1905.02244, Table 3
    "mobilenetv3": {f"mobilenetv3_{size}_{width}": 224 for size in ("small", "large") for width in ("075", "100")},
    # Radosavovic et al., arXiv:2003.13678, Figures 15 and 16; timm's regnety_640 and larger are not in this paper
    "regnetx": {f"regnetx_{compute}": 224 for compute in _REGNET_COMPUTE},
    "regnety": {f"regnety_{compute}": 224 for compute in _REGNET_COMPUTE},
    # He et al., arXiv:1512.03385, Table 1
    "resnet": {f"resnet{depth}": 224 for depth in (18, 34, 50, 101, 152)},
    # Bello et al., arXiv:2103.07579, as the README of tensorflow/tpu lists its models. It has 101 at 160 and 192,
    # 152 at 192, 224 and 256, 350 at 256 and 320: the largest is native.
    "resnetrs": {
        "resnetrs50": 160, "resnetrs101": 192, "resnetrs152": 256, "resnetrs200": 256, "resnetrs270": 256,
        "resnetrs350": 320, "resnetrs420": 320,
    },
}  # fmt: skip
"""Family name -> member -> native resolution in pixels."""


def _unported(model: str) -> str:
    return model.removeprefix("tf_")


_PAPER_SIZES = {_unported(name): size for members in FAMILIES.values() for name, size in members.items()}


def native_resolution(model: str, default: int) -> int:
    """Paper's input size of ``model`` (``tf_`` ports included), else ``default``, timm's own size; in pixels."""
    return _PAPER_SIZES.get(_unported(model), default)


_PORTS = ("tf_", "legacy_")
_PREFIXES = (
    "efficientnetv2", "efficientnet", "mobilenetv1", "mobilenetv2", "mobilenetv3", "mobilenetv4", "mnasnet", "regnetx",
    "regnety", "regnetz", "resnetrs", "resnext", "wide_resnet", "resnet", "res2net", "res2next", "convnext", "densenet",
    "inception_next", "inception_resnet", "inception",
)  # fmt: skip
"""Beginnings of timm names that tell a family, longer ones first where one begins another."""


def family_of(model: str) -> str:
    """Family of a written name, scaled or not, ports included: ``efficientnet`` of ``tf_efficientnet_b3[d=2]``.

    A dense model's family is that of its base, with its kind: ``unet:resnet``.

    A name that begins like none of the known ones gives its leading letters.
    """
    kind, dense, base = model.partition(":")
    if dense:
        return f"{kind}:{family_of(base)}"
    name = next((model.removeprefix(port) for port in _PORTS if model.startswith(port)), model)
    known = next((prefix for prefix in _PREFIXES if name.startswith(prefix)), None)
    return known or re.split(r"[^a-z]", name, maxsplit=1)[0]

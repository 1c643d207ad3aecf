"""What expanding a suite needs: facts about models, and multipliers to be matched by counting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from scalebench.suite.scaling import RULES
from scalebench.suite.variant import DECIMALS, Variant, parse_variant


@dataclass(frozen=True)
class Known:
    """Facts of timm about one model.

    Attributes:
        resolution: default input size, pixels.
        stride: input pixels per pixel of the last feature map; smaller inputs leave no pixel to pool.
        tag: of the weights that timm loads unless told otherwise, ``a1_in1k``.
        hub: repository that holds them, ``timm/resnet50.a1_in1k``; empty where there are none.
        file: name of the file that they had before they were there.
    """

    resolution: int
    stride: int = 1
    tag: str = ""
    hub: str = ""
    file: str = ""


@dataclass(frozen=True, order=True)
class MatchRequest:
    """Question to the counter: which multipliers of ``method`` cost ``target`` times the base?

    With ``near`` the target is still to be chosen, near the number given: see ``execute.match_groups``.
    """

    base: str
    resolution: int
    method: str
    target: float
    tolerance: float
    near: bool = False


Catalogue = Mapping[str, Known]
"""Model name -> facts, in timm's order."""


@dataclass(frozen=True)
class Spec:
    """A variant at a resolution."""

    variant: Variant
    resolution: int


def nominal(base: str, resolution: int, method: str, factor: float) -> Spec:
    """Variant at a nominal factor on the base, which may be scaled itself: multipliers rounded as written.

    The resolution is rounded to whole pixels.
    """
    m, variant = RULES[method](factor), parse_variant(base)
    depth, width = (round(own * more, DECIMALS) for own, more in ((variant.depth, m.depth), (variant.width, m.width)))
    return Spec(replace(variant, depth=depth, width=width), round(resolution * m.resolution))

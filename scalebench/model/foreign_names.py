"""Names of weights in EfficientNet-PyTorch (github.com/lukemelas/EfficientNet-PyTorch) as timm has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

_T = TypeVar("_T")
_TOP = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
_SQUEEZE = {"_se_reduce": "se.conv_reduce", "_se_expand": "se.conv_expand"}
_EXPANDED = {"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2",
             "_project_conv": "conv_pwl", "_bn2": "bn3", **_SQUEEZE}  # fmt: skip
_PLAIN = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2", **_SQUEEZE}
_BLOCK = re.compile(r"_blocks\.(\d+)\.(\w+)\.(.+)")
_STAGED = re.compile(r"blocks\.\d+\.\d+\.")


def named_as_timm(weights: Mapping[str, _T], expected: Iterable[str]) -> dict[str, _T]:
    """Weights under timm's names; those that are no EfficientNet-PyTorch's keep theirs.

    Args:
        weights: by name.
        expected: timm's names of the model, whose blocks stand in stages; there they are numbered throughout.
    """
    blocks = list(dict.fromkeys(match.group() for name in expected if (match := _STAGED.match(name))))
    expanded = {match[1] for name in weights if (match := _BLOCK.fullmatch(name)) and match[2] == "_expand_conv"}

    def renamed(name: str) -> str:
        match = _BLOCK.fullmatch(name)
        if match is None:
            layer, _, rest = name.partition(".")
            return f"{_TOP[layer]}.{rest}" if layer in _TOP else name
        number, layer, rest = match.groups()
        words = _EXPANDED if number in expanded else _PLAIN
        return f"{blocks[int(number)]}{words[layer]}.{rest}" if int(number) < len(blocks) and layer in words else name

    return (
        {renamed(name): value for name, value in weights.items()} if "_conv_stem.weight" in weights else dict(weights)
    )

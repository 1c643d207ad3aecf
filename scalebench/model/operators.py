"""Kind of an operator, from its name and the shapes of its arguments; the kinds are those of ``suite.kinds``."""

from __future__ import annotations

from typing import Any

import torch

_BY_WORD = (
    ("norm", ("norm",)),
    ("pooling", ("pool", "mean")),
    ("activation", (
        "relu", "silu", "gelu", "hardswish", "hardsigmoid", "hardtanh", "sigmoid", "tanh", "elu", "mish", "clamp",
        "softplus", "logsigmoid",
    )),
)  # fmt: skip
"""Kind by a part of the operator's name; the first match counts."""
_PRODUCTS = {"mm", "addmm", "bmm", "baddbmm", "matmul", "linear", "addmv", "mv", "dot", "einsum"}


def kind_of(func: Any, args: tuple[Any, ...], weighted: bool) -> str:
    """Kind of one call of the overload ``func``.

    ``weighted``: whether an input is a weight; a product without one multiplies activations with each other.
    """
    name = str(func.overloadpacket).removeprefix("aten.").strip("_")
    if name.startswith("conv"):
        return _convolution(args[1:] if "backward" in name else args)  # whose first argument is a gradient
    if "attention" in name:
        return "attention"
    if name in _PRODUCTS:
        return "linear" if weighted else "attention"
    return next((kind for kind, words in _BY_WORD if any(word in name for word in words)), "other")


def _convolution(args: tuple[Any, ...]) -> str:
    """Kind by the arguments: input, weight, and as the only integer that is not a bool, the groups."""
    tensors = [argument for argument in args if isinstance(argument, torch.Tensor)]
    if len(tensors) < 2 or tensors[1].dim() < 3:
        return "dense"
    groups = next((a for a in reversed(args) if isinstance(a, int) and not isinstance(a, bool)), 1)
    if groups > 1:
        return "depthwise" if groups == tensors[0].shape[1] else "grouped"
    return "pointwise" if max(tensors[1].shape[2:]) == 1 else "dense"

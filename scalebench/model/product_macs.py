"""MACs of convolutions and linear layers from shapes alone, for searches that count hundreds of structures.

Only models whose every function is listed here are counted; ``matching`` counts the result of a search in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import nn
from torch.overrides import TorchFunctionMode

from scalebench.model import meta_shapes

_T = torch.Tensor
_SAME = {
    F.batch_norm, F.relu, F.relu6, F.silu, F.hardswish, F.hardsigmoid, F.hardtanh, F.gelu, F.leaky_relu, F.mish,
    F.dropout, torch.relu, torch.sigmoid, torch.tanh, _T.relu, _T.sigmoid, _T.sigmoid_, _T.tanh, _T.contiguous,
}  # fmt: skip
"""Functions whose result has the shape of their first argument."""
_BOTH = {torch.add, torch.mul, _T.add, _T.add_, _T.mul, _T.mul_, _T.__iadd__, _T.__imul__, _T.__radd__, _T.__rmul__}
"""Functions of two tensors that broadcast."""
_RUN = {
    _T.shape.__get__, _T.ndim.__get__,  # type: ignore[attr-defined]  # descriptors, which torch types as values
    _T.size, _T.dim, _T.flatten, _T.view, _T.reshape, _T.expand, torch.flatten, torch.cat,
    F.pad, F.adaptive_avg_pool2d, F.avg_pool2d, F.max_pool2d, torch._assert,  # noqa: SLF001 - what timm calls
}  # fmt: skip
"""Functions without products, which torch computes."""


class UnlistedFunctionError(Exception):
    """The model calls a function that may multiply."""


class _Products(TorchFunctionMode):
    """Gives results of the right shape and adds up the MACs of convolutions and linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.macs = 0

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in _SAME:
            return args[0]
        if func in _BOTH and len(args) == 2 and isinstance(args[1], torch.Tensor):
            return _broadcast(func, *args)
        if func is _T.mean and len(args) > 1:
            return meta_shapes.reduced((*args, *kwargs.values()))
        if func is F.conv2d and not kwargs:
            output = _convolved(*args)
        elif func is F.linear:
            output = torch.empty((*args[0].shape[:-1], args[1].shape[0]), device="meta")
        elif func in _RUN:
            return func(*args, **kwargs)
        else:
            raise UnlistedFunctionError(getattr(func, "__name__", str(func)))
        self.macs += output.numel() * (args[1].numel() // args[1].shape[0])
        return output


def _broadcast(func: Any, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """The sum's or product's shape, and that of ``a`` where ``b`` has one number per channel."""
    return a if b.shape in (a.shape, (*a.shape[:2], 1, 1)) else func(a, b)


def _convolved(
    x: torch.Tensor, weight: torch.Tensor, bias: Any = None, stride: Sequence[int] = (1,),
    padding: Sequence[int] = (0,), dilation: Sequence[int] = (1,), groups: int = 1,
) -> torch.Tensor:  # fmt: skip
    sides = (stride, padding, dilation)
    output = None
    if all(isinstance(side, tuple) for side in sides):
        output = meta_shapes.convolution((x, weight, bias, *sides, False, None, groups))
    return torch.conv2d(x, weight, bias, *sides, groups) if output is None else output


def product_macs(model: nn.Module, resolution: int) -> int:
    """MACs of a model on the meta device for one image of 3 x resolution x resolution.

    Raises:
        UnlistedFunctionError: it calls a function that is not known to have no products.
    """
    image, products = torch.empty(1, 3, resolution, resolution, device="meta"), _Products()
    with torch.no_grad(), products:
        model(image)
    return products.macs

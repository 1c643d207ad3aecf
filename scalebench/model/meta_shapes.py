"""Results of common operators on contiguous meta tensors: torch computes their shapes in milliseconds of Python.

Batch normalisation alone, which torch decomposes there, took a third of a count. Each rule returns None where it does
not apply; the operator then runs, and raises its own error where the shapes do not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

_ATEN = torch.ops.aten
_Args = tuple[Any, ...]


def result(func: Any, args: _Args) -> Any:
    """New tensors as ``func`` gives them for float32 ``args``; None where no rule applies."""
    rule = _RULES.get(func)
    if rule is None or not all(_plain(a, func in _ANY_LAYOUT) for a in args if isinstance(a, torch.Tensor)):
        return None
    return rule(args)


def _plain(tensor: torch.Tensor, any_layout: bool = False) -> bool:
    return tensor.dtype is torch.float32 and tensor.is_meta and (any_layout or tensor.is_contiguous())


def _new(shape: Sequence[int]) -> torch.Tensor:
    return torch.empty(shape, dtype=torch.float32, device="meta")


def _elementwise(args: _Args) -> torch.Tensor | None:
    """One of the tensors has the result's shape; numbers do not promote float32 unless they are complex."""
    shapes = [a.shape for a in args if isinstance(a, torch.Tensor)]
    if any(isinstance(a, complex) for a in args):
        return None
    shape = max(shapes, key=lambda s: (len(s), s.numel()))
    return _new(shape) if all(s == shape or _broadcasts(s, shape) for s in shapes) else None


def _broadcasts(shape: Sequence[int], to: Sequence[int]) -> bool:
    return all(side in (1, other) for side, other in zip(reversed(shape), reversed(to), strict=False))


def _like_first(args: _Args) -> torch.Tensor:
    return _new(args[0].shape)


def _batch_norm(args: _Args) -> tuple[torch.Tensor, ...] | None:
    x, _weight, _bias, mean, variance, training = args[:6]
    if (training and x.numel() == x.shape[1]) or mean is None or variance is None:
        return None
    return _new(x.shape), _new((x.shape[1],)), _new((x.shape[1],))


def _batch_norm_inference(args: _Args) -> tuple[torch.Tensor, ...] | None:
    return _batch_norm((*args[:5], False))


def _norm_backward(args: _Args) -> tuple[torch.Tensor | None, ...] | None:
    """Gradients of input, weight and bias; arguments end with a mask of those that are needed."""
    _grad, x, weight, *_rest, mask = args
    if weight is None:
        return None
    shapes = (x.shape, weight.shape, weight.shape)
    return tuple(_new(shape) if needed else None for shape, needed in zip(shapes, mask, strict=True))


def _layer_norm_backward(args: _Args) -> tuple[torch.Tensor | None, ...] | None:
    grad, x, _shape, _mean, _rstd, weight, bias, mask = args
    return None if bias is None else _norm_backward((grad, x, weight, mask))


def _layer_norm(args: _Args) -> tuple[torch.Tensor, ...]:
    x, normalized = args[:2]
    outer = x.dim() - len(normalized)
    statistics = (*x.shape[:outer], *(1 for _ in normalized))
    return _new(x.shape), _new(statistics), _new(statistics)


def convolution(args: _Args) -> torch.Tensor | None:
    """Arguments are those of ``aten.convolution``."""
    x, weight, _bias, stride, padding, dilation, transposed, _output_padding, groups = args
    if transposed or x.dim() != weight.dim() or x.shape[1] != weight.shape[1] * groups or weight.shape[0] % groups:
        return None
    dims = x.dim() - 2
    stride, padding, dilation = (list(v) * dims if len(v) == 1 else list(v) for v in (stride, padding, dilation))
    sides = [
        (side + 2 * p - d * (k - 1) - 1) // s + 1
        for side, k, s, p, d in zip(x.shape[2:], weight.shape[2:], stride, padding, dilation, strict=True)
    ]
    return _new((x.shape[0], weight.shape[0], *sides)) if min(sides) > 0 else None


def _convolution_backward(args: _Args) -> tuple[torch.Tensor | None, ...]:
    _grad, x, weight, bias_shape, *_rest, mask = args
    shapes = (x.shape, weight.shape, bias_shape)
    return tuple(_new(shape) if needed else None for shape, needed in zip(shapes, mask, strict=True))


def _cat(args: _Args) -> torch.Tensor | None:
    tensors, dim = args[0], args[1] if len(args) > 1 else 0
    shapes = [list(t.shape) for t in tensors]
    if not all(map(_plain, tensors)) or not shapes[0]:
        return None
    total = sum(shape[dim] for shape in shapes if len(shape) == len(shapes[0]))
    for shape in shapes:
        if len(shape) == len(shapes[0]):
            shape[dim] = total
    return _new(shapes[0]) if all(shape == shapes[0] for shape in shapes) else None


def reduced(args: _Args) -> torch.Tensor | None:
    """Arguments are those of ``aten.mean.dim``: tensor, dimensions, whether they are kept."""
    x, dims = args[:2]
    if not dims:
        return None
    keep = len(args) > 2 and args[2]
    removed = {dim % x.dim() for dim in dims}
    sides = [1 if dim in removed else side for dim, side in enumerate(x.shape) if keep or dim not in removed]
    return _new(sides)


def _product(args: _Args) -> torch.Tensor | None:
    """Matrices, or batches of them."""
    a, b = args[-2:]
    fits = a.dim() == b.dim() and a.shape[-1] == b.shape[-2] and a.shape[:-2] == b.shape[:-2]
    return _new((*a.shape[:-1], b.shape[-1])) if fits else None


def _addmm(args: _Args) -> torch.Tensor | None:
    product = _product(args)
    return product if product is not None and _broadcasts(args[0].shape, product.shape) else None


_ELEMENTWISE = (
    "relu", "silu", "gelu", "sigmoid", "hardswish", "hardsigmoid", "hardtanh", "tanh", "elu", "leaky_relu", "mish",
    "add.Tensor", "sub.Tensor", "mul.Tensor", "div.Tensor", "add.Scalar", "mul.Scalar", "div.Scalar",
    "silu_backward", "gelu_backward", "sigmoid_backward", "hardswish_backward", "hardsigmoid_backward",
    "hardtanh_backward", "tanh_backward", "threshold_backward",
)  # fmt: skip
_IN_PLACE = ("relu_", "silu_", "hardswish_", "hardsigmoid_", "hardtanh_", "sigmoid_", "gelu_", "mish_")


def _overload(name: str) -> Any:
    packet, _, overload = name.partition(".")
    return getattr(getattr(_ATEN, packet), overload or "default")


_RULES: dict[Any, Callable[[_Args], Any]] = {
    **dict.fromkeys(map(_overload, _ELEMENTWISE), _elementwise),
    **dict.fromkeys(map(_overload, _IN_PLACE), lambda args: args[0]),
    _overload("_softmax"): _like_first,
    _overload("_safe_softmax"): _like_first,
    _overload("_softmax_backward_data"): _like_first,
    _ATEN.native_batch_norm.default: _batch_norm,
    _overload("_native_batch_norm_legit"): _batch_norm,
    _overload("_native_batch_norm_legit_no_training"): _batch_norm_inference,
    _ATEN.native_batch_norm_backward.default: _norm_backward,
    _ATEN.native_layer_norm.default: _layer_norm,
    _ATEN.native_layer_norm_backward.default: _layer_norm_backward,
    _ATEN.convolution.default: convolution,
    _ATEN.convolution_backward.default: _convolution_backward,
    _ATEN.cat.default: _cat,
    _ATEN.mean.dim: reduced,
    _ATEN.sum.dim_IntList: reduced,
    _ATEN.mm.default: _product,
    _ATEN.bmm.default: _product,
    _ATEN.addmm.default: _addmm,
}
_ANY_LAYOUT = {_ATEN.convolution.default, _ATEN.mm.default, _ATEN.bmm.default, _ATEN.addmm.default}
"""Their results are contiguous whatever the layout of their inputs."""

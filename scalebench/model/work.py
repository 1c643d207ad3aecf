"""Work of one pass, operator by operator: multiply-adds and the bytes that each operator reads and writes.

Formulas and decomposition of composite operators follow ``torch.utils.flop_counter`` (2 FLOPs per multiply-add, halved
here). Its ``FlopCounterMode`` also tracks modules, and fails for those that take a parameter as an input. One formula
is our own: torch's for the backward of a convolution ignores the groups, and gives EfficientNet-B0 42 times its forward
pass where 3 times is right.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import conv_flop_count, flop_registry

from scalebench.model.operators import kind_of

_WITH_ACTIVATIONS = {"aten.convolution", "aten._convolution", "aten.addmm", "aten.mm", "aten.linear"}
# Resampling ("upsample_bilinear2d") mixes neighbours with fixed weights: no product of the convention.
_COMPUTE = re.compile(
    r"^(?!upsample).*(mm|conv|attention|linear|einsum|multi_head|transformer_encoder|lstm|gru|matmul)"
)
_UNTOUCHED = {"aten.empty", "aten.empty_like", "aten.new_empty", "aten.empty_strided", "aten.new_empty_strided"}
"""Operators that only reserve memory."""


def _convolution_backward(grad: torch.Tensor, x: torch.Tensor, weight: torch.Tensor, *rest: Any, **_: Any) -> int:
    """FLOPs of a convolution's gradients: each multiplies the same pairs of elements as the forward pass."""
    _bias, _stride, _padding, _dilation, transposed, _output_padding, _groups, output_mask = rest
    forward = conv_flop_count(list(x.shape), list(weight.shape), list(grad.shape), transposed)
    return int(forward) * (bool(output_mask[0]) + bool(output_mask[1]))


_OWN: dict[Any, Callable[..., int]] = {torch.ops.aten.convolution_backward: _convolution_backward}


class Tally(TorchDispatchMode):
    """Adds up the work of every operator that reaches the device.

    Args:
        weights: parameters and buffers; tensors computed from them alone count as weights too.

    Attributes:
        macs: multiply-adds.
        activations: output elements of convolution and linear operators.
        other: output elements of operators without a formula.
        uncounted: names of compute operators without a formula.
        work: how often each (macs, activation bytes, weight bytes) occurred, in order of first appearance.
        operators: the same by kind of operator: how often each (kind, macs, activation bytes, weight bytes) occurred.
    """

    def __init__(self, weights: Iterable[torch.Tensor] = ()) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self.macs = 0
        self.activations = 0
        self.other = 0
        self.uncounted: set[str] = set()
        self.work: Counter[tuple[int, int, int]] = Counter()
        self.operators: Counter[tuple[str, int, int, int]] = Counter()
        self._weights: dict[int, Any] = {}
        self._hold(weights)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        packet = func.overloadpacket
        formula = _OWN.get(packet) or flop_registry.get(packet)
        if formula is None:
            with self:
                result = func.decompose(*args, **kwargs)
            if result is not NotImplemented:
                return result
        result = func(*args, **kwargs)
        flops = 0 if formula is None else formula(*args, **kwargs, out_val=result)
        self._count(func, flops // 2, formula is not None, tensor_leaves(result))
        self._count_bytes(func, args, flops // 2, tensor_leaves((args, kwargs)), _written(func, args, result))
        return result

    def _count(self, func: Any, macs: int, has_formula: bool, outputs: list[torch.Tensor]) -> None:
        name = str(func.overloadpacket)
        elements = sum(t.numel() for t in outputs)
        self.macs += macs
        if name in _WITH_ACTIVATIONS:
            self.activations += elements
        elif not has_formula and not func.is_view:
            self.other += elements
            if _COMPUTE.search(name.removeprefix("aten.")):
                self.uncounted.add(name)

    def _count_bytes(
        self, func: Any, args: tuple[Any, ...], macs: int, inputs: list[torch.Tensor], outputs: list[torch.Tensor]
    ) -> None:
        """Count the bytes an operator moves, and remember outputs that depend on weights alone."""
        if func.is_view or str(func.overloadpacket) in _UNTOUCHED or _returns_inputs(func, inputs, outputs):
            return
        if inputs and all(self._is_weight(t) for t in inputs):
            self._hold(outputs)
        activations = weights = 0
        for tensor in (*inputs, *outputs):
            if self._is_weight(tensor):
                weights += _bytes(tensor)
            else:
                activations += _bytes(tensor)
        self.work[macs, activations, weights] += 1
        self.operators[kind_of(func, args, any(map(self._is_weight, inputs))), macs, activations, weights] += 1

    def _is_weight(self, tensor: torch.Tensor) -> bool:
        return _address(tensor) in self._weights

    def _hold(self, tensors: Iterable[torch.Tensor]) -> None:
        """Keep the storages, so that no later one gets the address of a weight."""
        self._weights.update((_address(t), t.untyped_storage()) for t in tensors)


def _written(func: Any, args: tuple[Any, ...], result: Any) -> list[torch.Tensor]:
    """Outputs with content: batch normalisation writes its statistics only in training (argument 5)."""
    name = str(func.overloadpacket)
    inference = name == "aten._native_batch_norm_legit_no_training" or (
        name == "aten.native_batch_norm" and not args[5]
    )
    return tensor_leaves(result)[:1] if inference else tensor_leaves(result)


def tensor_leaves(tree: Any) -> list[torch.Tensor]:
    """All tensors in nested tuples, lists and dictionaries."""
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, torch.Tensor)]


def _address(tensor: torch.Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)  # noqa: SLF001 - the only name of a storage that has no data


def _bytes(tensor: torch.Tensor) -> int:
    """Bytes that reading the tensor moves: an expanded tensor stores fewer elements than it has."""
    return min(tensor.numel() * tensor.element_size(), tensor.untyped_storage().nbytes())


def _returns_inputs(func: Any, inputs: list[torch.Tensor], outputs: list[torch.Tensor]) -> bool:
    """Whether an operator returns its input's memory unchanged, though torch does not call it a view."""
    if func._schema.is_mutable:  # noqa: SLF001 - torch has no public name for "works in place"
        return False
    input_addresses = {_address(t) for t in inputs}
    return bool(outputs) and all(_address(t) in input_addresses for t in outputs)

"""Work of one pass, operator by operator: multiply-adds and the bytes that each operator reads and writes.

Formulas and decomposition of composite operators follow ``torch.utils.flop_counter`` (2 FLOPs per multiply-add, halved
here). Its ``FlopCounterMode`` also tracks modules, and fails for those that take a parameter as an input. One formula
is our own: torch's for the backward of a convolution ignores the groups, and gives EfficientNet-B0 42 times its forward
pass where 3 times is right.
"""

from __future__ import annotations

import re
import weakref
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.flop_counter import conv_flop_count, flop_registry

from scalebench.model.meta_operators import DispatchMode, Signature, address, describe, operators_met, tensor_leaves
from scalebench.model.operators import kind_of

_WITH_ACTIVATIONS = {"aten.convolution", "aten._convolution", "aten.addmm", "aten.mm", "aten.linear"}
# Resampling ("upsample_bilinear2d") mixes neighbours with fixed weights: no product of the convention.
_COMPUTE = re.compile(
    r"^(?!upsample).*(mm|conv|attention|linear|einsum|multi_head|transformer_encoder|lstm|gru|matmul)"
)
_UNTOUCHED = {"aten.empty", "aten.empty_like", "aten.new_empty", "aten.empty_strided", "aten.new_empty_strided"}
"""Operators that only reserve memory."""
_INFERENCE_NORM = torch.ops.aten._native_batch_norm_legit_no_training  # noqa: SLF001 - it has no public name


def _convolution_backward(grad: torch.Tensor, x: torch.Tensor, weight: torch.Tensor, *rest: Any, **_: Any) -> int:
    """FLOPs of a convolution's gradients: each multiplies the same pairs of elements as the forward pass."""
    _bias, _stride, _padding, _dilation, transposed, _output_padding, _groups, output_mask = rest
    forward = conv_flop_count(list(x.shape), list(weight.shape), list(grad.shape), transposed)
    return int(forward) * (bool(output_mask[0]) + bool(output_mask[1]))


def _attention(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *_: Any, **__: Any) -> int:
    """FLOPs of both products of attention, as its decomposition has them, causal or not."""
    products = query.shape[-1] + value.shape[-1]
    return 2 * query[..., 0].numel() * key.shape[-2] * products


def _attention_backward(_grad: torch.Tensor, *args: Any, **_: Any) -> int:
    """FLOPs of two gradients for each product; torch's own formula adds what a kernel computes again."""
    return 2 * _attention(*args[:3])


_OWN: dict[Any, Callable[..., int]] = {
    torch.ops.aten.convolution_backward: _convolution_backward,
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _attention,  # noqa: SLF001 - no public name
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward: _attention_backward,  # noqa: SLF001
}


@dataclass(frozen=True, eq=False)  # counted by identity, which is faster; the calls of one signature share it
class CallEffect:
    """What one call adds to a tally; ``group`` is (kind, macs, activation bytes, weight bytes) where bytes move."""

    macs: int = 0
    activations: int = 0
    other: int = 0
    uncounted: str = ""
    group: tuple[str, int, int, int] | None = None
    gives_weights: bool = False  # whether its outputs depend on weights alone


class Tally(DispatchMode):
    """Adds up the work of every operator that reaches the device.

    Args:
        weights: parameters and buffers; tensors computed from them alone count as weights too.
        on_result: called with every operator, its arguments and its result; those that a composite consists of are not.

    Attributes:
        calls: how often each effect occurred, in order of first appearance.
    """

    def __init__(
        self,
        weights: Iterable[torch.Tensor] = (),
        on_result: Callable[[Any, tuple[Any, ...], Any], None] | None = None,
    ) -> None:
        super().__init__()
        self.calls: Counter[CallEffect] = Counter()
        self._operators_met = operators_met()
        self._formulas: dict[Any, Callable[..., int] | None] = {}  # of operators that are not composed of others
        self._on_result = on_result
        self._parts: list[CallEffect] | None = None  # effects within a composite operator
        self._resident = list(weights)  # alive as long as their addresses are remembered
        self._weights = set(map(address, self._resident))

    @property
    def macs(self) -> int:
        """Multiply-adds."""
        return sum(effect.macs * number for effect, number in self.calls.items())

    @property
    def activations(self) -> int:
        """Output elements of convolution and linear operators."""
        return sum(effect.activations * number for effect, number in self.calls.items())

    @property
    def other(self) -> int:
        """Output elements of operators without a formula."""
        return sum(effect.other * number for effect, number in self.calls.items())

    @property
    def uncounted(self) -> set[str]:
        """Names of compute operators without a formula."""
        return {effect.uncounted for effect in self.calls if effect.uncounted}

    @property
    def operators(self) -> Counter[tuple[str, int, int, int]]:
        """How often each (kind, macs, activation bytes, weight bytes) occurred, in order of first appearance."""
        groups: Counter[tuple[str, int, int, int]] = Counter()
        for effect, number in self.calls.items():
            if effect.group:
                groups[effect.group] += number
        return groups

    @property
    def work(self) -> Counter[tuple[int, int, int]]:
        """The same whatever the kind of operator."""
        groups: Counter[tuple[int, int, int]] = Counter()
        for group, number in self.operators.items():
            groups[group[1:]] += number
        return groups

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        with torch._C.DisableTorchFunction():  # noqa: SLF001 - else every attribute of a tensor asks function modes
            result = self._count(func, args, kwargs or {})
            if self._on_result and self._parts is None:
                self._on_result(func, args, result)
        return result

    def _count(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if func.is_view and func in self._formulas:
            return func(*args, **kwargs)
        signature, addresses = describe(func, args, kwargs)
        weighted = tuple([a in self._weights for a in addresses]) if self._weights else (False,) * len(addresses)
        met = self._operators_met.find(signature)
        effects = met.effects.get(weighted) if met else None
        if met is None or effects is None:
            return self._count_first(func, args, kwargs, signature, weighted)
        result = met.make() if met.make else args[0]
        self._add(effects, result)
        return result

    def _count_first(
        self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], signature: Signature, weighted: tuple[bool, ...]
    ) -> Any:
        """Count a call that was not met with these weights, and remember its effects where it can be."""
        if func not in self._formulas:
            formula = _OWN.get(func.overloadpacket) or flop_registry.get(func.overloadpacket)
            if formula is None:
                result = self._decompose(func, args, kwargs, signature, weighted)
                if result is not NotImplemented:
                    return result
            self._formulas[func] = formula
        if func.is_view:
            return func(*args, **kwargs)
        formula = self._formulas[func]
        result, met = self._operators_met.run(func, args, kwargs)
        macs = formula(*args, **kwargs, out_val=result) // 2 if formula else 0
        inputs = list(zip(tensor_leaves((args, kwargs)), weighted, strict=True))
        effects = (_effect(func, args, macs, formula is not None, inputs, result),)
        if met:
            met.effects[weighted] = effects
        self._add(effects, result)
        return result

    def _decompose(
        self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], signature: Signature, weighted: tuple[bool, ...]
    ) -> Any:
        """Count the operators that ``func`` is composed of; NotImplemented where it is not composed of others."""
        outer, self._parts = self._parts, []
        try:
            with self:
                result = func.decompose(*args, **kwargs)
        finally:
            effects, self._parts = tuple(self._parts), outer
        if outer is not None:
            outer += effects
        are_weights = {self._is_weight(tensor) for tensor in tensor_leaves(result)}
        if are_weights == {bool(effects) and effects[-1].gives_weights}:  # as a call met again concludes
            met = self._operators_met.find(signature) or self._operators_met.remember(signature, args, kwargs, result)
            if met:
                met.effects[weighted] = effects
        return result

    def _add(self, effects: tuple[CallEffect, ...], result: Any) -> None:
        for effect in effects:
            self.calls[effect] += 1
        if self._parts is not None:
            self._parts += effects
        if effects and effects[-1].gives_weights:
            self._hold(tensor_leaves(result))

    def _is_weight(self, tensor: torch.Tensor) -> bool:
        return address(tensor) in self._weights

    def _hold(self, tensors: Iterable[torch.Tensor]) -> None:
        """Remember the storages while they live: a later one may get the same address."""
        for tensor in tensors:
            self._weights.add(address(tensor))
            weakref.finalize(tensor.untyped_storage(), self._weights.discard, address(tensor))


def _effect(
    func: Any, args: tuple[Any, ...], macs: int, has_formula: bool, inputs: list[tuple[torch.Tensor, bool]], result: Any
) -> CallEffect:
    """Effect of one call; ``inputs`` are its tensors, each with whether it is a weight."""
    name = str(func.overloadpacket)
    elements = sum(t.numel() for t in tensor_leaves(result))
    convolving = name in _WITH_ACTIVATIONS
    other = not convolving and not has_formula
    uncounted = name if other and _COMPUTE.search(name.removeprefix("aten.")) else ""
    counts = (macs, elements if convolving else 0, elements if other else 0, uncounted)
    outputs = written(func, args, result)
    if name in _UNTOUCHED or _returns_inputs(func, [tensor for tensor, _ in inputs], outputs):
        return CallEffect(*counts)
    weighted = [is_weight for _, is_weight in inputs]
    gives_weights = bool(inputs) and all(weighted)
    inputs_of = {address(tensor): is_weight for tensor, is_weight in inputs}
    moved = [*inputs, *((output, inputs_of.get(address(output), gives_weights)) for output in outputs)]
    activations, weights = (sum(_bytes(t) for t, is_weight in moved if is_weight == kind) for kind in (False, True))
    return CallEffect(*counts, (kind_of(func, args, any(weighted)), macs, activations, weights), gives_weights)


def written(func: Any, args: tuple[Any, ...], result: Any) -> list[torch.Tensor]:
    """Outputs with content: batch normalisation writes its statistics only in training (argument 5)."""
    packet = func.overloadpacket
    inference = packet is _INFERENCE_NORM or (packet is torch.ops.aten.native_batch_norm and not args[5])
    return tensor_leaves(result)[:1] if inference else tensor_leaves(result)


def _bytes(tensor: torch.Tensor) -> int:
    """Bytes that reading the tensor moves: an expanded tensor stores fewer elements than it has."""
    return min(tensor.numel() * tensor.element_size(), tensor.untyped_storage().nbytes())


def _returns_inputs(func: Any, inputs: list[torch.Tensor], outputs: list[torch.Tensor]) -> bool:
    """Whether an operator returns its input's memory unchanged, though torch does not call it a view."""
    if func._schema.is_mutable:  # noqa: SLF001 - torch has no public name for "works in place"
        return False
    input_addresses = {address(t) for t in inputs}
    return bool(outputs) and all(address(t) in input_addresses for t in outputs)

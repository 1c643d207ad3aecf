"""Runs operators on the meta device, each distinct call once: torch computes their shapes in slow Python."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any

import torch
from torch.utils._pytree import tree_leaves, tree_map_only

Signature = tuple[Hashable, ...]
_IN_PLACE = object()
"""Stands for "the first argument" where an operator returns it."""


class MetaOperators:
    """Operators met before give new tensors of the shapes that the first call gave.

    Meta tensors hold no data, so a repeated call differs from the first one in nothing else. Views and other outputs
    that share memory with an input are computed every time.
    """

    def __init__(self) -> None:
        self._results: dict[Signature, Any] = {}

    def run(self, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, Signature | None]:
        """The result of a call, and the signature under which it is known; None where it has to run every time."""
        if func.is_view:
            return func(*args, **kwargs), None
        signature = (func, *_described((*args, *kwargs.items())))
        result = self._results.get(signature)
        if result is _IN_PLACE:
            return args[0], signature
        if result is not None:
            return tree_map_only(_Layout, _Layout.tensor, result), signature
        result = func(*args, **kwargs)
        if args and result is args[0]:
            self._results[signature] = _IN_PLACE
        elif _is_new(result, tensor_leaves((args, kwargs))):
            self._results[signature] = tree_map_only(torch.Tensor, _Layout, result)
        return result, signature if signature in self._results else None


class _Layout:
    """Shape, strides and type of a tensor without storage."""

    __slots__ = ("dtype", "shape", "strides")

    def __init__(self, tensor: torch.Tensor) -> None:
        self.shape, self.strides, self.dtype = tensor.shape, tensor.stride(), tensor.dtype

    def tensor(self) -> torch.Tensor:
        return torch.empty_strided(self.shape, self.strides, dtype=self.dtype, device="meta")


def _described(values: Iterable[Any]) -> Iterator[Hashable]:
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value.shape, value.stride(), value.dtype, value.untyped_storage().nbytes()
        elif isinstance(value, (tuple, list)):
            yield len(value)
            yield from _described(value)
        else:  # 1, 1.0 and True are equal, and promote types differently
            yield type(value), value


def _is_new(result: Any, inputs: list[torch.Tensor]) -> bool:
    """Whether all outputs are meta tensors with memory of their own."""
    taken = {address(tensor) for tensor in inputs}
    outputs = tensor_leaves(result)
    return bool(outputs) and all(
        output.device.type == "meta" and output.layout == torch.strided and address(output) not in taken
        for output in outputs
    )


def tensor_leaves(tree: Any) -> list[torch.Tensor]:
    """All tensors in nested tuples, lists and dictionaries."""
    if isinstance(tree, torch.Tensor):
        return [tree]
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, torch.Tensor)]


def address(tensor: torch.Tensor) -> int:
    """Names a tensor's storage while that lives."""
    return int(tensor.untyped_storage()._cdata)  # noqa: SLF001 - the only name of a storage that has no data

"""Runs operators on the meta device, each distinct call once: torch computes their shapes in slow Python."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from scalebench.model import meta_shapes

_META = torch.device("meta")
_MOST = 20_000
"""Calls that are remembered at most, about 2 KB each."""
_NUMBERS = {int, float, bool}
Signature = tuple[Hashable, ...]


class DispatchMode(TorchDispatchMode):
    """A mode without the wrapper that torch puts around its calls so that nothing in them is compiled."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it untyped

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Nothing here is compiled, and the wrapper costs time and imports ``torch._dynamo``."""
        return False


@dataclass(frozen=True, eq=False)
class Met:
    """A call that was met before, by its function and the layout of its arguments.

    Attributes:
        make: gives its result anew; None where it returns its first argument.
        effects: what a tally computed from such a call, and from those that it is composed of, by which inputs are
            weights.
    """

    make: Callable[[], Any] | None
    effects: dict[tuple[bool, ...], tuple[Any, ...]] = field(default_factory=dict)


class MetaOperators:
    """Operators met before give new tensors of the shapes that the first call gave.

    Meta tensors hold no data, so a repeated call differs from the first one in nothing else. Views and other outputs
    that share memory with an input are computed every time.
    """

    def __init__(self) -> None:
        self._met: dict[Signature, Met] = {}

    def find(self, signature: Signature) -> Met | None:
        """What is known of calls of a signature."""
        return self._met.get(signature)

    def run(self, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, Met | None]:
        """The result of a call, and what is known of such calls; None where it has to run every time."""
        if func.is_view:
            return func(*args, **kwargs), None
        signature, _ = describe(func, args, kwargs)
        met = self._met.get(signature)
        if met is not None:
            return met.make() if met.make else args[0], met
        result = None if kwargs else meta_shapes.result(func, args)
        if result is None:
            result = func(*args, **kwargs)
        return result, self.remember(signature, args, kwargs, result)

    def remember(
        self, signature: Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any], result: Any
    ) -> Met | None:
        """Remember what a call gave; None where the next one may share other memory."""
        if args and result is args[0]:
            met = Met(None)
        elif _is_new(result, tensor_leaves((args, kwargs))):
            met = Met(_maker(result))
        else:
            return None
        if len(self._met) >= _MOST:
            self._met.clear()
        self._met[signature] = met
        return met


@cache
def operators_met() -> MetaOperators:
    """Those of this process: models of a family have most of their calls in common."""
    return MetaOperators()


def _maker(result: Any) -> Callable[[], Any]:
    """Makes new tensors of the layout of ``result``, a tensor or a sequence of tensors and other values."""
    if isinstance(result, torch.Tensor):
        return partial(torch.empty_strided, result.shape, result.stride(), dtype=result.dtype, device=_META)
    if isinstance(result, (tuple, list)):
        kind, makers = type(result), [_maker(part) for part in result]
        return lambda: kind([make() for make in makers])
    return lambda: result


def describe(func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Signature, list[int]]:
    """Signature of a call: function and layout of its arguments; and the addresses of its tensors, in order."""
    description: list[Hashable] = [func]
    addresses: list[int] = []
    _describe(args, description, addresses)
    if kwargs:
        _describe(kwargs.items(), description, addresses)
    return tuple(description), addresses


def _describe(values: Iterable[Any], description: list[Hashable], addresses: list[int]) -> None:
    for value in values:
        if isinstance(value, torch.Tensor):
            storage = value.untyped_storage()
            addresses.append(storage._cdata)  # noqa: SLF001 - as in ``address``
            description += (value.is_meta, value.shape, value.stride(), value.dtype, storage.nbytes())
        elif isinstance(value, (tuple, list)):
            kinds = tuple(map(type, value))
            description.append(kinds)
            if _NUMBERS.issuperset(kinds):
                description += value
            else:
                _describe(value, description, addresses)
        else:  # 1, 1.0 and True are equal, and promote types differently
            description.append(type(value))  # type: ignore[arg-type]  # a class is hashable
            description.append(value)


def _is_new(result: Any, inputs: list[torch.Tensor]) -> bool:
    """Whether all outputs are meta tensors with memory of their own."""
    taken = {address(tensor) for tensor in inputs}
    outputs = tensor_leaves(result)
    return bool(outputs) and all(
        output.is_meta and output.layout == torch.strided and address(output) not in taken for output in outputs
    )


def tensor_leaves(tree: Any) -> list[torch.Tensor]:
    """All tensors in nested tuples, lists and dictionaries."""
    leaves: list[torch.Tensor] = []
    _collect(tree, leaves)
    return leaves


def _collect(tree: Any, leaves: list[torch.Tensor]) -> None:
    """Append the tensors of ``tree``; torch's own walk, for types that it knows, takes ten times as long."""
    if isinstance(tree, torch.Tensor):
        leaves.append(tree)
    elif isinstance(tree, (tuple, list, dict)):
        for branch in tree.values() if isinstance(tree, dict) else tree:
            _collect(branch, leaves)
    elif tree is not None and not isinstance(tree, (int, float, str)):
        leaves += (leaf for leaf in tree_leaves(tree) if isinstance(leaf, torch.Tensor))


def address(tensor: torch.Tensor) -> int:
    """Names a tensor's storage while that lives."""
    return int(tensor.untyped_storage()._cdata)  # noqa: SLF001 - the only name of a storage that has no data

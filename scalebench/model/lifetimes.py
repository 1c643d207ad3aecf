"""Lifetimes of storages through a pass."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode

from scalebench.model.meta_operators import address
from scalebench.model.work import written


class FusedAttentionError(Exception):
    """The model has attention, which the meta device decomposes."""


class Lifetimes:
    """The sum of live storages and its peak, in bytes, from the results of operators as they come.

    Attributes:
        live, peak: bytes.
        fused_attention: whether attention was called, which the meta device decomposes; ``peak`` is then too high.
    """

    def __init__(self, resident: Iterable[torch.Tensor]) -> None:
        self.live = 0
        self.peak = 0
        self._seen: set[int] = set()
        self.fused_attention = False
        for tensor in resident:
            self._hold(tensor)

    @contextmanager
    def watching(self, images: torch.Tensor, refuse_attention: bool = False) -> Iterator[None]:
        """Watch a pass over ``images``.

        Raises:
            FusedAttentionError: attention is called, and refused.
        """
        self._hold(images)
        with _NoteAttention(self, refuse_attention):
            yield

    def add(self, func: Any, args: tuple[Any, ...], result: Any) -> None:
        """An operator has returned ``result``."""
        for tensor in written(func, args, result):
            self._hold(tensor)

    def _hold(self, tensor: torch.Tensor) -> None:
        storage, name = tensor.untyped_storage(), address(tensor)
        if name in self._seen:
            return
        self._seen.add(name)
        self.live += storage.nbytes()
        self.peak = max(self.peak, self.live)
        weakref.finalize(storage, self._release, name, storage.nbytes())

    def _release(self, name: int, size: int) -> None:
        self._seen.discard(name)
        self.live -= size


class _NoteAttention(TorchFunctionMode):
    def __init__(self, lifetimes: Lifetimes, refuse: bool) -> None:
        super().__init__()
        self._lifetimes = lifetimes
        self._refuse = refuse

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is scaled_dot_product_attention:
            self._lifetimes.fused_attention = True
            if self._refuse:
                raise FusedAttentionError
        return func(*args, **(kwargs or {}))

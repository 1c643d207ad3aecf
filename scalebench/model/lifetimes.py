"""Lifetimes of storages through a pass."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch

from scalebench.model.meta_operators import address
from scalebench.model.work import written

_ATTENTION = torch.ops.aten.scaled_dot_product_attention.default
_KERNEL = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu.default  # noqa: SLF001 - it has no public name


class FusedAttentionError(Exception):
    """The model has attention, and it is not clear which kernel a CPU would take."""


class Lifetimes:
    """The sum of live storages and its peak, in bytes, from the results of operators as they come.

    Attributes:
        live, peak: bytes.
        fused_attention: whether attention was decomposed in a pass that does not fuse it; ``peak`` is then wrong.
    """

    def __init__(self, resident: Iterable[torch.Tensor]) -> None:
        self._resident = {address(tensor): tensor.untyped_storage() for tensor in resident}
        self.live = self.peak = sum(storage.nbytes() for storage in self._resident.values())
        self._passing: dict[int, weakref.ref[torch.UntypedStorage]] = {}
        self.fused_attention = False

    @contextmanager
    def watching(self, images: torch.Tensor, fuse: bool = False) -> Iterator[None]:
        """Watch a pass over ``images`` on the meta device.

        Args:
            images: input of the pass.
            fuse: call attention's kernel in place of its decomposition, which leaves its output in another layout; else
                nothing is watched from the first attention on.

        Raises:
            FusedAttentionError: it is not clear which kernel a CPU would take.
        """

        def attend(*args: Any, **options: Any) -> Any:
            if fuse:
                return _attention(*args, **options)
            self.fused_attention = True
            return _ATTENTION.decompose(*args, **options)

        self._hold(images)
        # A function mode would be asked about every call of the model. The registration costs 0.2 ms.
        library = torch.library.Library("aten", "IMPL")
        library.impl("scaled_dot_product_attention", attend, "AutogradMeta")
        try:
            yield
        finally:
            library._destroy()  # noqa: SLF001 - as ``torch.library._scoped_library`` does

    def add(self, func: Any, args: tuple[Any, ...], result: Any) -> None:
        """An operator has returned ``result``."""
        if self.fused_attention:
            return
        if isinstance(result, torch.Tensor):
            self._hold(result)
            return
        for tensor in written(func, args, result):
            self._hold(tensor)

    def _hold(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        name = storage._cdata  # noqa: SLF001 - as in ``address``
        if name in self._passing or name in self._resident:
            return
        size = storage.nbytes()
        self._passing[name] = weakref.ref(storage, partial(self._release, name, size))
        self.live += size
        self.peak = max(self.peak, self.live)

    def _release(self, name: int, size: int, _reference: object) -> None:
        del self._passing[name]
        self.live -= size


def _attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0, is_causal: bool = False, *, scale: float | None = None, enable_gqa: bool = False,
) -> torch.Tensor:  # fmt: skip
    """Attention by the kernel that a CPU takes; where the choice is not plain, the signal to use fake tensors.

    The conditions are those of ``use_flash_attention_cpp`` in torch's ``sdp_utils_cpp.cpp``.
    """
    tensors = (query, key, value)
    if enable_gqa or any(t.dtype != torch.float32 for t in (*tensors, *([] if attn_mask is None else [attn_mask]))):
        raise FusedAttentionError
    shaped = all(t.dim() == 4 and t.stride(-1) == 1 and t.numel() for t in tensors)
    same = shaped and len({(*t.shape[:2], t.shape[3]) for t in tensors}) == 1
    if not same or dropout_p or not (attn_mask is None or _mask_fits(attn_mask, query, key)):
        decomposed: torch.Tensor = _ATTENTION.decompose(*tensors, attn_mask, dropout_p, is_causal, scale=scale)
        return decomposed
    output: torch.Tensor = _KERNEL(query, key, value, dropout_p, is_causal, attn_mask=attn_mask, scale=scale)[0]
    return output


def _mask_fits(mask: torch.Tensor, query: torch.Tensor, key: torch.Tensor) -> bool:
    """Whether the kernel takes the mask: it has no gradient for it, and broadcasts two or four dimensions."""
    scores = (*query.shape[:3], key.shape[2])
    broadcasts = all(side in (1, full) for side, full in zip(reversed(mask.shape), reversed(scores), strict=False))
    return not mask.requires_grad and mask.dim() in (2, 4) and broadcasts

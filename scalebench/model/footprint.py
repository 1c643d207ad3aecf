"""Static peak memory: storage lifetimes through one pass, without a device and without data.

The meta device decomposes attention into an N^2 matrix (6.6 times too much for ViT-B/16 at 768 pixels). The kernel that
a CPU takes is called in its place. Where it is not clear which one that is, the model takes fake CPU tensors, at ten
times the cost. The figure is a lower-bound estimate: real processes add library scratch and allocator slack, 0.9 to 1.9
times in practice.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from scalebench.errors import BuildError
from scalebench.model.input_images import blank_images, channels_in
from scalebench.model.lifetimes import FusedAttentionError, Lifetimes
from scalebench.model.meta_operators import DispatchMode, operators_met, tensor_leaves
from scalebench.model.work import Tally


class _Observed(DispatchMode):
    """Tells ``lifetimes`` of every operator; on the meta device runs what it met before."""

    def __init__(self, lifetimes: Lifetimes, on_meta: bool) -> None:
        super().__init__()
        self._lifetimes = lifetimes
        self._operators = operators_met() if on_meta else None

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        with torch._C.DisableTorchFunction():  # noqa: SLF001 - see ``Tally``
            result = self._operators.run(func, args, kwargs)[0] if self._operators else func(*args, **kwargs)
            self._lifetimes.add(func, args, result)
        return result


def static_peak(model: nn.Module, resolution: int, batch: int = 1, training: bool = False) -> int:
    """Peak bytes of weights, input (batch x channels x resolution x resolution) and live tensors in one pass.

    With ``training`` forward in train mode and backward; gradients count. The optimiser's state, which depends on the
    case, does not: see ``suite/case.py:OPTIMIZER_STATES``. The model is on the meta device and does not change.

    Raises:
        BuildError: the pass fails.
    """
    try:
        try:
            return _peak_on_meta(model, resolution, batch, training)
        except FusedAttentionError:
            return _peak_of_fakes(model, resolution, batch, training)
    except Exception as error:  # a model's forward pass raises whatever it likes
        raise BuildError(f"static memory: {type(error).__name__}: {error}") from error


def peak_and_macs_of_training(model: nn.Module, resolution: int) -> tuple[int, int]:
    """What ``static_peak`` and ``training_macs`` give for training on one image, in a single pass.

    Raises:
        BuildError: the pass fails in full train mode, or has an operator without a formula or attention whose kernel is
            not clear.
    """
    images, buffers = blank_images(model, resolution), dict(model.named_buffers())
    lifetimes = Lifetimes([*model.parameters(), *buffers.values()])
    tally = Tally(on_result=lifetimes.add)
    try:
        with lifetimes.watching(images, fuse=True), tally:
            _one_pass(model, buffers, images, True)
    except Exception as error:
        raise BuildError(f"training: {type(error).__name__}: {error}") from error
    if tally.uncounted:
        raise BuildError(f"training: no formula for {', '.join(sorted(tally.uncounted))}")
    return lifetimes.peak, tally.macs


def _peak_on_meta(model: nn.Module, resolution: int, batch: int, training: bool) -> int:
    images, buffers = blank_images(model, resolution, batch), dict(model.named_buffers())
    lifetimes = Lifetimes([*model.parameters(), *buffers.values()])
    with lifetimes.watching(images, fuse=True), _Observed(lifetimes, on_meta=True):
        _one_pass(model, buffers, images, training)
    return lifetimes.peak


def _peak_of_fakes(model: nn.Module, resolution: int, batch: int, training: bool) -> int:
    with FakeTensorMode(allow_non_fake_inputs=True) as fake:
        state = {
            name: _fake_like(tensor, isinstance(tensor, nn.Parameter))
            for name, tensor in [*model.named_parameters(), *model.named_buffers()]
        }
        images = torch.empty(batch, channels_in(model), resolution, resolution)
        lifetimes = Lifetimes([*state.values(), images])
        with fake, _Observed(lifetimes, on_meta=False):
            _one_pass(model, state, images, training)
    return lifetimes.peak


def _loss(output: Any) -> torch.Tensor:
    """Sum over all outputs: features and detectors give several."""
    leaves = [leaf for leaf in tensor_leaves(output) if leaf.requires_grad]
    return torch.stack([leaf.sum() for leaf in leaves]).sum() if len(leaves) > 1 else leaves[0].sum()


def _fake_like(tensor: torch.Tensor, is_parameter: bool) -> torch.Tensor:
    empty = torch.empty(tensor.shape, dtype=tensor.dtype)
    return nn.Parameter(empty, requires_grad=tensor.requires_grad) if is_parameter else empty


def _one_pass(model: nn.Module, state: dict[str, torch.Tensor], images: torch.Tensor, training: bool) -> None:
    was_training = model.training
    if was_training != training:  # walking through all modules takes as long as many operators
        model.train(training)
    try:
        with torch.set_grad_enabled(training):
            output = torch.func.functional_call(model, state, (images,))
            if training:
                _loss(output).backward()
    finally:
        if was_training != training:
            model.train(was_training)
        if training:
            model.zero_grad(set_to_none=True)

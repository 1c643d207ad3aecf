"""Multiply-adds of one training step: forward and backward on the meta device, without weights or memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from scalebench.errors import BuildError
from scalebench.model.input_images import blank_images
from scalebench.model.meta_operators import tensor_leaves
from scalebench.model.work import Tally


def training_macs(model: nn.Module, resolution: int) -> int:
    """Multiply-adds of forward and backward on one image, optimiser not included.

    Every product has two gradients of its own cost, so a step needs three times the forward pass, less the first
    layer's gradient of the image. Nothing is recomputed, as fused attention and checkpointing would do. The model is on
    the meta device and does not change.

    Raises:
        BuildError: the step fails, or has a compute operator without a formula.
    """
    image = blank_images(model, resolution)
    weights = [p for p in model.parameters() if p.requires_grad]
    tally = Tally()
    try:
        with _training(model), torch.enable_grad(), tally:
            losses = [output.sum() for output in tensor_leaves(model(image)) if output.requires_grad]
            torch.autograd.grad(losses, weights, allow_unused=True)
    except Exception as error:  # a model's passes raise whatever they like
        raise BuildError(f"training MACs: {type(error).__name__}: {error}") from error
    if tally.uncounted:
        raise BuildError(f"training MACs: no formula for {', '.join(sorted(tally.uncounted))}")
    return tally.macs


@contextmanager
def _training(model: nn.Module) -> Iterator[None]:
    """Train mode, except for batch normalisation.

    In train mode it rejects a single value per channel, which one image gives after global pooling. It has no products
    in either mode, so the count is the same. Half the count of two images would differ in models that also multiply
    weights with each other.
    """
    was_training = model.training
    model.train()
    try:
        for module in model.modules():
            if isinstance(module, _BatchNorm):
                module.eval()
        yield
    finally:
        model.train(was_training)

"""Training steps: forward, loss, backward, optimiser, on random labels."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from scalebench.errors import BuildError
from scalebench.measure.runtimes.torchlike import autocast, images_as_asked, module_as_asked
from scalebench.model.meta_operators import tensor_leaves
from scalebench.suite.case import Case
from scalebench.suite.precisions import PRECISIONS

OPTIMIZERS: dict[str, Any] = {
    "sgd": lambda weights: torch.optim.SGD(weights, lr=0.01, momentum=0.9, weight_decay=1e-4),
    "adamw": lambda weights: torch.optim.AdamW(weights, lr=1e-4, weight_decay=0.05),
}
"""Momentum and decay of the common recipes; learning rates are low, so that training stays stable."""


class Steps:
    """A model on the case's device in training mode, with its optimiser. A call runs one whole step.

    Raises:
        BuildError: the model cannot recompute activations.
    """

    def __init__(self, model: nn.Module, case: Case) -> None:
        self._case = case
        module = module_as_asked(model, case).train()
        if case.checkpointing:
            _checkpoint(module, case.model)
        self._module = torch.compile(module, dynamic=False) if case.runtime == "compile" else module
        self._optimizer = OPTIMIZERS[case.optimizer](module.parameters())
        scaled = PRECISIONS[case.precision].autocast == "float16" and not case.kind.on_host
        self._scaler = torch.amp.GradScaler(case.kind.device_type, enabled=scaled)
        self._losses: list[torch.Tensor] = []

    def __call__(self, images: torch.Tensor) -> None:
        """One step on images, batch x 3 x side x side."""
        self.update(self.backward(self.forward(images)))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Loss of the images, a scalar."""
        with autocast(self._case):
            outputs = self._module(images_as_asked(images, self._case))
            return self._loss(outputs)

    def _loss(self, outputs: Any) -> torch.Tensor:
        """Cross entropy, labels given by the position in the batch; mean square for dense outputs."""
        leaves = tensor_leaves(outputs)
        if len(leaves) > 1 or leaves[0].ndim != 2:
            return torch.stack([leaf.float().square().mean() for leaf in leaves]).sum()
        labels = torch.arange(len(leaves[0]), device=leaves[0].device) % leaves[0].shape[1]
        return functional.cross_entropy(leaves[0].float(), labels)

    def backward(self, loss: torch.Tensor) -> torch.Tensor:
        """Compute the gradients of all weights; returns the loss."""
        self._scaler.scale(loss).backward()
        self._losses.append(loss.detach())
        return loss

    def update(self, _: torch.Tensor) -> None:
        """The optimiser's step; gradients are reset."""
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self._optimizer.zero_grad(set_to_none=True)

    def losses(self, most: int) -> list[float | None]:
        """Losses of the first steps, at most ``most``; None for a loss that is not finite."""
        values = [float(loss) for loss in self._losses[:most]]
        return [value if math.isfinite(value) else None for value in values]

    @property
    def finite(self) -> bool:
        """Whether the loss of every step so far was a finite number."""
        return bool(torch.stack(self._losses).isfinite().all()) if self._losses else True


def _checkpoint(module: nn.Module, name: str) -> None:
    enable: Any = getattr(module, "set_grad_checkpointing", None)
    if enable is None:
        raise BuildError(f"{name} cannot recompute activations", "remove checkpointing: true for this model")
    enable(True)

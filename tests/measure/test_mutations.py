"""Verification notices when any one tensor of a model has other values: no layer is hidden from it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from scalebench.measure.reference import make_reference
from scalebench.measure.runtimes.eager import Eager
from scalebench.measure.session import example
from scalebench.measure.verify import verify
from scalebench.suite.case import Case


def unnoticed(name: str, resolution: int, most: int) -> list[str]:
    """Names of tensors, of at most ``most`` evenly taken ones, whose replacement fp32's verification lets pass."""
    eager = Case(name, resolution, threads=1)
    model, images = example(eager)
    runtime = Eager(eager)
    forward = runtime.prepare(model, images)
    session: Any = SimpleNamespace(
        case=Case(name, resolution, threads=1, layout="channels_last"),
        device=torch.device("cpu"), forward=forward, runtime=runtime,
    )  # fmt: skip
    make_reference(session.case, example)
    assert verify(session).facts["verified"] == "ok"
    tensors = [(key, value) for key, value in model.state_dict().items() if value.is_floating_point()]
    random, passed = torch.Generator().manual_seed(1), []
    for key, value in tensors[:: -(-len(tensors) // most)]:
        original = value.clone()
        value.copy_(other_values(original, random))
        if verify(session).facts["verified"] == "ok":
            passed.append(key)
        value.copy_(original)
    return passed


def other_values(values: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """Random values of about the same mean size, none negative where none was: variances stay variances."""
    spread = float(values.std()) if values.numel() > 1 else 0.0
    other = values.mean() + (spread or float(values.abs().mean()) or 1.0) * torch.randn(values.shape, generator=random)
    return other.abs() if bool((values >= 0).all()) else other


def test_verification_notices_every_tensor_of_a_resnet() -> None:
    """Each of the weights, scales, biases and statistics of a small ResNet in turn."""
    assert unnoticed("test_resnet", 32, most=1000) == []


@pytest.mark.parametrize(
    ("name", "resolution"),
    [
        ("resnet18", 32),
        ("convnext_atto", 32),
        ("efficientnet_b0", 32),
        ("mobilenetv3_small_100", 32),
        ("vit_tiny_patch16_224", 32),
    ],
)
def test_verification_notices_tensors_of_other_families(name: str, resolution: int) -> None:
    assert unnoticed(name, resolution, most=8) == []


def test_a_runtime_that_drops_biases_or_scales_is_noticed() -> None:
    """Fresh networks have scales of one and biases of zero, which nobody would miss."""
    model, _ = example(Case("resnet18", 32, threads=1))
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert float(module.weight.detach().std()) > 0
            assert float(module.bias.detach().std()) > 0

"""Operators by kind: every group has one, and together they are the groups of ``work``."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from torch import nn
from torch.nn import functional

from scalebench.model.build import build
from scalebench.model.complexity import count_model
from scalebench.model.work import Tally
from scalebench.suite.kinds import OPERATORS
from scalebench.suite.variant import parse_at


@pytest.mark.parametrize("model", ["resnet18@64", "mobilenetv3_small_100@64", "vit_tiny_patch16_224@224"])
def test_kinds_refine_the_groups(model: str) -> None:
    variant, resolution = parse_at(model)
    assert resolution is not None
    found = count_model(build(variant, resolution, device="meta"), variant.name, resolution)
    merged: Counter[tuple[int, int, int]] = Counter()
    for kind, macs, activations, weights, number in found.operators:
        assert kind in OPERATORS
        merged[macs, activations, weights] += number
    assert merged == Counter({group[:3]: group[3] for group in found.work})


def kinds(module: nn.Module, *shape: int) -> list[str]:
    built = module.to("meta").eval()
    with torch.no_grad(), Tally([*built.parameters(), *built.buffers()]) as found:
        built(torch.empty(*shape, device="meta"))
    return [kind for kind, *_ in found.operators]


@pytest.mark.parametrize(
    ("module", "kind"),
    [
        (nn.Conv2d(8, 16, 3), "dense"),
        (nn.Conv2d(8, 16, (1, 3)), "dense"),
        (nn.Conv2d(8, 16, 1, stride=2), "pointwise"),
        (nn.Conv2d(8, 8, 3, groups=8), "depthwise"),
        (nn.Conv2d(8, 16, 3, groups=2), "grouped"),
        (nn.Conv2d(8, 16, 1, groups=2, bias=False), "grouped"),
        (nn.ConvTranspose2d(8, 16, 3), "dense"),
        (nn.Linear(8, 4), "linear"),
        (nn.BatchNorm2d(8), "norm"),
        (nn.LayerNorm(8), "norm"),
        (nn.ReLU(inplace=True), "activation"),
        (nn.SiLU(), "activation"),
        (nn.GELU(), "activation"),
        (nn.Hardswish(), "activation"),
        (nn.Hardsigmoid(), "activation"),
        (nn.ReLU6(), "activation"),
        (nn.MaxPool2d(2), "pooling"),
        (nn.AvgPool2d(2), "pooling"),
        (nn.AdaptiveAvgPool2d(1), "pooling"),
        (nn.Softmax(dim=1), "other"),
        (nn.Upsample(scale_factor=2), "other"),
    ],
    ids=lambda v: v if isinstance(v, str) else repr(v),
)
def test_one_operator_of_each_kind(module: nn.Module, kind: str) -> None:
    assert set(kinds(module, 1, 8, 8, 8)) == {kind}


class Attention(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.scaled_dot_product_attention(x, x, x)


def test_products_of_activations_are_attention() -> None:
    assert "attention" in kinds(Attention(), 1, 2, 16, 8)
    assert "linear" not in kinds(Attention(), 1, 2, 16, 8)

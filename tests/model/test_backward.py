"""Training MACs agree with hand formulas, to the unit: every product once forward and twice backward."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from scalebench.errors import BuildError
from scalebench.model.backward import training_macs
from scalebench.model.build import build
from scalebench.model.complexity import count_model
from scalebench.model.work import Tally
from scalebench.suite.variant import parse_variant

SIDE = 16
FIRST = 3 * 8 * SIDE**2
"""MACs of a 1x1 convolution from 3 to 8 channels: the layer before the one under test."""


class OnChannels(nn.Module):
    """A linear layer on every pixel."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x.permute(0, 2, 3, 1))


@pytest.mark.parametrize(
    ("layer", "macs"),
    [
        (nn.Conv2d(8, 12, 3, stride=2, padding=1), 8**2 * 12 * 8 * 3**2),
        (nn.Conv2d(8, 12, 3, stride=2, padding=1, groups=4), 8**2 * 12 * 2 * 3**2),
        (nn.Conv2d(8, 8, 5, padding=2, groups=8), SIDE**2 * 8 * 5**2),
        (nn.Conv2d(8, 8, 3, dilation=2, bias=False), 12**2 * 8 * 8 * 3**2),
        (nn.ConvTranspose2d(8, 6, 4, stride=2, padding=1), SIDE**2 * 8 * 6 * 4**2),
        (nn.ConvTranspose2d(8, 6, 4, stride=2, padding=1, groups=2), SIDE**2 * 8 * 3 * 4**2),
        (OnChannels(nn.Linear(8, 5)), SIDE**2 * 8 * 5),
        (OnChannels(nn.Linear(8, 5, bias=False)), SIDE**2 * 8 * 5),
    ],
    ids=str,
)
def test_a_layer_costs_three_times_its_forward_pass(layer: nn.Module, macs: int) -> None:
    """The first layer needs no gradient of the image, so it costs twice its own."""
    model = nn.Sequential(nn.Conv2d(3, 8, 1), layer).to("meta")
    assert count_model(model, "two layers", SIDE).macs == FIRST + macs
    assert training_macs(model, SIDE) == 2 * FIRST + 3 * macs


@given(
    groups=st.integers(1, 4),
    channels=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    kernel=st.integers(1, 4),
    stride=st.integers(1, 3),
    transposed=st.booleans(),
    wanted=st.tuples(st.booleans(), st.booleans()).filter(any),
)
def test_groups_cost_what_as_many_small_convolutions_cost(
    groups: int, channels: tuple[int, int], kernel: int, stride: int, transposed: bool, wanted: tuple[bool, bool]
) -> None:
    """torch's own formula is right without groups: it counts one group, and ours has to give that many times."""

    def convolution(count: int) -> tuple[torch.Tensor, torch.Tensor, tuple[object, ...]]:
        inside, outside = channels[0] * count, channels[1] * count
        x = torch.empty(2, inside, 9, 9, device="meta")
        shape = (inside, channels[1]) if transposed else (outside, channels[0])
        weight = torch.empty(*shape, kernel, kernel, device="meta")
        return x, weight, ([stride] * 2, [0, 0], [1, 1], transposed, [0, 0], count)

    def backward(count: int) -> None:
        x, weight, how = convolution(count)
        grad = torch.ops.aten.convolution(x, weight, None, *how)
        torch.ops.aten.convolution_backward(grad, x, weight, None, *how, [*wanted, False])

    with FlopCounterMode(display=False) as one:
        backward(1)
    with Tally() as ours:
        backward(groups)
    assert ours.macs == groups * one.get_total_flops() // 2


@pytest.mark.parametrize(
    ("model", "resolution", "stem"),
    [
        ("resnet18", 64, 7**2 * 3 * 64 * 32**2),
        ("efficientnet_b0", 224, 3**2 * 3 * 32 * 112**2),
        ("vit_tiny_patch16_224", 224, 16**2 * 3 * 192 * 14**2),
        ("mobilenetv3_small_100", 96, 3**2 * 3 * 16 * 48**2),
    ],
)
def test_a_model_costs_three_times_its_forward_pass_less_the_image(model: str, resolution: int, stem: int) -> None:
    """Depthwise convolutions and attention included: both fall apart into products that have a formula."""
    built = build(parse_variant(model), resolution, device="meta")
    assert training_macs(built, resolution) == 3 * count_model(built, model, resolution).macs - stem


def test_a_model_that_hands_parameters_to_modules_is_counted() -> None:
    built = build(parse_variant("cait_xxs24_224"), 224, device="meta")
    forward = count_model(built, "cait", 224).macs
    assert 2.95 * forward < training_macs(built, 224) < 3 * forward


def test_one_value_per_channel_is_no_obstacle() -> None:
    """At 32 pixels the last stage has one pixel, which batch normalisation refuses to train on."""
    model = build(parse_variant("resnet18"), 32, device="meta")
    macs = training_macs(model, 32)
    assert macs == 3 * count_model(model, "resnet18", 32).macs - 7**2 * 3 * 64 * 16**2
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        model.train()(torch.empty(1, 3, 32, 32, device="meta"))


def test_frozen_layers_need_no_gradient() -> None:
    """A frozen first layer is forward only; the one behind it needs its own gradient and hands none back."""
    model = nn.Sequential(nn.Conv2d(3, 8, 1), nn.Conv2d(8, 4, 1)).to("meta")
    model[0].requires_grad_(False)
    assert training_macs(model, SIDE) == FIRST + 2 * SIDE**2 * 8 * 4


def test_several_outputs_are_trained_together() -> None:
    """A distilled model hands back a tuple in train mode."""

    class TwoHeads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.heads = nn.ModuleList([nn.Conv2d(3, 8, 1), nn.Conv2d(3, 8, 1)])

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
            return tuple(head(x) for head in self.heads)

    assert training_macs(TwoHeads().to("meta"), SIDE) == 2 * 2 * FIRST


def test_the_model_is_left_as_it_was() -> None:
    model = build(parse_variant("resnet18"), 64, device="meta")
    training_macs(model, 64)
    assert not any(module.training for module in model.modules())
    assert all(p.requires_grad and p.grad is None for p in model.parameters())


def test_a_step_that_fails_is_refused_and_the_model_left_as_it_was() -> None:
    model = build(parse_variant("vit_tiny_patch16_224"), 224, device="meta")
    with pytest.raises(BuildError, match="training MACs: AssertionError"):
        training_macs(model, 64)
    assert not any(module.training for module in model.modules())


def test_a_model_without_anything_to_train_is_refused() -> None:
    with pytest.raises(BuildError, match="training MACs"):
        training_macs(nn.Identity(), SIDE)


def test_compute_without_a_formula_gives_no_number() -> None:
    """Half a count would pass for a whole one."""

    @torch.library.custom_op("scalebench_test::scaled_mm", mutates_args=())
    def scaled_mm(x: torch.Tensor) -> torch.Tensor:
        return x.clone()

    @scaled_mm.register_fake
    def _(x: torch.Tensor) -> torch.Tensor:
        return torch.empty_like(x)

    scaled_mm.register_autograd(lambda _ctx, grad: grad)

    class Odd(nn.Sequential):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return scaled_mm(super().forward(x))

    with pytest.raises(BuildError, match=r"no formula for scalebench_test\.scaled_mm"):
        training_macs(Odd(nn.Conv2d(3, 8, 1)).to("meta"), SIDE)

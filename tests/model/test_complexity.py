"""Counts agree with the published and hand-derived figures, to the unit."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from scalebench.errors import BuildError
from scalebench.model.build import build
from scalebench.model.complexity import count, count_model, cross_check
from scalebench.suite.variant import parse_at


@pytest.mark.parametrize(
    ("model", "params", "macs", "activations"),
    [
        ("efficientnet_b0@224", 5_288_548, 385_814_752, 6_748_036),
        ("resnet50@224", 25_557_032, 4_089_184_256, 11_114_984),
        ("efficientnet_b7@600", 66_347_960, 37_745_884_192, 289_939_464),
        ("vit_base_patch16_224@224", 86_567_656, 17_563_828_224, None),
        ("vit_base_patch16_224@384", None, 55_484_350_464, None),
        ("efficientnet_b0[d=4]@224", 20_091_856, 1_575_132_640, None),
        ("efficientnet_b0[w=2]@224", 18_122_720, 1_449_958_848, None),
        ("efficientnet_b0@448", 5_288_548, 1_537_537_408, None),
        ("efficientnet_b3@300", 12_233_232, 1_827_141_392, None),
        ("resnet50[d=4]@224", 89_824_040, 14_570_749_952, None),
        ("resnet50[w=2]@224", 98_004_072, 16_116_613_120, None),
        ("tf_efficientnet_b4@380", None, 4_393_771_024, None),
    ],
)
def test_counts_are_exact(model: str, params: int | None, macs: int, activations: int | None) -> None:
    variant, resolution = parse_at(model)
    assert resolution is not None
    found = count(variant, resolution)
    assert found.macs == macs
    assert params in (None, found.params)
    assert activations in (None, found.activations)
    assert found.uncounted == ()


def test_attention_follows_the_hand_formula_at_every_size() -> None:
    """12 layers of 2 N^2 D on top of what a token costs, N = (r/16)^2 + 1: linear counters miss it."""
    variant, _ = parse_at("vit_base_patch16_224")
    tokens = {r: (r // 16) ** 2 + 1 for r in (224, 512)}
    attention = {r: 12 * 2 * n**2 * 768 for r, n in tokens.items()}
    rest = {r: count(variant, r).macs - attention[r] for r in tokens}
    per_token = [12 * (4 * 768**2 + 2 * 768 * 3072) * n + 768 * 768 * (n - 1) + 768_000 for n in tokens.values()]
    assert list(rest.values()) == per_token


def test_weight_bytes_include_buffers() -> None:
    variant, _ = parse_at("resnet50")
    assert count(variant, 64).weight_bytes == 102_441_032


def test_a_compute_operator_without_a_formula_is_named() -> None:
    """A custom attention kernel is compute by its name; it must not vanish silently."""

    @torch.library.custom_op("scalebench_test::my_attention", mutates_args=())
    def my_attention(x: torch.Tensor) -> torch.Tensor:
        return x.clone()

    @my_attention.register_fake
    def _(x: torch.Tensor) -> torch.Tensor:
        return torch.empty_like(x)

    class Odd(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return my_attention(x)

    assert count_model(Odd(), "odd", 8).uncounted == ("scalebench_test.my_attention",)


@pytest.mark.parametrize("model", ["cait_xxs24_224@224", "pit_ti_224@224", "coat_tiny@224"])
def test_models_that_hand_parameters_to_modules_or_resample_are_counted(model: str) -> None:
    variant, resolution = parse_at(model)
    assert resolution is not None
    found = count(variant, resolution)
    assert found.macs > 5e8
    assert found.uncounted == ()


def test_counting_leaves_parameters_trainable() -> None:
    model = build(parse_at("resnet18")[0], 64, device="meta")
    count_model(model, "resnet18", 64)
    assert all(p.requires_grad for p in model.parameters())


def test_a_model_that_cannot_run_at_this_size_is_refused() -> None:
    variant, _ = parse_at("vit_tiny_patch16_224")
    with pytest.raises(BuildError, match=r"vit_tiny_patch16_224@8 cannot be"):
        count(variant, 8)


def test_fvcore_agrees_on_convolutions_and_adds_norm_layers() -> None:
    variant, _ = parse_at("resnet18")
    ours, theirs = count(variant, 64), cross_check(variant, 64)
    assert theirs.difference(ours.macs) == 0
    assert theirs.norm > 0
    assert "aten::max_pool2d" in theirs.unsupported


def test_fvcore_misses_fused_attention() -> None:
    """The reason why fvcore is a cross-check and not the count."""
    variant, _ = parse_at("vit_tiny_patch16_224")
    difference = cross_check(variant, 224).difference(count(variant, 224).macs)
    assert difference < -0.01

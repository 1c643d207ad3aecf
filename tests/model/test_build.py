"""Variants are built with the blocks and channels that the rules say."""

from __future__ import annotations

from typing import Any

import pytest
import timm
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from scalebench.errors import BuildError, UnknownNameError
from scalebench.model.build import _OnMeta, build, catalogue, scaled_blocks, scaled_channels, stages
from scalebench.suite.variant import Variant, parse_variant


def shape(text: str, resolution: int = 224) -> list[int]:
    return [len(stage) for stage in stages(build(parse_variant(text), resolution, device="meta"))]


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("efficientnet_b0", [1, 2, 2, 3, 3, 4, 1]),
        ("efficientnet_b0[d=1.1]", [2, 3, 3, 4, 4, 5, 2]),
        ("efficientnet_b0[d=4]", [4, 8, 8, 12, 12, 16, 4]),
        ("efficientnet_b3[d=1.1]", [2, 4, 4, 5, 5, 7, 2]),
        ("mobilenetv2_100[d=2]", [2, 4, 6, 8, 6, 6, 2]),
        ("mobilenetv1_100[d=2]", [2, 4, 4, 12, 4]),
        ("resnet50[d=4]", [12, 16, 24, 12]),
        ("resnet18[d=1.5]", [3, 3, 3, 3]),
        ("resnet50[d=1.01]", [4, 5, 7, 4]),
        ("resnet50[d=1.01,t=1]", [4, 5, 6, 4]),
        ("resnet50[t=2]", [3, 3, 5, 3]),
    ],
)
def test_depth_rounds_up_in_every_stage(text: str, blocks: list[int]) -> None:
    assert shape(text) == blocks


def test_on_the_meta_device_one_mode_makes_tensors_and_fills_none() -> None:
    """timm asks for the default device to leave out tables of values; filling is half of the time of building."""
    with _OnMeta():
        assert torch.get_default_device() == torch.device("meta")
        weight = torch.empty(2, 2)
        with _Filled() as filled:
            torch.nn.init.ones_(weight)
            weight.uniform_()
    assert weight.is_meta
    assert filled.calls == []
    assert torch.get_default_device() == torch.device("cpu")


class _Filled(TorchDispatchMode):
    """Operators that reach the device."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls: list[str] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        self.calls.append(str(func))
        return func(*args, **(kwargs or {}))


def test_a_scaled_base_equals_the_released_model() -> None:
    """B0 at B2's coefficients has exactly B2's parameters."""
    b0 = build(Variant("efficientnet_b0", 1.2, 1.1), 224, device="meta")
    b2 = build(Variant("efficientnet_b2"), 224, device="meta")
    assert [p.shape for p in b0.parameters()] == [p.shape for p in b2.parameters()]


@pytest.mark.parametrize("base", ["resnet18", "resnet50"])
def test_width_scales_every_channel_of_a_resnet_including_the_stem(base: str) -> None:
    plain = build(Variant(base), 224, device="meta")
    wide = build(Variant(base, width=2.0), 224, device="meta")
    outputs = [(a.shape[0], b.shape[0]) for a, b in zip(plain.parameters(), wide.parameters(), strict=True)]
    assert wide.conv1.weight.shape == (128, 3, 7, 7)
    assert all(b == 2 * a for a, b in outputs[:-2])
    assert outputs[-1] == (1000, 1000)


def test_a_narrow_resnet_keeps_its_first_block_consistent() -> None:
    model = build(Variant("resnet18", width=0.3), 64, device="meta")
    assert model.layer1[0].conv1.weight.shape[1] == model.conv1.weight.shape[0] == 24


def test_unit_multipliers_leave_a_resnet_as_timm_built_it() -> None:
    ours = build(Variant("resnet50", depth=1.0001, trim=4), 224, device="meta")
    theirs = timm.create_model("resnet50", device="meta")
    assert [p.shape for p in ours.parameters()] == [p.shape for p in theirs.parameters()]


def test_timm_itself_stays_untouched() -> None:
    build(Variant("efficientnet_b0", 2.0, 2.0), 224, device="meta")
    assert sum(p.numel() for p in timm.create_model("efficientnet_b0", device="meta").parameters()) == 5_288_548


def test_every_mbconv_generator_of_timm_can_be_scaled() -> None:
    """Families added by later versions of timm are scalable as long as their factories take both multipliers."""
    for base in ("efficientnet_lite0", "efficientnetv2_rw_s", "tf_efficientnetv2_b0", "mobilenetv2_050"):
        plain, deep = (build(Variant(base, depth), 224, device="meta") for depth in (1.0, 2.0))
        assert sum(map(len, stages(deep))) > sum(map(len, stages(plain))), base


def test_a_model_with_a_fixed_input_size_is_built_at_the_size_asked_for() -> None:
    model = build(Variant("vit_tiny_patch16_224"), 384, device="meta")
    assert model.patch_embed.img_size == (384, 384)


def test_rounding_is_the_reference_rule() -> None:
    assert [scaled_blocks(n, 1.4) for n in (1, 2, 3, 4)] == [2, 3, 5, 6]
    assert [scaled_channels(c, 1.1) for c in (16, 24, 32, 40, 112)] == [16, 24, 32, 48, 120]
    assert scaled_channels(64, 0.01) == 8


def test_refusals_name_the_model() -> None:
    with pytest.raises(UnknownNameError, match="resnet5O") as unknown:
        build(Variant("resnet5O"), 224)
    assert "resnet50" in unknown.value.hint
    with pytest.raises(BuildError, match="vit_tiny_patch16_224 cannot be scaled"):
        build(Variant("vit_tiny_patch16_224", depth=2.0), 224)
    with pytest.raises(BuildError, match="not 9 stages"):
        build(Variant("resnet18", trim=9), 224, device="meta")


def test_the_catalogue_knows_sizes_and_strides() -> None:
    known = catalogue()
    assert len(known) > 1000
    assert (known["resnet50"].resolution, known["resnet50"].stride) == (224, 32)


def test_layers_fill_their_weights_again_after_a_build_on_the_meta_device() -> None:
    """There they are not asked to; also where the build fails."""
    layers = (nn.Linear, nn.Conv2d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm)
    before = [layer.reset_parameters for layer in layers]
    build(Variant("resnet18"), 64, device="meta")
    with pytest.raises(BuildError):
        build(Variant("resnet18", trim=9), 64, device="meta")
    assert [layer.reset_parameters for layer in layers] == before
    assert float(nn.BatchNorm2d(3).running_var.sum()) == 3.0

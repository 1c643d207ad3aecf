"""Parts of real models: what they are called, and that they sum up to the whole."""

from __future__ import annotations

from collections import Counter

import pytest
import timm
import torch
from torch import nn

from scalebench.errors import BuildError
from scalebench.model.build import build
from scalebench.model.complexity import count_model
from scalebench.model.part_counts import Part, by_kind_and_stage, classify, count_parts, enclosing, find_parts
from scalebench.suite.kinds import BETWEEN, KINDS
from scalebench.suite.variant import parse_variant


def on_paper(name: str) -> nn.Module:
    return build(parse_variant(name), 224, device="meta")


def kinds(name: str) -> dict[str, str]:
    return {path: kind for path, (kind, _) in classify(on_paper(name)).items()}


@pytest.mark.parametrize(
    "name",
    ["efficientnet_b0", "efficientnetv2_s", "resnet50", "convnext_tiny", "mobilenetv3_large_100", "regnety_016",
     "vit_tiny_patch16_224", "inception_v3"],
)  # fmt: skip
def test_parts_sum_up_to_the_model(name: str) -> None:
    model = on_paper(name)
    whole, parts = count_model(model, name, 224), count_parts(model, name, 224)
    assert sum(part.macs for part in parts) == whole.macs > 0
    assert sum(part.activations for part in parts) == whole.activations
    assert sum(part.params for part in parts) == whole.params
    assert sum(part.activation_bytes for part in parts) == sum(a * n for _, a, _, n in whole.work)
    assert sum(part.weight_bytes for part in parts) == sum(w * n for _, _, w, n in whole.work)
    assert {part.kind for part in parts} <= set(KINDS)
    assert parts[-1].kind == parts[-1].stage == BETWEEN
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


@pytest.mark.parametrize(
    ("name", "path", "kind"),
    [
        ("efficientnet_b0", "conv_stem", "stem"),
        ("efficientnet_b0", "bn1", "norm"),
        ("efficientnet_b0", "bn1.act", "activation"),
        ("efficientnet_b0", "blocks.0.0.conv_dw", "depthwise_3x3"),
        ("efficientnet_b0", "blocks.0.0.conv_pw", "project_1x1"),
        ("efficientnet_b0", "blocks.1.0.conv_pw", "expand_1x1"),
        ("efficientnet_b0", "blocks.1.0.conv_pwl", "project_1x1"),
        ("efficientnet_b0", "blocks.2.0.conv_dw", "depthwise_5x5"),
        ("efficientnet_b0", "blocks.1.0.se", "se"),
        ("efficientnet_b0", "conv_head", "head"),
        ("efficientnet_b0", "classifier", "head"),
        ("efficientnetv2_s", "blocks.1.0.conv_exp", "conv_3x3"),
        ("efficientnetv2_s", "blocks.1.0.conv_pwl", "project_1x1"),
        ("resnet50", "maxpool", "stem"),
        ("resnet50", "layer1.1.conv1", "project_1x1"),
        ("resnet50", "layer1.1.conv2", "conv_3x3"),
        ("resnet50", "layer1.1.conv3", "expand_1x1"),
        ("resnet50", "layer1.0.downsample.0", "other_1x1"),
        ("convnext_tiny", "stages.0.blocks.0.conv_dw", "depthwise_7x7"),
        ("convnext_tiny", "stages.0.blocks.0.norm", "norm"),
        ("convnext_tiny", "stages.0.blocks.0.mlp.fc1", "expand_1x1"),
        ("convnext_tiny", "stages.0.blocks.0.mlp.fc2", "project_1x1"),
        ("convnext_tiny", "stages.1.downsample.1", "conv_other"),
        ("mobilenetv3_large_100", "blocks.0.0.conv_pw", "project_1x1"),
        ("mobilenetv3_large_100", "blocks.6.0.conv", "head"),
        ("mobilenetv3_large_100", "act2", "activation"),
        ("regnety_016", "s1.b1.conv2.conv", "grouped_conv"),
        ("regnety_016", "s1.b1.se", "se"),
        ("regnety_016", "s1.b1.act3", "activation"),
        ("vit_tiny_patch16_224", "blocks.0.attn.qkv", "other_1x1"),
    ],
)
def test_kinds(name: str, path: str, kind: str) -> None:
    assert kinds(name)[path] == kind


@pytest.mark.parametrize(
    ("name", "last"),
    [("efficientnet_b0", 7), ("efficientnetv2_s", 6), ("resnet50", 4), ("convnext_tiny", 4), ("regnety_016", 4)],
)
def test_stages(name: str, last: int) -> None:
    found = dict.fromkeys(stage for _, stage in classify(on_paper(name)).values())
    assert list(found) == ["stem", *(f"stage {number}" for number in range(1, last + 1)), "head"]


def test_squeeze_and_excitation_is_one_part() -> None:
    """Its convolutions, activation and gate are not listed again, and its multiplication is its own."""
    parts = {part.name: part for part in count_parts(on_paper("efficientnet_b0"), "efficientnet_b0", 224)}
    assert not [name for name in parts if ".se." in name]
    se = parts["blocks.0.0.se"]
    assert se.params == 32 * 8 + 8 + 8 * 32 + 32
    assert se.macs == 2 * 32 * 8
    # The map is read for the mean, read and written by the multiplication; the rest is a few channels.
    image = 4 * 32 * 112 * 112
    assert 3 * image < se.activation_bytes < 3.01 * image


def test_an_activation_inside_a_normalisation_is_counted_apart() -> None:
    parts = {part.name: part for part in count_parts(on_paper("efficientnet_b0"), "efficientnet_b0", 224)}
    image = 4 * 32 * 112 * 112
    assert parts["bn1"].activation_bytes == parts["bn1.act"].activation_bytes == 2 * image
    assert parts["bn1"].params == 64
    assert parts["bn1.act"].params == 0


def test_what_does_nothing_is_no_part() -> None:
    names = {part.name for part in count_parts(on_paper("resnet50"), "resnet50", 224)}
    assert "layer1.0.conv1" in names
    assert not names & {"layer1.0.drop_block", "layer1.0.aa", "global_pool.flatten"}


def test_a_structure_nobody_knows_has_kinds_by_operator() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(4))
            self.one = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv1d(4, 4, 1), nn.Linear(4, 4))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            conv, act, along, line = self.one
            return line(along(act(conv(x)).mean(3)).transpose(1, 2)) * self.scale

    with torch.device("meta"):
        model = Own()
    parts = count_parts(model, "own", 8)
    assert [(part.name, part.kind, part.stage) for part in parts] == [
        ("one.0", "conv_3x3", "body"),
        ("one.1", "activation", "body"),
        ("one.2", "conv_other", "body"),
        ("one.3", "other_1x1", "body"),
        ("", BETWEEN, BETWEEN),
    ]
    assert parts[-1].params == 4
    assert parts[-1].activation_bytes > 0


def test_a_module_used_twice_counts_twice_and_holds_its_parameters_once() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 1, bias=False)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.as_tensor(self.conv(self.conv(x)))

    with torch.device("meta"):
        conv, between = count_parts(Twice(), "twice", 8)
    assert (conv.macs, conv.params, between.macs) == (2 * 9 * 64, 9, 0)


def test_a_pass_that_fails_leaves_no_hooks() -> None:
    model = timm.create_model("resnet18").to("meta").eval()
    model.fc = nn.Linear(7, 7, device="meta")
    with pytest.raises(BuildError, match="odd@64 cannot be counted"):
        count_parts(model, "odd", 64)
    assert not any(module._forward_hooks for module in model.modules())


def test_by_kind_and_stage() -> None:
    a, b, c = (Part(name, "norm", stage, 1, 2, 3, 4, 5) for name, stage in (("x", "s"), ("y", "s"), ("z", "t")))
    assert by_kind_and_stage([a, b, c]) == (Part("", "norm", "s", 2, 4, 6, 8, 10), Part("", "norm", "t", 1, 2, 3, 4, 5))


def test_enclosing() -> None:
    parts = find_parts(on_paper("efficientnet_b0"))
    assert enclosing("bn1.act", parts) == "bn1"
    assert enclosing("blocks.0.0.se.conv_reduce.weight", parts) == "blocks.0.0.se"
    assert enclosing("conv_stem", parts) is None
    assert Counter(kind for kind, _ in classify(on_paper("efficientnet_b0")).values())["se"] == 16

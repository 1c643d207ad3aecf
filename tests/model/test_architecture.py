"""What is said of a model's structure adds up to its count, and is what the papers draw."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest

from scalebench.model.architecture import GATES, count_with_structure
from scalebench.model.build import build
from scalebench.model.complexity import count
from scalebench.suite.variant import parse_variant


def structure(text: str, resolution: int) -> dict[str, Any]:
    return count_with_structure(build(parse_variant(text), resolution, device="meta"), text, resolution)[1]


@pytest.mark.parametrize(
    "name", ["efficientnet_b0", "resnet18", "convnext_tiny", "regnety_002", "vit_tiny_patch16_224", "densenet121"]
)
def test_all_kinds_sum_up_to_the_count_and_do_not_change_it(name: str) -> None:
    """Also for models with attention, whose products are of no kind, and those without known stages."""
    resolution = 224
    counted, found = count_with_structure(build(parse_variant(name), resolution, device="meta"), name, resolution)
    assert asdict(counted) == asdict(count(parse_variant(name), resolution))
    sums = [sum(column) for column in zip(*found["kinds"].values(), strict=True)]
    assert sums[1:] == [counted.macs, counted.params, counted.activations]
    assert all(number >= 0 for kind in found["kinds"].values() for number in kind)
    assert len(json.dumps(found)) < 1500


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("efficientnet_b0", [[1, 16, 112], [2, 24, 56], [2, 40, 28], [3, 80, 14], [3, 112, 14], [4, 192, 7],
                             [1, 320, 7]]),
        ("resnet50", [[3, 256, 56], [4, 512, 28], [6, 1024, 14], [3, 2048, 7]]),
        ("convnext_tiny", [[3, 96, 56], [3, 192, 28], [9, 384, 14], [3, 768, 7]]),
        ("regnetx_002", [[1, 24, 56], [1, 56, 28], [4, 152, 14], [7, 368, 7]]),
        ("vit_tiny_patch16_224", []),
    ],
)  # fmt: skip
def test_stages_are_those_of_the_papers(name: str, stages: list[list[int]]) -> None:
    """Blocks, output channels, output side."""
    assert structure(name, 224)["stages"] == stages


def test_kernels_norms_and_downsampling_of_a_resnet() -> None:
    """Shortcut convolutions are counted, but are no second step down."""
    found = structure("resnet50", 224)
    assert found["kernels"] == {"1x1": 36, "3x3": 16, "7x7": 1}
    assert (found["norms"], found["functions"]) == ({"BatchNorm": 53}, {"ReLU": 49})
    assert found["downsampling"] == ["dense 7x7, by 2", "max pooling, by 2", *["dense 3x3, by 2"] * 3]
    assert found["head"] == ["fully connected, 2048 to 1000"]
    assert GATES not in found["kinds"]


def test_convnext_mixes_with_1x1_and_sees_with_depthwise() -> None:
    """Its linear layers work on every pixel."""
    found = structure("convnext_tiny", 224)
    assert {kind: row[0] for kind, row in found["kinds"].items()} == {
        "dense": 4, "depthwise": 18, "1x1": 36, "fully connected": 1, "other": 0,
    }  # fmt: skip
    assert found["norms"] == {"LayerNorm": 23}
    assert found["downsampling"] == ["dense 4x4, by 4", *["dense 2x2, by 2"] * 3]


def test_gates_and_groups_have_kinds_of_their_own() -> None:
    regnet, efficientnet = structure("regnety_002", 224), structure("efficientnet_b0", 64)
    assert regnet["kinds"]["grouped"][0] == regnet["kinds"][GATES][0] == 13
    assert efficientnet["kinds"][GATES][0] == 16
    assert efficientnet["kinds"]["1x1"][0] == 32  # none of the 32 within gates
    assert structure("efficientnet_b0[f=7]", 64)["kinds"].keys() == {"dense", "1x1", GATES, "fully connected", "other"}

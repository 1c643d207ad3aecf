"""Fused-MBConv by stage costs what Tan and Le print in arXiv:2104.00298, Table 3, and keeps every shape."""

from __future__ import annotations

import pytest
import torch

from scalebench.errors import BuildError
from scalebench.model.build import build, stages
from scalebench.model.complexity import count
from scalebench.suite.variant import Variant, parse_variant


@pytest.mark.parametrize(
    ("fused", "params_m", "flops_g"), [(0, 19.3, 4.5), (3, 20.0, 7.5), (5, 43.4, 21.3), (7, 132.0, 34.4)]
)
def test_counts_agree_with_table_3(fused: int, params_m: float, flops_g: float) -> None:
    """Within 3 %: the paper names neither kernels nor input size, and prints 4.5 where the released B4 has 4.39."""
    counted = count(Variant("efficientnet_b4", fused=fused), 380)
    assert counted.params / 1e6 == pytest.approx(params_m, rel=0.03)
    assert counted.macs / 1e9 == pytest.approx(flops_g, rel=0.03)


@pytest.mark.parametrize("base", ["efficientnet_b0", "tf_efficientnet_b0", "mobilenetv2_100"])
def test_a_fused_model_runs_and_only_its_first_stages_change(base: str) -> None:
    plain, fused = (build(Variant(base, fused=n), 64) for n in (0, 3))
    with torch.no_grad():
        assert fused(torch.rand(2, 3, 65, 65)).shape == (2, 1000)
    kinds = [[type(block).__name__ for block in stage] for stage in stages(fused)]
    before = [[type(block).__name__ for block in stage] for stage in stages(plain)]
    assert kinds[3:] == before[3:]
    assert kinds[:2] == [["Unexpanded"], ["EdgeResidual", "EdgeResidual"]]
    assert not any(m.groups > 1 for stage in stages(fused)[:3] for m in stage.modules() if hasattr(m, "groups"))


def test_every_block_keeps_its_shape_stride_and_shortcut() -> None:
    plain, fused = (build(Variant("efficientnet_b0", fused=n), 64, device="meta") for n in (0, 7))
    x = torch.empty(1, 32, 32, 32, device="meta")
    for one, other in zip(stages(plain), stages(fused), strict=True):
        for a, b in zip(one, other, strict=True):
            y = a(x)
            assert b(x).shape == y.shape
            assert b.has_skip == a.has_skip
            x = y
    kernels = [stage[0].conv_exp.kernel_size[0] for stage in stages(fused)[1:]]
    assert kernels == [3, 3, 3, 5, 5, 3]


def test_it_goes_with_multipliers_and_trimming() -> None:
    model = build(parse_variant("efficientnet_b0[d=2,w=1.2,t=1,f=1]"), 64, device="meta")
    assert [len(stage) for stage in stages(model)] == [2, 4, 4, 6, 6, 7, 2]
    assert {type(block).__name__ for block in stages(model)[0]} == {"Unexpanded"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("efficientnet_b0[f=8]", "there are 7 stages"),
        ("efficientnetv2_s[f=1]", "stage 1 has ConvBnAct"),
        ("resnet50[f=1]", "stage 1 has Bottleneck"),
        ("convnext_tiny[f=1]", "convnext_tiny cannot be"),
    ],
)
def test_what_has_no_mbconv_cannot_be_fused(name: str, said: str) -> None:
    with pytest.raises(BuildError, match=said):
        build(parse_variant(name), 64, device="meta")

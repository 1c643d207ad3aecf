"""Replaces MBConv by Fused-MBConv, stage by stage (Tan and Le, arXiv:2104.00298, Figure 2 and Table 3).

A fused block has one full convolution where MBConv has an expanding 1x1 and a depthwise one; squeeze-and-excitation,
the projecting 1x1 and the shortcut stay. Where nothing is expanded, as in stage 1 of EfficientNet, the full
convolution projects as well, as in the reference code. Stage 1 is the first one after the stem.

The paper does not say which kernels its fused EfficientNet-B4 has. Its Figure 2 draws 3x3, but with 3x3 in all of them
seven stages would have 68.6 M parameters, not 132.0 M; with 5x5 wherever the depthwise convolution has it, three
stages would have 9.7 GMACs, not 7.5. All its figures agree with 3x3 in stages 1 to 3 and the depthwise convolution's
own kernel from stage 4 on, which is built here. Counted at 380 px, over printed:

    fused stages    parameters, M          MACs, 10^9            MACs over those of no fused stage
    none            19.3 over 19.3         4.39 over 4.5
    1 to 3          20.0 over 20.0         7.34 over 7.5         1.67 over 1.67
    1 to 5          43.2 over 43.4         20.7 over 21.3        4.71 over 4.73
    1 to 7         134.3 over 132.0        33.7 over 34.4        7.68 over 7.64
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from timm.layers.create_conv2d import create_conv2d
from timm.models._efficientnet_blocks import DepthwiseSeparableConv, EdgeResidual, InvertedResidual
from torch import Tensor, nn

from scalebench.errors import BuildError
from scalebench.suite.variant import Variant

_EARLY = 3
"""Stages with 3x3, whatever kernel the depthwise convolution had."""


def fuse(stages: Sequence[nn.Sequential], variant: Variant) -> None:
    """Replace every block of the first ``variant.fused`` stages, in place; nothing where that is 0.

    Raises:
        BuildError: there are fewer stages, or one of them has blocks other than MBConv.
    """
    if variant.fused > len(stages):
        raise BuildError(
            f"{variant.name}: there are {len(stages)} stages of MBConv blocks", "f fuses stages of EfficientNets"
        )
    for number, stage in enumerate(stages[: variant.fused], 1):
        blocks: list[Any] = list(stage)
        for index, block in enumerate(blocks):
            if type(block) not in (InvertedResidual, DepthwiseSeparableConv):  # a subclass does more than MBConv
                raise BuildError(
                    f"{variant.name}: stage {number} has {type(block).__name__}, which is no MBConv block to fuse",
                    "f fuses stages of EfficientNet, MobileNetV2 and the like",
                )
            stage[index] = _fused(block, 3 if number <= _EARLY else block.conv_dw.kernel_size[0])


def _fused(block: Any, kernel: int) -> nn.Module:
    """The fused block, on the current default device; only the fused convolutions are new."""
    stride = block.conv_dw.stride[0]
    # timm's ports of TensorFlow pad at run time where the stride is 2.
    padding = "same" if type(block.conv_dw) is not nn.Conv2d else ""
    if isinstance(block, DepthwiseSeparableConv):
        make: Any = create_conv2d  # timm leaves it untyped
        ins, outs = block.conv_dw.in_channels, block.conv_pw.out_channels
        return Unexpanded(block, make(ins, outs, kernel, stride=stride, padding=padding))
    ins, expanded = block.conv_pw.in_channels, block.conv_pw.out_channels
    fused = EdgeResidual(ins, block.conv_pwl.out_channels, kernel, stride, pad_type=padding, exp_ratio=expanded / ins)
    fused.bn1, fused.se = block.bn2, block.se
    fused.conv_pwl, fused.bn2, fused.drop_path = block.conv_pwl, block.bn3, block.drop_path
    fused.has_skip = block.has_skip
    return fused


class Unexpanded(nn.Module):
    """Fused-MBConv with expansion 1: squeeze-and-excitation, then one convolution with norm and activation."""

    def __init__(self, block: Any, convolution: nn.Module) -> None:
        super().__init__()
        self.se = block.se
        self.conv = convolution
        self.bn1 = block.bn2
        self.act = block.bn1.act
        self.drop_path = block.drop_path
        self.has_skip = block.has_skip

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as the block that it replaces."""
        y: Tensor = self.act(self.bn1(self.conv(self.se(x))))
        return self.drop_path(y) + x if self.has_skip else y

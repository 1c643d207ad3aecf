"""Params, MACs and activations of a model, counted on the meta device: no weights, no memory, any resolution.

MACs use the formulas of ``torch.utils.flop_counter`` on operators that reach the meta device. There fused attention is
decomposed into products that have a formula; the CPU kernels would hide them (pytorch issue 195460). fvcore serves only
as a cross-check.
"""

from __future__ import annotations

import math
import warnings
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import nn

from scalebench.errors import BuildError
from scalebench.model.build import build
from scalebench.model.input_images import blank_images, channels_in
from scalebench.model.lifetimes import Lifetimes
from scalebench.model.meta_operators import tensor_leaves
from scalebench.model.work import Tally
from scalebench.suite.variant import Variant


@dataclass(frozen=True)
class Complexity:
    """Counted cost of one image.

    Attributes:
        params: elements of all parameters.
        macs: multiply-adds of convolution, linear and attention products.
        activations: output elements of convolution and linear operators.
        weight_bytes: bytes of parameters and buffers.
        other_elements: output elements of every other operator, about one FLOP each.
        uncounted: compute operators without a formula; where not empty, macs is too low.
        work: groups of identical operators, each (macs, activation bytes, weight bytes, count), in fp32. Activation
            bytes grow with the batch; weight bytes, parameters, buffers and what is computed from them alone, do not.
            The macs of all groups sum to ``macs``.
        operators: the same by kind, each (kind of ``suite.kinds.OPERATORS``, macs, activation bytes, weight bytes,
            count).
    """

    params: int
    macs: int
    activations: int
    weight_bytes: int
    other_elements: int
    uncounted: tuple[str, ...]
    work: tuple[tuple[int, int, int, int], ...]
    operators: tuple[tuple[str, int, int, int, int], ...] = ()


def count(variant: Variant, resolution: int) -> Complexity:
    """Count ``variant`` on one image of ``resolution`` x ``resolution`` x 3.

    Raises:
        UnknownNameError, BuildError: the model cannot be built or run at this size.
    """
    return count_model(build(variant, resolution, device="meta"), variant.name, resolution)


def count_model(model: nn.Module, name: str, resolution: int, lifetimes: Lifetimes | None = None) -> Complexity:
    """Count a model on the meta device.

    Args:
        model, name: on the meta device, and what messages call it.
        resolution: side of the image in pixels.
        lifetimes: of the weights; also watches the pass.

    Raises:
        BuildError: its forward pass fails at this resolution.
    """
    parameters = list(model.parameters())
    weights = [*parameters, *model.buffers()]
    tally = Tally(weights, lifetimes.add if lifetimes else None)
    tally_forward(model, tally, name, resolution, lifetimes)
    return Complexity(
        params=sum(p.numel() for p in parameters),
        macs=tally.macs,
        activations=tally.activations,
        weight_bytes=sum(t.numel() * t.element_size() for t in weights),
        other_elements=tally.other,
        uncounted=tuple(sorted(tally.uncounted)),
        work=tuple((*triple, number) for triple, number in tally.work.items()),
        operators=tuple((*group, number) for group, number in tally.operators.items()),
    )


def tally_forward(
    model: nn.Module, tally: Tally, name: str, resolution: int, lifetimes: Lifetimes | None = None
) -> None:
    """Add one forward pass of a model on the meta device to ``tally``, one image of 3 x side x side.

    Raises:
        BuildError: the pass fails at this resolution.
    """
    image = blank_images(model, resolution)
    try:
        with torch.no_grad(), tally, lifetimes.watching(image) if lifetimes else nullcontext():
            model(image)
    except Exception as error:  # a model's forward pass raises whatever it likes
        raise BuildError(f"{name}@{resolution} cannot be counted: {type(error).__name__}: {error}") from error


@dataclass(frozen=True)
class CrossCheck:
    """fvcore's count of the same model on real tensors.

    Attributes:
        macs: fvcore's conv, linear and matmul multiply-adds.
        norm: multiply-adds of normalisation layers, which the reference convention leaves out.
        unsupported: operators for which fvcore has no formula.
    """

    macs: int
    norm: int
    unsupported: tuple[str, ...]

    def difference(self, macs: int) -> float:
        """fvcore's MACs without norm layers over ours, minus one."""
        return self.macs / macs - 1 if macs else math.nan


class _Flat(nn.Module):
    """Returns a model's outputs as one tuple: tracing takes no dictionaries."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(tensor_leaves(self.model(images)))


def cross_check(variant: Variant, resolution: int) -> CrossCheck:
    """Count with fvcore by tracing a real forward pass; needs memory for the weights and seconds of time.

    Raises:
        BuildError: fvcore is missing or cannot trace the model.
    """
    model = build(variant, resolution)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # fvcore's newest release still traces with a deprecated torch.jit
            from fvcore.nn import FlopCountAnalysis

            traced = _Flat(model) if variant.task else model
            analysis = FlopCountAnalysis(traced, torch.zeros(1, channels_in(model), resolution, resolution))
            analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
            by_operator = analysis.by_operator()
            unsupported = tuple(sorted(analysis.unsupported_ops()))
    except ImportError:
        raise BuildError("fvcore is not installed", "pip install fvcore") from None
    except Exception as error:  # tracing fails in many ways
        raise BuildError(f"fvcore cannot trace {variant.name}: {type(error).__name__}: {error}") from error
    norm = sum(flops for name, flops in by_operator.items() if "norm" in name)
    resampling = sum(flops for name, flops in by_operator.items() if "pool" in name or "upsample" in name)
    total = sum(by_operator.values())
    return CrossCheck(int(total - norm - resampling), int(norm), unsupported)

"""Checks of precisions: how far a product and a convolution are from fp64 shows in what they were computed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext

import torch
from torch.nn import functional

from scalebench.machine.selfcheck import CheckResult, passed
from scalebench.measure.selftest.bench import Bench
from scalebench.measure.tensor_cores import allow_tf32
from scalebench.suite.precisions import PRECISIONS

_SIDE, _CHANNELS, _IMAGE = 512, 64, 28
_SEED = 20190528
_FP32 = (0.0, 1e-5)
_ELEVEN_BITS = (5e-5, 1.5e-3)
_EIGHT_BITS = (8e-4, 1e-2)
BOUNDS: Mapping[str, tuple[float, float]] = {
    "fp32": _FP32, "tf32": _ELEVEN_BITS, "fp16": _ELEVEN_BITS, "amp_fp16": _ELEVEN_BITS,
    "bf16": _EIGHT_BITS, "amp_bf16": _EIGHT_BITS,
}  # fmt: skip
"""Least and largest relative error of a product of normal numbers, in the Frobenius norm. Rounding to p bits has errors
of 0.4 * 2^-p in the root mean square, which two factors and the result add up to about 0.7 * 2^-p: 0.00035 for the 11
bits of fp16 and tf32, 0.003 for the 8 of bf16. Less than the least: the precision was not in effect."""
_CONVOLUTION_MARGIN = 5.0
"""Convolutions may be transformed (Winograd), which loses more; and cuDNN may prefer fp32 where tf32 is allowed."""
Errors = Mapping[str, tuple[float, float]]
"""Precision -> relative error of a product and of a convolution."""


def precisions(bench: Bench) -> CheckResult:
    """Every precision that the kind offers and the card has, from fp32 down."""
    accelerator = bench.accelerator
    offered = [name for name in BOUNDS if name in accelerator.kind.runtimes["eager"]]
    lacking = [name for name in offered if accelerator.lacks(name) or name in accelerator.kind.emulated]
    return judge_precisions({name: _errors(name, bench) for name in offered if name not in lacking}, lacking)


def judge_precisions(errors: Errors, lacking: list[str]) -> CheckResult:
    """Errors against the bounds; ``lacking`` are precisions that this device does not have, or only emulates."""
    wrong = [name for name, pair in errors.items() if not _within(name, *pair)]
    ladder = ", ".join(f"{name} {product:.1e}" for name, (product, _) in errors.items())
    finding = f"error of a product: {ladder}"
    finding += f"; not on this device: {', '.join(lacking)}" if lacking else ""
    finding += f"; outside the bounds: {', '.join(wrong)}" if wrong else ""
    figures = {
        name: {"product": product, "convolution": convolution} for name, (product, convolution) in errors.items()
    }
    return passed(bool(errors) and not wrong, finding, **figures)


def _within(precision: str, product: float, convolution: float) -> bool:
    least, largest = BOUNDS[precision]
    return least <= product <= largest and convolution <= _CONVOLUTION_MARGIN * largest  # False for NaN


def _errors(precision: str, bench: Bench) -> tuple[float, float]:
    generator = torch.Generator().manual_seed(_SEED)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    a, b = normal(_SIDE, _SIDE), normal(_SIDE, _SIDE)
    images, kernels = normal(2, _CHANNELS, _IMAGE, _IMAGE), normal(_CHANNELS, _CHANNELS, 3, 3)
    row = PRECISIONS[precision]
    dtype, device = getattr(torch, row.dtype), bench.accelerator.device
    autocast = torch.autocast(device.type, getattr(torch, row.autocast)) if row.autocast else nullcontext()
    allow_tf32(precision == "tf32")
    try:
        with torch.inference_mode(), autocast:
            product = torch.matmul(a.to(device, dtype), b.to(device, dtype))
            convolution = functional.conv2d(images.to(device, dtype), kernels.to(device, dtype), padding=1)
    finally:
        allow_tf32(False)
    exact = torch.matmul(a.double(), b.double()), functional.conv2d(images.double(), kernels.double(), padding=1)
    return relative_error(product, exact[0]), relative_error(convolution, exact[1])


def relative_error(result: torch.Tensor, exact: torch.Tensor) -> float:
    """Relative difference in the Frobenius norm."""
    return float((result.cpu().double() - exact).norm() / exact.norm())

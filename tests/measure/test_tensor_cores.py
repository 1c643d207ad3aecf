"""Torch's switches for tf32: eager and compiled convolutions read different ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from scalebench.measure.tensor_cores import allow_tf32, ieee_fp32, tf32_allowed


@pytest.fixture(autouse=True)
def off_again() -> Iterator[None]:
    if not hasattr(torch.backends.cudnn, "fp32_precision"):
        pytest.skip("torch before 2.9")
    yield
    allow_tf32(False)


@pytest.mark.parametrize(("allowed", "precision"), [(True, "tf32"), (False, "ieee")])
def test_what_inductor_reads_is_set_too(allowed: bool, precision: str) -> None:
    """Its convolutions read cudnn.fp32_precision, its products cuda.matmul.fp32_precision."""
    allow_tf32(not allowed)
    allow_tf32(allowed)
    assert torch.backends.cudnn.fp32_precision == precision
    assert torch.backends.cudnn.conv.fp32_precision == precision
    assert torch.backends.cuda.matmul.fp32_precision == precision


@pytest.mark.parametrize("allowed", [True, False])
def test_the_switches_never_contradict_each_other(allowed: bool) -> None:
    """Torch raises an error where an older switch is read that contradicts a newer one; torch.compile reads both."""
    for value in (False, True, allowed):
        allow_tf32(value)
        with ieee_fp32():
            assert torch.backends.cuda.matmul.fp32_precision == "ieee"
        assert torch._C._get_cublas_allow_tf32() == torch._C._get_cudnn_allow_tf32() == value
        assert torch.get_float32_matmul_precision() == ("high" if value else "highest")
        assert tf32_allowed() == value

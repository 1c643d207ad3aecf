"""Whether products of fp32 numbers are rounded to tf32 or bf16 on tensor cores: torch's switches, all in one place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


def allow_tf32(allowed: bool) -> None:
    """Let tensor cores round fp32 to tf32, or not: torch's default does for convolutions.

    ``allow_tf32`` is what eager reads everywhere, but the convolutions that torch.compile writes read cuDNN's
    ``fp32_precision`` (inductor/kernel/conv.py), which it leaves alone. Both are set alike: torch refuses to read one
    where they contradict each other.
    """
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = allowed
    if hasattr(torch.backends.cudnn, "fp32_precision"):  # since torch 2.9
        torch.backends.cudnn.fp32_precision = "tf32" if allowed else "ieee"


def tf32_allowed() -> bool:
    """Whether products or convolutions may be rounded to tf32 now."""
    return torch.backends.cuda.matmul.allow_tf32 or torch.backends.cudnn.allow_tf32


@contextmanager
def ieee_fp32() -> Iterator[None]:
    """Products of fp32 matrices in fp32, not in tf32 or bf16; the earlier settings are restored."""
    if not hasattr(torch.backends.cuda.matmul, "fp32_precision"):  # before torch 2.9 one setting covers all devices
        setting = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("highest")
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(setting)
        return
    mkldnn: Any = torch.backends.mkldnn  # torch gives its members no types
    backends = (torch.backends.cuda.matmul, mkldnn.matmul)
    settings = [backend.fp32_precision for backend in backends]
    try:
        for backend in backends:
            backend.fp32_precision = "ieee"
        yield
    finally:
        for backend, setting in zip(backends, settings, strict=True):
            backend.fp32_precision = setting

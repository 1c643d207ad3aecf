"""Memory probe: the peak of one forward pass, before anything is timed in this process.

On Linux the peak is VmHWM of this process after a reset; ``ru_maxrss`` survives exec and fork and would report
the parent's. Measuring it first, and not in a process of its own, gives every round a sample: nothing timed has run
yet, so nothing timed can raise the peak, and warm-up follows anyway.
"""

from __future__ import annotations

import ctypes
import gc
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from scalebench.measure.watch import gpu_of, process_peak

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # man 5 proc: resets the peak resident set size


def wake(device: torch.device) -> None:
    """Let the libraries start their threads and scratch before the baseline is read."""
    with torch.inference_mode():
        image = torch.zeros(1, 3, 32, 32, device=device)
        functional.conv2d(image, torch.zeros(8, 3, 3, 3, device=device)).sum()
        torch.mm(image.view(3, -1), image.view(-1, 3))
    settle()


def settle() -> None:
    """Hand freed memory back to the system, so that building the model does not count as running it."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def resident_bytes() -> int | None:
    """Resident memory of this process, bytes; None where the system does not say."""
    return _status("VmRSS")


Found = tuple[dict[str, Any], tuple[str, ...]]
"""Facts, and notes on what could not be seen."""


def cpu_peak(run: Callable[[], None], resident_before: int | None) -> Found:
    """One forward pass on the CPU.

    Args:
        run: one forward pass.
        resident_before: resident bytes before the model was built.
    """
    reset = _reset_peak()
    run()
    peak = _status("VmHWM")
    facts: dict[str, Any] = {"process_bytes": peak, "memory_bytes": None}
    if peak is None:
        return facts, ("memory_unavailable: this system has no /proc/self/status",)
    if not reset:
        return facts, ("memory_unavailable: the peak could not be reset, so growth is unknown",)
    if resident_before is not None:
        facts["memory_bytes"] = max(0, peak - resident_before)
    return facts, ()


def cuda_peak(run: Callable[[], None], device: torch.device) -> Found:
    """One forward pass on the GPU: reserved and allocated as the caching allocator saw it, and NVML's whole process.

    The whole process is what the card has to hold; its context is not in the allocator's figures.
    """
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats(device)

    def forward() -> None:
        run()
        torch.cuda.synchronize(device)

    process = process_peak(gpu_of(device), forward)
    reserved = torch.cuda.max_memory_reserved(device)
    return {
        "memory_bytes": reserved,
        "allocated_bytes": torch.cuda.max_memory_allocated(device),
        "process_bytes": process,
        "context_bytes": None if process is None else process - reserved,
    }, ()


def _status(name: str) -> int | None:
    try:
        found = re.search(rf"^{name}:\s+(\d+) kB", _STATUS.read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) * 1024 if found else None


def _reset_peak() -> bool:
    try:
        _CLEAR.write_text(_RESET_PEAK, encoding="ascii")
    except OSError:
        return False
    return True

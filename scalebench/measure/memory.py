"""Memory probe: the peak of one forward pass or training step, before anything is timed in this process.

On Linux the peak is VmHWM of this process after a reset; ``ru_maxrss`` survives exec and fork and would report the
parent's. It is measured first, so nothing timed can have raised the peak, and in the timed process itself, so every
round has a sample.
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

from scalebench.measure.accelerator import Accelerator
from scalebench.measure.watch import process_peak, sampled

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_EVERY_S = 0.01
_RESET_PEAK = "5"  # man 5 proc: resets the peak resident set size


def wake(device: torch.device) -> None:
    """Let the libraries start their threads and allocate scratch before the baseline is read."""
    with torch.inference_mode():
        image = torch.zeros(1, 3, 32, 32, device=device)
        functional.conv2d(image, torch.zeros(8, 3, 3, 3, device=device)).sum()
        torch.mm(image.view(3, -1), image.view(-1, 3))
    settle()


def settle() -> None:
    """Return freed memory to the system, so that memory used to build the model is not counted."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def resident_bytes() -> int | None:
    """Resident memory of this process, bytes; None where unknown."""
    return _status("VmRSS")


FactsAndNotes = tuple[dict[str, Any], tuple[str, ...]]


def cpu_peak(run: Callable[[], None], resident_before: int | None) -> FactsAndNotes:
    """Peak of one ``run`` on the CPU, and its growth over ``resident_before``, the bytes before the model was built."""
    reset = _reset_peak()
    run()
    peak = _status("VmHWM")
    facts: dict[str, Any] = {"process_bytes": peak, "memory_bytes": None}
    if peak is None:
        return facts, ("memory_unavailable: this system has no /proc/self/status",)
    if not reset:
        return facts, ("memory_unavailable: the peak could not be reset",)
    if resident_before is not None:
        facts["memory_bytes"] = max(0, peak - resident_before)
    return facts, ()


def device_peak(
    run: Callable[[], None],
    accelerator: Accelerator,
    foreign_before: int | None = None,
    used_before: int | None = None,
) -> FactsAndNotes:
    """Peak of one ``run`` on a GPU: reserved and allocated by torch's allocator, and the process by its counters.

    Only the process figure includes the GPU's context. A runtime with memory of its own is not in torch's figures: for
    it ``foreign_before`` is what was in use on the card beside torch's memory before its model was loaded, and its own
    memory is the growth since then. ``used_before`` was in use before this process used the card, see ``process_peak``.
    Another process that allocates meanwhile would be counted, too.
    """
    accelerator.reset_peaks()

    def forward() -> None:
        run()
        accelerator.synchronize()

    with sampled(lambda _: accelerator.foreign_bytes() if foreign_before is not None else 0, _EVERY_S) as foreign:
        process = process_peak(accelerator.readings(), forward, used_before=used_before)
    peaks = accelerator.peaks()
    if peaks is None:
        note = f"memory_unavailable: torch counts no peak on {accelerator.kind.name}"
        return {"memory_bytes": None, "process_bytes": process}, (note,)
    reserved, allocated = peaks
    own = max(foreign) - (foreign_before or 0)
    return {
        "memory_bytes": reserved + own,
        "allocated_bytes": None if foreign_before is not None else allocated,
        "process_bytes": process,
        "context_bytes": None if process is None else process - reserved - own,
    }, ()


def _status(name: str) -> int | None:
    try:
        match = re.search(rf"^{name}:\s+(\d+) kB", _STATUS.read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        return None
    return int(match[1]) * 1024 if match else None


def _reset_peak() -> bool:
    try:
        _CLEAR.write_text(_RESET_PEAK, encoding="ascii")
    except OSError:
        return False
    return True

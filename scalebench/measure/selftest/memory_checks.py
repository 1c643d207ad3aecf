"""Checks of memory: the probe against a buffer of known size, and running out of memory."""

from __future__ import annotations

from collections.abc import Callable

import torch

from scalebench.machine.limits import limit_round
from scalebench.machine.selfcheck import CheckResult, passed, unavailable_check
from scalebench.measure.accelerator import Accelerator
from scalebench.measure.failure import describe_error
from scalebench.measure.memory import cpu_peak, device_peak, resident_bytes, settle, wake
from scalebench.measure.selftest.bench import Bench
from scalebench.units import bytes_

_MOST_BYTES = 256 * 2**20
_SHARE = 8
"""A buffer takes at most an eighth of the free memory."""
_WITHIN = 0.02
_HOST_LIMIT = 256 * 2**20
"""Growth that the process is allowed on the CPU, where memory without a limit would end by a kill."""
_PARTS = 16
"""Buffers that fill the free memory; twice as many must fail."""
_ONES = 1024


def memory(bench: Bench) -> CheckResult:
    """A buffer of known size is filled within the probe and then freed."""
    accelerator = bench.accelerator
    wake(accelerator.device)
    size = int(min(_MOST_BYTES, accelerator.free_bytes() / _SHARE))
    buffers: list[torch.Tensor] = []

    def allocate() -> None:
        buffers.append(torch.ones(size, dtype=torch.uint8, device=accelerator.device))

    if accelerator.kind.on_host:
        facts, notes = cpu_peak(allocate, resident_bytes())
        if facts["memory_bytes"] is None:
            return unavailable_check("; ".join(notes), **facts)
        return judge_memory(size, facts["memory_bytes"], _left_on_host(buffers))
    before, free = _current(accelerator), accelerator.free_bytes()
    facts, notes = device_peak(allocate, accelerator)
    if facts["memory_bytes"] is None:
        return unavailable_check("; ".join(notes), **facts)
    taken = int(free - accelerator.free_bytes())
    buffers.clear()
    left = _current(accelerator) - before
    return judge_memory(size, facts["allocated_bytes"] - before, left, facts["memory_bytes"], taken)


def _current(accelerator: Accelerator) -> int:
    """Bytes that torch's allocator has given out now: just after a reset the peak is what is in use."""
    accelerator.reset_peaks()
    return (accelerator.peaks() or (0, 0))[1]


def _left_on_host(buffers: list[torch.Tensor]) -> int:
    """Resident bytes that freeing the buffers did not give back."""
    full = resident_bytes() or 0
    size = sum(buffer.nbytes for buffer in buffers)
    buffers.clear()
    settle()
    return (resident_bytes() or 0) - (full - size)


def judge_memory(size: int, seen: int, left: int, reserved: int | None = None, taken: int | None = None) -> CheckResult:
    """What the probe saw of a buffer of ``size`` bytes, and what was left of it after it was freed.

    ``reserved`` is what the allocator holds, at least what it gave out; ``taken`` is by how much the device's free
    memory fell, at least the buffer. Both are None on the CPU.
    """
    right = abs(seen / size - 1) <= _WITHIN and left <= _WITHIN * size
    covered = (reserved is None or reserved >= seen) and (taken is None or taken >= (1 - _WITHIN) * size)
    figures = {"seen": seen, "left after freeing": max(0, left), "reserved": reserved, "taken from the device": taken}
    parts = [f"{name} {bytes_(value)}" for name, value in figures.items() if value is not None]
    return passed(right and covered, f"{bytes_(size)} allocated: {', '.join(parts)}", allocated=size, **figures)


def out_of_memory(bench: Bench) -> CheckResult:
    """Buffers are allocated until one fails, and freed; then the device has to compute again."""
    accelerator = bench.accelerator
    wake(accelerator.device)
    on_host = accelerator.kind.on_host
    limit_round(bench.device, _HOST_LIMIT)
    accelerator.reset_peaks()
    before = accelerator.free_bytes()
    part = int((_HOST_LIMIT if on_host else before) / _PARTS)
    error = fill(lambda: torch.empty(part, dtype=torch.uint8, device=accelerator.device), 2 * _PARTS)
    accelerator.reset_peaks()
    back = None if on_host else accelerator.free_bytes() / before
    total = float(torch.ones(_ONES, device=accelerator.device).sum())
    return judge_out_of_memory(error, total, back)


def fill(allocate: Callable[[], torch.Tensor], most: int) -> Exception | None:
    """Allocate up to ``most`` buffers, and free them; the error of the one that failed, None where all fitted."""
    buffers: list[torch.Tensor] = []
    try:
        for _ in range(most):
            buffers.append(allocate())  # noqa: PERF401 - those before the error have to be kept until it comes
    except (RuntimeError, MemoryError) as error:
        return error.with_traceback(None)  # its frames would hold the buffers
    return None


def judge_out_of_memory(error: Exception | None, total: float, back: float | None) -> CheckResult:
    """The error, the sum of 1024 ones computed after it, and the share of the free memory that came back."""
    if error is None:
        return passed(False, "twice the free memory was allocated without an error")
    facts = describe_error(error)
    finding = f"{facts['type']}, taken for {facts['kind']}; sum of {_ONES} ones afterwards {total:g}"
    finding += "" if back is None else f"; {back:.0%} of the free memory is back"
    recovered = total == _ONES and (back is None or back >= 1 - _WITHIN)
    return passed(facts["kind"] == "oom" and recovered, finding, **facts, sum=total, back=back)

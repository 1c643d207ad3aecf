"""Checks of memory: an allocator that leaks, a probe that is blind, a device that does not recover."""

from __future__ import annotations

import pytest
import torch

from scalebench.measure.selftest.bench import Bench
from scalebench.measure.selftest.memory_checks import fill, judge_memory, judge_out_of_memory, memory

MIB = 2**20
OUT = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 8.00 GiB")


@pytest.mark.parametrize(
    ("seen", "left", "reserved", "taken", "verdict"),
    [
        (256, 0, 276, 276, "pass"),
        (256, 0, None, None, "pass"),  # the CPU
        (256, 256, 276, 276, "fail"),  # leaks
        (128, 0, 276, 276, "fail"),  # the probe sees half of it
        (0, 0, 0, 276, "fail"),  # the memory of another device
        (256, 0, 250, 276, "fail"),  # gave out more than it holds
        (256, 0, 276, 0, "fail"),  # the device's free memory is not this device's
    ],
)
def test_memory_is_seen_and_given_back(
    seen: int, left: int, reserved: int | None, taken: int | None, verdict: str
) -> None:
    sizes = [None if size is None else size * MIB for size in (reserved, taken)]
    assert judge_memory(256 * MIB, seen * MIB, left * MIB, *sizes).verdict == verdict


def test_the_probe_of_the_cpu_sees_a_buffer() -> None:
    result = memory(Bench("cpu", 1))
    assert result.verdict == "pass", result.finding
    assert result.figures["seen"] == pytest.approx(result.figures["allocated"], rel=0.02)


def test_a_buffer_that_is_kept_is_a_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, ones = [], torch.ones

    def leaking(*args: object, **options: object) -> torch.Tensor:
        kept.append(ones(*args, **options))  # type: ignore[call-overload]
        return kept[-1]

    monkeypatch.setattr(torch, "ones", leaking)
    result = memory(Bench("cpu", 1))
    assert result.verdict == "fail"
    assert result.figures["left after freeing"] == pytest.approx(result.figures["allocated"], rel=0.02)


@pytest.mark.parametrize(
    ("error", "total", "back", "verdict"),
    [
        (OUT, 1024.0, 1.0, "pass"),
        (OUT, 1024.0, None, "pass"),
        (None, 1024.0, 1.0, "fail"),  # memory that is not there was given out
        (OUT, 1024.0, 0.5, "fail"),  # half of it is lost
        (OUT, 0.0, 1.0, "fail"),  # the device no longer computes
        (RuntimeError("an illegal memory access was encountered"), 1024.0, 1.0, "fail"),
    ],
)
def test_running_out_of_memory_has_to_be_known_and_survived(
    error: Exception | None, total: float, back: float | None, verdict: str
) -> None:
    assert judge_out_of_memory(error, total, back).verdict == verdict


def test_buffers_are_kept_until_one_fails() -> None:
    sizes = iter([1, 2])

    def allocate() -> torch.Tensor:
        try:
            return torch.empty(next(sizes))
        except StopIteration:
            raise OUT from None

    assert fill(allocate, 10) is OUT
    assert fill(lambda: torch.empty(1), 3) is None

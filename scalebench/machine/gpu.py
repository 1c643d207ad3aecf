"""Readings of a GPU behind one interface, whoever made it. A missing reading is None.

Drivers, libraries and devices lack different functions and raise unrelated types of errors. A missing reading must
not end a round, so each of them becomes None, and a GPU that cannot be opened at all an ``Unavailable``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

Value = TypeVar("Value")

Reason = Literal[
    "no_nvml", "no_amdsmi", "no_sysman", "no_library", "pre_volta", "mig", "vgpu", "no_rapl", "permission",
    "virtual_machine", "counter_stuck",
]  # fmt: skip

THROTTLED = {0x08: "hw_slowdown", 0x20: "sw_thermal", 0x40: "hw_thermal", 0x80: "hw_power_brake"}
"""Clock event reasons that invalidate a timing, from the NVML reference, nvmlClocksEventReasons."""
LOW_CLOCK, LOW_CLOCK_SHARE = 0.75, 0.10
"""Share of the default clock that is low, as in nvbench, and share of the samples above which a round is doubted."""
POWER_CAP = 0x04
"""Software power cap; not among them, because it is the normal state of a board under load."""


@dataclass(frozen=True)
class Unavailable:
    """Something that cannot be measured here.

    Attributes:
        reason: one word.
        detail: the system's message; may be empty.
    """

    reason: Reason
    detail: str = ""


class Gpu:
    """One device. Every method queries it again and returns None where its library does not answer."""

    def clock_event_reasons(self) -> int | None:
        """Why the clocks are what they are: a bit mask, see ``THROTTLED`` and ``POWER_CAP``."""
        return None

    def sm_clock_mhz(self) -> int | None:
        """Clock of the multiprocessors, MHz."""
        return None

    def default_clock_mhz(self) -> int | None:
        """Clock that the board comes with, MHz; its highest one where it has no default."""
        return None

    def temperature_c(self) -> int | None:
        """Temperature of the chip, degrees Celsius."""
        return None

    def power_w(self) -> float | None:
        """Power of the board, watts."""
        return None

    def power_limit_w(self) -> float | None:
        """Power limit in force, watts."""
        return None

    def default_power_limit_w(self) -> float | None:
        """Power limit that the board comes with, watts."""
        return None

    def memory_used_bytes(self) -> int | None:
        """Memory in use on the board, by whatever process, bytes."""
        return None

    def energy_mj(self) -> int | None:
        """Energy of the board since the driver was loaded, millijoules."""
        return None

    def processes(self) -> dict[int, int | None] | None:
        """Process id -> bytes of device memory, of processes that compute; None for bytes that are not reported."""
        return None

    def mig(self) -> bool | None:
        """Whether the board is split into MIG instances, or this is one of them."""
        return None

    def vgpu(self) -> bool | None:
        """Whether this is a virtual machine's share of a board."""
        return None

    def without_energy(self) -> Unavailable:
        """Why ``energy_mj`` is None."""
        return Unavailable("no_library", "its library gives no energy")

    def ecc(self) -> bool | None:
        """Whether ECC is on."""
        return None

    def memory_total_bytes(self) -> int | None:
        """Memory of the board, bytes."""
        return None


def reading(ask: Callable[[], Value]) -> Value | None:
    """What ``ask`` returns; None where it raises, or answers ``N/A`` as AMD's library does."""
    try:
        answer = ask()
    except Exception:  # whatever the reason, see the module: the reading is missing
        return None
    return None if answer == "N/A" else answer


def tenants(processes: Mapping[int, int | None] | None, pid: int) -> tuple[int | None, tuple[int, ...] | None]:
    """Memory of this process in bytes, and the other processes on the device.

    In a container NVML lists the process ids of the host, or none (NVIDIA/nvidia-docker#1483). Where this process is
    not in the list, it cannot be distinguished from the others, and both are None.

    Args:
        processes: from ``Gpu.processes``, at a time when this process uses the device.
        pid: of this process.
    """
    if processes is None or pid not in processes:
        return None, None
    return processes[pid], tuple(sorted(processes.keys() - {pid}))


def throttled(reasons: int | None) -> list[str]:
    """Names of the reasons in the mask that invalidate a timing."""
    return [name for bit, name in THROTTLED.items() if (reasons or 0) & bit]


def doubts(seen: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Notes on readings of the GPU during a round: ``throttled``, ``gpu_clock_low``, ``power_capped``, ``gpu_shared``.

    Args:
        seen: ``clock_event_reasons``, ``low_clock_share`` and ``other_pids``; a missing one or None causes no note.
    """
    seen = seen or {}
    reasons, others = seen.get("clock_event_reasons") or 0, seen.get("other_pids") or []
    notes = [f"throttled: {', '.join(throttled(reasons))}"] if throttled(reasons) else []
    if (low := seen.get("low_clock_share") or 0.0) > LOW_CLOCK_SHARE:
        notes += [f"gpu_clock_low: in {low:.0%} of the samples"]
    notes += ["power_capped"] if reasons & POWER_CAP else []
    notes += [f"gpu_shared: {len(others)} other processes"] if others else []
    return tuple(notes)

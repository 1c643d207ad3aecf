"""A GPU's own counters through NVML: clocks, temperature, power, energy, processes. What it does not say is None.

The driver, the library and the device each leave functions out, with errors of unrelated types. A reading that is
not there must not end a round, so every one of them becomes None, and a GPU that cannot be asked at all an
``Unavailable``.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Reason = Literal[
    "no_nvml", "pre_volta", "mig", "vgpu", "no_rapl", "permission", "virtual_machine", "counter_stuck"
]  # fmt: skip

THROTTLED = {0x08: "hw_slowdown", 0x20: "sw_thermal", 0x40: "hw_thermal", 0x80: "hw_power_brake"}
"""Clock event reasons that spoil a timing, from the NVML reference, nvmlClocksEventReasons."""
POWER_CAP = 0x04
"""Software power cap; not among them, because under load it is the normal state of a board."""

_NO_PERMISSION = 4  # NVML_ERROR_NO_PERMISSION
_SM, _GPU_SENSOR = 1, 0  # NVML_CLOCK_SM, NVML_TEMPERATURE_GPU
_VGPU = 2  # NVML_GPU_VIRTUALIZATION_MODE_VGPU; a GPU passed through (1) counts for itself


@dataclass(frozen=True)
class Unavailable:
    """Something that cannot be measured here.

    Attributes:
        reason: one word.
        detail: what the system said; may be empty.
    """

    reason: Reason
    detail: str = ""


@dataclass(frozen=True)
class Gpu:
    """One device. Every method asks it afresh and gives None where it does not answer.

    Attributes:
        library: the module ``pynvml``.
        handle: the library's handle of the device.
    """

    library: Any
    handle: Any

    def clock_event_reasons(self) -> int | None:
        """Why the clocks are what they are: a bit mask, see ``THROTTLED``."""
        return _whole(self._ask("nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons"))

    def sm_clock_mhz(self) -> int | None:
        """Clock of the multiprocessors, MHz."""
        return _whole(self._ask("nvmlDeviceGetClockInfo", args=(_SM,)))

    def temperature_c(self) -> int | None:
        """Temperature of the chip, degrees Celsius."""
        return _whole(self._ask("nvmlDeviceGetTemperature", "nvmlDeviceGetTemperatureV", args=(_GPU_SENSOR,)))

    def power_w(self) -> float | None:
        """Power of the board, watts; the mean of the last second on most chips since Ampere."""
        return _thousandth(self._ask("nvmlDeviceGetPowerUsage"))

    def power_limit_w(self) -> float | None:
        """Power limit in force, watts."""
        return _thousandth(self._ask("nvmlDeviceGetEnforcedPowerLimit", "nvmlDeviceGetPowerManagementLimit"))

    def energy_mj(self) -> int | None:
        """Energy of the board since the driver was loaded, millijoules; Volta and later."""
        return _whole(self._ask("nvmlDeviceGetTotalEnergyConsumption"))

    def processes(self) -> dict[int, int | None] | None:
        """Process id -> bytes of device memory, of processes that compute; None for bytes that are not told."""
        found = self._ask("nvmlDeviceGetComputeRunningProcesses", "nvmlDeviceGetComputeRunningProcesses_v2")
        return None if found is None else {one.pid: one.usedGpuMemory or None for one in found}

    def mig(self) -> bool | None:
        """Whether the board is split into instances, or this is one of them."""
        part = self._ask("nvmlDeviceIsMigDeviceHandle")
        if getattr(part, "value", part):  # a ctypes number
            return True
        modes = self._ask("nvmlDeviceGetMigMode")
        return None if modes is None else bool(modes[0])

    def vgpu(self) -> bool | None:
        """Whether this is a share of a board, lent to a virtual machine."""
        mode = self._ask("nvmlDeviceGetVirtualizationMode")
        return None if mode is None else mode == _VGPU

    def architecture(self) -> int | None:
        """NVML's number of the generation: 4 Pascal, 5 Volta, 9 Hopper."""
        return _whole(self._ask("nvmlDeviceGetArchitecture"))

    def ecc(self) -> bool | None:
        """Whether memory errors are corrected now."""
        states = self._ask("nvmlDeviceGetEccMode")
        return None if states is None else bool(states[0])

    def memory_total_bytes(self) -> int | None:
        """Memory of the board, bytes."""
        return _whole(getattr(self._ask("nvmlDeviceGetMemoryInfo"), "total", None))

    def _ask(self, *names: str, args: tuple[Any, ...] = ()) -> Any:
        """Answer of the first function that gives one: newer names come first, older ones for older drivers."""
        for name in names:
            try:
                return getattr(self.library, name)(self.handle, *args)
            except Exception:  # noqa: S112 - see the module: whatever it objects to, the reading is not there
                continue
        return None


def open_gpu(uuid: str = "", pci_bus_id: str = "", library: Any = None) -> Gpu | Unavailable:
    """The device with this identity.

    NVML numbers all devices of the machine, torch those of CUDA_VISIBLE_DEVICES in an order of its own: so a device
    is found by identity, never by number.

    Args:
        uuid: as torch writes it, with or without ``GPU-`` or ``MIG-`` before it.
        pci_bus_id: ``domain:bus:device.function`` in hexadecimal; asked where the uuid is not known.
        library: stands in for ``pynvml``.

    Returns: the device, or ``no_nvml`` (library or driver missing, device not known to it) or ``permission``.
    """
    try:
        nvml = library or importlib.import_module("pynvml")
        nvml.nvmlInit()
    except Exception as error:  # an import, the loader and the driver fail in ways of their own
        return _refused(error)
    uuids = [uuid] if uuid.startswith(("GPU-", "MIG-")) else [f"GPU-{uuid}", f"MIG-{uuid}"] if uuid else []
    tries = [("nvmlDeviceGetHandleByUUID", word) for word in uuids]
    tries += [("nvmlDeviceGetHandleByPciBusId", pci_bus_id)] if pci_bus_id else []
    refusal = Unavailable("no_nvml", "the device has no identity to find it by")
    for find, word in tries:
        try:
            return Gpu(nvml, getattr(nvml, find)(word))
        except Exception as error:
            refusal = _refused(error)
    return refusal


def tenants(processes: Mapping[int, int | None] | None, pid: int) -> tuple[int | None, tuple[int, ...] | None]:
    """Memory of this process in bytes, and the other processes on the device.

    In a container NVML lists the numbers that processes have outside it, or none (NVIDIA/nvidia-docker#1483). Where
    this process is not in the list nobody can tell it from the others, and both are None.

    Args:
        processes: from ``Gpu.processes``, at a time when this process uses the device.
        pid: of this process.
    """
    if processes is None or pid not in processes:
        return None, None
    return processes[pid], tuple(sorted(processes.keys() - {pid}))


def throttled(reasons: int | None) -> list[str]:
    """Names of the reasons in the mask that spoil a timing."""
    return [name for bit, name in THROTTLED.items() if (reasons or 0) & bit]


def doubts(seen: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Notes on what a watch over the GPU saw: ``throttled``, ``power_capped``, ``gpu_shared``.

    Args:
        seen: ``clock_event_reasons`` and ``other_pids``; what is missing or None raises nothing.
    """
    seen = seen or {}
    reasons, others = seen.get("clock_event_reasons") or 0, seen.get("other_pids") or []
    notes = [f"throttled: {', '.join(throttled(reasons))}"] if throttled(reasons) else []
    notes += ["power_capped"] if reasons & POWER_CAP else []
    notes += [f"gpu_shared: {len(others)} other processes"] if others else []
    return tuple(notes)


def _refused(error: Exception) -> Unavailable:
    denied = getattr(error, "value", None) == _NO_PERMISSION
    return Unavailable("permission" if denied else "no_nvml", f"{type(error).__name__}: {error}")


def _whole(answer: Any) -> int | None:
    return None if answer is None else int(answer)


def _thousandth(answer: Any) -> float | None:
    return None if answer is None else answer / 1000

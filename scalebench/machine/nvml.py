"""Readings of NVIDIA's GPUs through NVML: clocks, temperature, power, energy, processes."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from scalebench.machine.gpu import Gpu, Unavailable

_NO_PERMISSION = 4  # NVML_ERROR_NO_PERMISSION
_SM, _GPU_SENSOR = 1, 0  # NVML_CLOCK_SM, NVML_TEMPERATURE_GPU
_VOLTA = 5  # NVML_DEVICE_ARCH_VOLTA
_VGPU = 2  # NVML_GPU_VIRTUALIZATION_MODE_VGPU; a GPU passed through (1) counts for itself


@dataclass(frozen=True)
class NvmlGpu(Gpu):
    """One device.

    Attributes:
        library: the module ``pynvml``.
        handle: the library's handle of the device.
    """

    library: Any
    handle: Any

    def clock_event_reasons(self) -> int | None:
        """Why the clocks are what they are: a bit mask, see ``THROTTLED``."""
        return _int(self._ask("nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons"))

    def sm_clock_mhz(self) -> int | None:
        """Clock of the multiprocessors, MHz."""
        return _int(self._ask("nvmlDeviceGetClockInfo", args=(_SM,)))

    def default_clock_mhz(self) -> int | None:
        """Clock of the multiprocessors that the board comes with, MHz; the highest where it has no default."""
        return _int(self._ask("nvmlDeviceGetDefaultApplicationsClock", "nvmlDeviceGetMaxClockInfo", args=(_SM,)))

    def temperature_c(self) -> int | None:
        """Temperature of the chip, degrees Celsius."""
        return _int(self._ask("nvmlDeviceGetTemperature", "nvmlDeviceGetTemperatureV", args=(_GPU_SENSOR,)))

    def power_w(self) -> float | None:
        """Power of the board, watts; the mean of the last second on most chips since Ampere."""
        return _from_milli(self._ask("nvmlDeviceGetPowerUsage"))

    def power_limit_w(self) -> float | None:
        """Power limit in force, watts."""
        return _from_milli(self._ask("nvmlDeviceGetEnforcedPowerLimit", "nvmlDeviceGetPowerManagementLimit"))

    def default_power_limit_w(self) -> float | None:
        """Power limit that the board comes with, watts."""
        return _from_milli(self._ask("nvmlDeviceGetPowerManagementDefaultLimit"))

    def memory_used_bytes(self) -> int | None:
        """Memory in use on the board, bytes."""
        return _int(getattr(self._ask("nvmlDeviceGetMemoryInfo"), "used", None))

    def energy_mj(self) -> int | None:
        """Energy of the board since the driver was loaded, millijoules; Volta and later."""
        return _int(self._ask("nvmlDeviceGetTotalEnergyConsumption"))

    def processes(self) -> dict[int, int | None] | None:
        """Process id -> bytes of device memory, of processes that compute; None for bytes that are not reported."""
        processes = self._ask("nvmlDeviceGetComputeRunningProcesses", "nvmlDeviceGetComputeRunningProcesses_v2")
        return None if processes is None else {process.pid: process.usedGpuMemory or None for process in processes}

    def mig(self) -> bool | None:
        """Whether the board is split into MIG instances, or this is one of them."""
        part = self._ask("nvmlDeviceIsMigDeviceHandle")
        if getattr(part, "value", part):  # a ctypes number
            return True
        modes = self._ask("nvmlDeviceGetMigMode")
        return None if modes is None else bool(modes[0])

    def vgpu(self) -> bool | None:
        """Whether this is a virtual machine's share of a board."""
        mode = self._ask("nvmlDeviceGetVirtualizationMode")
        return None if mode is None else mode == _VGPU

    def without_energy(self) -> Unavailable:
        """Why ``energy_mj`` is None."""
        architecture = _int(self._ask("nvmlDeviceGetArchitecture"))
        if architecture is not None and architecture < _VOLTA:
            return Unavailable("pre_volta", "boards before Volta have no energy counter")
        return Unavailable("no_nvml", "NVML gives no energy for this device")

    def ecc(self) -> bool | None:
        """Whether ECC is on."""
        states = self._ask("nvmlDeviceGetEccMode")
        return None if states is None else bool(states[0])

    def memory_total_bytes(self) -> int | None:
        """Memory of the board, bytes."""
        return _int(getattr(self._ask("nvmlDeviceGetMemoryInfo"), "total", None))

    def _ask(self, *names: str, args: tuple[Any, ...] = ()) -> Any:
        """Answer of the first function that has one: newer names come first, older ones are for older drivers."""
        for name in names:
            try:
                return getattr(self.library, name)(self.handle, *args)
            except Exception:  # noqa: S112 - whatever the reason, see the module: the reading is missing
                continue
        return None


def open_nvml(uuid: str = "", pci_bus_id: str = "", library: Any = None) -> Gpu | Unavailable:
    """The device with this identity.

    NVML numbers all devices of the machine, torch those of CUDA_VISIBLE_DEVICES in another order: so a device is found
    by identity, never by number.

    Args:
        uuid: as torch writes it, with or without the prefix ``GPU-`` or ``MIG-``.
        pci_bus_id: ``domain:bus:device.function`` in hexadecimal; used where the uuid is not known.
        library: replaces ``pynvml``.

    Returns: the device, or ``no_nvml`` (library or driver missing, device not known to it) or ``permission``.
    """
    try:
        nvml = library or importlib.import_module("pynvml")
        nvml.nvmlInit()
    except Exception as error:  # import, loader and driver raise unrelated types
        return _unavailable(error)
    uuids = [uuid] if uuid.startswith(("GPU-", "MIG-")) else [f"GPU-{uuid}", f"MIG-{uuid}"] if uuid else []
    lookups = [("nvmlDeviceGetHandleByUUID", name) for name in uuids]
    lookups += [("nvmlDeviceGetHandleByPciBusId", pci_bus_id)] if pci_bus_id else []
    unavailable = Unavailable("no_nvml", "the device has neither a UUID nor a PCI bus id")
    for function, identity in lookups:
        try:
            return NvmlGpu(nvml, getattr(nvml, function)(identity))
        except Exception as error:
            unavailable = _unavailable(error)
    return unavailable


def all_nvml(library: Any = None) -> tuple[Gpu, ...] | Unavailable:
    """All GPUs of the machine in NVML's order, which may differ from torch's; ``library`` replaces ``pynvml``."""
    try:
        nvml = library or importlib.import_module("pynvml")
        nvml.nvmlInit()
        handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]
    except Exception as error:  # import, loader and driver raise unrelated types
        return Unavailable("no_nvml", f"{type(error).__name__}: {error}")
    return tuple(NvmlGpu(nvml, handle) for handle in handles)


def _unavailable(error: Exception) -> Unavailable:
    denied = getattr(error, "value", None) == _NO_PERMISSION
    return Unavailable("permission" if denied else "no_nvml", f"{type(error).__name__}: {error}")


def _int(answer: Any) -> int | None:
    return None if answer is None else int(answer)


def _from_milli(answer: Any) -> float | None:
    return None if answer is None else answer / 1000

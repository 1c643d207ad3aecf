"""Readings of AMD's GPUs through the library amdsmi, which ROCm brings along."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from scalebench.machine.gpu import POWER_CAP, Gpu, Unavailable, reading

_THERMAL, _CURRENT, _POWER = range(32, 48), range(16, 24), range(8)
"""Bits of ``indep_throttle_status`` in the kernel's amdgpu_smu.h: temperatures, currents, power."""
_HW_THERMAL = 0x40
"""NVML's bit for the same."""


@dataclass(frozen=True)
class AmdGpu(Gpu):
    """One device.

    Attributes:
        library: the module ``amdsmi``.
        handle: the library's handle of the device.
    """

    library: Any
    handle: Any

    def clock_event_reasons(self) -> int | None:
        """NVML's bits for heat and for the limits of power and current."""
        status = self._field("amdsmi_get_gpu_metrics_info", "indep_throttle_status")
        if status is None:
            return None
        heat, limit = (any(status >> bit & 1 for bit in bits) for bits in (_THERMAL, (*_CURRENT, *_POWER)))
        return heat * _HW_THERMAL | limit * POWER_CAP

    def sm_clock_mhz(self) -> int | None:
        """Clock of the compute units, MHz."""
        gfx = reading(lambda: self.library.AmdSmiClkType.GFX)
        return _int(self._field("amdsmi_get_clock_info", "clk", "cur_clk", args=(gfx,)))

    def default_clock_mhz(self) -> int | None:
        """Highest clock of the compute units, MHz."""
        gfx = reading(lambda: self.library.AmdSmiClkType.GFX)
        return _int(self._field("amdsmi_get_clock_info", "max_clk", args=(gfx,)))

    def temperature_c(self) -> int | None:
        """Temperature of the hottest spot of the chip, degrees Celsius."""
        kinds = reading(lambda: (self.library.AmdSmiTemperatureType.HOTSPOT,
                                 self.library.AmdSmiTemperatureMetric.CURRENT))  # fmt: skip
        return reading(lambda: int(self.library.amdsmi_get_temp_metric(self.handle, *kinds or ())))

    def power_w(self) -> float | None:
        """Power of the board, watts."""
        power = self._field("amdsmi_get_power_info", "current_socket_power", "average_socket_power")
        return None if power is None else float(power)

    def power_limit_w(self) -> float | None:
        """Power limit in force, watts."""
        microwatts = self._field("amdsmi_get_power_cap_info", "power_cap")
        return None if microwatts is None else microwatts * 1e-6

    def default_power_limit_w(self) -> float | None:
        """Power limit that the board comes with, watts."""
        microwatts = self._field("amdsmi_get_power_cap_info", "default_power_cap")
        return None if microwatts is None else microwatts * 1e-6

    def memory_used_bytes(self) -> int | None:
        """Memory in use on the board, bytes; the library counts MiB."""
        mebibytes = self._field("amdsmi_get_gpu_vram_usage", "vram_used")
        return None if mebibytes is None else int(mebibytes) * 2**20

    def energy_mj(self) -> int | None:
        """Energy since the driver was loaded, millijoules; the library counts in steps of so many microjoules."""
        steps = self._field("amdsmi_get_energy_count", "energy_accumulator", "power")
        step_uj = self._field("amdsmi_get_energy_count", "counter_resolution")
        return None if steps is None or step_uj is None else int(steps * step_uj / 1000)

    def without_energy(self) -> Unavailable:
        """Why ``energy_mj`` is None."""
        return Unavailable("no_amdsmi", "amdsmi gives no energy for this device")

    def processes(self) -> dict[int, int | None] | None:
        """Process id -> bytes of device memory."""
        return reading(
            lambda: {
                int(process["pid"]): process["memory_usage"]["vram_mem"] or None
                for process in self.library.amdsmi_get_gpu_process_list(self.handle)
            }
        )

    def memory_total_bytes(self) -> int | None:
        """Memory of the board, bytes."""
        vram = reading(lambda: self.library.AmdSmiMemoryType.VRAM)
        return reading(lambda: int(self.library.amdsmi_get_gpu_memory_total(self.handle, vram)))

    def address(self) -> tuple[int, ...]:
        """Numbers of its PCI address; empty where it has none."""
        return _address(reading(lambda: self.library.amdsmi_get_gpu_device_bdf(self.handle)) or "")

    def _field(self, function: str, *names: str, args: tuple[Any, ...] = ()) -> Any:
        """The first of these fields that the function's answer has; names differ between releases."""
        fields = reading(lambda: getattr(self.library, function)(self.handle, *args)) or {}
        return next((fields[name] for name in names if fields.get(name, "N/A") not in ("N/A", None)), None)


def all_amd(library: Any = None) -> tuple[Gpu, ...] | Unavailable:
    """All GPUs of the machine in the library's order; ``library`` replaces ``amdsmi``."""
    try:
        amdsmi = library or importlib.import_module("amdsmi")
        amdsmi.amdsmi_init()
        return tuple(AmdGpu(amdsmi, handle) for handle in amdsmi.amdsmi_get_processor_handles())
    except Exception as error:  # import, loader and driver raise unrelated types
        return Unavailable("no_amdsmi", f"{type(error).__name__}: {error}")


def open_amd(pci_bus_id: str, library: Any = None) -> Gpu | Unavailable:
    """The device at this address, ``domain:bus:device.function`` in hexadecimal; ``library`` replaces ``amdsmi``."""
    gpus = all_amd(library)
    if isinstance(gpus, Unavailable):
        return gpus
    by_address = {gpu.address(): gpu for gpu in gpus if isinstance(gpu, AmdGpu)}
    return by_address.get(_address(pci_bus_id)) or Unavailable("no_amdsmi", f"no device at {pci_bus_id!r}")


def _int(answer: Any) -> int | None:
    return None if answer is None else int(answer)


def _address(pci_bus_id: str) -> tuple[int, ...]:
    """Numbers of an address: torch writes the domain with eight digits, AMD with four."""
    return tuple(int(part, 16) for part in pci_bus_id.replace(".", ":").split(":") if part)

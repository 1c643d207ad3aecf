"""Readings of Intel's GPUs, which torch takes from Level Zero's system management (the package pyzes)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scalebench.machine.gpu import Gpu, Unavailable, reading


@dataclass(frozen=True)
class IntelGpu(Gpu):
    """One device. Its power is not among the readings: torch's function sleeps 0.1 s within every call.

    Attributes:
        module: ``torch.xpu``.
        index: number of the device.
    """

    module: Any
    index: int

    def sm_clock_mhz(self) -> int | None:
        """Clock of the GPU, MHz."""
        return reading(lambda: int(self.module.clock_rate(self.index)))

    def temperature_c(self) -> int | None:
        """Temperature of the chip, degrees Celsius; may need privileges."""
        return reading(lambda: int(self.module.temperature(self.index)))

    def without_energy(self) -> Unavailable:
        """Why ``energy_mj`` is None."""
        return Unavailable("no_sysman", "torch gives no energy counter for Intel's GPUs")


def open_intel(module: Any, index: int) -> Gpu | Unavailable:
    """The device with this number, where this torch has readings at all: 2.14 does, with the package pyzes."""
    gpu = IntelGpu(module, index)
    if gpu.sm_clock_mhz() is None:
        return Unavailable("no_sysman", "this torch gives no clock for the GPU; newer ones do with the package pyzes")
    return gpu

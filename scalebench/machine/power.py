"""Energy counters of the machine: RAPL through the kernel's powercap files, and the GPU board's own.

Each domain is reported by itself. A package contains its cores, psys contains the packages, and neither includes the
fans: a sum over domains would count some parts twice. Power is never estimated from a data sheet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scalebench.machine.gpu import Gpu, Unavailable
from scalebench.suite.device_kinds import CPU, CUDA, kind_of

_PACKAGE = CPU.energy_domain
POWERCAP = Path("/sys/class/powercap")
"""Folder of Linux's RAPL counters."""

_CPUINFO = Path("/proc/cpuinfo")


class Counter(Protocol):
    """A counter of energy: it only rises, until it wraps around."""

    @property
    def domain(self) -> str:
        """What it measures: ``gpu_board``, ``cpu_package-0``, ``dram-0``, ``psys``."""
        ...

    def read(self) -> int | None:
        """The counter's value, in its own unit; None where it cannot be read."""
        ...

    def joules(self, before: int, after: int) -> float | None:
        """Energy between two readings with at most one wrap between them; None where it is unknown."""
        ...


@dataclass(frozen=True)
class Rapl:
    """One powercap zone.

    Attributes:
        domain: what it measures.
        file: its ``energy_uj``, microjoules.
        range_uj: value at which it wraps around; 0 where unknown.
    """

    domain: str
    file: Path
    range_uj: int

    def read(self) -> int | None:
        """The counter's value, microjoules."""
        try:
            return int(self.file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None

    def joules(self, before: int, after: int) -> float | None:
        """Energy between two readings."""
        step = after - before
        if step < 0:
            step += self.range_uj
        return step * 1e-6 if step >= 0 else None


@dataclass(frozen=True)
class Board:
    """The GPU board's counter; updated about every 100 ms."""

    gpu: Gpu
    domain: str = CUDA.energy_domain

    def read(self) -> int | None:
        """The counter's value, millijoules."""
        return self.gpu.energy_mj()

    def joules(self, before: int, after: int) -> float | None:
        """Energy between two readings; the counter has 64 bits and is reset only with the driver."""
        return (after - before) * 1e-3 if after >= before else None


def open_counters(
    device: str,
    gpu: Gpu | Unavailable | None = None,
    root: Path = POWERCAP,
    cpuinfo: Path = _CPUINFO,
) -> tuple[Counter, ...] | Unavailable:
    """Counters for a case on this kind of device, the device's own first.

    On a GPU the board's counter is required; the CPU's domains are added where they can be read.

    Args:
        device: as in ``Case``, or its kind.
        gpu: its readings; None for the CPU.
        root: the powercap folder.
        cpuinfo: identifies a virtual machine, which has no powercap.
    """
    processor = _rapl(root, cpuinfo)
    if kind_of(device).on_host:
        return processor
    board = _board(gpu)
    if isinstance(board, Unavailable):
        return board
    return (board, *(() if isinstance(processor, Unavailable) else processor))


def _board(gpu: Gpu | Unavailable | None) -> Board | Unavailable:
    if gpu is None:
        return Unavailable("no_library", "no GPU was opened")
    if isinstance(gpu, Unavailable):
        return gpu
    if gpu.mig():
        return Unavailable("mig", "the counter is the whole board's, which others share")
    if gpu.vgpu():
        return Unavailable("vgpu", "the counter is the whole board's, which others share")
    if gpu.energy_mj() is not None:
        return Board(gpu)
    return gpu.without_energy()


def _rapl(root: Path, cpuinfo: Path) -> tuple[Counter, ...] | Unavailable:
    # sysfs lists zones and the zones inside them side by side; intel-rapl-mmio repeats the packages.
    folders = sorted(root.glob("intel-rapl:*"))
    zones = [Rapl(name, folder / "energy_uj", _range(folder)) for folder in folders if (name := _domain(folder))]
    packages = [zone for zone in zones if zone.domain.startswith(_PACKAGE)]
    if not packages:
        virtual = re.search(r"^flags\s*:.*\bhypervisor\b", _text(cpuinfo), re.MULTILINE)
        return Unavailable("virtual_machine" if virtual else "no_rapl", f"{root} has no package zone")
    for package in packages:
        # All or none: with half of the sockets the machine would seem to need half the energy.
        if unavailable := _unreadable(package.file):
            return unavailable
    return tuple(sorted((zone for zone in zones if zone.read() is not None), key=_headline_first))


def _headline_first(zone: Rapl) -> tuple[bool, str]:
    return not zone.domain.startswith(_PACKAGE), zone.domain


def _domain(zone: Path) -> str | None:
    """Name of the domain; None for one inside another, such as the cores of a package."""
    name = _text(zone / "name")
    if package := re.fullmatch(r"package-(\d+(?:-die-\d+)?)", name):
        return f"{_PACKAGE}-{package[1]}"
    if name == "dram":
        parent = _text(zone.parent / zone.name.rpartition(":")[0] / "name")
        return f"dram-{parent.removeprefix('package-')}"
    return name if re.fullmatch(r"psys(-\d+)?", name) else None


def _range(zone: Path) -> int:
    text = _text(zone / "max_energy_range_uj")
    return int(text) if text.isdecimal() else 0


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _unreadable(file: Path) -> Unavailable | None:
    try:
        int(file.read_text(encoding="ascii"))
    except PermissionError:
        return Unavailable("permission", f"{file} is readable by root only")
    except (OSError, ValueError) as error:
        return Unavailable("no_rapl", str(error))
    return None

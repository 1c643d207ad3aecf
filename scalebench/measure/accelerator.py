"""Accelerator: a device as everything that measures sees it. The CPU is one, so callers need not ask for the kind.

It rests on ``torch.accelerator``, and on the device's own module (``torch.cuda``, ``torch.xpu``, ``torch.mps``) for
what an older torch has only there. This file and ``suite/device_kinds.py`` are the only ones that know devices by name.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import torch

from scalebench.errors import MachineError
from scalebench.machine.amd_gpu import open_amd
from scalebench.machine.cpu_cache import last_cache
from scalebench.machine.gpu import Gpu, Unavailable
from scalebench.machine.intel_gpu import open_intel
from scalebench.machine.limits import free_memory
from scalebench.machine.nvml import open_nvml
from scalebench.suite.device_kinds import AUTO, CPU, CUDA, ROCM, DeviceKind, index_of, kind_of, known_kind

_OLDER_NAMES = {"get_memory_info": "mem_get_info", "set_device_index": "set_device"}
"""Names of torch.accelerator -> those of device modules, where they differ."""
_PRECISION_CHECKS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "bf16": ("is_bf16_supported", {"including_emulation": False}),
    "amp_bf16": ("is_bf16_supported", {"including_emulation": False}),
    "tf32": ("is_tf32_supported", {}),
}
"""Precision -> function of the device module that says whether the card computes in it."""


class TimedEvent(Protocol):
    """A moment in the device's work."""

    def record(self) -> object:
        """Mark the end of what has been issued so far."""
        ...

    def synchronize(self) -> object:
        """Wait until the device has reached it."""
        ...

    def elapsed_time(self, end: Any, /) -> float:
        """Milliseconds to a later event."""
        ...


class HostEvent:
    """A moment on the host's clock, for devices whose calls return when their work is done."""

    def record(self) -> None:
        """Take the time."""
        self._ns = time.perf_counter_ns()

    def synchronize(self) -> None:
        """Nothing to wait for."""

    def elapsed_time(self, end: HostEvent, /) -> float:
        """Milliseconds to a later event."""
        return (end._ns - self._ns) * 1e-6


@dataclass(frozen=True)
class Accelerator:
    """One device.

    Attributes:
        device: as torch names it.
        kind: of the device; AMD's and NVIDIA's are both torch's ``cuda``.
    """

    device: torch.device
    kind: DeviceKind

    @cached_property
    def module(self) -> Any:
        """Torch's module for this kind of device."""
        return torch.get_device_module(self.device)

    @cached_property
    def properties(self) -> Any:
        """Torch's description of the device; None where there is none."""
        ask = getattr(self.module, "get_device_properties", None)
        return None if ask is None or self.kind.on_host else ask(self.device)

    def select(self) -> None:
        """Make it this process's current device: events are recorded on the current device's stream."""
        if not self.kind.on_host:
            self._ask("set_device_index", self.device)

    def synchronize(self) -> None:
        """Wait until the device is idle."""
        if not self.kind.on_host:
            self._ask("synchronize", self.device)

    def event(self) -> TimedEvent:
        """An event that measures time; of the host's clock where torch has none for this device."""
        if not self.kind.events:
            return HostEvent()
        event: TimedEvent = torch.Event(device=self.device, enable_timing=True)
        return event

    def reset_peaks(self) -> None:
        """Give cached memory back and forget the peaks so far."""
        if self.kind.memory_statistics:
            self._ask("empty_cache")
            self._ask("reset_peak_memory_stats", self.device)

    def peaks(self) -> tuple[int, int] | None:
        """Most bytes that torch's allocator reserved and allocated since ``reset_peaks``; None where it counts none."""
        if not self.kind.memory_statistics:
            return None
        return int(self._ask("max_memory_reserved", self.device)), int(self._ask("max_memory_allocated", self.device))

    def foreign_bytes(self) -> int:
        """Memory in use on the card that is not torch's in this process: of other libraries, contexts and processes."""
        free, total = self._ask("get_memory_info", self.device)
        return int(total - free - self._ask("memory_reserved", self.device))

    def free_bytes(self) -> float:
        """Memory that may be allocated now."""
        if self.kind.on_host:
            return free_memory()
        if hasattr(self.module, "recommended_max_memory"):  # of Apple's GPUs, which have no memory of their own
            return float(self.module.recommended_max_memory() - self.module.driver_allocated_memory())
        try:
            return float(self._ask("get_memory_info", self.device)[0])
        except RuntimeError:  # some of Intel's drivers tell the total only
            return float(self.properties.total_memory)

    def cache_bytes(self) -> int | None:
        """Size of the last-level cache; None where it is not known."""
        if self.kind.on_host:
            return last_cache()
        size = getattr(self.properties, "L2_cache_size", None)  # not in every torch
        return int(size) if size else None

    def recorded(self, run: Callable[[], object], warm_calls: int) -> Callable[[], None]:
        """A call that replays ``run`` as a graph: one launch in place of one per operator.

        ``run`` is called ``warm_calls`` times on a stream of its own before, as torch's documentation asks for.
        """
        side = self.module.Stream()
        side.wait_stream(self.module.current_stream())
        with self.module.stream(side):
            for _ in range(warm_calls):
                run()
        self.module.current_stream().wait_stream(side)
        graph = self.module.CUDAGraph()
        with self.module.graph(graph):
            run()
        replay: Callable[[], None] = graph.replay
        return replay

    def lacks(self, precision: str) -> bool:
        """Whether this card cannot compute in a precision, or a format of products, that its kind offers."""
        if precision in self.kind.byte_products:
            properties = self.properties
            return (properties.major, properties.minor) < self.kind.byte_products[precision]
        check, options = _PRECISION_CHECKS.get(precision, ("", {}))
        ask = getattr(self.module, check, None) if check and not self.kind.on_host else None
        return ask is not None and not ask(**options)

    def readings(self) -> Gpu | Unavailable | None:
        """Its counters through the maker's library; None for the CPU."""
        if self.kind.on_host:
            return None
        address: list[Any] = [getattr(self.properties, f"pci_{part}_id", None) for part in ("domain", "bus", "device")]
        pci = "" if None in address else "{:08x}:{:02x}:{:02x}.0".format(*address)
        openers: Mapping[str, Callable[[], Gpu | Unavailable]] = {
            "nvml": lambda: open_nvml(str(getattr(self.properties, "uuid", "")), pci),
            "amdsmi": lambda: open_amd(pci),
            "xpu": lambda: open_intel(self.module, self.device.index or 0),
        }
        opener = openers.get(self.kind.telemetry)
        return opener() if opener else Unavailable("no_library", f"{self.kind.label}: no library gives its counters")

    def facts(self) -> dict[str, Any]:
        """What identifies the hardware, memory in whole GiB; empty for the CPU.

        Cards of the same name differ in speed by the power limit that they come with, ECC and MIG partition. The limit
        in force can be set by anybody, and is recorded with every round.
        """
        if self.kind.on_host:
            return {}
        gpu, seen = self.readings(), self.properties
        board: dict[str, Any] = {}
        if isinstance(gpu, Gpu):
            board = {"power_limit_w": gpu.default_power_limit_w(), "ecc": gpu.ecc(), "mig": gpu.mig()}
        capability = f"{seen.major}.{seen.minor}" if hasattr(seen, "major") else None
        total = getattr(seen, "total_memory", None)
        optional = {
            "gpu_memory_gib": round(total / 2**30) if total else None,
            "multiprocessors": getattr(seen, "multi_processor_count", None),
            "compute_capability": capability,
            "architecture": getattr(seen, "gcnArchName", None) if self.kind is ROCM else None,
            "flavour": self.kind.name if self.kind.torch_type else None,
        }
        of_torch = {name: value for name, value in optional.items() if value is not None}
        return {**board, "gpu": self.name, **of_torch}

    @property
    def name(self) -> str:
        """Name of the card, or of its kind where it has none."""
        return str(getattr(self.properties, "name", "") or self.kind.label)

    def _ask(self, name: str, *args: Any) -> Any:
        """Call a function of torch.accelerator, or the device module's own where this torch lacks it."""
        function = getattr(torch.accelerator, name, None) or getattr(self.module, _OLDER_NAMES.get(name, name))
        return function(*args)


def accelerator_of(device: str | torch.device) -> Accelerator:
    """The accelerator behind a device of torch."""
    torch_device = torch.device(device)
    return Accelerator(torch_device, _flavour(kind_of(torch_device.type)))


def _flavour(kind: DeviceKind) -> DeviceKind:
    return ROCM if kind is CUDA and torch.version.hip else kind


def card_facts(accelerator: Accelerator) -> dict[str, Any]:
    """What decides whether a case can run on this card: memory that is free, and precisions it does not have."""
    accelerator.select()  # torch answers for the current device
    offered = accelerator.kind.runtimes.get("eager", frozenset())
    return {"free_bytes": int(accelerator.free_bytes()), "lacks": sorted(filter(accelerator.lacks, offered))}


def software(accelerator: Accelerator) -> dict[str, Any]:
    """Versions of the libraries that torch uses on the device; empty for the CPU."""
    versions: Mapping[str, Callable[[], dict[str, Any]]] = {
        CUDA.name: lambda: {"cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version()},
        ROCM.name: lambda: {"hip": torch.version.hip, "miopen": torch.backends.cudnn.version()},
        "xpu": lambda: {"xpu": getattr(torch.version, "xpu", None)},
        "mps": lambda: {"macos": platform.mac_ver()[0]},
    }
    return versions.get(accelerator.kind.name, dict)()


def choose_device(word: str) -> tuple[str, str]:
    """What ``auto``, ``cpu``, ``cuda``, ``xpu:1``... names for this torch, as in ``Case``, and the reason.

    Raises:
        MachineError: no such device.
    """
    kind, count = _present()
    if word == AUTO:
        if kind is None:
            return CPU.device(0), f"torch {torch.__version__} sees no accelerator"
        if known_kind(kind.name) is None:
            raise MachineError(f"torch uses a device of kind {kind.name!r}, which is not supported", "use cpu")
        device = kind.device(0)
        return device, f"the accelerator that torch uses, {accelerator_of(device).name}, 1 of {count}"
    named = kind_of(word)
    if named.on_host:
        return word, "named"
    is_kind = kind is not None and (kind == named or (named is CUDA and kind is ROCM))
    if kind is None or not is_kind or index_of(word) >= count:
        there = f"{count} of kind {kind.name}" if kind else "no accelerator"
        raise MachineError(
            f"no device {word!r}: torch {torch.__version__} sees {there}",
            "; ".join(filter(None, ("use cpu or auto", named.install))),
        )
    return kind.device(index_of(word)), "named"


def _present() -> tuple[DeviceKind | None, int]:
    """The kind of accelerator that torch uses here, and how many there are."""
    device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    return (None, 0) if device is None else (accelerator_of(device).kind, torch.accelerator.device_count())

"""Loads the simulated device into torch as ``sim``, with a virtual clock.

Worker processes get it by torch's own entry points for devices of other packages: the folder ``plugin`` has to be on
their PYTHONPATH. In them the host's performance counter is the virtual clock too, so that durations are exact.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import importlib.util
import itertools
import os
import time
import types
from dataclasses import asdict
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from scalebench.machine import telemetry
from tests.sim.build import NAME, built_extension
from tests.sim.model import CARD_FILE, UUID, Model, model_from_environment

NO_DEVICES = Model(devices=0)


class SimModule(types.ModuleType):
    """``torch.sim``: what torch and scalebench ask a device's module, beside ``torch.accelerator``."""

    def __init__(self, extension: Any) -> None:
        super().__init__("torch.sim")
        self.extension = extension
        self.model = NO_DEVICES
        self.timeline: Any = None

    def is_available(self) -> bool:
        """Whether there is a device."""
        return self.model.devices > 0

    def is_initialized(self) -> bool:
        """Nothing has to be initialised."""
        return True

    def device_count(self) -> int:
        """Number of devices."""
        return self.model.devices

    def current_device(self) -> int:
        """Number of the current one."""
        return int(self.extension.current_device())

    def set_device(self, device: Any) -> None:
        """Make it the current one."""
        torch.accelerator.set_device_index(device if isinstance(device, int) else torch.device(device))

    def synchronize(self, device: Any = None) -> None:
        """Wait for it."""
        torch.accelerator.synchronize(device)

    def get_device_name(self, device: Any = None) -> str:
        """Its name."""
        return self.model.name

    def get_device_properties(self, device: Any = None) -> SimpleNamespace:
        """Those that the table of torch.cuda has too."""
        index = torch.device("sim" if device is None else device).index or 0
        return SimpleNamespace(
            name=self.get_device_name(device), total_memory=self.model.capacity, multi_processor_count=8, major=1,
            minor=0, L2_cache_size=self.model.cache or 2**20, uuid=f"{UUID[:-1]}{index}",
        )  # fmt: skip

    def is_bf16_supported(self, including_emulation: bool = True) -> bool:
        """By the model; emulated it always is, as on CUDA."""
        return including_emulation or "bf16" in self.model.precisions

    def is_tf32_supported(self) -> bool:
        """By the model."""
        return "tf32" in self.model.precisions

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        """Types of autocast."""
        return [torch.float16, torch.bfloat16]

    def manual_seed_all(self, seed: int) -> None:
        """The CPU's generator serves it."""

    def _is_in_bad_fork(self) -> bool:
        return bool(self.extension.is_bad_fork())

    def configure(self, model: Model) -> None:
        """Replace the model; streams and clock go on."""
        self.model = model
        self.extension.configure(asdict(model))


@cache
def loaded() -> SimModule:
    """Register the device in this process, without any device of it yet.

    Raises:
        CannotBuildError, RuntimeError: as ``built_extension``.
    """
    spec = importlib.util.spec_from_file_location(NAME, built_extension())
    assert spec is not None
    assert spec.loader is not None
    extension = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(extension)
    module = SimModule(extension)
    module.configure(NO_DEVICES)
    torch.utils.rename_privateuse1_backend("sim")
    torch._register_device_module("sim", module)
    torch.utils.generate_methods_for_privateuse1_backend(for_storage=True)
    return module


def virtual_clock(module: SimModule) -> dict[str, Any]:
    """Functions of ``time`` that read the virtual clock, by name."""
    real_monotonic, real_sleep = time.monotonic, time.sleep

    reads = itertools.count()  # loops that wait until some time has passed must end, though nothing works meanwhile

    def monotonic() -> float:
        virtual = module.model.virtual_waits
        return (module.extension.now_ns() + next(reads)) * 1e-9 if virtual else real_monotonic()

    def sleep(duration_s: float) -> None:
        if module.model.virtual_waits:
            module.extension.advance_ns(round(duration_s * 1e9))
        else:
            real_sleep(duration_s)

    return {
        "perf_counter": lambda: module.extension.now_ns() * 1e-9,
        "perf_counter_ns": module.extension.now_ns,
        "monotonic": monotonic,
        "sleep": sleep,
    }


def tell_counters(module: SimModule) -> Any:
    """Have the fake NVML read the virtual clock; a question to it costs the host ``reading_s``.

    Returns: what must live as long as the library is used.
    """

    @ctypes.CFUNCTYPE(None, *2 * [ctypes.POINTER(ctypes.c_longlong)])
    def timeline(now_ns: Any, busy_ns: Any) -> None:
        module.extension.advance_ns(round(module.model.reading_s * 1e9))
        now_ns[0], busy_ns[0] = module.extension.now_ns(), module.extension.busy_ns()

    with contextlib.suppress(OSError, AttributeError):  # a test without counters
        ctypes.CDLL("libnvidia-ml.so.1").set_timeline(timeline)
    return timeline


def autoload() -> None:
    """Entry point for torch: called in every process that imports it."""
    module = loaded()
    module.extension.open_cards(os.environ.get(CARD_FILE, ""))
    for name, function in virtual_clock(module).items():
        setattr(time, name, function)

    module.timeline = tell_counters(module)
    telemetry.read.__defaults__ = (Path("no host"),)  # virtual time does not wait for a busy one

    def read_model() -> None:
        module.configure(model_from_environment())

    read_model()
    if module.model.exit_s:
        atexit.register(time.sleep, module.model.exit_s)
    os.register_at_fork(after_in_child=read_model)

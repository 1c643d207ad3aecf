"""Readings of an Intel GPU through a module as ``torch.xpu``."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from scalebench.machine.gpu import Unavailable
from scalebench.machine.intel_gpu import IntelGpu, open_intel
from scalebench.machine.power import open_counters


def forbidden(_index: int) -> Any:
    raise RuntimeError("GPU temperature querying is not available. Try running with elevated privileges.")


def test_clock_and_temperature_are_torchs() -> None:
    gpu = open_intel(SimpleNamespace(clock_rate=lambda index: 1000.0 + index, temperature=lambda _: 51.5), 2)
    assert isinstance(gpu, IntelGpu)
    assert (gpu.sm_clock_mhz(), gpu.temperature_c(), gpu.power_w()) == (1002, 51, None)


def test_a_reading_that_needs_privileges_is_none() -> None:
    gpu = open_intel(SimpleNamespace(clock_rate=lambda _: 1000.0, temperature=forbidden), 0)
    assert isinstance(gpu, IntelGpu)
    assert gpu.temperature_c() is None


def test_an_older_torch_has_none() -> None:
    found = open_intel(SimpleNamespace(), 0)
    assert isinstance(found, Unavailable)
    assert found.reason == "no_sysman"
    counters = open_counters("xpu", IntelGpu(SimpleNamespace(), 0))
    assert isinstance(counters, Unavailable)
    assert counters.reason == "no_sysman"

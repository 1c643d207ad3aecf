"""Readings of an AMD GPU from answers as amdsmi gives them, in several of its releases."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from scalebench.machine.amd_gpu import AmdGpu, all_amd, open_amd
from scalebench.machine.gpu import Gpu, Unavailable, doubts
from scalebench.machine.power import Board, open_counters

KINDS = SimpleNamespace(
    AmdSmiClkType=SimpleNamespace(GFX="gfx"), AmdSmiTemperatureType=SimpleNamespace(HOTSPOT="hotspot"),
    AmdSmiTemperatureMetric=SimpleNamespace(CURRENT="now"), AmdSmiMemoryType=SimpleNamespace(VRAM="vram"),
)  # fmt: skip


def library(**answers: Any) -> Any:
    functions = {f"amdsmi_{name}": lambda *_, value=value: value for name, value in answers.items()}
    return SimpleNamespace(**vars(KINDS), **functions)


def gpu(**answers: Any) -> AmdGpu:
    return AmdGpu(library(**answers), "handle")


def test_units_are_those_of_nvml() -> None:
    """Watts, MHz, degrees and millijoules; the power limit comes in microwatts, the counter in steps of microjoules."""
    board = gpu(
        get_power_info={"current_socket_power": 751, "average_socket_power": "N/A"},
        get_power_cap_info={"power_cap": 700_000_000, "default_power_cap": 750_000_000},
        get_gpu_vram_usage={"vram_total": 196592, "vram_used": 283}, get_temp_metric=64,
        get_clock_info={"clk": 2100, "max_clk": 2200},
        get_energy_count={"energy_accumulator": 2_000_000, "counter_resolution": 15.3, "timestamp": 1},
        get_gpu_memory_total=206_141_652_992, get_gpu_process_list=[{"pid": 7, "memory_usage": {"vram_mem": 1024}}],
    )  # fmt: skip
    assert (board.power_w(), board.default_power_limit_w(), board.sm_clock_mhz(), board.temperature_c()) == (
        751,
        750,
        2100,
        64,
    )
    assert (board.energy_mj(), board.power_limit_w(), board.memory_used_bytes()) == (30_600, 700, 283 * 2**20)
    assert board.default_clock_mhz() == 2200
    assert (board.memory_total_bytes(), board.processes()) == (206_141_652_992, {7: 1024})


def test_older_releases_use_other_names() -> None:
    """Before ROCm 6.2 the clock is ``cur_clk`` and the counter ``power``; older boards have an average power only."""
    board = gpu(
        get_power_info={"average_socket_power": 210, "current_socket_power": "N/A"}, get_clock_info={"cur_clk": 1700},
        get_energy_count={"power": 1000, "counter_resolution": 15.3},
    )  # fmt: skip
    assert (board.power_w(), board.sm_clock_mhz(), board.energy_mj()) == (210, 1700, 15)


@pytest.mark.parametrize(
    ("status", "notes"),
    [
        (0, ()), (1 << 36, ("throttled: hw_thermal",)), (1 << 0, ("power_capped",)), (1 << 17, ("power_capped",)),
        (1 << 36 | 1 << 1, ("throttled: hw_thermal", "power_capped")),
    ],
)  # fmt: skip
def test_throttling_has_nvmls_words(status: int, notes: tuple[str, ...]) -> None:
    """Bits of the kernel's amdgpu_smu.h: 36 is the hot spot's temperature, 0 and 1 package power, 17 the current."""
    reasons = gpu(get_gpu_metrics_info={"indep_throttle_status": status}).clock_event_reasons()
    assert doubts({"clock_event_reasons": reasons}) == notes


def test_what_the_device_does_not_say_is_none() -> None:
    silent = gpu(get_power_info={"current_socket_power": "N/A"}, get_gpu_metrics_info={"indep_throttle_status": "N/A"})
    readings = [name for name in vars(Gpu) if not name.startswith("_") and name != "without_energy"]
    assert len(readings) == 14
    assert [getattr(silent, name)() for name in readings] == [None] * 14


def test_a_device_is_found_by_its_address_not_by_its_number() -> None:
    """Torch writes a domain of eight digits, AMD one of four; HIP_VISIBLE_DEVICES renumbers torch's devices."""
    addresses = {"first": "0000:0a:00.0", "second": "0000:c3:00.0"}
    several = library(init=None, get_processor_handles=list(addresses))
    several.amdsmi_get_gpu_device_bdf = addresses.get
    found = open_amd("00000000:c3:00.0", several)
    assert isinstance(found, AmdGpu)
    assert found.handle == "second"
    assert open_amd("00000000:c4:00.0", several) == Unavailable("no_amdsmi", "no device at '00000000:c4:00.0'")


def test_without_the_library_it_is_unavailable() -> None:
    assert isinstance(open_amd("0000:0a:00.0", SimpleNamespace()), Unavailable)
    found = all_amd()
    assert isinstance(found, Unavailable)
    assert (found.reason, "amdsmi" in found.detail) == ("no_amdsmi", True)


def test_its_energy_counter_is_a_board() -> None:
    """As on NVIDIA: joules are a difference of millijoules."""
    counting = gpu(get_energy_count={"energy_accumulator": 2_000_000, "counter_resolution": 15.3})
    counters = open_counters("rocm", counting)
    assert not isinstance(counters, Unavailable)
    assert isinstance(counters[0], Board)
    assert counters[0].joules(30_600, 31_600) == pytest.approx(1.0)
    without = open_counters("rocm", gpu())
    assert isinstance(without, Unavailable)
    assert without.reason == "no_amdsmi"

"""NVIDIA's own Python binding over a library that replays readings: what arrives, in which unit, what is missing."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable

import pynvml
import pytest

from scalebench.machine.gpu import Gpu, Unavailable, doubts, tenants
from scalebench.machine.nvml import all_nvml, open_nvml
from scalebench.machine.power import Board, open_counters
from scalebench.measure.watch import process_peak, summary, take_sample
from tests.sim.build import CannotBuildError, built_nvml
from tests.sim.replay import device

UUID = "1b724e78-eef5-4163-d43c-e4da15d41176"
GIB = 2**30
NOT_AVAILABLE = 2**64 - 1
"""NVML_VALUE_NOT_AVAILABLE: bytes of a process in a container, or under Windows' own driver model."""

Replay = Callable[[str], None]


@pytest.fixture
def replay(monkeypatch: pytest.MonkeyPatch) -> Replay:
    """Sets what the library says from now on; pynvml loads it in place of the driver's."""
    try:
        library = ctypes.CDLL(str(built_nvml()))
    except CannotBuildError as reason:
        pytest.skip(f"no fake NVML: {reason}")
    monkeypatch.setattr(pynvml, "CDLL", lambda name: library)
    monkeypatch.setattr(pynvml, "nvmlLib", None)
    monkeypatch.setattr(pynvml, "_nvmlGetFunctionPointer_cache", {})
    return lambda text: library.replay(text.encode())


def opened(uuid: str = UUID, address: str = "") -> Gpu:
    gpu = open_nvml(uuid, address)
    assert isinstance(gpu, Gpu), gpu
    return gpu


def test_every_reading_arrives_in_its_unit(replay: Replay) -> None:
    replay(
        device(
            f"GPU-{UUID}", power_mw=312_500, limit_mw=500_000, default_limit_mw=700_000,
            energy_mj=2**40, reasons=0x44, sm_mhz=1980, celsius=61,
            is_mig=0, mig_mode="0/1", virtual=1, architecture=9, ecc="1/0", memory=f"{143_771 * 2**20}/{GIB}",
            processes=f"{os.getpid()}:{3 * GIB},12:{NOT_AVAILABLE}",
        )
    )  # fmt: skip
    gpu = opened()
    assert (gpu.power_w(), gpu.power_limit_w(), gpu.energy_mj()) == (312.5, 500.0, 2**40)
    assert (gpu.clock_event_reasons(), gpu.sm_clock_mhz(), gpu.temperature_c()) == (0x44, 1980, 61)
    assert (gpu.mig(), gpu.vgpu(), gpu.ecc()) == (False, False, True)
    assert gpu.default_power_limit_w() == 700.0
    assert (gpu.memory_total_bytes(), gpu.memory_used_bytes()) == (143_771 * 2**20, GIB)
    assert gpu.processes() == {os.getpid(): 3 * GIB, 12: None}


def test_what_the_library_refuses_is_none(replay: Replay) -> None:
    replay(device(f"GPU-{UUID}", power_mw="!15", energy_mj="!3", processes="!4"))  # lost, not supported, not allowed
    gpu = opened()
    readings = (
        gpu.power_w, gpu.power_limit_w, gpu.energy_mj, gpu.processes, gpu.clock_event_reasons, gpu.sm_clock_mhz,
        gpu.temperature_c, gpu.mig, gpu.vgpu, gpu.ecc, gpu.memory_total_bytes,
    )  # fmt: skip
    assert [reading() for reading in readings] == [None] * 11


def test_an_older_driver_is_asked_by_older_names(replay: Replay) -> None:
    """13 is NVML_ERROR_FUNCTION_NOT_FOUND."""
    replay(device(f"GPU-{UUID}", reasons="!13", older_reasons=0x20, processes="!13", older_processes=f"7:{GIB}"))
    gpu = opened()
    assert gpu.clock_event_reasons() == 0x20
    assert gpu.processes() == {7: GIB}


@pytest.mark.parametrize(
    ("readings", "mhz"),
    [
        ({"default_sm_mhz": 1410, "most_sm_mhz": 1980}, 1410),
        ({"default_sm_mhz": "!3", "most_sm_mhz": 1980}, 1980),  # cards for desktops have no application clocks
        ({}, None),
    ],
)
def test_the_clock_that_a_card_should_have(replay: Replay, readings: dict[str, int | str], mhz: int | None) -> None:
    replay(device(f"GPU-{UUID}", **readings))
    assert opened().default_clock_mhz() == mhz


def test_all_cards_of_the_machine(replay: Replay) -> None:
    replay("\n".join(device(f"GPU-{number}", sm_mhz=100 + number) for number in range(3)))
    cards = all_nvml()
    assert isinstance(cards, tuple)
    assert [card.sm_clock_mhz() for card in cards] == [100, 101, 102]
    replay("init !9")
    assert isinstance(all_nvml(), Unavailable)


def test_the_samples_of_a_throttled_round(replay: Replay) -> None:
    """100, 300 and 200 W, one second apart: 225 W in the mean; the clock falls when the chip is hot."""
    own = f"{os.getpid()}:{GIB},99:{GIB}"
    replay(
        device(
            f"GPU-{UUID}", power_mw=[100_000, 300_000, 200_000], reasons=[0x0, 0x4, 0x40], sm_mhz=[1980, 1965, 1200],
            celsius=[60, 80, 91], processes=["-", own],
        )
    )  # fmt: skip
    gpu, moments = opened(), iter((10.0, 11.0, 12.0))
    seen = summary([take_sample(gpu, lambda: next(moments), processes=True) for _ in range(3)])
    assert seen["power_mean_w"] == pytest.approx(225.0)
    assert (seen["sm_clock_min_mhz"], seen["sm_clock_max_mhz"], seen["temperature_max_c"]) == (1200, 1980, 91)
    assert (seen["process_peak_bytes"], seen["other_pids"]) == (GIB, [99])
    assert doubts(seen) == ("throttled: hw_thermal", "power_capped", "gpu_shared: 1 other processes")


def test_in_a_container_the_own_process_is_not_found(replay: Replay) -> None:
    """NVML lists numbers of the host, or bytes that it does not know: neither is another process."""
    for listed in (f"{os.getpid() + 1}:{GIB}", "-"):
        replay(device(f"GPU-{UUID}", processes=listed))
        assert tenants(opened().processes(), os.getpid()) == (None, None)
    replay(device(f"GPU-{UUID}", processes=f"{os.getpid()}:{NOT_AVAILABLE}"))
    assert tenants(opened().processes(), os.getpid()) == (None, ())


def test_the_energy_counter_in_joules(replay: Replay) -> None:
    replay(device(f"GPU-{UUID}", energy_mj=[1, 5_000_000, 5_250_000], is_mig=0, virtual=0))
    counters = open_counters("cuda", opened())
    assert isinstance(counters, tuple)
    board = counters[0]
    assert isinstance(board, Board)
    before, after = board.read(), board.read()
    assert before is not None
    assert after is not None
    assert board.joules(before, after) == pytest.approx(250.0)


@pytest.mark.parametrize(
    ("readings", "reason"),
    [
        ({"energy_mj": 5, "is_mig": 1}, "mig"),
        ({"energy_mj": 5, "mig_mode": "1/1"}, "mig"),
        ({"energy_mj": 5, "virtual": 2}, "vgpu"),
        ({"energy_mj": "!3", "architecture": 4}, "pre_volta"),  # NVML_DEVICE_ARCH_PASCAL
        ({"energy_mj": "!3", "architecture": 9}, "no_nvml"),
    ],
)
def test_a_board_whose_energy_cannot_be_had(replay: Replay, readings: dict[str, int | str], reason: str) -> None:
    replay(device(f"GPU-{UUID}", **readings))
    counters = open_counters("cuda", opened())
    assert isinstance(counters, Unavailable)
    assert counters.reason == reason


def test_a_device_is_found_by_its_uuid_or_else_by_its_address(replay: Replay) -> None:
    """Not by its number: NVML's order is not CUDA's."""
    other = device("GPU-00000000-0000-0000-0000-000000000000", "00000000:1A:00.0", sm_mhz=1)
    replay("\n".join([other, device(f"GPU-{UUID}", sm_mhz=2), device("MIG-7", "-", part_of=1, sm_mhz=3, is_mig=1)]))
    assert opened(UUID).sm_clock_mhz() == 2
    assert opened(f"GPU-{UUID}").sm_clock_mhz() == 2
    assert opened("7").sm_clock_mhz() == 3
    assert opened("7").mig() is True
    assert opened("", "00000000:1a:00.0").sm_clock_mhz() == 1
    assert opened("another", "00000000:3b:00.0").sm_clock_mhz() == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("init !9", "no_nvml"),  # NVML_ERROR_DRIVER_NOT_LOADED
        ("init !4", "permission"),
        ("init !18", "no_nvml"),  # library and driver are of different versions
        ("", "no_nvml"),
    ],
)
def test_a_library_without_the_device_says_why(replay: Replay, text: str, reason: str) -> None:
    replay(text)
    gpu = open_nvml(UUID)
    assert isinstance(gpu, Unavailable)
    assert gpu.reason == reason
    assert gpu.detail


def test_the_peak_of_a_process_includes_what_torch_does_not_count(replay: Replay) -> None:
    """The last sample is taken when the work is done and the allocator still holds its peak."""
    own = [f"{os.getpid()}:{size * GIB}" for size in (1, 5)]
    replay(device(f"GPU-{UUID}", processes=own))
    assert process_peak(opened(), lambda: None) == 5 * GIB

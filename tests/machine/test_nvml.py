"""The wrapper over NVML, against a library that is a plain object: what answers, what does not, who is found."""

from __future__ import annotations

from ctypes import c_uint
from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

from scalebench.flags import FLAGS, word_of
from scalebench.machine import gpu as gpu_readings
from scalebench.machine import nvml
from scalebench.machine.gpu import Gpu, Unavailable, doubts, tenants, throttled
from scalebench.machine.nvml import NvmlGpu, open_nvml


class NvmlError(Exception):
    """As pynvml's: the code is its ``value``."""

    def __init__(self, value: int) -> None:
        super().__init__(f"code {value}")
        self.value = value


def raising(code: int) -> Any:
    def call(*_: Any) -> Any:
        raise NvmlError(code)

    return call


def library(**functions: Any) -> Any:
    return SimpleNamespace(nvmlInit=lambda: None, **functions)


def answering(**answers: Any) -> Gpu:
    """A GPU whose library has these functions only."""
    return NvmlGpu(library(**{name: lambda *_, value=value: value for name, value in answers.items()}), "handle")


def test_readings_have_the_units_of_their_names() -> None:
    """NVML gives milliwatts and pairs of (now, after a restart); ours are watts and what is in force now."""
    gpu = answering(
        nvmlDeviceGetCurrentClocksEventReasons=0x44,
        nvmlDeviceGetClockInfo=1980,
        nvmlDeviceGetTemperature=61,
        nvmlDeviceGetPowerUsage=312_500,
        nvmlDeviceGetEnforcedPowerLimit=700_000,
        nvmlDeviceGetPowerManagementDefaultLimit=650_000,
        nvmlDeviceGetTotalEnergyConsumption=1_234_567,
        nvmlDeviceIsMigDeviceHandle=c_uint(0),
        nvmlDeviceGetMigMode=[0, 1],
        nvmlDeviceGetVirtualizationMode=1,
        nvmlDeviceGetArchitecture=9,
        nvmlDeviceGetEccMode=[1, 0],
        nvmlDeviceGetMemoryInfo=SimpleNamespace(total=143_771 * 2**20, used=523 * 2**20, free=0),
    )
    assert (gpu.clock_event_reasons(), gpu.sm_clock_mhz(), gpu.temperature_c()) == (0x44, 1980, 61)
    assert (gpu.power_w(), gpu.power_limit_w(), gpu.energy_mj()) == (312.5, 700.0, 1_234_567)
    assert (gpu.mig(), gpu.vgpu(), gpu.ecc()) == (False, False, True)
    assert (gpu.memory_total_bytes(), gpu.memory_used_bytes()) == (143_771 * 2**20, 523 * 2**20)
    assert gpu.default_power_limit_w() == 650.0
    assert gpu.without_energy().reason == "no_nvml"


READINGS = [
    "clock_event_reasons", "sm_clock_mhz", "temperature_c", "power_w", "power_limit_w", "energy_mj", "processes",
    "mig", "vgpu", "ecc", "memory_total_bytes", "memory_used_bytes", "default_power_limit_w", "default_clock_mhz",
]  # fmt: skip


@pytest.mark.parametrize("reading", READINGS)
def test_what_the_device_does_not_say_is_none(reading: str) -> None:
    """Neither a function the library lacks nor one that the device refuses ends the caller."""

    class Refusing:
        def __getattr__(self, name: str) -> Any:
            return raising(3)

    assert getattr(NvmlGpu(library(), "handle"), reading)() is None
    assert getattr(NvmlGpu(Refusing(), "handle"), reading)() is None


@pytest.mark.parametrize("reading", READINGS)
def test_the_real_library_has_what_is_asked_for(reading: str) -> None:
    """A misspelt function would look like a device that does not answer."""
    asked: list[str] = []

    class Recording:
        def __getattr__(self, name: str) -> Any:
            asked.append(name)
            return raising(3)

    getattr(NvmlGpu(Recording(), "handle"), reading)()
    assert any(hasattr(pynvml, name) for name in asked), asked


def test_the_real_library_has_the_numbers_written_here() -> None:
    assert pynvml.NVML_CLOCK_SM == nvml._SM
    assert pynvml.NVML_TEMPERATURE_GPU == nvml._GPU_SENSOR
    assert pynvml.NVML_ERROR_NO_PERMISSION == nvml._NO_PERMISSION
    assert pynvml.NVML_GPU_VIRTUALIZATION_MODE_VGPU == nvml._VGPU
    assert pynvml.NVML_DEVICE_ARCH_VOLTA == nvml._VOLTA
    assert list(gpu_readings.THROTTLED) == [
        pynvml.nvmlClocksEventReasonHwSlowdown,
        pynvml.nvmlClocksEventReasonSwThermalSlowdown,
        pynvml.nvmlClocksEventReasonHwThermalSlowdown,
        pynvml.nvmlClocksEventReasonHwPowerBrakeSlowdown,
    ]
    assert pynvml.nvmlClocksEventReasonSwPowerCap == gpu_readings.POWER_CAP


def test_an_older_driver_is_asked_by_the_older_names() -> None:
    """The newer function is there in the library but not in the driver."""
    gpu = NvmlGpu(
        library(
            nvmlDeviceGetCurrentClocksEventReasons=raising(13),
            nvmlDeviceGetCurrentClocksThrottleReasons=lambda handle: 0x20,
            nvmlDeviceGetComputeRunningProcesses=raising(13),
            nvmlDeviceGetComputeRunningProcesses_v2=lambda handle: [SimpleNamespace(pid=7, usedGpuMemory=5)],
        ),
        "handle",
    )
    assert gpu.clock_event_reasons() == 0x20
    assert gpu.processes() == {7: 5}


def test_functions_get_the_handle_and_the_sensor() -> None:
    gpu = NvmlGpu(library(nvmlDeviceGetClockInfo=lambda *args: 10 * args[1] if args[0] == "handle" else 0), "handle")
    assert gpu.sm_clock_mhz() == 10  # NVML_CLOCK_SM is 1


def test_an_instance_of_a_split_board_says_so() -> None:
    """The handle of an instance has no MIG mode of its own."""
    assert answering(nvmlDeviceIsMigDeviceHandle=c_uint(1)).mig() is True
    assert answering(nvmlDeviceGetMigMode=[1, 1]).mig() is True


def test_processes_and_their_memory() -> None:
    """Memory that is not told (None) or cannot be (0 bytes of a living process) is None."""
    listed = [SimpleNamespace(pid=pid, usedGpuMemory=used) for pid, used in ((11, 2**30), (12, None), (13, 0))]
    assert answering(nvmlDeviceGetComputeRunningProcesses=listed).processes() == {11: 2**30, 12: None, 13: None}


@pytest.mark.parametrize(
    ("processes", "found"),
    [
        (None, (None, None)),
        ({}, (None, None)),
        ({4711: 2**30}, (None, None)),  # perhaps this process, under the number it has outside its container
        ({42: 2**30}, (2**30, ())),
        ({99: None, 42: None, 7: 1}, (None, (7, 99))),
    ],
)
def test_others_are_known_only_where_this_process_is(processes: dict[int, int | None] | None, found: Any) -> None:
    assert tenants(processes, 42) == found


def test_names_of_reasons() -> None:
    """Idle (1) and the software power cap (4) spoil nothing."""
    assert throttled(None) == throttled(0x05) == []
    assert throttled(0x04 | 0x08 | 0x40) == ["hw_slowdown", "hw_thermal"]
    assert throttled(0x20 | 0x80) == ["sw_thermal", "hw_power_brake"]


def test_doubts_are_flags_of_the_table() -> None:
    seen = {"clock_event_reasons": 0x04 | 0x40, "other_pids": [7, 9]}
    assert doubts(seen) == ("throttled: hw_thermal", "power_capped", "gpu_shared: 2 other processes")
    assert all(word_of(note) in FLAGS for note in doubts(seen))


@pytest.mark.parametrize(
    "seen",
    [
        None,
        {"unavailable": "no_nvml", "detail": "driver not loaded"},
        {"clock_event_reasons": None, "other_pids": None},
        {"clock_event_reasons": 0x01, "other_pids": []},
    ],
)
def test_what_was_not_seen_raises_no_doubt(seen: dict[str, Any] | None) -> None:
    assert doubts(seen) == ()


UUID = "1b724e78-eef5-4163-d43c-e4da15d41176"


def by_uuid(*known: str) -> Any:
    def find(uuid: str) -> str:
        if uuid not in known:
            raise NvmlError(6)
        return uuid

    return find


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        (f"GPU-{UUID}", UUID), (f"MIG-{UUID}", UUID), (f"GPU-{UUID}", f"GPU-{UUID}"), (f"MIG-{UUID}", f"MIG-{UUID}"),
    ],
)  # fmt: skip
def test_a_device_is_found_by_its_uuid(known: str, asked: str) -> None:
    """torch writes it bare, NVML with the kind of device before it."""
    found = open_nvml(asked, library=library(nvmlDeviceGetHandleByUUID=by_uuid(known)))
    assert isinstance(found, Gpu)
    assert found.handle == known


def test_the_bus_is_asked_where_the_uuid_is_not_known() -> None:
    fake = library(nvmlDeviceGetHandleByUUID=by_uuid(), nvmlDeviceGetHandleByPciBusId=lambda bus: bus)
    found = open_nvml(UUID, "00000000:3b:00.0", fake)
    assert isinstance(found, Gpu)
    assert found.handle == "00000000:3b:00.0"


@pytest.mark.parametrize(
    ("fake", "uuid", "reason"),
    [
        (SimpleNamespace(nvmlInit=raising(9)), UUID, "no_nvml"),  # driver not loaded
        (SimpleNamespace(nvmlInit=raising(4)), UUID, "permission"),
        (SimpleNamespace(), UUID, "no_nvml"),
        (library(nvmlDeviceGetHandleByUUID=by_uuid()), UUID, "no_nvml"),  # another machine's GPU
        (library(nvmlDeviceGetHandleByUUID=raising(4)), UUID, "permission"),
        (library(), UUID, "no_nvml"),
        (library(nvmlDeviceGetHandleByUUID=by_uuid("GPU-")), "", "no_nvml"),
    ],
)
def test_a_gpu_that_cannot_be_opened_has_a_reason(fake: Any, uuid: str, reason: str) -> None:
    found = open_nvml(uuid, library=fake)
    assert isinstance(found, Unavailable)
    assert found.reason == reason
    assert found.detail


def test_the_library_of_this_machine_answers_or_gives_a_reason() -> None:
    """Whatever is installed here, no machine has this GPU, and nothing is raised."""
    found = open_nvml("00000000-0000-0000-0000-000000000000")
    assert isinstance(found, Unavailable)
    assert found.reason in ("no_nvml", "permission")

"""Each check says what it found on a made-up machine, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from scalebench.machine import checks
from scalebench.machine.ability import Ability, Peak
from scalebench.machine.checks import Check
from scalebench.machine.gpu import Gpu, Reason, Unavailable
from scalebench.machine.nvml import NvmlGpu, all_nvml
from scalebench.machine.power import open_counters

Grow = Callable[[dict[str, str]], Path]

CPU = "sys/devices/system/cpu"
GOVERNOR = f"{CPU}/cpu0/cpufreq/scaling_governor"
STATUS = {"proc/self/status": "Name:\tpython\nVmHWM:\t  9000 kB\n", "proc/self/clear_refs": ""}
MEMINFO = {
    "proc/meminfo": "MemTotal: 8388608 kB\nMemFree: 9 kB\nMemAvailable: 4194304 kB\n"
    "Buffers: 0 kB\nCached: 0 kB\nActive: 0 kB\nInactive: 0 kB\nShmem: 0 kB\n"
}
GROUP = {
    "proc/self/cgroup": "0::/run\n",
    "proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
}


def test_a_system_that_tells_nothing_is_described_all_the_same(tmp_path: Path) -> None:
    found = [
        check(tmp_path)
        for check in (
            checks.memory_peak, checks.clocks, checks.governor, checks.hardware_counters, checks.pressure, checks.load,
        )
    ]  # fmt: skip
    assert {check.state for check in found} == {"missing"}
    assert [check.name for check in found if check.decides] == ["memory peak"]
    assert checks.virtual(tmp_path).state == checks.group_limits(tmp_path, 2).state == "ok"


def test_this_machine_can_be_described() -> None:
    for check in (checks.memory_peak, checks.clocks, checks.governor, checks.hardware_counters, checks.group_limits):
        found = check()
        assert found.finding
        assert found.state == "ok" or found.advice


def test_a_peak_that_can_be_reset(grow: Grow) -> None:
    root = grow(STATUS)
    assert checks.memory_peak(root).state == "ok"
    assert (root / "proc/self/clear_refs").read_text() == "5"


def test_a_peak_that_cannot_be_reset_decides(grow: Grow) -> None:
    root = grow({"proc/self/status": STATUS["proc/self/status"], "proc/self/clear_refs/x": ""})
    found = checks.memory_peak(root)
    assert (found.state, found.decides) == ("missing", True)
    assert "cannot be reset" in found.finding


def test_energy_that_is_there_names_its_domains(grow: Grow) -> None:
    zone = "sys/class/powercap/intel-rapl:0"
    root = grow({f"{zone}/name": "package-0", f"{zone}/energy_uj": "5", f"{zone}/max_energy_range_uj": "9"})
    counters = open_counters("cpu", root=root / "sys/class/powercap")
    assert checks.energy("cpu", counters) == Check("energy, cpu", "ok", "cpu_package-0")


@pytest.mark.parametrize("reason", get_args(Reason))
def test_every_reason_for_no_energy_has_advice(reason: Reason) -> None:
    found = checks.energy("cpu", Unavailable(reason, "said so"))
    assert found.state == "missing"
    assert found.finding == f"{reason}: said so"
    assert found.advice


@pytest.mark.parametrize(
    ("files", "state", "finding"),
    [
        ({GOVERNOR: "performance"}, "ok", "performance"),
        ({GOVERNOR: "performance", f"{CPU}/cpufreq/boost": "1"}, "ok", "performance, turbo on"),
        ({GOVERNOR: "powersave", f"{CPU}/intel_pstate/no_turbo": "1"}, "warn", "powersave, turbo off"),
        (
            {GOVERNOR: "performance", f"{CPU}/cpu1/cpufreq/scaling_governor": "schedutil"},
            "warn",
            "performance schedutil",
        ),
    ],
)
def test_governors(files: dict[str, str], state: str, finding: str, grow: Grow) -> None:
    found = checks.governor(grow(files))
    assert (found.state, found.finding) == (state, finding)
    assert bool(found.advice) == (state == "warn")


@pytest.mark.parametrize(
    ("files", "state"),
    [
        ({"proc/sys/kernel/perf_event_paranoid": "2"}, "missing"),
        ({"sys/bus/event_source/devices/software/type": "1", "proc/sys/kernel/perf_event_paranoid": "2"}, "missing"),
        ({"sys/bus/event_source/devices/cpu/type": "4"}, "missing"),
        ({"sys/bus/event_source/devices/cpu/type": "4", "proc/sys/kernel/perf_event_paranoid": "4"}, "missing"),
        ({"sys/bus/event_source/devices/cpu/type": "4", "proc/sys/kernel/perf_event_paranoid": "2"}, "ok"),
        ({"sys/bus/event_source/devices/cpu_core/type": "4", "proc/sys/kernel/perf_event_paranoid": "-1"}, "ok"),
        ({"sys/bus/event_source/devices/armv8_pmuv3_0/type": "8", "proc/sys/kernel/perf_event_paranoid": "1"}, "ok"),
    ],
)
def test_hardware_counters_need_a_pmu_and_a_right(files: dict[str, str], state: str, grow: Grow) -> None:
    assert checks.hardware_counters(grow(files)).state == state


def test_a_quota_below_the_cores_is_warned_of(grow: Grow) -> None:
    root = grow({**GROUP, **MEMINFO, "sys/fs/cgroup/run/cpu.max": "150000 100000\n"})
    found = checks.group_limits(root, 2)
    assert (found.state, found.finding) == ("warn", "a quota of 1.50 of 2 cores; 4.00 GiB of memory free")
    assert checks.group_limits(root, 1).state == "ok"


def test_a_memory_limit_of_the_group_is_named(grow: Grow) -> None:
    limit = {"sys/fs/cgroup/run/memory.max": f"{2**30}", "sys/fs/cgroup/run/memory.current": f"{2**29}"}
    found = checks.group_limits(grow({**GROUP, **MEMINFO, **limit}), 2)
    assert found.state == "ok"
    assert found.finding.endswith("512 MiB of memory free, limited by the group")


def test_pressure_and_clocks(grow: Grow) -> None:
    pressure = {"proc/pressure/cpu": "some avg10=12.50 avg60=0.04 avg300=0.19 total=2500000\n"}
    assert checks.pressure(grow(pressure)).finding == "12.5 % of the last ten seconds"


@pytest.mark.parametrize(
    ("cpuinfo", "state"),
    [
        ("processor : 0\nflags\t\t: fpu hypervisor lahf_lm\n", "warn"),
        ("processor : 0\nmodel name : hypervisor\nflags\t\t: fpu vme\n", "ok"),
    ],
)
def test_a_hypervisor_is_seen_in_the_flags(cpuinfo: str, state: str, grow: Grow) -> None:
    found = checks.virtual(grow({"proc/cpuinfo": cpuinfo, "sys/class/dmi/id/sys_vendor": "QEMU\n"}))
    assert found.state == state
    assert (found.finding == "yes, by QEMU") == (state == "warn")


@pytest.mark.parametrize(("running", "state"), [(1, "ok"), (2, "warn"), (9, "warn")])
def test_load_is_that_of_others(running: int, state: str, grow: Grow) -> None:
    """One of the runnable tasks is the one that asks."""
    found = checks.load(grow({"proc/loadavg": f"0.52 0.16 0.56 {running}/88 1814\n"}))
    assert found.state == state
    assert "load average 0.52" in found.finding


@pytest.mark.parametrize(("share", "state"), [(None, "missing"), (0.0, "ok"), (0.01, "ok"), (0.02, "warn")])
def test_steal(share: float | None, state: str) -> None:
    assert checks.steal(share).state == state


@pytest.mark.parametrize(
    ("share", "state", "decides"),
    [
        (None, "missing", False),
        (0.02, "ok", False),
        (0.05, "ok", False),
        (0.07, "warn", False),
        (0.1, "warn", False),
        (0.2, "warn", True),
    ],
)
def test_noise_above_a_tenth_decides(share: float | None, state: str, decides: bool) -> None:
    for found in (
        checks.canary("cpu", share, 20),
        checks.floor("cpu", share, "12 degrees of freedom", "2026-11-24T00:00:00+00:00"),
    ):
        assert (found.state, found.decides) == (state, decides)
        assert bool(found.advice) == (state != "ok")


def test_findings_name_their_numbers() -> None:
    assert "varied by 7.0 % over 20 blocks" in checks.canary("cpu", 0.07, 20).finding
    floor = checks.floor("cpu", 0.031, "12 degrees of freedom", "2026-11-24T00:00:00+00:00")
    assert "less than 3.1 % (12 degrees of freedom, 2026-11-24)" in floor.finding


def test_another_run_decides() -> None:
    assert checks.alone(None).state == "ok"
    found = checks.alone(("another run is going on", "wait for it"))
    assert (found.state, found.decides, found.advice) == ("warn", True, "wait for it")
    assert checks.failed("cpu", "it broke", "mend it").decides


def test_peaks_measured_beside_other_work_are_named() -> None:
    def ability(note: str) -> Ability:
        peaks = {"fp32": Peak(2.0, 1.0, "FLOP/s", "", 5), "bf16": Peak(2.0, 1.0, "FLOP/s", "", 5, note)}
        return Ability("m", "hw", "sw", "cpu", 2, "2026-11-24T00:00:00+00:00", peaks)

    assert checks.peaks(ability("emulated")) == Check("peaks, cpu", "ok", "fp32, bf16; measured 2026-11-24")
    assert checks.peaks(ability("contended: waited 40%")).finding == "measured while other work ran: bf16"


def board(**answers: Any) -> Gpu:
    return NvmlGpu(
        SimpleNamespace(**{name: lambda *_, value=value: value for name, value in answers.items()}), "handle"
    )


def test_a_gpu_tells_its_state() -> None:
    quiet = board(nvmlDeviceGetEnforcedPowerLimit=700_000, nvmlDeviceGetTemperature=41, nvmlDeviceGetClockInfo=1980)
    assert checks.gpu(0, quiet) == Check("GPU 0", "ok", "power limit 700 W, temperature 41 C, clock 1980 MHz")
    assert checks.gpu(1, board()) == Check("GPU 1", "ok", "no readings")


def test_a_gpu_that_is_throttled_or_shared_is_warned_of() -> None:
    hot = checks.gpu(0, board(nvmlDeviceGetCurrentClocksEventReasons=0x40))
    assert (hot.state, hot.finding) == ("warn", "no readings; throttled: hw_thermal")
    capped = checks.gpu(0, board(nvmlDeviceGetCurrentClocksEventReasons=0x04))
    assert capped.state == "ok"
    busy = checks.gpu(0, board(nvmlDeviceGetComputeRunningProcesses=[SimpleNamespace(pid=7, usedGpuMemory=1)]))
    assert (busy.state, busy.finding) == ("warn", "no readings; 1 processes on it")


def test_gpus_are_listed_by_the_library() -> None:
    library = SimpleNamespace(
        nvmlInit=lambda: None, nvmlDeviceGetCount=lambda: 2, nvmlDeviceGetHandleByIndex=lambda index: f"gpu{index}"
    )
    found = all_nvml(library)
    assert not isinstance(found, Unavailable)
    assert [gpu.handle for gpu in found] == ["gpu0", "gpu1"]


def test_a_library_without_a_driver_is_said() -> None:
    def fail() -> None:
        raise OSError("no driver")

    found = all_nvml(SimpleNamespace(nvmlInit=fail))
    assert found == Unavailable("no_nvml", "OSError: no driver")
    assert checks.no_gpu().state == "missing"

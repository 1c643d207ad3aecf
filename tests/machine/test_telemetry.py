"""Readings come from the right lines of the right files, and a stretch is the difference of two of them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.machine.telemetry import Reading, Stretch, between, read, runnable, surroundings

Grow = Callable[[dict[str, str]], Path]

OWN = {"monotonic_s", "cpu_s", "involuntary_switches"}
TICK = 1 / os.sysconf("SC_CLK_TCK")
ALLOWED = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
NOT_ALLOWED = 9999
CPU = "sys/devices/system/cpu"
MACHINE = {
    "proc/self/task/10/schedstat": "70755 1500000000 2\n",
    "proc/self/task/11/schedstat": "5 500000000 1\n",
    "proc/stat": "cpu  10 2 30 400 50 6 7 8 900 0\ncpu0 1 1 1 1 1 1 1 1 1 1\nintr 5\n",
    "proc/loadavg": "0.52 0.16 0.56 3/88 1814\n",
    "proc/pressure/cpu": "some avg10=12.50 avg60=0.04 avg300=0.19 total=2500000\nfull avg10=9.00 total=7\n",
    "proc/vmstat": "pswpin 40\npswpout 2\n",
    "proc/self/cgroup": "0::/run\n",
    "proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
    "sys/fs/cgroup/run/cpu.stat": "usage_usec 12\nnr_periods 9\nnr_throttled 3\n",
    "sys/fs/cgroup/cpu.stat": "usage_usec 12\n",
    f"{CPU}/cpu{ALLOWED[0]}/cpufreq/scaling_cur_freq": "3400000\n",
    f"{CPU}/cpu{NOT_ALLOWED}/cpufreq/scaling_cur_freq": "5000000\n",
    "sys/class/thermal/thermal_zone0/temp": "41000\n",
    "sys/class/thermal/thermal_zone1/temp": "-274000\n",
}


def test_a_system_that_tells_nothing(tmp_path: Path) -> None:
    """What is not told is None; clock, CPU time and switches come from Python on every system."""
    reading = asdict(read(tmp_path))
    assert {name for name, value in reading.items() if value is not None} == OWN


def test_every_figure_is_found(grow: Grow) -> None:
    reading = asdict(read(grow(MACHINE)))
    assert {name: value for name, value in reading.items() if name not in OWN} == {
        "waited_s": pytest.approx(2.0),
        "steal_s": pytest.approx(8 * TICK),
        "busy_s": pytest.approx((10 + 2 + 30 + 6 + 7 + 8) * TICK),
        "total_s": pytest.approx((10 + 2 + 30 + 400 + 50 + 6 + 7 + 8) * TICK),
        "load1": 0.52,
        "pressure_s": 2.5,
        "pressure_avg10": 12.5,
        "throttled_periods": 3,
        "clock_hz": 3.4e9,
        "temperature_c": 41.0,
        "swapped_pages": 42,
    }


@pytest.mark.parametrize(
    ("file", "content", "missing"),
    [
        ("proc/stat", "cpu 1 2 3\n", {"steal_s", "busy_s", "total_s"}),
        ("proc/stat", "", {"steal_s", "busy_s", "total_s"}),
        ("proc/pressure/cpu", "", {"pressure_s", "pressure_avg10"}),
        ("proc/vmstat", "oom_kill 1\n", {"swapped_pages"}),
        ("proc/loadavg", "", {"load1"}),
        ("sys/fs/cgroup/run/cpu.stat", "usage_usec 12\n", {"throttled_periods"}),
        ("sys/class/thermal/thermal_zone0/temp", "", set()),
    ],
)
def test_a_file_of_another_kind_hides_only_its_own_figures(
    grow: Grow, file: str, content: str, missing: set[str]
) -> None:
    reading = asdict(read(grow({**MACHINE, file: content})))
    assert {name for name, value in reading.items() if value is None} == missing


def test_throttling_of_a_parent_counts(grow: Grow) -> None:
    """A quota that is set on the whole pod stops this process as well."""
    assert read(grow({**MACHINE, "sys/fs/cgroup/cpu.stat": "nr_throttled 4\n"})).throttled_periods == 7


BEFORE = Reading(
    monotonic_s=10.0,
    cpu_s=1.0,
    involuntary_switches=100,
    waited_s=0.5,
    steal_s=1.0,
    busy_s=100.0,
    total_s=200.0,
    load1=0.5,
    pressure_s=5.0,
    pressure_avg10=3.0,
    throttled_periods=2,
    clock_hz=4e9,
    temperature_c=60.0,
    swapped_pages=10,
)
AFTER = Reading(
    monotonic_s=12.0,
    cpu_s=4.0,
    involuntary_switches=180,
    waited_s=1.5,
    steal_s=1.2,
    busy_s=104.0,
    total_s=208.0,
    load1=1.5,
    pressure_s=5.4,
    pressure_avg10=9.0,
    throttled_periods=5,
    clock_hz=3e9,
    temperature_c=55.0,
    swapped_pages=1010,
)


def test_a_stretch_is_the_difference_over_time_and_threads() -> None:
    assert asdict(between(BEFORE, AFTER, threads=2)) == pytest.approx(
        {
            "wall_s": 2.0,
            "cpu_efficiency": 0.75,
            "waited_share": 0.25,
            "involuntary_per_s": 20.0,
            "others_cores": 0.5,
            "steal_share": 0.025,
            "pressure_share": 0.2,
            "throttled_periods": 3,
            "clock_change": -0.25,
            "swapped_per_s": 500.0,
            "temperature_c": 60.0,
        }
    )


@pytest.mark.parametrize("missing", ["before", "after"])
def test_what_one_side_does_not_tell_is_not_made_up(missing: str) -> None:
    nothing = {field.name: None for field in fields(Reading) if field.name not in OWN}
    before = replace(BEFORE, **nothing) if missing == "before" else BEFORE
    after = replace(AFTER, **nothing) if missing == "after" else AFTER
    found = asdict(between(before, replace(after, temperature_c=None), threads=2))
    known = {"wall_s", "cpu_efficiency", "involuntary_per_s"} | ({"temperature_c"} if missing == "after" else set())
    assert {name for name, value in found.items() if value is not None} == known


@pytest.mark.parametrize("later_s", [10.0, 9.0])
def test_a_clock_that_went_back_leaves_nothing_to_divide_by(later_s: float) -> None:
    assert between(BEFORE, replace(AFTER, monotonic_s=later_s), 2) == Stretch(later_s - 10.0)


@given(
    st.lists(st.floats(0, 1e9), min_size=14, max_size=14),
    st.lists(st.floats(0, 1e9), min_size=14, max_size=14),
    st.integers(1, 64),
)
def test_shares_are_never_negative_and_survive_json(early: list[float], late: list[float], threads: int) -> None:
    """A counter of threads that have ended can shrink; a record has to be written all the same."""
    names = [field.name for field in fields(Reading)]
    before, after = (Reading(**dict(zip(names, values, strict=True))) for values in (early, late))  # type: ignore[arg-type]
    stretch = asdict(between(before, after, threads))
    assert json.loads(json.dumps(stretch)) == stretch
    signed = {"wall_s", "clock_change", "throttled_periods"}
    assert all(value >= 0 for name, value in stretch.items() if value is not None and name not in signed)


def test_neighbours_are_counted_without_ourselves(grow: Grow) -> None:
    root = grow({"proc/loadavg": "9.00 9.00 9.00 3/88 1814\n"})
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        grow({"proc/loadavg": "9.00 9.00 9.00 1/88 1814\n"})

    assert runnable(root, samples=4, pause_s=0.5, sleep=sleep) == pytest.approx(2 / 4)
    assert slept == [0.5] * 3


def test_no_load_file_no_neighbours(tmp_path: Path) -> None:
    assert runnable(tmp_path, sleep=lambda seconds: None) is None


def test_surroundings(grow: Grow) -> None:
    root = grow(
        {
            f"{CPU}/cpu0/cpufreq/scaling_governor": "powersave\n",
            f"{CPU}/cpu1/cpufreq/scaling_governor": "performance\n",
            f"{CPU}/cpu2/cpufreq/scaling_governor": "powersave\n",
            "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
            "proc/meminfo": "MemTotal: 9 kB\nSwapTotal:   2048 kB\nSwapFree: 0 kB\n",
            "proc/vmstat": "pswpin 1\npswpout 1\n",
        }
    )
    assert surroundings(root) == {
        "governor": "performance powersave",
        "thp": "madvise",
        "swap_bytes": 2**21,
        "turbo": None,
    }


def test_surroundings_of_a_system_that_tells_nothing(tmp_path: Path) -> None:
    settings = surroundings(tmp_path)
    assert (settings["governor"], settings["thp"], settings["turbo"]) == (None, None, None)


@pytest.mark.parametrize(
    ("file", "content", "turbo"),
    [
        ("intel_pstate/no_turbo", "0", True),
        ("intel_pstate/no_turbo", "1", False),
        ("cpufreq/boost", "1", True),
        ("cpufreq/boost", "0", False),
    ],
)
def test_turbo(grow: Grow, file: str, content: str, turbo: bool) -> None:
    """Intel's driver says whether it is off, the others whether it is on."""
    assert surroundings(grow({f"{CPU}/{file}": content}))["turbo"] is turbo

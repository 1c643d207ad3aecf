"""State of the machine: readings at one moment, and the changes between two of them.

A reading takes a millisecond and is never made while something is timed. What the system does not report is None.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import psutil

from scalebench.machine.kernel import ROOT, cgroup_folders, number, numbers, text, usable_cpus

_CPUS = "sys/devices/system/cpu"
_IDLE, _IOWAIT, _STEAL = 3, 4, 7
"""Columns of /proc/stat; those after steal count guests, whose time is also in the first two (man 5 proc_stat)."""


_COUNTERS = (
    "monotonic_s", "cpu_s", "involuntary_switches", "waited_s", "steal_s", "busy_s", "total_s", "pressure_s",
    "throttled_periods", "swapped_pages",
)  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """One moment. Most values are counters: only their growth is meaningful.

    Attributes:
        monotonic_s: monotonic clock, seconds.
        cpu_s: CPU time of this process, all threads, seconds.
        involuntary_switches: involuntary context switches of this process's threads.
        waited_s: time that threads of this process were runnable without a core, seconds.
        steal_s, busy_s, total_s: time of all cores together: stolen by the hypervisor, not idle, and all, seconds.
        load1: load average over one minute.
        pressure_s: time in which some task of the machine waited for a core, seconds (PSI cpu some).
        pressure_avg10: share of the last ten seconds in which one did, percent; it includes earlier rounds.
        throttled_periods: periods in which this process's control group had used up its CPU quota.
        clock_hz: highest current clock among the cores this process may use; idle cores would distort a mean.
        temperature_c: hottest thermal zone, degrees Celsius.
        swapped_pages: pages read from and written to swap, by all processes.
    """

    monotonic_s: float
    cpu_s: float
    involuntary_switches: int
    waited_s: float | None = None
    steal_s: float | None = None
    busy_s: float | None = None
    total_s: float | None = None
    load1: float | None = None
    pressure_s: float | None = None
    pressure_avg10: float | None = None
    throttled_periods: int | None = None
    clock_hz: float | None = None
    temperature_c: float | None = None
    swapped_pages: int | None = None


@dataclass(frozen=True)
class Stretch:
    """From one reading to the next. Shares are of 1.

    Attributes:
        wall_s: its length, seconds; 0 or less where the clock went back.
        cpu_efficiency: CPU time of this process over wall time x threads.
        waited_share: time runnable without a core, over the same.
        involuntary_per_s: involuntary context switches per second and thread.
        others_cores: cores kept busy by other processes.
        steal_share: share of all cores' time that the hypervisor gave to other machines.
        pressure_share: share of the time in which some task of the machine waited for a core.
        throttled_periods: periods in which the CPU quota was used up.
        clock_change: relative change of the clock; -0.1 is a drop by a tenth.
        swapped_per_s: pages per second to and from swap.
        temperature_c: the higher of both readings.
    """

    wall_s: float
    cpu_efficiency: float | None = None
    waited_share: float | None = None
    involuntary_per_s: float | None = None
    others_cores: float | None = None
    steal_share: float | None = None
    pressure_share: float | None = None
    throttled_periods: int | None = None
    clock_change: float | None = None
    swapped_per_s: float | None = None
    temperature_c: float | None = None


def read(root: Path = ROOT) -> Reading:
    """Read everything now. Clock, CPU time and switches are always this process's, whatever the root."""
    import resource  # not on Windows, where reports are still written

    steal, busy, total = _core_seconds(root)
    pressure_s, pressure_avg10 = _pressure(root)
    return Reading(
        monotonic_s=time.monotonic(),
        cpu_s=time.process_time(),
        involuntary_switches=resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw,
        waited_s=_waited(root),
        steal_s=steal,
        busy_s=busy,
        total_s=total,
        load1=_load1(root),
        pressure_s=pressure_s,
        pressure_avg10=pressure_avg10,
        throttled_periods=_throttled(root),
        clock_hz=_clock(root),
        temperature_c=_temperature(root),
        swapped_pages=_swapped(root),
    )


def between(before: Reading, after: Reading, threads: int) -> Stretch:
    """Changes from ``before`` to ``after`` in a process that should keep ``threads`` cores busy."""
    wall = after.monotonic_s - before.monotonic_s
    if wall <= 0:
        return Stretch(wall)

    def growth_of(name: str) -> Any:
        early, late = getattr(before, name), getattr(after, name)
        return None if early is None or late is None else late - early

    def share_of(name: str, total: float | None) -> float | None:
        growth = growth_of(name)
        return None if growth is None or not total else max(0.0, growth / total)

    busy, clock = growth_of("busy_s"), growth_of("clock_hz")
    return Stretch(
        wall_s=wall,
        cpu_efficiency=share_of("cpu_s", wall * threads),
        waited_share=share_of("waited_s", wall * threads),
        involuntary_per_s=share_of("involuntary_switches", wall * threads),
        others_cores=None if busy is None else max(0.0, (busy - growth_of("cpu_s")) / wall),
        steal_share=share_of("steal_s", growth_of("total_s")),
        pressure_share=share_of("pressure_s", wall),
        throttled_periods=growth_of("throttled_periods"),
        clock_change=clock / before.clock_hz if clock is not None and before.clock_hz else None,
        swapped_per_s=share_of("swapped_pages", wall),
        temperature_c=max((t for t in (before.temperature_c, after.temperature_c) if t is not None), default=None),
    )


def joined(stretches: Sequence[tuple[Reading, Reading]]) -> tuple[Reading, Reading]:
    """Two readings whose growth is that of all stretches together, without the time between them."""
    first, (_, last) = stretches[0][0], stretches[-1]
    growth = {}
    for name in _COUNTERS:
        pairs = [(getattr(before, name), getattr(after, name)) for before, after in stretches]
        if all(None not in pair for pair in pairs):
            growth[name] = getattr(first, name) + sum(after - before for before, after in pairs)
    return first, replace(last, **growth)


def runnable(
    root: Path = ROOT, samples: int = 5, pause_s: float = 0.01, sleep: Callable[[float], None] = time.sleep
) -> float | None:
    """Running and runnable tasks other than the caller: mean of a few samples; None where unknown.

    Between two rounds these are other processes' tasks. The load average does not separate them: it includes our own
    last round for a minute.
    """
    counts = []
    for sample in range(samples):
        if sample:
            sleep(pause_s)
        match = re.search(r" (\d+)/\d+ ", text(root / "proc/loadavg"))
        if match:
            counts.append(max(0, int(match[1]) - 1))
    return fmean(counts) if counts else None


def surroundings(root: Path = ROOT) -> dict[str, Any]:
    """Settings that change speed and are not in the keys: governor, huge pages, swap, turbo; None where unknown."""
    governors = {text(file) for file in (root / _CPUS).glob("cpu[0-9]*/cpufreq/scaling_governor")} - {""}
    huge_pages = re.search(r"\[(\w+)\]", text(root / "sys/kernel/mm/transparent_hugepage/enabled"))
    return {
        "governor": " ".join(sorted(governors)) or None,
        "thp": huge_pages[1] if huge_pages else None,
        "swap_bytes": psutil.swap_memory().total,
        "turbo": _turbo(root),
    }


def _turbo(root: Path) -> bool | None:
    no_turbo, boost = number(root / _CPUS / "intel_pstate/no_turbo"), number(root / _CPUS / "cpufreq/boost")
    if no_turbo is not None:
        return no_turbo == 0
    return None if boost is None else boost == 1


def _waited(root: Path) -> float | None:
    """Second number of each thread's schedstat: nanoseconds on a run queue (kernel, scheduler/sched-stats)."""
    waits = [text(file).split()[1:2] for file in (root / "proc/self/task").glob("*/schedstat")]
    return sum(int(wait[0]) for wait in waits if wait) * 1e-9 if any(waits) else None


def _core_seconds(root: Path) -> tuple[float | None, float | None, float | None]:
    words = text(root / "proc/stat").partition("\n")[0].split()
    if len(words) < _STEAL + 2 or not words[0].isalpha():
        return None, None, None
    ticks = [int(word) for word in words[1 : _STEAL + 2]]
    per_second = os.sysconf("SC_CLK_TCK")
    total = sum(ticks)
    return ticks[_STEAL] / per_second, (total - ticks[_IDLE] - ticks[_IOWAIT]) / per_second, total / per_second


def _load1(root: Path) -> float | None:
    first = text(root / "proc/loadavg").partition(" ")[0]
    return float(first) if first else None


def _pressure(root: Path) -> tuple[float | None, float | None]:
    match = re.search(r"^some avg10=([\d.]+).* total=(\d+)", text(root / "proc/pressure/cpu"), re.MULTILINE)
    return (int(match[2]) * 1e-6, float(match[1])) if match else (None, None)


def _throttled(root: Path) -> int | None:
    counts = [numbers(folder / "cpu.stat").get("nr_throttled") for folder in cgroup_folders("cpu", root)]
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _clock(root: Path) -> float | None:
    clocks = [number(root / _CPUS / f"cpu{core}/cpufreq/scaling_cur_freq") for core in usable_cpus()]
    return max((kilohertz * 1e3 for kilohertz in clocks if kilohertz is not None), default=None)


def _temperature(root: Path) -> float | None:
    zones = [number(file) for file in (root / "sys/class/thermal").glob("thermal_zone*/temp")]
    return max((millidegrees * 1e-3 for millidegrees in zones if millidegrees is not None), default=None)


def _swapped(root: Path) -> int | None:
    counts = numbers(root / "proc/vmstat")
    return counts["pswpin"] + counts["pswpout"] if {"pswpin", "pswpout"} <= counts.keys() else None

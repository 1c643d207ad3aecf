"""Checks of what this machine can measure, each with its finding and advice.

One function per topic; those that read files take the root of the file system. ``missing``: something cannot be
measured on this machine; ``warn``: measurements from this machine may be unreliable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from scalebench.machine.ability import Ability
from scalebench.machine.gpu import Gpu, Reason, Unavailable, throttled
from scalebench.machine.kernel import ROOT, number, numbers, text, usable_cpus
from scalebench.machine.limits import cpu_quota, group_memory
from scalebench.machine.power import Counter
from scalebench.machine.telemetry import read, runnable, surroundings
from scalebench.machine.validity import RUNNABLE, STEAL
from scalebench.units import bytes_, digits

State = Literal["ok", "missing", "warn"]

NOISE, NOISE_DECIDES = 0.05, 0.10
"""Above the first, variation is a warning; above the second, differences of a tenth cannot be distinguished."""
_RESET_PEAK = "5"  # man 5 proc_pid_clear_refs: resets the peak resident set size
_USER_SPACE = 2
"""Highest kernel.perf_event_paranoid at which a process may count its own events (man 2 perf_event_open)."""
_PMU = ("cpu", "cpu_core", "cpum_cf", "armv8*")
_ADVICE: dict[Reason, str] = {
    "permission": "as root: chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj (a side channel: own machines only)",
    "virtual_machine": "the host does not expose its counters; measuring energy needs bare metal",
    "no_rapl": "modprobe intel_rapl_common; CPUs without RAPL have no energy counter",
    "no_nvml": "install the NVIDIA driver, and make it available in the container",
    "no_amdsmi": "install ROCm with its Python package amdsmi, and make it available in the container",
    "no_sysman": "a newer torch for XPU, and pip install pyzes",
    "no_library": "this kind of device gives no counters",
    "mig": "use the whole board",
    "vgpu": "use the whole board",
    "pre_volta": "a board of the Volta generation or later",
    "counter_stuck": "the counter does not advance; restart the driver",
}


@dataclass(frozen=True)
class Check:
    """Result of one check.

    Attributes:
        name: topic.
        state: ``ok``, ``missing`` (cannot be measured on this machine) or ``warn`` (may be unreliable).
        finding: what the check saw.
        advice: what to do about it; empty where nothing needs to be done.
        decides: whether this check alone can make measurements from this machine untrustworthy.
    """

    name: str
    state: State
    finding: str
    advice: str = ""
    decides: bool = False


def memory_peak(root: Path = ROOT) -> Check:
    """Whether a process can reset and read its own peak memory. Resets this process's."""
    name = "memory peak"
    if "VmHWM" not in numbers(root / "proc/self/status"):
        return Check(name, "missing", "no VmHWM in /proc/self/status", "measure memory on Linux", decides=True)
    try:
        (root / "proc/self/clear_refs").write_text(_RESET_PEAK, encoding="ascii")
    except OSError as error:
        advice = "let processes write to /proc/self/clear_refs: a container's /proc may be read-only"
        return Check(name, "missing", f"the peak cannot be reset: {error.strerror}", advice, decides=True)
    return Check(name, "ok", "VmHWM, reset before each round")


def energy(device: str, counters: Sequence[Counter] | Unavailable) -> Check:
    """Energy counters of one device, from ``power.open_counters``."""
    name = f"energy, {device}"
    if isinstance(counters, Unavailable):
        return Check(name, "missing", f"{counters.reason}: {counters.detail}", _ADVICE[counters.reason])
    return Check(name, "ok", ", ".join(counter.domain for counter in counters))


def clocks(root: Path = ROOT) -> Check:
    """Whether the current clock of the cores can be read."""
    clock_hz = read(root).clock_hz
    if clock_hz is None:
        return Check("CPU clocks", "missing", "no cpufreq", "ask the host; only the canary detects drops of the clock")
    return Check("CPU clocks", "ok", f"{digits(clock_hz / 1e9)} GHz now")


def governor(root: Path = ROOT) -> Check:
    """Which governor sets the clock."""
    settings = surroundings(root)
    if settings["governor"] is None:
        advice = "use a dedicated machine, or more rounds"
        return Check("governor", "missing", "no cpufreq: the host sets the clock", advice)
    turbo = {True: ", turbo on", False: ", turbo off", None: ""}[settings["turbo"]]
    if settings["governor"] != "performance":
        return Check("governor", "warn", settings["governor"] + turbo, "cpupower frequency-set -g performance")
    return Check("governor", "ok", settings["governor"] + turbo)


def hardware_counters(root: Path = ROOT) -> Check:
    """Whether a profiler could count cycles and cache misses of a process."""
    name, devices = "hardware counters", root / "sys/bus/event_source/devices"
    if not any(device for pattern in _PMU for device in devices.glob(pattern)):
        return Check(name, "missing", "the kernel exposes no counters of this CPU", "use a host that exposes its PMU")
    level = number(root / "proc/sys/kernel/perf_event_paranoid")
    if level is None or level > _USER_SPACE:
        finding = f"kernel.perf_event_paranoid = {'unknown' if level is None else level}"
        return Check(name, "missing", finding, f"sysctl kernel.perf_event_paranoid={_USER_SPACE}, or CAP_PERFMON")
    return Check(name, "ok", f"kernel.perf_event_paranoid = {level}")


def group_limits(root: Path = ROOT, cores: int | None = None) -> Check:
    """CPU quota and memory limit of this process's control groups.

    Args:
        root: of the file system.
        cores: that this process may run on; its affinity where None.
    """
    cores = cores or len(usable_cpus())
    quota, available, left = cpu_quota(root), psutil.virtual_memory().available, group_memory(root)
    memory = f"{bytes_(int(min(available, left)))} of memory free" + (
        ", limited by the group" if left < available else ""
    )
    if quota is not None and quota < cores:
        finding = f"a quota of {digits(quota)} of {cores} cores; {memory}"
        return Check("limits", "warn", finding, "pin cores instead (cpuset): a quota pauses all threads during a round")
    return Check("limits", "ok", f"no quota below {cores} cores; {memory}")


def pressure(root: Path = ROOT) -> Check:
    """Whether the kernel reports how long tasks wait for a core."""
    reading = read(root)
    if reading.pressure_s is None:
        return Check("pressure", "missing", "no /proc/pressure/cpu", "use a kernel with CONFIG_PSI, booted with psi=1")
    return Check("pressure", "ok", f"{reading.pressure_avg10 or 0:g} % of the last ten seconds")


def virtual(root: Path = ROOT) -> Check:
    """Whether this is a virtual machine."""
    flags = next(
        (line for line in text(root / "proc/cpuinfo").splitlines() if line.startswith(("flags", "Features"))), ""
    )
    if "hypervisor" not in flags.split():
        return Check("virtual machine", "ok", "no")
    vendor = text(root / "sys/class/dmi/id/sys_vendor")
    advice = "other work on the host is not visible: rely on the noise floor, use more rounds"
    return Check("virtual machine", "warn", f"yes, by {vendor}" if vendor else "yes", advice)


def load(root: Path = ROOT) -> Check:
    """Other work on the cores; to be called while no measurement runs."""
    tasks, average = runnable(root), read(root).load1
    if tasks is None:
        return Check("load", "missing", "no /proc/loadavg")
    finding = f"{digits(tasks, 2)} runnable tasks now, load average {average:g}"
    if tasks > RUNNABLE:
        return Check("load", "warn", finding, "stop other processes")
    return Check("load", "ok", finding)


def steal(share: float | None) -> Check:
    """CPU time that the hypervisor gave to other machines while the canary ran, as a share of all cores' time."""
    if share is None:
        return Check("steal", "missing", "not reported by the system, or nothing was measured")
    if share > STEAL:
        return Check("steal", "warn", f"{_percent(share)} of the time", "use a host that is not overcommitted")
    return Check("steal", "ok", f"{_percent(share)} of the time")


def canary(device: str, variation: float | None, blocks: int) -> Check:
    """Noise now: coefficient of variation of a fixed matrix product, over blocks; None where it was not measured."""
    name = f"noise now, {device}"
    if variation is None:
        return Check(name, "missing", "not measured", "run scalebench doctor without --quick, while nothing else runs")
    finding = f"a fixed matrix product varied by {_percent(variation)} over {blocks} blocks"
    advice = "stop other processes, or expect intervals as wide"
    return _noisy(name, variation, finding, advice)


def floor(device: str, share: float | None, basis: str = "", when: str = "") -> Check:
    """Noise floor as ``scalebench aa`` stored it, and what it rests on; None where it was not measured."""
    name = f"noise floor, {device}"
    if share is None:
        return Check(name, "missing", "never measured", "run scalebench aa")
    finding = f"95 % of comparisons of two runs differ by less than {_percent(share)} ({basis}, {when[:10]})"
    return _noisy(name, share, finding, "use a quieter machine, then run scalebench aa again")


def peaks(ability: Ability) -> Check:
    """Whether the peaks of a device were measured without other work on it."""
    name = f"peaks, {ability.device}"
    by_name = {**ability.matmul, **ability.bandwidth}
    contended = [peak_name for peak_name, peak in by_name.items() if peak.contended]
    if contended:
        finding = f"measured while other work ran: {', '.join(contended)}"
        return Check(name, "warn", finding, "run scalebench doctor again, while nothing else runs")
    return Check(name, "ok", f"{', '.join(by_name)}; measured {ability.started[:10]}")


def _noisy(name: str, share: float, finding: str, advice: str) -> Check:
    if share <= NOISE:
        return Check(name, "ok", finding)
    return Check(name, "warn", finding, advice, decides=share > NOISE_DECIDES)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def alone(refusal: tuple[str, str] | None) -> Check:
    """Whether another run holds the machine's lock: the refusal's message and hint, None where the lock is free."""
    if refusal is None:
        return Check("other runs", "ok", "none")
    return Check("other runs", "warn", *refusal, decides=True)


def failed(device: str, message: str, hint: str) -> Check:
    """A device on which peaks or noise could not be measured."""
    return Check(f"measuring, {device}", "warn", message, hint, decides=True)


def gpu(index: int, board: Gpu) -> Check:
    """State of one GPU: readings, reasons for throttling, and other processes on it."""
    power, heat, clock = board.power_limit_w(), board.temperature_c(), board.sm_clock_mhz()
    readings: Mapping[str, str | None] = {
        "power limit": None if power is None else f"{digits(power)} W",
        "temperature": None if heat is None else f"{heat} C",
        "clock": None if clock is None else f"{clock} MHz",
    }
    finding = ", ".join(f"{name} {value}" for name, value in readings.items() if value) or "no readings"
    reasons, processes = throttled(board.clock_event_reasons()), board.processes() or {}
    if reasons:
        return Check(f"GPU {index}", "warn", f"{finding}; throttled: {', '.join(reasons)}", "improve cooling or power")
    if processes:
        return Check(f"GPU {index}", "warn", f"{finding}; {len(processes)} processes on it", "stop them")
    return Check(f"GPU {index}", "ok", finding)


def no_gpu() -> Check:
    """The check of a machine without a GPU."""
    return Check("GPU", "missing", "this machine has no GPU", "cases for a GPU need one")


def unusable(label: str, reason: str) -> Check:
    """A GPU that torch cannot use, with what to do."""
    finding, _, advice = reason.partition("; ")
    return Check(label, "missing", finding, advice)

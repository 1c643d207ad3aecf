"""Limits of this process: memory and cores under the container's limits, and evidence of out-of-memory kills."""

from __future__ import annotations

import contextlib
import ctypes
import math
import signal
from pathlib import Path

import psutil

from scalebench.machine.kernel import ROOT, cgroup_folders, number, numbers, text
from scalebench.suite.device_kinds import kind_of

LIMIT_SHARE = 0.9
"""Share of the free memory a round may use; the rest is for the parent, and for memory that is hard to reclaim."""

_LIMIT_AND_USAGE = (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes"))
_KILLS = ("memory.events", "memory.oom_control")
"""Version 2, version 1."""


def free_memory(root: Path = ROOT) -> int:
    """Bytes a new process may take: the machine's, or a container's where that is less."""
    return int(min(psutil.virtual_memory().available, group_memory(root)))


def group_memory(root: Path = ROOT) -> float:
    """Bytes left under the memory limits of this process's groups; infinite where nothing limits it."""
    sizes = [_left_in_group(folder) for folder in cgroup_folders("memory", root)]
    return max(0, min((size for size in sizes if size is not None), default=math.inf))


def _left_in_group(folder: Path) -> int | None:
    """Bytes left in one group; None without a limit. Its inactive file cache counts as free, as in MemAvailable."""
    for limit_name, usage_name in _LIMIT_AND_USAGE:
        limit, usage = number(folder / limit_name), number(folder / usage_name)
        if limit is not None and usage is not None:  # without a limit: "max" in version 2, about 2**63 in version 1
            stat = numbers(folder / "memory.stat")
            return limit - usage + stat.get("total_inactive_file", stat.get("inactive_file", 0))
    return None


def oom_kills(root: Path = ROOT) -> int | None:
    """Out-of-memory kills in this process's control group; only growth of the counter is meaningful.

    A kill is counted in the group of the killed process, whichever limit was reached. Where no group has the counter,
    the machine's is used, which also counts other users' processes.
    """
    files = [folder / name for folder in cgroup_folders("memory", root) for name in _KILLS]
    counts = (numbers(file).get("oom_kill") for file in [*files, root / "proc/vmstat"])
    return next((count for count in counts if count is not None), None)


def cpu_quota(root: Path = ROOT) -> float | None:
    """CPU time per wall time that this process's group may use, in cores; None where nothing limits it."""
    quotas = [_quota(folder) for folder in cgroup_folders("cpu", root)]
    return min((quota for quota in quotas if quota is not None), default=None)


def _quota(folder: Path) -> float | None:
    words = text(folder / "cpu.max").split() or [text(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period")]
    limited = all(word.isdecimal() and int(word) > 0 for word in words)  # else "max", -1, or no such file
    return int(words[0]) / int(words[1]) if limited else None


def limit_memory(growth: int, root: Path = ROOT) -> int | None:
    """Let this process grow by ``growth`` bytes: beyond that its allocations fail, so that the kernel kills nothing.

    RLIMIT_DATA counts private writable memory, where tensors are; RLIMIT_AS is the second choice, because libraries
    reserve much address space that they never use. Not for a GPU: its driver maps even more.

    Returns: the limit set, bytes; None where the system has none or refuses.
    """
    import resource  # not on Windows, where reports are still written

    status = numbers(root / "proc/self/status")
    for kind, name in ((resource.RLIMIT_DATA, "VmData"), (resource.RLIMIT_AS, "VmSize")):
        with contextlib.suppress(KeyError, OSError, ValueError):
            limit = status[name] * 1024 + growth
            hard_limit = resource.getrlimit(kind)[1]
            limit = limit if hard_limit == resource.RLIM_INFINITY else min(limit, hard_limit)
            resource.setrlimit(kind, (limit, limit))
            return limit
    return None


def die_first(root: Path = ROOT) -> None:
    """Make this process the kernel's first choice to kill where memory runs out anyway."""
    with contextlib.suppress(OSError):
        (root / "proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def limit_round(device: str, limit_bytes: int | None) -> None:
    """Limit this process's memory on the CPU, and make it the kernel's first choice when memory runs out.

    There is no limit on a GPU, whose driver maps far more than it uses. ``limit_bytes`` is its growth; None derives it
    from free memory.
    """
    die_first()
    if kind_of(device).on_host:
        limit_memory(int(LIMIT_SHARE * free_memory()) if limit_bytes is None else limit_bytes)


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends for any reason; Linux only."""
    set_parent_death_signal = 1  # prctl(2), PR_SET_PDEATHSIG
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)

"""Limits are found under both versions of cgroups, own group and parents, and where there are none."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scalebench.machine.limits import cpu_quota, die_first, free_memory, group_memory, oom_kills

Grow = Callable[[dict[str, str]], Path]

UNLIMITED_V1 = "9223372036854771712"
MEMINFO = {
    "proc/meminfo": "MemTotal:  9000 kB\nMemFree:  100 kB\nMemAvailable:    8000 kB\n"
    "Buffers: 0 kB\nCached: 0 kB\nActive: 0 kB\nInactive: 0 kB\nShmem: 0 kB\n"
}
AVAILABLE = 8000 * 1024

V2 = {
    "proc/self/cgroup": "0::/user/run\n",
    "proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n",
}
V2_OWN, V2_PARENT = "sys/fs/cgroup/user/run", "sys/fs/cgroup/user"
V1 = {
    "proc/self/cgroup": "9:name=systemd:/\n4:memory:/run/it\n2:cpu,cpuacct:/run\n0::/\n",
    "proc/self/mountinfo": (
        "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
        "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
        "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
        "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
    ),
}
V1_MEMORY, V1_CPU = "sys/fs/cgroup/memory", "sys/fs/cgroup/cpu,cpuacct"


def v2_memory(folder: str, limit: str, usage: int, cache: int = 0) -> dict[str, str]:
    return {
        f"{folder}/memory.max": f"{limit}\n",
        f"{folder}/memory.current": f"{usage}\n",
        f"{folder}/memory.stat": f"anon 5\ninactive_file {cache}\nactive_file 7\n",
    }


def v1_memory(folder: str, limit: str, usage: int, cache: int = 0) -> dict[str, str]:
    return {
        f"{folder}/memory.limit_in_bytes": f"{limit}\n",
        f"{folder}/memory.usage_in_bytes": f"{usage}\n",
        f"{folder}/memory.stat": f"inactive_file 1\ntotal_inactive_file {cache}\n",
    }


def test_a_system_that_tells_nothing(tmp_path: Path) -> None:
    assert free_memory(tmp_path) > 0  # psutil's word on the real machine
    assert group_memory(tmp_path) == math.inf
    assert oom_kills(tmp_path) is None
    assert cpu_quota(tmp_path) is None


def test_without_groups_the_machine_counts(grow: Grow) -> None:
    root = grow({**MEMINFO, "proc/vmstat": "pswpin 1\noom_kill 3\n"})
    assert free_memory(root) == AVAILABLE
    assert oom_kills(root) == 3
    assert cpu_quota(root) is None


@pytest.mark.parametrize(
    ("groups", "free"),
    [
        (v2_memory(V2_OWN, "max", 5_000_000), AVAILABLE),
        (v2_memory(V2_OWN, "6000000", 1_000_000), 5_000_000),
        (v2_memory(V2_OWN, "6000000", 1_000_000, cache=300_000), 5_300_000),
        (v2_memory(V2_OWN, "6000000", 1_000_000) | v2_memory(V2_PARENT, "4000000", 2_000_000), 2_000_000),
        (v2_memory(V2_OWN, "max", 1_000_000) | v2_memory(V2_PARENT, "4000000", 2_000_000), 2_000_000),
        (v2_memory(V2_OWN, "90000000", 1_000_000), AVAILABLE),
        (v2_memory(V2_OWN, "1000000", 1_200_000), 0),
        (v2_memory(V2_OWN, "1000000", 1_000_000), 0),
        (v2_memory("sys/fs/cgroup/user/other", "1000000", 900_000), AVAILABLE),
    ],
)
def test_free_memory_under_version_2(grow: Grow, groups: dict[str, str], free: int) -> None:
    """The lowest of machine, own group and parents; other groups do not matter."""
    assert free_memory(grow(MEMINFO | V2 | groups)) == free


@pytest.mark.parametrize(
    ("groups", "free"),
    [
        (v1_memory(f"{V1_MEMORY}/run/it", UNLIMITED_V1, 5_000_000), AVAILABLE),
        (v1_memory(f"{V1_MEMORY}/run/it", "6000000", 1_000_000, cache=200_000), 5_200_000),
        (v1_memory(f"{V1_MEMORY}/run/it", UNLIMITED_V1, 0) | v1_memory(V1_MEMORY, "3000000", 1_000_000), 2_000_000),
    ],
)
def test_free_memory_under_version_1(grow: Grow, groups: dict[str, str], free: int) -> None:
    """Also beside an empty version 2, which systemd mounts in mixed mode."""
    assert free_memory(grow(MEMINFO | V1 | groups)) == free


@pytest.mark.parametrize(
    ("name", "mounted"), [("/docker/4711", "/docker/4711"), ("/", "/"), ("/docker/4711", "/elsewhere")]
)
def test_a_container_finds_its_own_group(grow: Grow, name: str, mounted: str) -> None:
    """The group is named as the host sees it, or as the container does; mounted is only the container's part."""
    root = grow(
        {
            "proc/self/cgroup": f"0::{name}\n",
            "proc/self/mountinfo": f"31 23 0:28 {mounted} /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
            **v2_memory("sys/fs/cgroup", "6000000", 1_000_000),
        }
    )
    assert free_memory(root) == 5_000_000


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 2**40), st.integers(0, 2**40)), min_size=3, max_size=3))
def test_nobody_is_promised_more_than_any_limit_leaves(grow: Grow, groups: list[tuple[int, int]]) -> None:
    folders = (V2_OWN, V2_PARENT, "sys/fs/cgroup")
    files = [v2_memory(folder, str(limit), usage) for folder, (limit, usage) in zip(folders, groups, strict=True)]
    free = free_memory(grow(MEMINFO | V2 | files[0] | files[1] | files[2]))
    assert free is not None
    assert 0 <= free <= AVAILABLE
    assert all(free <= max(0, limit - usage) for limit, usage in groups)


@pytest.mark.parametrize(
    ("machine", "files", "kills"),
    [
        (V2, {f"{V2_OWN}/memory.events": "oom 5\noom_kill 2\noom_group_kill 0\n"}, 2),
        (
            V2,
            {f"{V2_OWN}/memory.events": "oom_kill 0\n", f"{V2_PARENT}/memory.events": "oom_kill 9\n"},
            0,
        ),
        (V2, {f"{V2_PARENT}/memory.events": "oom_kill 9\n"}, 9),
        (V1, {f"{V1_MEMORY}/run/it/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n"}, 4),
        (V1, {f"{V1_MEMORY}/run/it/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\n"}, 3),
    ],
)
def test_the_nearest_counter_of_kills(grow: Grow, machine: dict[str, str], files: dict[str, str], kills: int) -> None:
    """Own group first: a parent counts the kills of our neighbours too. Old kernels count for the machine only."""
    assert oom_kills(grow({**machine, **files, "proc/vmstat": "oom_kill 3\n"})) == kills


@pytest.mark.parametrize(
    ("machine", "files", "cores"),
    [
        (V2, {f"{V2_OWN}/cpu.max": "150000 100000\n"}, 1.5),
        (V2, {f"{V2_OWN}/cpu.max": "max 100000\n"}, None),
        (V2, {f"{V2_OWN}/cpu.max": "max 100000\n", f"{V2_PARENT}/cpu.max": "50000 100000\n"}, 0.5),
        (V1, {f"{V1_CPU}/run/cpu.cfs_quota_us": "400000\n", f"{V1_CPU}/run/cpu.cfs_period_us": "100000\n"}, 4.0),
        (V1, {f"{V1_CPU}/run/cpu.cfs_quota_us": "-1\n", f"{V1_CPU}/run/cpu.cfs_period_us": "100000\n"}, None),
    ],
)
def test_cpu_quota(grow: Grow, machine: dict[str, str], files: dict[str, str], cores: float | None) -> None:
    assert cpu_quota(grow(machine | files)) == cores


_HUNGRY = """
from scalebench.machine.limits import limit_memory
assert limit_memory({growth}) is not None
try:
    held = bytearray(256 * 2**20)
except MemoryError:
    print("refused")
else:
    print("granted")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits start from /proc/self/status")
@pytest.mark.parametrize(("growth", "answer"), [(64 * 2**20, "refused"), (2**30, "granted")])
def test_a_process_outgrows_its_limit_by_an_error_of_its_own(growth: int, answer: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _HUNGRY.format(growth=growth)], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == answer


def test_the_kernel_is_told_whom_to_take_first(grow: Grow, tmp_path: Path) -> None:
    """And where it cannot be told, nothing happens."""
    die_first(tmp_path)
    root = grow({"proc/self/oom_score_adj": "0"})
    die_first(root)
    assert (root / "proc/self/oom_score_adj").read_text(encoding="ascii") == "1000"

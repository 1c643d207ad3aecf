"""The kernel's text files, and where this process's control groups are.

Every reader takes the root of the file system, so that tests can pass a fake one. A missing file reads as empty.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from scalebench.errors import MachineError

ROOT = Path("/")


def refuse_windows(system: str = sys.platform) -> None:
    """Say at once what does not work on Windows.

    Raises:
        MachineError: this is Windows.
    """
    if system == "win32":
        raise MachineError(
            "scalebench measures and counts on Linux and macOS only, because it forks processes",
            "use WSL 2; report, compare, claims, import, procure and share work here on stored records",
        )


def text(path: Path) -> str:
    """Content of a file, stripped; empty where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def number(path: Path) -> int | None:
    """The integer in a file; None where there is none."""
    content = text(path)
    return int(content) if content.removeprefix("-").isdecimal() else None


def numbers(path: Path) -> dict[str, int]:
    """Lines of a name and an integer, with or without a colon and a unit: /proc/meminfo, memory.stat, cpu.stat."""
    lines = (line.replace(":", " ").split() for line in text(path).splitlines())
    return {words[0]: int(words[1]) for words in lines if len(words) > 1 and words[1].isdecimal()}


def usable_cpus() -> list[int]:
    """Numbers of the cores this process may run on; all of the machine's where the system has no affinity."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))


def cgroup_folders(controller: str, root: Path = ROOT) -> Iterator[Path]:
    """Folders of this process's control group and its parents, own group first, for one v1 controller and for v2.

    A limit may be set on any of them. In a container the group may have the host's name (``/docker/4711``) while only
    that part is mounted, so the mount's root is removed from the name (man 5 proc_pid_mountinfo).
    """
    names = _memberships(root)
    for line in text(root / "proc/self/mountinfo").splitlines():
        left, _, right = line.partition(" - ")
        mount, system = left.split(), right.split()
        if system[:1] == ["cgroup2"]:
            name = names.get("", "/")
        elif system[:1] == ["cgroup"] and controller in system[-1].split(","):
            name = names.get(controller, "/")
        else:
            continue
        group = Path(name).relative_to(mount[3]) if Path(name).is_relative_to(mount[3]) else Path()
        yield from (root / mount[4].lstrip("/") / folder for folder in (group, *group.parents))


def _memberships(root: Path) -> dict[str, str]:
    """Controller -> name of the group; version 2 has an empty controller."""
    groups = (line.split(":", 2) for line in text(root / "proc/self/cgroup").splitlines())
    return {controller: group[2] for group in groups if len(group) == 3 for controller in group[1].split(",")}

"""Size of the last-level cache of the CPU, as the kernel describes it."""

from __future__ import annotations

from pathlib import Path

from scalebench.machine.kernel import ROOT, number, text, usable_cpus


def last_cache(root: Path = ROOT) -> int | None:
    """Bytes of the last-level cache, summed over the parts that the usable cores reach; None where unknown.

    A CPU may have one part per group of cores (AMD's complexes, sockets); ``shared_cpu_list`` is equal for the cores
    that share a part.
    """
    parts = [part for core in usable_cpus() if (part := _highest(core, root))]
    level = max((part[0] for part in parts), default=0)
    return sum({cores: size for own_level, cores, size in parts if own_level == level}.values()) or None


def _highest(core: int, root: Path) -> tuple[int, str, int] | None:
    """Level, cores that share it, and bytes of the highest cache of a core."""
    folders = (root / f"sys/devices/system/cpu/cpu{core}/cache").glob("index*")
    parts = [(number(f / "level") or 0, text(f / "shared_cpu_list"), _bytes(text(f / "size"))) for f in folders]
    return max((part for part in parts if part[2]), default=None)


def _bytes(size: str) -> int:
    """``32768K``, as the kernel writes it."""
    return int(size[:-1]) * 1024 if size[-1:] == "K" and size[:-1].isdecimal() else 0

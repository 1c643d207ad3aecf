"""A machine in the words that its owner would use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from scalebench.record import Environment

_NOISE = re.compile(r"\((R|TM)\)| CPU\b| @.*| \d+-Core\b| Processor\b")
"""What makers add to the name of a CPU."""


def machine_words(environment: Environment) -> str:
    """``AMD EPYC 7321, 2 of its cores, 23 GiB``, a GPU first where it was measured; empty where nothing is stored."""
    hardware = environment.hardware
    gpu = [str(hardware["gpu"]), _gib(hardware.get("gpu_memory_gib"))] if hardware.get("gpu") else []
    cpu = hardware.get("cpu") or {}
    memory = _gib((hardware.get("memory") or {}).get("gib"))
    own = [_NOISE.sub("", str(cpu.get("name", ""))).strip(), _cores(cpu), memory]
    return ", ".join(filter(None, [*gpu, *own]))


def _cores(cpu: Mapping[str, Any]) -> str:
    """A virtual machine has some of the cores of its CPU."""
    usable = cpu.get("usable_cores")
    if not usable:
        return ""
    return f"{usable} of its cores" if cpu.get("virtual") else f"{usable} core{'' if usable == 1 else 's'}"


def _gib(size: float | None) -> str:
    return f"{size:g} GiB" if size else ""

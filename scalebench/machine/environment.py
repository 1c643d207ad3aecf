"""Description of the machine: one function per topic, hashed into the keys that decide whether results compare.

Names alone do not identify a machine (virtual ones all say "AMD EPYC"), so family, model, stepping, instruction
sets, cache and memory go into the hardware key. Host names and serial numbers do not.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

import scalebench
from scalebench.machine.kernel import usable_cpus
from scalebench.machine.limits import cpu_quota
from scalebench.record import Environment
from scalebench.suite.device_kinds import kind_of

_ISA = re.compile(r"avx\w*|amx\w*|f16c|fma|sse4_\w+|asimd\w*|sve\w*|bf16|i8mm")
_SETTINGS = re.compile(r"(OMP|KMP|GOMP|MKL|ONEDNN|DNNL|PYTORCH|CUDA|NVIDIA|TORCH)_\w+|LD_PRELOAD")
_NOT_SPEED = re.compile(r"\w+_(HOME|PATH|DIR|VISIBLE_DEVICES|CACHE)|CUDA_MODULE_LOADING")
"""Paths and serial numbers do not change speed and can identify people; torch itself sets the last one."""
_PACKAGES = ("torch", "timm", "numpy")


def collect(
    device: str,
    gpu: Mapping[str, Any] | None = None,
    gpu_software: Mapping[str, Any] | None = None,
    keep_host: bool = False,
) -> Environment:
    """Describe this machine for cases on ``device``.

    Args:
        device: as in ``Case``.
        gpu: what torch reports about the GPU; None on the CPU.
        gpu_software: libraries that torch uses on it; None on the CPU.
        keep_host: store the host's name as it is; otherwise a hash, which distinguishes hosts without naming them.
    """
    hardware = {"device": kind_of(device).name, "cpu": cpu(), "memory": memory(), **(gpu or {})}
    software = {**software_versions(), **(gpu_software or {})}
    if gpu:
        software["driver"] = _read("/proc/driver/nvidia/version").partition("\n")[0]
    name = str((gpu or {}).get("gpu") or hardware["cpu"].get("name") or platform.machine())
    hw_key = digest(hardware)
    host = platform.node() if keep_host else digest({"host": platform.node()})
    return Environment(f"{_slug(name)}-{hw_key[:6]}", hw_key, digest(software), hardware, software, host)


def cpu() -> dict[str, Any]:
    """Identity of the CPU, and the number of cores this process may use."""
    info = _cpuinfo()
    flags = info.get("flags", info.get("Features", "")).split()
    return {
        "name": info.get("model name", platform.processor() or platform.machine()),
        "vendor": info.get("vendor_id", ""),
        "family": info.get("cpu family", ""),
        "model": info.get("model", ""),
        "stepping": info.get("stepping", ""),
        "usable_cores": usable_cores(),
        "isa": sorted(flag for flag in flags if _ISA.fullmatch(flag)),
        "l3": _read("/sys/devices/system/cpu/cpu0/cache/index3/size"),
        "virtual": "hypervisor" in flags,
    }


def usable_cores() -> int:
    """Cores this process may run on: affinity, and the cgroup's quota where it is lower."""
    cores, quota = len(usable_cpus()), cpu_quota()
    return cores if quota is None else min(cores, max(1, int(quota)))


def memory() -> dict[str, Any]:
    """Installed memory in GiB, rounded: the kernel's own share changes with its version."""
    return {"gib": round(psutil.virtual_memory().total / 2**30)}


def software_versions() -> dict[str, Any]:
    """Versions and settings that change speed."""
    versions = {name: _version(name) for name in _PACKAGES}
    names = sorted(name for name in os.environ if _SETTINGS.fullmatch(name) and not _NOT_SPEED.fullmatch(name))
    settings = {name: os.environ[name] for name in names}
    return {
        "scalebench": scalebench.__version__,
        **versions,
        "python": ".".join(platform.python_version_tuple()[:2]),
        "system": platform.system(),
        "settings": settings,
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _cpuinfo() -> dict[str, str]:
    first = _read("/proc/cpuinfo").split("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]


def digest(content: Mapping[str, Any]) -> str:
    """First 12 hex digits of the sha256 over facts, as ``Environment`` has them."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]

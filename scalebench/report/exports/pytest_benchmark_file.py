"""Export for pytest-benchmark: what ``--benchmark-json`` writes. Its ``compare`` reads it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from scalebench import __version__
from scalebench.record import Environment
from scalebench.report.exports.entries import Export, ExportEntry

DATA = "round medians, one per process"
"""What a benchmark's ``data`` are; pytest-benchmark's own are the calls of one process."""


def pytest_benchmark_document(export: Export, commit: str = "") -> dict[str, Any]:
    """The file's content. A benchmark's statistics are between processes; what failed is under ``scalebench``."""
    from pytest_benchmark import __version__ as version

    environment = export.entries[0].environment
    return {
        "machine_info": _machine_info(environment),
        "commit_info": {
            "id": commit or "unversioned", "time": None, "author_time": None, "dirty": False,
            "project": export.suite, "branch": "(unknown)",
        },
        "benchmarks": [_benchmark(entry, export.suite) for entry in export.entries],
        "datetime": export.newest,
        "version": version,
        "scalebench": {
            "version": __version__, "suite": export.suite,
            "not_exported": [asdict(case) for case in export.not_exported],
        },
    }  # fmt: skip


def _benchmark(entry: ExportEntry, suite: str) -> dict[str, Any]:
    from pytest_benchmark.stats import Stats

    stats = Stats()
    for median in entry.medians:
        stats.update(median)
    case = entry.case
    params = {"model": case.model, "resolution": case.resolution, "batch": case.batch}
    return {
        "group": case.model, "name": entry.name, "fullname": f"{suite}::{entry.name}", "params": params,
        "param": entry.name, "extra_info": {**entry.extra_info, "data": DATA},
        "options": {"disable_gc": False, "timer": "perf_counter", "min_rounds": len(entry.medians)},
        "stats": {**stats.as_dict(), "data": list(entry.medians), "iterations": 1},
    }  # fmt: skip


def _machine_info(environment: Environment) -> dict[str, Any]:
    """Under the keys of pytest-benchmark. The host's name is left out, as it is in records."""
    cpu, software = environment.hardware.get("cpu") or {}, environment.software
    return {
        "node": environment.machine, "processor": "", "machine": "", "python_version": software.get("python", ""),
        "system": software.get("system", ""),
        "cpu": {"brand_raw": cpu.get("name", ""), "count": cpu.get("usable_cores")},
        "hw_key": environment.hw_key, "sw_key": environment.sw_key,
    }  # fmt: skip

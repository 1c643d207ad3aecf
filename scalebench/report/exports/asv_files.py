"""Export for airspeed velocity: a ``results`` folder that ``asv compare``, ``show`` and ``publish`` read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from scalebench.record import Environment
from scalebench.report.exports.entries import Export, ExportEntry, NotExported, number

BENCHMARKS = "benchmarks.json"
_LEVEL = 0.99
"""asv's intervals are of this level."""
_COLUMNS = (
    "result", "params", "version", "started_at", "duration", "stats_ci_99_a", "stats_ci_99_b", "stats_q_25",
    "stats_q_75", "stats_number", "stats_repeat", "samples", "profile",
)  # fmt: skip


def asv_documents(export: Export, commit: str) -> dict[str, dict[str, Any]]:
    """JSON files by their path below the results folder, in version 2 of asv's format (asv 0.6, ``results.py``).

    A case that failed on a machine has the result None there, which is how asv stores a failed benchmark.

    Args:
        export: of any number of machines.
        commit: full hash that the results belong to; asv files them by it.
    """
    benchmarks = {entry.name: _benchmark(entry.name, entry.case.method_key) for entry in export.entries}
    documents: dict[str, dict[str, Any]] = {}
    for machine in dict.fromkeys(entry.machine for entry in export.entries):
        own = [entry for entry in export.entries if entry.machine == machine]
        failed = [case for case in export.not_exported if case.machine == machine and case.name not in benchmarks]
        benchmarks |= {case.name: _benchmark(case.name, "") for case in failed}
        folder, environment = machine.replace("/", "-"), own[0].environment
        name = f"{commit[:8]}-scalebench-{environment.sw_key}"
        machine_facts = _machine(folder, environment)
        documents[f"{folder}/machine.json"] = {**machine_facts, "version": 1}
        documents[f"{folder}/{name}.json"] = _results(own, failed, commit, machine_facts, export.newest)
    return {BENCHMARKS: {**benchmarks, "version": 2}, **documents}


def _results(
    entries: list[ExportEntry], failed: list[NotExported], commit: str, machine: dict[str, str], newest: str
) -> dict[str, Any]:
    environment = entries[0].environment
    python = str(environment.software.get("python", ""))
    date = round(1000 * datetime.fromisoformat(newest).timestamp()) if newest else 0
    results: dict[str, list[Any]] = {entry.name: _row(entry) for entry in entries}
    return {
        "commit_hash": commit, "env_name": f"scalebench-{environment.sw_key}", "date": date,
        "params": {**machine, "python": python}, "python": python, "requirements": {}, "env_vars": {},
        "result_columns": list(_COLUMNS), "results": results | {case.name: [[None], []] for case in failed},
        "durations": {}, "version": 2,
    }  # fmt: skip


def _row(entry: ExportEntry) -> list[Any]:
    """Values of ``_COLUMNS``; of one round there is no interval."""
    interval = entry.latency.at(_LEVEL)
    low, high = number(interval.low), number(interval.high)
    quartiles = [float(value) for value in np.quantile(entry.medians, (0.25, 0.75))]
    return [
        [entry.latency.value], [], entry.case.method_key, None, None, None if low is None else [low],
        None if high is None else [high], [quartiles[0]], [quartiles[1]], [1], [len(entry.medians)],
        [list(entry.medians)],
    ]  # fmt: skip


def _benchmark(name: str, version: str) -> dict[str, Any]:
    """asv does not compare results of different versions; here the version is the method of timing."""
    return {
        "name": name, "pretty_name": name, "type": "time", "unit": "seconds", "params": [], "param_names": [],
        "code": "", "version": version, "number": 1, "repeat": 0, "timeout": 0, "warmup_time": -1,
    }  # fmt: skip


def _machine(label: str, environment: Environment) -> dict[str, str]:
    cpu, memory = environment.hardware.get("cpu") or {}, environment.hardware.get("memory") or {}
    return {
        "machine": label, "os": str(environment.software.get("system", "")), "arch": "",
        "cpu": str(cpu.get("name", "")), "num_cpu": str(cpu.get("usable_cores", "")),
        "ram": f"{memory['gib']} GiB" if memory.get("gib") else "",
    }  # fmt: skip

"""What pytest-benchmark is told: a row per case, the machine, and all records."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from scalebench.jobs.measured_cases import EstimatedCase
    from scalebench.record import Record

RECORDS = pytest.StashKey[list["Record"]]()
_METRICS = ("latency_s", "throughput_ips", "memory_bytes")


def add_row(
    config: pytest.Config,
    node: pytest.Item,
    label: str,
    records: Sequence[Record],
    measured: EstimatedCase | None = None,
) -> None:
    """Add a row to pytest-benchmark's table, where it is there: one value per round, its median.

    So its spread is that between processes. Intervals, counts and the machine are its ``extra_info``.
    """
    config.stash[RECORDS] += records
    session = getattr(config, "_benchmarksession", None)
    medians = [median(record.samples["latency_s"]) for record in records if record.samples.get("latency_s")]
    if session is None or session.disabled or not medians:
        return
    from pytest_benchmark.stats import Metadata

    machine = records[-1].environment
    extra: dict[str, Any] = {"case": label, "unit": "s", "machine": machine.machine, "notes": list(records[-1].notes)}
    if measured is not None:
        extra |= {"macs": measured.facts["macs"], "params": measured.facts["params"]}
        for metric in _METRICS:
            e = measured.estimates[metric]
            values = {metric: e.value, f"{metric}_low": e.low, f"{metric}_high": e.high, f"{metric}_n": e.n}
            extra |= {key: None if math.isnan(value) else value for key, value in values.items()}  # JSON has no NaN
    name = f"{node.name}[{label}]" if node.name != label else label
    entry = SimpleNamespace(
        name=name, fullname=f"{node.nodeid}[{label}]", group=None, param=None, params=None, extra_info=extra,
        cprofile_stats=None, has_error=False,
    )  # fmt: skip
    row = Metadata(entry, iterations=1, options={})
    for round_s in medians:
        row.update(round_s)
    session.benchmarks.append(row)


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    """The machine's keys, so that pytest-benchmark warns where another one is compared."""
    for record in config.stash[RECORDS][-1:]:
        environment = record.environment
        machine_info["scalebench"] = {"hw_key": environment.hw_key, "sw_key": environment.sw_key}


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_json(config: pytest.Config, output_json: dict[str, Any]) -> None:
    """All records, failures too, which pytest-benchmark itself would drop."""
    output_json["scalebench"] = [record.to_json() for record in config.stash[RECORDS]]

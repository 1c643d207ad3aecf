"""Entries: a case and machine each, with round medians and interval; what has no time is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scalebench.suite.case import Case
from tests.report.exports.literal_export import CPU, make_export, make_records
from tests.report.literal_report import make_record


def test_an_entry_has_the_round_medians_their_geometric_mean_and_its_interval() -> None:
    """ln 1.1 = 0.0953102 is the deviation of the logarithms; t(0.975, 2) = 4.30265; so e^(4.30265 s / sqrt 3)."""
    entry = next(entry for entry in make_export().entries if entry.case.model == "resnet50")
    assert entry.name == "resnet50@224, batch 1, fp32 eager, cpu, 1 thread"
    assert entry.medians == (0.1, 0.11, 0.121)
    info = entry.extra_info
    assert info["value"] == pytest.approx(0.11)
    assert (info["low"], info["high"]) == pytest.approx((0.11 / 1.26715, 0.11 * 1.26715), rel=1e-4)
    assert (info["n"], info["unit"], info["machine"], info["macs"]) == (3, "s", "cpu-a", 4_089_184_256)
    assert info["memory_bytes"] == pytest.approx(5e7)


def test_one_round_has_no_interval() -> None:
    entry = next(entry for entry in make_export().entries if entry.case.model == "resnet18")
    assert (entry.extra_info["n"], entry.extra_info["low"], entry.extra_info["high"]) == (1, None, None)


def test_what_has_no_time_is_named_with_its_reason() -> None:
    records = make_records()
    export = make_export(records)
    assert len(export.entries) == 2
    assert [str(case) for case in export.not_exported] == [
        "resnet152@224, batch 1, fp32 eager, cpu, 1 thread on cpu-a: oom: it ended: oom"
    ]
    rate_only = make_record("resnet34", 224, 4e9, 0, facts={"throughput_ips": 3.0}, environment=CPU)
    without_latency = make_export([*records, rate_only]).not_exported
    assert "resnet34@224, batch 1, fp32 eager, cpu, 1 thread on cpu-a: ok: it has no latency" in map(
        str, without_latency
    )


def test_names_are_unique() -> None:
    """Two machines are named; so is the key where cases differ only in how they are timed."""
    other = replace(CPU, machine="cpu-b", hw_key="b" * 12)
    names = [entry.name for entry in make_export([*make_records(), *make_records(other)]).entries]
    assert len(set(names)) == 4
    assert "resnet18@224, batch 1, fp32 eager, cpu, 1 thread, on cpu-b" in names
    records = make_records()
    protocol = replace(records[2].case.protocol, turn_s=0.1)
    longer = replace(records[2], case=replace(records[2].case, protocol=protocol))
    names = [entry.name for entry in make_export([*records, longer]).entries]
    assert len(set(names)) == 3
    assert f"resnet50@224, batch 1, fp32 eager, cpu, 1 thread, {longer.case.key}" in names


def test_threads_are_part_of_the_name() -> None:
    records = make_records()
    two = replace(records[2], case=Case("resnet50", 224, threads=2))
    names = {entry.name for entry in make_export([*records, two]).entries}
    assert "resnet50@224, batch 1, fp32 eager, cpu, 2 threads" in names


def test_the_newest_round_dates_the_export() -> None:
    assert make_export().newest == "2026-11-23T22:00:02+00:00"

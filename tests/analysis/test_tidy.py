"""The table of measured numbers: a row per case and metric, in SI units."""

from __future__ import annotations

import pytest

from scalebench.analysis.tidy import tidy
from scalebench.suite.case import Case
from tests.report.literal_report import find_in, make_record


def test_every_measured_number_has_a_row_with_its_unit_and_its_interval() -> None:
    """Latencies of 100, 110 and 121 ms: their geometric mean is 110 ms; s = ln 1.1, so t(0.975, 2) s / sqrt(3) is the
    half-width of the logarithm, 0.2368."""
    facts = [{"latency_s": t, "throughput_ips": 1 / t, "memory_bytes": 1e6} for t in (0.1, 0.11, 0.121)]
    records = [make_record("resnet50", 224, 4e9, number, facts=own) for number, own in enumerate(facts)]
    rows = tidy(find_in(records).analysis)
    assert dict(zip(rows["metric"], rows["unit"], strict=True)) == {
        "latency_s": "s per batch", "throughput_ips": "images per s", "memory_bytes": "byte",
    }  # fmt: skip
    latency = rows[rows["metric"] == "latency_s"].iloc[0]
    assert latency["value"] == pytest.approx(0.11)
    assert (latency["low"], latency["high"]) == pytest.approx((0.11 / 1.26715, 0.11 * 1.26715), rel=1e-4)
    assert (latency["n"], latency["suite"], latency["machine"]) == (3, "small", "cpu-a")
    assert (latency["model"], latency["resolution_px"], latency["batch"]) == ("resnet50", 224, 1)
    assert rows["value"].notna().all()


def test_counted_facts_stand_beside_every_number_of_their_model() -> None:
    records = [make_record("resnet50", 128, 1e9, 0), make_record("resnet50", 192, 1e9, 0)]
    rows = tidy(find_in(records).analysis)
    macs = rows.groupby("resolution_px")["macs_per_image"].unique()
    assert {size: own.tolist() for size, own in macs.items()} == {
        128: [int(4.09e9 * (128 / 224) ** 2)], 192: [int(4.09e9 * (192 / 224) ** 2)],
    }  # fmt: skip


def test_parts_and_failures() -> None:
    """What was measured of a model's parts is there too; a case without a number has no row."""
    blocks = make_record("resnet50", 224, 4e9, 0)
    blocks = type(blocks)(**{**vars(blocks), "case": Case("resnet50", 224, mode="blocks")})
    rows = tidy(find_in([blocks, make_record("resnet18", 224, 4e9, 0, outcome="oom")]).analysis)
    assert set(rows["mode"]) == {"blocks"}
    assert set(rows["model"]) == {"resnet50"}


def test_without_measurements_there_are_columns_and_no_row() -> None:
    rows = tidy(find_in([]).analysis)
    assert len(rows) == 0
    assert {"model", "metric", "value"} <= set(rows)

"""The memory map, and the curves over batches."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scalebench.record import Record
from scalebench.report.content import Absent, Chart, Elsewhere
from scalebench.report.figures.batches import batch_curves
from scalebench.report.figures.heatmap import memory_map
from scalebench.report.findings import Findings
from tests.report.literal_report import Built, find_in, make_record, make_rounds


def _chart(found: Chart | Absent) -> Chart:
    assert isinstance(found, Chart), found.why
    return found


def _memory(found: Findings) -> Chart | Absent:
    return memory_map(found.analysis.cases, found.analysis.failures)


def test_a_cell_per_case_in_mib_and_a_hatched_one_where_memory_ran_out() -> None:
    out = [replace(make_record("resnet50", 640, 4e10, r, outcome="oom"), ending="oom_host") for r in range(3)]
    chart = _chart(_memory(find_in([*make_rounds(3), *out])))
    assert chart.numbers["out"] == 1
    assert "1 of 10 cases ran out of memory" in chart.takeaway
    svg = chart.panels[0].svg
    assert ">OOM</text>" in svg
    assert "<pattern" in svg
    # resnet50@320 at batch 1: 5e7 bytes and a fiftieth of its MACs, as in literal_report.
    assert f">{(5e7 + 4.09e9 * (320 / 224) ** 2 / 50) / 2**20:.0f}</text>" in svg


def test_what_was_only_predicted_not_to_fit_is_no_out_of_memory() -> None:
    skipped = make_record("resnet50", 640, 4e10, 0, outcome="skipped")
    found = find_in([*make_rounds(3), replace(skipped, ending="skipped_predicted_oom")])
    chart = _chart(_memory(found))
    assert (chart.numbers["out"], chart.numbers["skipped"]) == (0, 1)
    assert "None of 10 cases ran out of memory. 1 were skipped" in chart.takeaway
    assert ">skip</text>" in chart.panels[0].svg
    assert ">OOM</text>" not in chart.panels[0].svg


def test_without_two_resolutions_and_without_an_oom_there_is_no_memory_map() -> None:
    found = find_in([make_record("resnet50", 128, 1e9, r) for r in range(3)])
    assert isinstance(_memory(found), Absent)


def test_what_the_memory_map_leaves_out_is_said(full: Built) -> None:
    chart = _chart(_memory(full.findings))
    assert chart.note.startswith("19 of 28 cases are drawn"), "scaled models stand at one resolution each"
    assert chart.table == Elsewhere("memory", "Memory three ways")


def _at_batches() -> list[Record]:
    return [*make_rounds(3), *make_rounds(3, batch=8)]


def test_a_curve_over_batches_says_what_the_largest_gains() -> None:
    chart = _chart(batch_curves(find_in(_at_batches()).analysis.cases))
    # In these records time is proportional to the batch, so throughput stays as it is.
    assert chart.numbers["least"] == pytest.approx(1)
    assert chart.numbers["latency"] == pytest.approx(8)
    assert chart.numbers["curves"] == 9
    assert "nearest to 224 px" in chart.note
    assert len(chart.panels) == 1, "batches of one machine share a panel"


def test_one_batch_makes_no_curve() -> None:
    assert isinstance(batch_curves(find_in(make_rounds(3)).analysis.cases), Absent)

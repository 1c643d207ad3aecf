"""The section on published accuracy at the cost found here."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from scalebench.analysis.accuracy_fronts import AXES, BEST, COLUMNS, MEASURED, fronts
from scalebench.analysis.way import WAY
from scalebench.report.content import Chart, Elsewhere, Section
from scalebench.report.figures.accuracy_front import CLAIMED, TIME, accuracy_against_time
from scalebench.report.sections.accuracy_section import accuracy_section

PLACE = dict(zip(WAY, ("cpu-a", "inference", 1, "fp32", "contiguous", "eager", 2, "", "cpu", "{}"), strict=True))


def _row(model: str, family: str, top1: float, cost: float, table: str = CLAIMED, **other: Any) -> dict[str, Any]:
    costs = {axis: other.pop(axis, cost) for axis in AXES}
    ends = {f"{axis}{end}": costs[axis] * f for axis in MEASURED for end, f in (("_low", 0.99), ("_high", 1.01))}
    rates = {
        "top1_per_ms": top1 / costs["latency_image_s"] / 1e3, "top1_per_gmac": top1 / costs["macs"] * 1e9,
        "top1_per_mib": top1 / costs["memory_bytes"] * 2**20,
    }  # fmt: skip
    row = {
        **PLACE, "table": table, "name": model, "family": family, "recipe": "", "model": model, "resolution": 224,
        "kind": "published", "extra": False, "top1": top1, **costs, **ends, **rates, "n": 3,
    }  # fmt: skip
    return row | other


def _accuracy(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def chart(*rows: dict[str, Any]) -> Chart:
    """The figure of models in the claimed table."""
    by_axes = fronts(_accuracy(*rows))
    return accuracy_against_time(by_axes[(by_axes["axis"] == TIME) & (by_axes["set"] == CLAIMED)], Elsewhere("a", ""))


def _section(*rows: dict[str, Any]) -> Section:
    accuracy = _accuracy(*rows)
    return accuracy_section(accuracy, fronts(accuracy))


def _planted(**resnet: Any) -> list[dict[str, Any]]:
    return [
        _row("efficientnet_b0", "EfficientNet", 77.1, 1.0), _row("efficientnet_b1", "EfficientNet", 79.1, 2.0),
        _row("resnet50", "ResNet", resnet.pop("top1", 76.0), 4.0, **resnet),
    ]  # fmt: skip


def test_accuracy_is_marked_as_published_and_not_measured() -> None:
    section = _section(*_planted())
    assert section.text[0] == "Top-1 accuracy is published; it was not measured here."
    headings = [[column.label for column in table.columns] for table in section.tables]
    assert all("published top-1, %" in labels or "family" in labels for labels in headings)


def test_no_front_is_decided_by_a_single_model() -> None:
    section = _section(_planted()[0])
    assert [table.caption for table in section.tables] == ["Published top-1 per ms and image, per GMAC and per MiB"]


def test_fronts_side_by_side() -> None:
    rows = _section(*_planted(latency_image_s=0.5)).tables[0].rows
    mine = {row[1]: row[4:9] for row in rows if row[0] == CLAIMED}
    assert mine == {
        "efficientnet_b0": ("on", "on", "on", "on", "on"),
        "efficientnet_b1": ("on", "on", "on", "on", "on"),
        "resnet50": ("off", "off", "off", "on", "off"),
    }
    assert {row[0] for row in rows} == {CLAIMED, BEST}
    assert rows[0][0] == CLAIMED


def test_a_cost_nobody_measured_is_undecided() -> None:
    section = _section(*(row | {"memory_bytes": math.nan, "top1_per_mib": math.nan} for row in _planted()))
    assert {row[8] for row in section.tables[0].rows} == {"undecided"}
    assert {row[8] for row in section.tables[-1].rows} == {"-"}


def test_points_per_cost_have_the_interval_of_the_cost() -> None:
    rates = _section(_row("a", "a", 80.0, 0.04, macs=2e9, memory_bytes=2.0**22)).tables[-1].rows[0]
    assert rates[5:10] == ("2.00", "[1.98, 2.02]", "40.0", "20.0", "[19.8, 20.2]")


def test_a_panel_per_batch() -> None:
    rows = _planted()
    panels = chart(*rows, *(row | {"batch": 8, "latency_image_s": row["latency_image_s"] / 2} for row in rows)).panels
    assert [panel.title for panel in panels] == ["batch 1", "batch 8"]
    assert all("b1@224" in panel.svg and "resnet50@224" in panel.svg for panel in panels)


def test_every_cost_is_in_a_table_without_a_figure() -> None:
    section = _section(*_planted())
    assert not section.charts
    assert [row[:2] for row in section.tables[1].rows] == [
        (CLAIMED, "resnet50"), (CLAIMED, "efficientnet_b0"), (CLAIMED, "efficientnet_b1"),
    ]  # fmt: skip

"""The section that holds every method against compound."""

from __future__ import annotations

from typing import Any

import pandas as pd

from scalebench.analysis.matched import COLUMNS, COUNTED_COLUMNS, EXPLAINED_COLUMNS
from scalebench.analysis.way import WAY
from scalebench.report.content import Section
from scalebench.report.sections.versus import versus_section
from scalebench.suite.suite_plan import Plan

ONE, EIGHT = (
    dict(zip(WAY, ("cpu-a", "inference", batch, "fp32", "contiguous", "eager", 2, "", "cpu", "{}"), strict=True))
    for batch in (1, 8)
)


def _member(method: str, target: float = 2.0, base: str = "b0") -> dict[str, Any]:
    return {"base": base, "target": target, "method": method, "model": f"{base}-{method}-{target}", "resolution": 224}


def _measured(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def _ratio(method: str, ratio: float, metric: str = "latency_s", way: dict[str, Any] = ONE, **other: Any) -> Any:
    target = other.pop("target", 2.0)
    found = {"metric": metric, "ratio": ratio, "low": ratio * 0.9, "high": ratio * 1.1, "n": 3}
    return {**way, **_member(method, target), **found, **other}


def _paper(**ratios: float) -> pd.DataFrame:
    rows = [
        {**_member(method), "metric": metric, "value": 1.0, "ratio": ratio}
        for method, ratio in ratios.items()
        for metric in ("activations", "params", "peak_bytes_training", "peak_bytes_inference")
    ]
    return pd.DataFrame(rows, columns=pd.Index(COUNTED_COLUMNS))


def _explained(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=pd.Index(EXPLAINED_COLUMNS))


def _follows(predictor: str, low: float, value: float, high: float, way: dict[str, Any] = ONE) -> dict[str, Any]:
    ends = {f"{name}{end}": v for name in ("spearman", "pearson")
            for end, v in (("_low", low), ("", value), ("_high", high))}  # fmt: skip
    return {**way, "metric": "latency_s", "predictor": predictor, **ends, "n": 12, "tied": -0.5, "why": ""}


def _section(measured: pd.DataFrame, paper: pd.DataFrame, explained: pd.DataFrame) -> Section:
    plan = Plan("a_suite", "", "schema: 1\n", (), (), (), (), 3, notes=("2 targets were chosen.",))
    return versus_section(plan, measured, paper, explained)


def test_compound_against_itself_is_nothing_to_compare() -> None:
    section = _section(_measured(_ratio("compound", 1.0)), _paper(compound=1.0), _explained())
    assert not section.tables


def test_a_row_holds_measured_ratios_with_intervals_and_those_on_paper() -> None:
    measured = _measured(_ratio("compound", 1.0), _ratio("depth", 1.5), _ratio("depth", 0.7, "throughput_ips"))
    table = _section(measured, _paper(compound=1.0, depth=1.25), _explained()).tables[0]
    assert table.rows == (
        ("b0", "2", "depth", "1.50", "[1.35, 1.65]", "0.700", "[0.630, 0.770]", "-", "-", "3",
         "1.25", "1.25", "1.25", "1.25"),
    )  # fmt: skip
    assert table.note == "All rows: cpu-a, batch 1, fp32 eager, cpu, 2 threads."
    headings = [column.label for column in table.columns]
    assert "static peak, training (estimated), times compound" in headings
    assert "activations (counted), times compound" in headings


def test_what_was_not_counted_stays_empty() -> None:
    table = _section(_measured(_ratio("depth", 1.5)), _paper(), _explained()).tables[0]
    assert table.rows[0][-4:] == ("-", "-", "-", "-")


def test_on_paper_alone_says_so() -> None:
    section = _section(_measured(), _paper(compound=1.0, depth=1.25, width=0.5), _explained())
    assert section.text[0] == "2 targets were chosen."
    assert [row[2] for row in section.tables[0].rows] == ["depth", "width"]
    assert section.tables[0].note == "All rows: on paper only."


def test_an_explanation_has_its_interval_and_members() -> None:
    row = _section(_measured(_ratio("depth", 1.5)), _paper(), _explained(_follows("activations", 0.2, 0.5, 0.7)))
    assert row.tables[-1].rows[0][:7] == ("latency", "activations", "0.500", "[0.200, 0.700]", "0.500",
                                          "[0.200, 0.700]", "12")  # fmt: skip


def test_an_open_explanation_says_why() -> None:
    refused = {**ONE, "metric": "latency_s", "predictor": "activations", "n": 3, "why": "3 members have both numbers"}
    section = _section(_measured(_ratio("depth", 1.5)), _paper(), _explained(refused))
    assert section.tables[-1].rows[0][2:4] == ("-", "none")
    assert "3 members have both numbers" in section.tables[-1].rows[0]

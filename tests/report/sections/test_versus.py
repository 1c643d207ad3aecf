"""The section that holds every method against compound."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from scalebench.analysis.matched import COLUMNS, COUNTED_COLUMNS, EXPLAINED_COLUMNS
from scalebench.analysis.way import WAY
from scalebench.report.sections.versus import versus_section
from tests.report.literal_report import Built

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


def _follows(predictor: str, low: float, value: float, high: float) -> dict[str, Any]:
    ends = {f"{name}{end}": v for name in ("spearman", "pearson")
            for end, v in (("_low", low), ("", value), ("_high", high))}  # fmt: skip
    return {**ONE, "metric": "latency_s", "predictor": predictor, **ends, "n": 12, "tied": -0.5, "why": ""}


def _extremes(section: Any) -> list[tuple[str, ...]]:
    """Cheapest and most expensive method: base, target, cost, then method, ratio, interval and n of each end, place."""
    return list(section.tables[1].rows)


def test_nothing_to_compare_says_why() -> None:
    section = versus_section(_measured(), _paper(), _explained())
    assert (section.id, section.title) == ("axes", "Compound against single axis")
    assert section.text == ("No group has both its compound member and another one, so there is nothing to compare.",)
    assert not section.tables


def test_compound_against_itself_is_nothing_to_compare() -> None:
    section = versus_section(_measured(_ratio("compound", 1.0)), _paper(compound=1.0), _explained())
    assert not section.tables


def test_a_row_holds_measured_ratios_with_intervals_and_those_on_paper() -> None:
    measured = _measured(_ratio("compound", 1.0), _ratio("depth", 1.5), _ratio("depth", 0.7, "throughput_ips"))
    table = versus_section(measured, _paper(compound=1.0, depth=1.25), _explained()).tables[0]
    assert table.rows == (
        ("b0", "2", "depth", "1.50", "[1.35, 1.65]", "0.700", "[0.630, 0.770]", "-", "-", "3",
         "1.25", "1.25", "1.25", "1.25", "cpu-a, batch 1, fp32 eager, cpu, 2 threads"),
    )  # fmt: skip
    headings = [column.label for column in table.columns]
    assert "static peak, training (estimated), times compound" in headings
    assert "activations (counted), times compound" in headings


def test_what_was_not_counted_stays_empty() -> None:
    table = versus_section(_measured(_ratio("depth", 1.5)), _paper(), _explained()).tables[0]
    assert table.rows[0][-5:-1] == ("-", "-", "-", "-")


def test_on_paper_alone_says_so() -> None:
    section = versus_section(_measured(), _paper(compound=1.0, depth=1.25, width=0.5), _explained())
    assert "Nothing was measured, so all ratios are on paper." in section.text
    assert [row[2] for row in section.tables[0].rows] == ["depth", "width"]
    assert {row[-1] for row in section.tables[0].rows} == {"on paper only"}
    assert section.tables[1].rows == (
        ("b0", "2", "static peak, training", "width", "0.500", "-", "-", "depth", "1.25", "-", "-", "on paper"),
    )


def test_cheapest_and_most_expensive_in_one_configuration_come_with_their_intervals() -> None:
    measured = _measured(
        _ratio("depth", 1.5), _ratio("width", 0.5), _ratio("fast", 0.8), _ratio("depth", 2.0, "memory_bytes")
    )
    place = "cpu-a, batch 1, fp32 eager, cpu, 2 threads"
    assert _extremes(versus_section(measured, _paper(), _explained())) == [
        ("b0", "2", "latency", "width", "0.500", "[0.450, 0.550]", "3", "depth", "1.50", "[1.35, 1.65]", "3", place),
        ("b0", "2", "memory", "compound", "1.00", "-", "-", "depth", "2.00", "[1.80, 2.20]", "3", place),
    ]


def test_configurations_are_never_averaged() -> None:
    measured = _measured(
        _ratio("depth", 1.5), _ratio("width", 0.5), _ratio("depth", 1.05, way=EIGHT), _ratio("width", 1.2, way=EIGHT)
    )
    rows = _extremes(versus_section(measured, _paper(), _explained()))
    assert [(row[3], row[7], row[8]) for row in rows] == [("width", "depth", "1.50"), ("compound", "width", "1.20")]


def test_a_single_round_has_no_interval() -> None:
    measured = _measured(_ratio("depth", 1.5, low=math.nan, high=math.nan, n=1))
    assert _extremes(versus_section(measured, _paper(), _explained()))[0][7:11] == (
        "depth",
        "1.50",
        "none (n = 1)",
        "1",
    )


def test_the_largest_target_speaks() -> None:
    measured = _measured(_ratio("depth", 3.0), _ratio("depth", 1.5, target=8.0))
    assert [row[1] for row in _extremes(versus_section(measured, _paper(), _explained()))] == ["8"]


def test_no_sentence_lists_ratios(full: Built) -> None:
    """Of the eight models on a front, those by one cost and by another, were a sentence of eighty words."""
    sections = versus_section(full.analysis.groups, full.analysis.counted_groups, full.analysis.explained)
    assert max(len(sentence.split()) for text in sections.text for sentence in text.split(". ")) <= 25


def test_what_ratios_follow_stands_in_a_table_with_a_caution() -> None:
    explained = _explained(_follows("activations", 0.2, 0.5, 0.7))
    section = versus_section(_measured(_ratio("depth", 1.5)), _paper(), explained)
    assert "rank correlation -0.500" in section.text[-1]
    assert section.tables[-1].rows[0][2:4] == ("0.500", "[0.200, 0.700]")
    assert section.tables[-1].rows[0][6] == "12"


def test_an_open_explanation_says_why() -> None:
    refused = {**ONE, "metric": "latency_s", "predictor": "activations", "n": 3, "why": "3 members have both numbers"}
    section = versus_section(_measured(_ratio("depth", 1.5)), _paper(), _explained(refused))
    assert section.text[-1] == "What explains the ratios is not known: 3 members have both numbers."
    assert section.tables[-1].rows[0][2:4] == ("-", "none")

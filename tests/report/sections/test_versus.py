"""The section that holds every method against compound."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from scalebench.analysis.matched import COLUMNS, COUNTED_COLUMNS, EXPLAINED_COLUMNS
from scalebench.analysis.way import WAY
from scalebench.report.sections.versus import versus_section

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


def _sentence(section: Any, start: str) -> str:
    return next(sentence for sentence in section.text if sentence.startswith(start))


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
    assert _sentence(section, "b0") == (
        "b0 at 2 times its MACs: in training memory, on paper, cheapest is width (0.500), most expensive depth (1.25)."
    )


def test_cheapest_and_most_expensive_in_one_configuration_come_with_their_intervals() -> None:
    measured = _measured(
        _ratio("depth", 1.5), _ratio("width", 0.5), _ratio("fast", 0.8), _ratio("depth", 2.0, "memory_bytes")
    )
    assert _sentence(versus_section(measured, _paper(), _explained()), "b0") == (
        "b0 at 2 times its MACs: in time, cheapest is width (0.500, interval [0.450, 0.550]), most expensive "
        "depth (1.50, interval [1.35, 1.65]); in memory, cheapest is compound, most "
        "expensive depth (2.00, interval [1.80, 2.20])."
    )


def test_configurations_are_counted_and_not_averaged() -> None:
    measured = _measured(
        _ratio("depth", 1.5), _ratio("width", 0.5), _ratio("depth", 1.05, way=EIGHT), _ratio("width", 1.2, way=EIGHT)
    )
    section = versus_section(measured, _paper(), _explained())
    assert _sentence(section, "b0") == (
        "b0 at 2 times its MACs: in time, cheapest is width (0.500, interval [0.450, 0.550], in 1 of 2) and compound "
        "(in 1 of 2), most expensive depth (1.50, interval [1.35, 1.65], in 1 of 2) and width (1.20, interval "
        "[1.08, 1.32], in 1 of 2)."
    )
    assert len(section.tables[1].rows) == 2


def test_several_configurations_that_agree_say_how_often_the_interval_does() -> None:
    measured = _measured(_ratio("depth", 1.5), _ratio("depth", 1.05, way=EIGHT))
    assert "most expensive depth (1.05 to 1.50, interval excludes 1 in 1 of 2)" in _sentence(
        versus_section(measured, _paper(), _explained()), "b0"
    )


def test_a_single_round_has_no_interval() -> None:
    measured = _measured(_ratio("depth", 1.5, low=math.nan, high=math.nan, n=1))
    assert "depth (1.50, interval none (n = 1))" in _sentence(versus_section(measured, _paper(), _explained()), "b0")


def test_the_largest_target_speaks() -> None:
    measured = _measured(_ratio("depth", 3.0), _ratio("depth", 1.5, target=8.0))
    assert _sentence(versus_section(measured, _paper(), _explained()), "b0").startswith("b0 at 8 times its MACs: ")


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ((0.2, 0.5, 0.7), "rises in 1 of 1 configuration "), ((-0.7, -0.5, -0.2), "falls in 1 of 1 configuration "),
        ((-0.1, 0.5, 0.7), "has no clear correlation in 1 of 1 configuration "),
    ],
)  # fmt: skip
def test_what_explains_the_ratios_needs_an_interval_that_leaves_nothing_out(
    ends: tuple[float, float, float], words: str
) -> None:
    section = versus_section(_measured(_ratio("depth", 1.5)), _paper(), _explained(_follows("activations", *ends)))
    sentence = _sentence(section, "Latency relative to compound")
    assert f"with activations it {words}" in sentence
    assert "n = 12 members" in sentence
    assert "rank correlation -0.500" in section.text[-1]
    assert section.tables[-1].rows[0][6] == "12"


def test_an_open_explanation_says_why() -> None:
    refused = {**ONE, "metric": "latency_s", "predictor": "activations", "n": 3, "why": "3 members have both numbers"}
    section = versus_section(_measured(_ratio("depth", 1.5)), _paper(), _explained(refused))
    assert section.text[-1] == "What explains the ratios is not known: 3 members have both numbers."
    assert section.tables[-1].rows[0][2:4] == ("-", "none")

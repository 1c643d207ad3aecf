"""The explorer's data and specification, before any browser."""

from __future__ import annotations

import base64
import gzip
import json

import altair as alt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.report.content import Explorer
from scalebench.report.figures.explorer import ALWAYS, TITLES, explorer, explorer_frame
from scalebench.report.writing.bundle import chart_script
from scalebench.report.writing.packing import packed, packed_json, source_hash
from tests.report.literal_report import Built


@pytest.fixture
def found(full: Built) -> Explorer:
    made = explorer(full.analysis.cases, full.analysis.roofline)
    assert made is not None
    return made


def test_one_row_per_case_in_the_units_of_the_titles(full: Built) -> None:
    frame = explorer_frame(full.analysis.cases, full.analysis.roofline)
    case = full.analysis.cases.iloc[0]
    assert len(frame) == len(full.analysis.cases)
    assert list(frame) == list(TITLES)
    assert frame["latency_s"].iloc[0] == pytest.approx(1e3 * case["latency_s"], rel=1e-4)
    assert frame["latency_s_low"].iloc[0] < frame["latency_s"].iloc[0] < frame["latency_s_high"].iloc[0]
    assert frame["memory_bytes"].iloc[0] == pytest.approx(case["memory_bytes"] / 2**20, rel=1e-4)
    assert frame["latency_p99_s"].isna().all(), "no tail is established by three rounds, so there is none to explore"


def test_a_tooltip_is_worded_when_it_is_shown(found: Explorer) -> None:
    """As an encoding it would be worded for every case with every drawing, which took half of its time."""
    points = found.spec["layer"][1]
    assert "tooltip" not in points["encoding"]
    assert points["mark"]["tooltip"] == {"content": "data"}


def test_nothing_but_measurements_is_explored(found: Explorer) -> None:
    """An imported, predicted or estimated value has no place among measured ones."""
    assert set(found.columns["kind"]) == {"measured"}
    assert not any("published" in title or "static" in title for title in found.titles.values())


def test_the_specification_is_valid_with_every_choice(found: Explorer) -> None:
    alt.Chart.from_dict({**found.spec, "datasets": {"cases": []}}, validate=True)
    for y, _ in found.axes:
        points = {**found.spec["layer"][1]}
        points["encoding"] = {**points["encoding"], "x": found.channels["x"][y], "y": found.channels["y"][y]}
        alt.LayerChart.from_dict({**found.spec, "layer": [points]}, validate=True)


def test_fields_without_a_value_are_not_offered(found: Explorer) -> None:
    assert "latency_p99_s" not in found.columns
    assert "latency_p99_s" not in dict(found.axes)
    assert "energy_j" not in dict(found.axes)


def test_filters_that_buyers_ask_for_are_there_even_without_a_choice(found: Explorer) -> None:
    assert set(ALWAYS) <= set(found.filters)
    assert "layout" not in found.filters, "one layout leaves nothing to choose"
    assert [value for value, _ in found.filters["batch_size"]] == ["1", "8"]


def test_without_measurements_there_is_no_explorer(full: Built) -> None:
    assert explorer(full.analysis.cases.iloc[:0], full.analysis.roofline.iloc[:0]) is None


@given(content=st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_what_is_packed_comes_out_as_it_was(content: object) -> None:
    text = packed_json(content)
    assert json.loads(gzip.decompress(base64.b64decode(text))) == content
    assert "<" not in text


def test_packing_is_repeatable_and_scripts_are_named_by_their_hash() -> None:
    assert packed("a" * 1000) == packed("a" * 1000)
    # echo -n "alert(1)" | openssl dgst -sha256 -binary | base64
    assert source_hash("alert(1)") == "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"


def test_the_charts_script_is_kept_and_comes_back_the_same() -> None:
    made = chart_script()
    assert "window.vegaEmbed=" in made
    chart_script.cache_clear()
    assert chart_script() == made

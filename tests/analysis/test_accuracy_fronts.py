"""Published accuracy at the cost found here: joins and fronts."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalebench.analysis.accuracy_fronts import (
    AXES,
    BEST,
    COLUMNS,
    FRONT_COLUMNS,
    accuracy_at_cost,
    front_overlap,
    fronts,
)
from scalebench.analysis.way import WAY
from scalebench.published import PublishedModel, PublishedVariant, models, variants

PLACE = dict(zip(WAY, ("cpu-a", "inference", 1, "fp32", "contiguous", "eager", 2, "", "cpu", "{}"), strict=True))
CASE_COLUMNS = [
    *WAY, "model", "resolution", "n",
    *(f"{metric}{end}" for metric in ("latency_s", "memory_bytes") for end in ("", "_low", "_high")),
]  # fmt: skip


def _model(
    table: str, model: str, resolution: int | None, top1: float | None, name: str = "", recipe: str = "",
    family: str = "",
) -> PublishedModel:  # fmt: skip
    return PublishedModel(
        table, name, model, family or model[:1], None, None, 1, None, resolution, top1, None, recipe, "verified text"
    )


def _variant(method: str, model: str, resolution: int, top1: float, base: str = "b_0") -> PublishedVariant:
    return PublishedVariant("t", base, method, None, None, None, resolution, model, None, top1, "verified text")


def _case(model: str, seconds: float, size: int = 224, spread: float = 0.01, **other: Any) -> dict[str, Any]:
    memory = other.pop("memory_bytes", 2.0**20)
    ends = {
        f"{name}{end}": value * factor
        for name, value in (("latency_s", seconds), ("memory_bytes", memory))
        for end, factor in (("", 1.0), ("_low", 1 - spread), ("_high", 1 + spread))
    }
    return {**PLACE, "mode": "inference", "model": model, "resolution": size, "n": 3, **ends, **other}


def _cases(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=pd.Index(CASE_COLUMNS))


def _counts(**macs: float) -> pd.DataFrame:
    rows = [
        {"model": model, "resolution": 224, "macs": value, "params": value / 100, "activations": value / 10}
        for model, value in macs.items()
    ]
    return pd.DataFrame(rows, columns=pd.Index(["model", "resolution", "macs", "params", "activations"]))


def _known(frame: pd.DataFrame, axis: str, name: str = "t") -> dict[str, bool]:
    rows = frame[(frame["axis"] == axis) & (frame["set"] == name)].dropna(subset=["front"])
    return {str(model): bool(front) for model, front in zip(rows["model"], rows["front"], strict=True)}


def test_published_top1_is_joined_with_the_measured_cost() -> None:
    cases = _cases(_case("resnet50", 0.08, batch=4, memory_bytes=2.0**22))
    found = accuracy_at_cost(
        cases, _counts(resnet50=4e9), [_model("t", "resnet50", 224, 76.0, "ResNet-50", family="ResNet")]
    )
    row = found.iloc[0]
    assert found.columns.tolist() == COLUMNS
    assert row[["kind", "family", "top1", "n"]].tolist() == ["published", "ResNet", 76.0, 3]
    assert row["latency_image_s"] == pytest.approx(0.02)
    assert row["latency_image_s_high"] == pytest.approx(0.0202)
    assert row[["top1_per_ms", "top1_per_gmac", "top1_per_mib"]].tolist() == pytest.approx([3.8, 19.0, 19.0])


def test_every_published_figure_of_a_measured_model_keeps_its_own_row() -> None:
    rows = [_model("t", "a", 224, 70.0), _model("u", "a", 224, 71.0, recipe="longer"), _model("u", "b", 224, 80.0)]
    found = accuracy_at_cost(_cases(_case("a", 1.0), _case("a", 2.0, batch=8)), _counts(a=1e9), rows)
    assert sorted(zip(found["batch"], found["table"], found["recipe"], strict=True)) == [
        (1, "t", ""), (1, "u", "longer"), (8, "t", ""), (8, "u", "longer"),
    ]  # fmt: skip


def test_a_missing_accuracy_or_cost_is_never_invented() -> None:
    rows = [
        _model("t", "a", 224, None), _model("t", "a", None, 70.0), _model("t", "", 224, 71.0),
        _model("t", "a", 260, 72.0), _model("t", "b", 224, 73.0),
    ]  # fmt: skip
    cases = _cases(_case("a", 1.0), _case("b", math.nan))
    found = accuracy_at_cost(cases, _counts(a=1e9), rows)
    assert found["model"].tolist() == ["b"]
    assert found[[*AXES[:4], "top1_per_ms", "top1_per_gmac"]].isna().all(axis=None)
    assert found["top1_per_mib"].iloc[0] == pytest.approx(73.0)


def test_training_is_another_cost() -> None:
    cases = _cases(_case("a", 1.0, mode="training"))
    assert accuracy_at_cost(cases, _counts(a=1e9), [_model("t", "a", 224, 70.0)]).empty


def test_nothing_in_gives_the_columns_out() -> None:
    nothing = accuracy_at_cost(_cases(), _counts(), [])
    found = fronts(nothing)
    assert nothing.columns.tolist() == COLUMNS
    assert found.columns.tolist() == FRONT_COLUMNS


def test_variants_are_no_members_of_their_bases_family_but_where_a_table_prints_them_as_models() -> None:
    rows = [
        _variant("baseline", "b_0", 224, 77.3), _variant("resolution", "b_0", 448, 79.1),
        _variant("depth", "b_0[d=4]", 224, 79.0), _variant("compound", "b_1", 240, 79.1),
        _model("t", "b_0", 224, 77.1, family="B"), _model("u", "b_1", 240, 79.1, family="B", recipe="extra data"),
    ]  # fmt: skip
    cases = _cases(*(_case(model, 1.0, size) for model, size in (("b_0", 224), ("b_0", 448), ("b_0[d=4]", 224))))
    found = accuracy_at_cost(pd.concat([cases, _cases(_case("b_1", 1.0, 240))]), _counts(), rows)
    named = zip(found["table"], found["model"], found["top1"], found["family"], found["extra"], strict=True)
    assert sorted(named) == [
        ("t", "b_0", 77.1, "B", False), ("t", "b_0", 77.3, "B", False), ("t", "b_0", 79.1, "B, scaled", False),
        ("t", "b_0[d=4]", 79.0, "B, scaled", False), ("t", "b_1", 79.1, "B", True), ("u", "b_1", 79.1, "B", True),
    ]  # fmt: skip


def test_a_figure_that_a_table_prints_as_a_model_and_as_a_variant_counts_once() -> None:
    rows = [_variant("compound", "b_1", 240, 79.1), _model("t", "b_1", 240, 79.1, "B1")]
    found = accuracy_at_cost(_cases(_case("b_1", 1.0, 240)), _counts(), rows)
    assert found["name"].tolist() == ["B1"]


def test_several_crops_are_several_passes_and_left_out() -> None:
    rows = [_model("t", "a", 224, 78.0, recipe="10-crop test"), _model("u", "a", 224, 76.0, recipe="single-crop test")]
    found = accuracy_at_cost(_cases(_case("a", 1.0)), _counts(a=1e9), rows)
    assert found["top1"].tolist() == [76.0]


def _planted(spread: float = 0.01, **times: float) -> pd.DataFrame:
    """a 70, b 80, c 90 per cent at 1, 2 and 4 GMACs; r50 75 at 3: by MACs, a, b and c are the front."""
    seconds = {"a_0": 1.0, "b_0": 2.0, "c_0": 4.0, "r50": 3.0} | times
    rows = [
        _model("t", "a_0", 224, 70.0),
        _model("t", "b_0", 224, 80.0),
        _model("t", "c_0", 224, 90.0),
        _model("t", "r50", 224, 75),
    ]
    cases = _cases(*(_case(model, value, spread=spread) for model, value in seconds.items()))
    return accuracy_at_cost(cases, _counts(a_0=1e9, b_0=2e9, c_0=4e9, r50=3e9), rows)


def test_a_planted_front() -> None:
    found = fronts(_planted(r50=0.5))
    assert _known(found, "macs") == {"a_0": True, "b_0": True, "c_0": True, "r50": False}
    assert _known(found, "latency_image_s") == {"a_0": False, "b_0": True, "c_0": True, "r50": True}
    assert _known(found, "memory_bytes") == {"a_0": False, "b_0": False, "c_0": True, "r50": False}
    assert set(found["set"]) == {"t", BEST}
    assert (found["compared"] == 4).all()
    assert found["sure"][found["axis"] == "latency_image_s"].all()


def test_wide_intervals_leave_a_front_open() -> None:
    """r50 is slower than b by half; within 30 % either way that could be the other way round."""
    found = fronts(_planted(spread=0.3, r50=2.5))
    sure = found[(found["axis"] == "latency_image_s") & (found["set"] == "t")].set_index("model")["sure"]
    assert sure.to_dict() == {"a_0": True, "b_0": True, "c_0": True, "r50": False}
    counted = found[found["axis"].isin(["macs", "params", "activations"])]
    assert counted["sure"].all()


def test_an_interval_that_is_not_known_makes_nothing_sure() -> None:
    accuracy = _planted()
    accuracy[["latency_image_s_low", "latency_image_s_high"]] = math.nan
    rows = fronts(accuracy)
    sure = rows[(rows["axis"] == "latency_image_s") & (rows["set"] == "t")].set_index("model")["sure"]
    assert sure.to_dict() == {"a_0": False, "b_0": False, "c_0": True, "r50": False}  # nothing is as accurate as c


def test_a_model_without_one_of_the_costs_is_undecided_everywhere() -> None:
    accuracy = _planted()
    accuracy.loc[accuracy["model"] == "b_0", "memory_bytes"] = math.nan
    found = fronts(accuracy)
    assert found[found["model"] == "b_0"]["front"].isna().all()
    assert _known(found, "macs") == {"a_0": True, "c_0": True, "r50": True}


def test_an_unknown_cost_decides_nothing() -> None:
    accuracy = _planted()
    accuracy["memory_bytes"] = math.nan
    found = fronts(accuracy)
    assert found[found["axis"] == "memory_bytes"]["front"].isna().all()
    assert _known(found, "macs") == {"a_0": True, "b_0": True, "c_0": True, "r50": False}


def test_one_model_alone_is_no_front() -> None:
    accuracy = _planted().iloc[:1]
    assert fronts(accuracy)["front"].isna().all()


def test_extra_data_is_a_set_of_its_own_and_no_best() -> None:
    rows = [
        _model("t", "a_0", 224, 70.0), _model("u", "a_0", 224, 71.0), _model("t", "b_0", 224, 72.0),
        _model("t", "a_0", 224, 79.0, recipe="extra data"), _model("t", "b_0", 224, 78.0, recipe="extra data"),
    ]  # fmt: skip
    cases = _cases(_case("a_0", 1.0), _case("b_0", 2.0))
    found = fronts(accuracy_at_cost(cases, _counts(a_0=1e9, b_0=2e9), rows))
    macs = found[found["axis"] == "macs"]
    assert macs.groupby("set")["top1"].apply(sorted).to_dict() == {
        BEST: [71.0, 72.0], "t": [70.0, 72.0], "t, extra data": [78.0, 79.0], "u": [71.0],
    }  # fmt: skip


def test_every_published_figure_of_more_than_86_per_cent_says_that_it_took_extra_data() -> None:
    high = [row for row in models() if row.top1 and row.top1 > 86.1]
    cases = _cases(*(_case(row.model, 1.0, row.resolution or 0) for row in high))
    found = accuracy_at_cost(cases.drop_duplicates(["model", "resolution"]), _counts(), (*models(), *variants()))
    assert len(found) >= len(high) > 5
    assert found.loc[found["top1"] > 86.1, "extra"].all()


def test_variants_of_a_scaling_study_are_held_against_their_own_table_only() -> None:
    rows = [_variant("baseline", "b_0", 224, 77.3), _variant("depth", "b_0[d=4]", 224, 79.0)]
    cases = _cases(_case("b_0", 1.0), _case("b_0[d=4]", 2.0))
    found = fronts(accuracy_at_cost(cases, _counts(b_0=1e9), rows))
    assert found.groupby("set")["model"].unique().map(sorted).to_dict() == {BEST: ["b_0"], "t": ["b_0", "b_0[d=4]"]}


VALUE = st.integers(1, 5).map(float)
POINTS = st.lists(st.tuples(VALUE, VALUE, VALUE, st.floats(0, 0.6)), min_size=2, max_size=7)


def _drawn(points: list[tuple[float, float, float, float]]) -> pd.DataFrame:
    names = [f"m{i}" for i in range(len(points))]
    cases = [_case(name, time, spread=spread) for name, (_, time, _, spread) in zip(names, points, strict=True)]
    rows = [_model("t", name, 224, top1) for name, (_, _, top1, _) in zip(names, points, strict=True)]
    counts = _counts(**{name: macs for name, (macs, *_) in zip(names, points, strict=True)})
    return fronts(accuracy_at_cost(_cases(*cases), counts, rows))


@settings(max_examples=15, deadline=None)
@given(points=POINTS)
def test_nothing_on_a_front_is_beaten(points: list[tuple[float, float, float, float]]) -> None:
    found = _drawn(points)
    for _, here in found.groupby(["set", "axis"]):
        points = list(zip(here["cost"], here["top1"], here["front"], strict=True))
        for cost, top1, front in points:
            beaten = any((c < cost and t >= top1) or (c <= cost and t > top1) for c, t, _ in points)
            assert bool(front) is not beaten


@settings(max_examples=15, deadline=None)
@given(points=POINTS, data=st.data())
def test_a_sure_answer_holds_wherever_in_their_intervals_the_costs_lie(
    points: list[tuple[float, float, float, float]], data: st.DataObject
) -> None:
    before = _drawn(points)
    moved = [
        (macs, time * data.draw(st.floats(1 - spread, 1 + spread)), top1, 0.0) for macs, time, top1, spread in points
    ]
    after = _drawn(moved)
    keys = ["set", "axis", "model"]
    both = before.merge(after, on=keys, suffixes=("", "_moved"))
    sure = both[both["sure"] & (both["axis"] == "latency_image_s")]
    assert (sure["front"] == sure["front_moved"]).all()


FRONTS = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=8)


@given(both=FRONTS)
def test_the_overlap_of_fronts_is_symmetric_and_one_only_for_equal_ones(both: list[tuple[bool, bool]]) -> None:
    a, b = [one for one, _ in both], [other for _, other in both]
    overlap = front_overlap(a, b)
    if not any(a) and not any(b):
        assert math.isnan(overlap)
        return
    assert overlap == front_overlap(b, a)
    assert 0 <= overlap <= 1
    assert (overlap == 1) is (a == b)
    assert (overlap == 0) is (not any(one and other for one, other in both))


def test_a_literal_overlap() -> None:
    assert front_overlap([True, True, False], [False, True, True]) == pytest.approx(1 / 3)

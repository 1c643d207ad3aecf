"""Ratios to compound on paper, and what the measured ones follow."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.analysis.matched import (
    COUNTED_COLUMNS,
    EXPLAINED_COLUMNS,
    FEWEST,
    ON_PAPER,
    counted_ratios,
    explained,
)
from scalebench.analysis.way import WAY
from scalebench.suite.suite_plan import Group, Member

MEMBERS = (
    Member("compound", 1.2, 1.1, 260, 2_000, 0.0),
    Member("depth", 2.0, 1.0, 224, 2_010, 0.005),
    Member("width", 1.0, 1.4, 224, 1_990, -0.005),
)
GROUP = Group("b0", 224, 1_000, 2.0, 0.02, MEMBERS)
PLACE = ("cpu-a", "inference", 1, "fp32", "contiguous", "eager", 2, "", "cpu", "{}")


def _count(member: Member, **values: float) -> dict[str, Any]:
    return {"model": GROUP.model(member), "resolution": member.resolution, **values}


def _counts(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=pd.Index(["model", "resolution", *ON_PAPER]))


def _ratio(found: pd.DataFrame, method: str, metric: str) -> float:
    return float(found[(found["method"] == method) & (found["metric"] == metric)]["ratio"].iloc[0])


def test_ratios_on_paper_are_to_the_compound_member() -> None:
    compound, depth, width = MEMBERS
    counts = _counts(
        _count(compound, macs=2000, params=10, peak_bytes_training=400),
        _count(depth, macs=2010, params=15, peak_bytes_training=300),
        _count(width, macs=1990, params=20, peak_bytes_training=100),
    )
    found = counted_ratios(counts, [GROUP])
    assert found.columns.tolist() == COUNTED_COLUMNS
    assert len(found) == 18
    assert [_ratio(found, "depth", name) for name in ("macs", "params", "peak_bytes_training")] == [1.005, 1.5, 0.75]
    assert _ratio(found, "width", "peak_bytes_training") == 0.25
    assert _ratio(found, "compound", "params") == 1.0


def test_what_was_not_counted_is_not_invented() -> None:
    compound, depth, _ = MEMBERS
    found = counted_ratios(_counts(_count(compound, params=10.0), _count(depth, params=15.0, macs=2010.0)), [GROUP])
    assert math.isnan(_ratio(found, "depth", "macs"))  # the compound member has none
    assert math.isnan(_ratio(found, "width", "params"))  # this member was never counted
    assert found[(found["method"] == "depth") & (found["metric"] == "macs")]["value"].iloc[0] == 2010
    assert _ratio(found, "depth", "params") == 1.5


def test_a_group_without_its_compound_member_has_values_and_no_ratios() -> None:
    group = Group("b0", 224, 1_000, 2.0, 0.02, MEMBERS[1:])
    found = counted_ratios(_counts(_count(MEMBERS[1], params=15.0)), [group])
    assert found["ratio"].isna().all()
    assert found["value"].notna().sum() == 1


def test_nothing_in_gives_the_columns_out() -> None:
    nothing = counted_ratios(_counts(), [])
    assert nothing.columns.tolist() == COUNTED_COLUMNS
    measured = pd.DataFrame(columns=pd.Index([*WAY, *COUNTED_COLUMNS]))
    assert explained(measured, nothing).columns.tolist() == EXPLAINED_COLUMNS


def _frames(
    latency: np.ndarray, activations: np.ndarray, params: np.ndarray, factor: float = 1.0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    names = [
        {"base": f"b{i}", "target": 2.0, "method": "depth", "model": f"m{i}", "resolution": 224}
        for i in range(len(latency))
    ]
    measured = pd.DataFrame(
        [
            {**dict(zip(WAY, PLACE, strict=True)), **name, "metric": "latency_s", "ratio": value * factor}
            for name, value in zip(names, latency, strict=True)
        ],
        columns=pd.Index([*WAY, *COUNTED_COLUMNS]),
    )
    counted = pd.DataFrame(
        [
            {**name, "metric": metric, "value": 1.0, "ratio": float(values[i])}
            for i, name in enumerate(names)
            for metric, values in (("activations", activations), ("params", params))
        ],
        columns=pd.Index(COUNTED_COLUMNS),
    )
    return measured, counted


def _row(found: pd.DataFrame, predictor: str) -> pd.Series:
    return found[found["predictor"] == predictor].iloc[0]


def _random(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    activations, params = np.exp(rng.normal(0, 0.5, (2, n)))
    return activations**0.8 * np.exp(rng.normal(0, 0.05, n)), activations, params


def test_a_planted_predictor_is_found_and_the_other_one_is_not() -> None:
    found = explained(*_frames(*_random(40)))
    follows, other = _row(found, "activations"), _row(found, "params")
    assert follows["pearson"] > 0.95
    assert follows["spearman_low"] > 0.8
    assert other["spearman_low"] < 0 < other["spearman_high"]
    assert follows["n"] == other["n"] == 40
    assert follows["tied"] == other["tied"]
    assert follows["why"] == ""


def test_a_correlation_has_the_interval_of_fisher() -> None:
    """r = 0.5 from 28 members: tanh(atanh(0.5) +- 1.96 / 5)."""
    x = np.random.default_rng(1).normal(size=28)
    noise = np.random.default_rng(2).normal(size=28)
    x = (x - x.mean()) / x.std()
    noise -= noise.mean() + x * (noise @ x) / 28
    y = 0.5 * x + math.sqrt(0.75) * noise / noise.std()
    row = _row(explained(*_frames(np.exp(y), np.exp(x), np.exp(noise))), "activations")
    assert row[["pearson", "pearson_low", "pearson_high"]].tolist() == pytest.approx([0.5, 0.1560, 0.7359], abs=1e-3)


def test_too_few_members_are_refused_with_the_reason() -> None:
    row = _row(explained(*_frames(*_random(FEWEST - 1))), "activations")
    assert pd.isna(row["spearman"])
    assert pd.isna(row["pearson"])
    assert row["why"] == "only 4 members have both numbers; at least 5 are needed"


def test_ratios_that_do_not_vary_explain_nothing() -> None:
    latency, activations, _ = _random(8)
    found = explained(*_frames(latency, activations, np.ones(8)))
    assert pd.isna(_row(found, "params")["spearman"])
    assert _row(found, "params")["why"] == "the ratios are all the same"
    assert pd.isna(_row(found, "activations")["tied"])


def test_compound_itself_and_members_without_a_ratio_do_not_count() -> None:
    measured, counted = _frames(*_random(8))
    measured.loc[0, "method"] = "compound"
    measured.loc[1, "ratio"] = math.nan
    counted.loc[counted["model"] == "m2", "ratio"] = math.nan
    assert _row(explained(measured, counted), "activations")["n"] == 5


@pytest.mark.parametrize("power", [1.0, -1.0])
def test_perfect_agreement_still_has_an_interval(power: float) -> None:
    x = np.arange(1.0, 7.0)
    row = _row(explained(*_frames(x**power, x, x[::-1])), "activations")
    assert row["spearman"] == pytest.approx(power)
    ends = sorted([abs(row["spearman_low"]), abs(row["spearman_high"])])
    assert ends[0] < 0.9
    assert ends[1] == pytest.approx(1.0)


@given(seed=st.integers(0, 50), factor=st.floats(0.01, 100))
def test_a_slower_machine_follows_the_same_things(seed: int, factor: float) -> None:
    """Every ratio times a constant changes no correlation; each lies inside its interval."""
    before, after = (explained(*_frames(*_random(9, seed), factor=f)) for f in (1.0, factor))
    for name in ("spearman", "pearson"):
        assert before[name].tolist() == pytest.approx(after[name].tolist())
        assert (before[f"{name}_low"] <= before[name]).all()
        assert (before[name] <= before[f"{name}_high"]).all()
        assert before[f"{name}_high"].max() <= 1 + 1e-12

"""Abilities survive the way through JSON, and nothing unknown slips in."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.machine.ability import Ability, Peak, ability_from_json

rates = st.floats(1, 1e16)
peaks = st.builds(Peak, rates, rates, st.sampled_from(["FLOP/s", "B/s"]), st.text(), st.integers(0, 10_000), st.text())
abilities = st.builds(
    Ability,
    *(st.text() for _ in range(4)),
    st.integers(1, 512),
    st.just("2026-11-24T00:00:00+00:00"),
    st.dictionaries(st.sampled_from(["fp32", "bf16", "fp16"]), peaks),
    st.dictionaries(st.sampled_from(["copy", "triad", "llc"]), peaks),
    st.none() | st.integers(1, 2**34),
    st.none() | st.floats(0, 1),
)
PEAK = Peak(2e11, 1.9e11, "FLOP/s", "1024x1024x1024", 40)
ABILITY = Ability("epyc-1", "hw", "sw", "cpu", 2, "2026-11-24T00:00:00+00:00", {"fp32": PEAK}, {})


@given(abilities)
def test_an_ability_survives_json(ability: Ability) -> None:
    assert ability_from_json(json.loads(json.dumps(asdict(ability)))) == ability


@pytest.mark.parametrize("extra", [{"hostname": "x"}, {"matmul": {"fp32": {**asdict(PEAK), "watts": 1}}}])
def test_unknown_fields_are_refused(extra: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        ability_from_json({**asdict(ABILITY), **extra})


@pytest.mark.parametrize("kind", ["matmul", "bandwidth"])
def test_missing_peaks_are_refused(kind: str) -> None:
    content = asdict(ABILITY)
    del content[kind]
    with pytest.raises(KeyError):
        ability_from_json(content)


@pytest.mark.parametrize(
    ("note", "contended"),
    [("", False), ("emulated", False), ("contended: waited 40%", True), ("contended: waited 40%; emulated", True)],
)
def test_a_contended_peak_says_so(note: str, contended: bool) -> None:
    assert replace(PEAK, note=note).contended is contended

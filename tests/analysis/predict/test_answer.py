"""Answers: measured cases are reported as such, the tier with the least error answers, the roofline is the floor."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from scalebench.analysis.predict.answer import Predictor
from scalebench.analysis.predict.cases import MeasuredCase, Place, Work
from scalebench.analysis.predict.operator_prices import operator_table
from scalebench.machine.ability import Ability, Peak

PLACE = Place("box", "cpu", "inference", "fp32", "contiguous", "eager", 2, "", 1)


@pytest.fixture
def seen(models: Any, prices: np.ndarray) -> list[MeasuredCase]:
    works = models(0, 25)
    times = operator_table(works) @ prices * np.random.default_rng(0).lognormal(0, 0.05, 25)
    return [MeasuredCase(w, float(t), 5e7) for w, t in zip(works, times, strict=True)]


def new(models: Any, **changes: Any) -> Work:
    (work,) = models(9, 1, first=900)
    return replace(work, **changes)


def test_what_was_measured_is_not_predicted(seen: list[MeasuredCase]) -> None:
    answer = Predictor(PLACE, {PLACE: seen}).answer(seen[3].work)
    assert answer.measured == seen[3]
    assert answer.latency is None


def test_a_new_family_is_predicted_with_interval_and_memory(
    seen: list[MeasuredCase], models: Any, prices: np.ndarray
) -> None:
    answer = Predictor(PLACE, {PLACE: seen}).answer(new(models))
    guess = answer.latency
    assert guess is not None
    assert (guess.tier, guess.n_train) == ("T2", 25)
    assert guess.low < guess.value < guess.high
    assert guess.low <= (operator_table([answer.work]) @ prices)[0] <= guess.high
    assert 0 < guess.error < 0.5
    assert answer.memory is not None
    assert answer.memory.value == pytest.approx(5e7)


def test_the_tier_with_the_least_error_answers(seen: list[MeasuredCase], models: Any) -> None:
    """Eight cases of another machine are exactly half as slow there: tier 3 was never off, tier 2 was."""
    other = replace(PLACE, machine="other")
    asked = new(models)
    there = [*(MeasuredCase(s.work, s.latency_s / 2) for s in seen[:12]), MeasuredCase(asked, 0.5)]
    guess = Predictor(PLACE, {PLACE: seen, other: there}).answer(asked).latency
    assert guess is not None
    assert (guess.tier, guess.flags) == ("T3", ("from other",))
    assert guess.value == pytest.approx(1.0)


def test_every_tier_gives_its_reason(seen: list[MeasuredCase], models: Any) -> None:
    other = replace(PLACE, machine="other")
    answer = Predictor(PLACE, {PLACE: seen[:10], other: seen[:3]}).answer(new(models))
    assert answer.latency is None
    assert [why.partition(":")[0] for why in answer.refusals] == ["same model", "other models", "other machine"]


def test_what_would_not_fit_is_refused(seen: list[MeasuredCase], models: Any) -> None:
    answer = Predictor(PLACE, {PLACE: seen}, memory_limit=4e7).answer(new(models))
    assert answer.latency is None
    assert answer.refusals == ("would not fit into memory",)
    assert answer.memory is not None


def test_no_prediction_lies_below_the_roofline(seen: list[MeasuredCase], models: Any) -> None:
    """A machine of 1 GFLOP/s needs longer for these MACs than the records say."""
    peak, memory = Peak(1e9, 1e9, "FLOP/s", "", 1), Peak(1e12, 1e12, "B/s", "", 1)
    slow = Ability("box", "", "", "cpu", 2, "", {"fp32": peak}, {"copy": memory})
    work = new(models)
    work = replace(work, facts={**work.facts, "work": [group[1:] for group in work.facts["operators"]]})
    guess = Predictor(PLACE, {PLACE: seen}, [slow]).answer(work).latency
    assert guess is not None
    assert guess.value == pytest.approx(2 * work.macs / 1e9)
    assert guess.low == guess.value
    assert "clipped to the least time of the roofline" in guess.flags


def test_far_beyond_there_is_no_interval(seen: list[MeasuredCase], models: Any) -> None:
    work = new(models)
    many = [[*group[:4], group[4] * 100] for group in work.facts["operators"]]
    huge = replace(work, facts={**work.facts, "operators": many, "macs": work.facts["macs"] * 100})
    guess = Predictor(PLACE, {PLACE: seen}).answer(huge).latency
    assert guess is not None
    assert guess.flags == ("no interval: far outside the range of measured MACs",)
    assert math.isnan(guess.low)
    assert math.isnan(guess.high)

"""The noise floor of several runs of the same cases."""

from __future__ import annotations

import math

import pytest

from scalebench.analysis.floor import noise_floor, run_values
from scalebench.record import Environment, Record
from scalebench.suite.case import Case


def measured(model: str, latency: float | None) -> Record:
    facts = {} if latency is None else {"latency_s": latency}
    return Record("s", Case(model, 224), 0, "ok" if facts else "oom", "", Environment("m", "hw", "sw"), facts=facts)


def test_a_floor_is_what_95_per_cent_of_comparisons_stay_below() -> None:
    """Four log ratios: 1.96 sqrt(mean square 0.0190); chi-squared with 4 degrees of freedom: 0.4844 and 11.1433."""
    runs = [[1.0, math.exp(step)] for step in (0.045, -0.08, 0.10, -0.24)]
    found = noise_floor(runs)
    assert (found.value, found.low, found.high) == pytest.approx((0.2702, 0.1619, 0.7765), rel=1e-3)
    assert found.n == 4


def test_more_runs_give_more_degrees_of_freedom() -> None:
    """Logs 0, 1, 2 in units of 1 % have a variance of 1; 1.96 sqrt(2) = 2.772."""
    steps = [(0.0, 0.01, 0.02), (0.02, 0.0, 0.01), (0.01, 0.02, 0.0)]
    found = noise_floor([[math.exp(step) for step in of_case] for of_case in steps])
    assert found.value == pytest.approx(0.02772, rel=1e-3)
    assert found.n == 6


def test_cases_that_rise_and_fall_together_count_once() -> None:
    """The host moved between the two runs: four equal ratios are one observation, chi-squared 0.000982 and 5.0239."""
    found = noise_floor([[1.0, math.exp(0.1)]] * 4)
    assert found.n == 1
    assert (found.value, found.low) == pytest.approx((0.1960, 0.0874), rel=1e-3)
    assert found.high == pytest.approx(0.196 / math.sqrt(0.000982), rel=1e-2)


def test_equal_runs_have_no_floor() -> None:
    assert noise_floor([[1.0, 1.0]] * 4).value == 0


def test_values_are_those_of_cases_with_a_number_in_every_run() -> None:
    first = [measured("a", 0.1), measured("a", 0.4), measured("b", 0.1)]
    again = [measured("a", 0.11), measured("b", None)]
    found = run_values([first, again])
    assert [label.partition("@")[0] for label in found] == ["a"]
    assert next(iter(found.values())) == pytest.approx([0.2, 0.11])

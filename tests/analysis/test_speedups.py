"""Ways of running against eager fp32, from literal records."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from scalebench.analysis.analyse import Analysis, analyse
from scalebench.record import Record
from scalebench.suite.case import Case
from scalebench.suite.suite_plan import Limits, Plan, Scene

PLAIN = Case("resnet18", 64, threads=2)
FAST = replace(PLAIN, runtime="onnxruntime")
Make = Callable[..., Record]


def rounds(make: Make, case: Case, latency: float, **facts: Any) -> list[Record]:
    """Three rounds of one case, 1 % apart."""
    made = [make(case.model, case.resolution, latency * (1 + n / 100), n, case=case) for n in range(3)]
    return [replace(record, facts={**record.facts, **facts}) for record in made]


def analysis_of(plan: Callable[..., Plan], records: Sequence[Record], **more: Any) -> Analysis:
    cases = tuple(dict.fromkeys(record.case for record in records))
    return analyse(replace(plan(cases), **more), list(records))


def test_speed_error_and_break_even(measured: Make, plan_of: Callable[..., Plan]) -> None:
    """Twice the images per second; 10 s of preparing at 10 ms saved per image pay after 1000 images."""
    records = [
        *rounds(measured, PLAIN, 0.020),
        *rounds(measured, FAST, 0.010, prepare_s=10.0, relative_error=1e-6, top1_agreement=1.0),
    ]
    (row,) = analysis_of(plan_of, records).optimised.to_dict("records")
    assert row["runtime"] == "onnxruntime"
    assert row["speedup"] == pytest.approx(2.0)
    assert row["speedup_low"] < 2 < row["speedup_high"]
    assert row["relative_error"] == 1e-6
    assert row["break_even"] == pytest.approx(1000, rel=0.02)
    assert row["n"] == 3


def test_what_is_slower_never_pays(measured: Make, plan_of: Callable[..., Plan]) -> None:
    records = [*rounds(measured, PLAIN, 0.010), *rounds(measured, FAST, 0.020, prepare_s=10.0)]
    (row,) = analysis_of(plan_of, records).optimised.to_dict("records")
    assert row["break_even"] == math.inf


def test_the_worst_round_says_how_exact_it_is(measured: Make, plan_of: Callable[..., Plan]) -> None:
    """Errors are not averaged."""
    fast = rounds(measured, FAST, 0.010, relative_error=1e-6, top1_agreement=1.0)
    fast[1] = replace(fast[1], facts={**fast[1].facts, "relative_error": 5e-4, "top1_agreement": 0.5})
    (row,) = analysis_of(plan_of, [*rounds(measured, PLAIN, 0.02), *fast]).optimised.to_dict("records")
    assert (row["relative_error"], row["top1_agreement"]) == (5e-4, 0.5)


def test_batches_and_modes_are_never_mixed(measured: Make, plan_of: Callable[..., Plan]) -> None:
    """Without the plain way at the same batch and mode there is nothing to compare with."""
    records = [
        *rounds(measured, PLAIN, 0.02), *rounds(measured, replace(FAST, batch=8), 0.1),
        *rounds(measured, replace(PLAIN, mode="training", optimizer="sgd", precision="bf16"), 0.1),
    ]  # fmt: skip
    assert analysis_of(plan_of, records).optimised.empty


def test_a_wrong_way_has_no_number(measured: Make, plan_of: Callable[..., Plan]) -> None:
    """It is listed among the failures, not among the speedups."""
    wrong = [replace(record, outcome="wrong", ending="wrong") for record in rounds(measured, FAST, 0.001)]
    found = analysis_of(plan_of, [*rounds(measured, PLAIN, 0.02), *wrong])
    assert found.optimised.empty
    assert [failure.outcome for failure in found.failures] == ["wrong"]


def test_modes_beside_models_are_kept_apart(measured: Make, plan_of: Callable[..., Plan]) -> None:
    """Parts and the input pipeline are no cases of a model."""
    records = [*rounds(measured, PLAIN, 0.02), *rounds(measured, replace(PLAIN, mode="blocks"), 0.02)]
    found = analysis_of(plan_of, records)
    assert set(found.cases["mode"]) == {"inference"}
    assert set(found.besides["mode"]) == {"blocks"}


@pytest.mark.parametrize(("latency", "standing"), [(0.010, "fits"), (0.0495, "open"), (0.2, "does not fit")], ids=str)
def test_limits_are_held_against_the_interval(
    measured: Make, plan_of: Callable[..., Plan], latency: float, standing: str
) -> None:
    """Only a whole interval within the limits fits; one that spans them is open."""
    found = analysis_of(plan_of, rounds(measured, PLAIN, latency), limits=Limits(0.050, 2e6), scene=Scene(1000, 2))
    (row,) = found.fitting.to_dict("records")
    assert row["standing"] == standing
    assert row["detail_px"] == pytest.approx(64 * 2 / 1000)


def test_limits_are_about_one_batch(measured: Make, plan_of: Callable[..., Plan]) -> None:
    records = [*rounds(measured, PLAIN, 0.01), *rounds(measured, replace(PLAIN, batch=8), 0.01)]
    assert len(analysis_of(plan_of, records, limits=Limits(memory_bytes=2e6, batch=8)).fitting) == 1


def test_memory_alone_can_be_limited(measured: Make, plan_of: Callable[..., Plan]) -> None:
    """The literal memory of 1 MB is exact in every round."""
    found = analysis_of(plan_of, rounds(measured, PLAIN, 0.01), limits=Limits(memory_bytes=0.5e6))
    assert list(found.fitting["standing"]) == ["does not fit"]

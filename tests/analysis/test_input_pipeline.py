"""Rates per core and cores per device, from literal records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from scalebench.analysis.analyse import Analysis, analyse
from scalebench.analysis.input_pipeline import FEEDING, INPUTS, bottleneck
from scalebench.analysis.stats import Estimate
from scalebench.record import Environment, Record
from scalebench.suite.case import INPUT, Case
from scalebench.suite.suite_plan import Plan

HOST = Environment("xeon", "hw-cpu", "sw", {"cpu": {"usable_cores": 4}}, host="h")
CARD = Environment("h100", "hw-gpu", "sw", {"cpu": {"usable_cores": 4}}, host="h")
ELSEWHERE = Environment("epyc", "hw-other", "sw", {"cpu": {"usable_cores": 64}}, host="other")
ALONE = Case("pillow", 224, mode=INPUT, camera="4000x3000")
ALL = replace(ALONE, instances=4)
GPU = Case("resnet50", 224, device="cuda:0")
CPU = Case("resnet50", 224, threads=4)


def rounds(case: Case, ips: float, where: Environment = HOST, outcome: str = "ok") -> list[Record]:
    """Three rounds within a thousandth of ``ips``; per image 10 ms, of which 6 decode."""
    steps = {"decode_s": 0.006, "resize_s": 0.003, "normalise_s": 0.001, "jpeg_bytes_per_pixel": 0.2}
    return [
        Record(
            "a", case, at, outcome, "2026-11-23T22:00:00+00:00", where,  # type: ignore[arg-type]
            facts={"latency_s": 0.01, "throughput_ips": ips * (1 + at / 1000), **(steps if case.mode == INPUT else {})},
        )
        for at in range(3)
    ]  # fmt: skip


@pytest.fixture
def found(plan_of: Callable[..., Plan]) -> Callable[..., Analysis]:
    def make(*records: list[Record]) -> Analysis:
        every = [record for some in records for record in some]
        return analyse(plan_of(tuple(dict.fromkeys(record.case for record in every))), every)

    return make


def test_processes_share_what_they_reach_together(found: Callable[..., Analysis]) -> None:
    frame = found(rounds(ALONE, 100), rounds(ALL, 320)).inputs
    assert list(frame) == INPUTS
    alone, together = frame.sort_values("processes").to_dict("records")
    assert alone["per_core_ips"] == pytest.approx(100, rel=0.002)
    assert together["per_core_ips"] == pytest.approx(80, rel=0.002)
    assert together["throughput_ips"] == pytest.approx(320, rel=0.002)
    assert alone["per_core_ips_low"] < alone["per_core_ips"] < alone["per_core_ips_high"]
    assert (alone["n"], alone["decoder"], alone["camera"]) == (3, "pillow", "4000x3000")
    assert alone["decode_s"] == pytest.approx(0.006)


def test_input_cases_are_no_models(found: Callable[..., Analysis]) -> None:
    """They enter neither the models' table nor their laws."""
    analysis = found(rounds(ALONE, 100), rounds(CPU, 50))
    assert set(analysis.cases["model"]) == {"resnet50"}
    assert set(analysis.besides["model"]) == {"pillow"}


def test_cores_go_by_the_rate_of_busy_cores(found: Callable[..., Analysis]) -> None:
    """A GPU that takes 800 images/s needs 10 cores of 80, though one core alone prepares 100."""
    frame = found(rounds(ALONE, 100), rounds(ALL, 320), rounds(GPU, 800, CARD)).feeding
    assert list(frame) == FEEDING
    (row,) = frame.to_dict("records")
    assert row["cores"] == pytest.approx(10, rel=0.002)
    assert row["cores_low"] < 10 < row["cores_high"]
    assert (row["machine"], row["prepared_on"], row["cores_there"]) == ("h100", "xeon", 4)
    assert row["bottleneck"] == "input"


def test_a_slow_model_is_its_own_bottleneck(found: Callable[..., Analysis]) -> None:
    (row,) = found(rounds(ALL, 320), rounds(CPU, 50)).feeding.to_dict("records")
    assert row["cores"] == pytest.approx(50 / 80, rel=0.002)
    assert (row["cores_there"], row["bottleneck"]) == (4, "model")


def test_on_the_cpu_the_models_own_cores_are_those_there(found: Callable[..., Analysis]) -> None:
    """One thread of four: two cores of preparation for one of the model's."""
    one = replace(CPU, threads=1)
    (row,) = found(rounds(ALL, 320), rounds(one, 160)).feeding.to_dict("records")
    assert (row["cores_there"], row["bottleneck"]) == (1, "input")


def test_only_the_same_host_and_size_feeds_a_model(found: Callable[..., Analysis]) -> None:
    analysis = found(rounds(ALL, 320), rounds(replace(CPU, resolution=380), 50), rounds(CPU, 50, ELSEWHERE))
    assert analysis.feeding.empty
    assert list(analysis.feeding) == FEEDING


def test_rounds_that_failed_do_not_count(found: Callable[..., Analysis]) -> None:
    analysis = found(rounds(ALONE, 100, outcome="failed"), rounds(CPU, 50))
    assert analysis.inputs.empty
    assert analysis.feeding.empty


@pytest.mark.parametrize(
    ("low", "high", "there", "word"),
    [(5, 6, 4, "input"), (2, 3, 4, "model"), (3, 5, 4, "not decided"), (5, 6, None, "not decided"),
     (float("nan"), float("nan"), 4, "not decided")],
)  # fmt: skip
def test_the_interval_decides(low: float, high: float, there: int | None, word: str) -> None:
    assert bottleneck(Estimate((low + high) / 2, low, high, 3), there) == word

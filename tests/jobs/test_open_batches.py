"""Which case decides the batch of all, and what is left of a plan; the rounds are answered by a given device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scalebench.execute.client import Worker
from scalebench.execute.events import silent
from scalebench.execute.planner import Prepared
from scalebench.jobs import open_batches, tune
from scalebench.jobs.measure_rounds import MeasureOptions
from scalebench.jobs.open_batches import resolve_batches
from scalebench.record import Environment, Record
from scalebench.store.jsonl import Writer
from scalebench.suite.case import Case
from scalebench.suite.suite_plan import Plan

HERE = Environment("card-1", "hw", "sw")
LIGHT, WIDE, DEEP = "resnet18", "efficientnet_b4", "resnet152"
FACTS = {
    LIGHT: {"macs": 1e9, "weight_bytes": 40, "peak_bytes_inference": 50},
    WIDE: {"macs": 4e9, "weight_bytes": 80, "peak_bytes_inference": 900},
    DEEP: {"macs": 9e9, "weight_bytes": 240, "peak_bytes_inference": 300},
}
MOST = {LIGHT: 1000, WIDE: 40, DEEP: 300}
"""Images that fit."""


def case(model: str, **changes: Any) -> Case:
    return replace(Case(model, 224, 64, device="cuda:0", batch_search="best"), **changes)


def prepared(*cases: Case) -> Prepared:
    plan = Plan("a", "", "", cases, (), (), (), 3, notes=("earlier",))
    return Prepared(plan, {one.counted(): FACTS[one.model] for one in cases}, {"cuda:0": HERE})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Case]:
    """Cases that were measured, on a device that is busy with 32 images."""
    every: list[Case] = []

    def ask(cases: Sequence[Case]) -> Mapping[Case, Sequence[Record]]:
        every.extend(cases)
        return {case: [_record(case)] for case in cases}

    def searcher(_prepared: Prepared, _worker: Worker, _results: Path, options: MeasureOptions, _hear: Any) -> Any:
        assert not options.predict, "what is predicted not to fit would end the search"
        return ask

    monkeypatch.setattr(open_batches, "searcher", searcher)
    return every


def _record(case: Case) -> Record:
    if case.batch > MOST[case.model]:
        return Record("a", case, 0, "oom", "", HERE, ending="oom_device")
    return Record("a", case, 0, "ok", "", HERE, facts={"throughput_ips": min(case.batch, 32)}, ending="ok")


def resolved(*cases: Case) -> Plan:
    return resolve_batches(prepared(*cases), Worker(), Path("results"), MeasureOptions(), silent).plan


def test_the_lightest_model_decides_what_is_best_and_the_widest_what_fits(asked: list[Case]) -> None:
    """32 images keep the device busy, and 40 of B4 fit; ResNet-152 has more weights, but smaller activations."""
    plan = resolved(*(case(model, batch_search=how) for how in ("best", "largest") for model in (DEEP, WIDE, LIGHT)))
    assert [(one.model, one.batch) for one in plan.cases] == [
        (DEEP, 32), (WIDE, 32), (LIGHT, 32), (DEEP, 40), (WIDE, 40), (LIGHT, 40),
    ]  # fmt: skip
    assert not any(one.batch_search for one in plan.cases)
    assert {one.model for one in asked} == {LIGHT, WIDE}
    assert plan.notes == (
        "earlier",
        "best batch fp32 eager cuda:0: 32, because resnet18@224 processes 32.0 images/s there, and at most 32.0.",
        "largest batch fp32 eager cuda:0: 40, because efficientnet_b4@224 runs at 40 and not at 42 (oom_device).",
    )


def test_each_configuration_has_a_batch_of_its_own(asked: list[Case]) -> None:
    plan = resolved(case(LIGHT), case(LIGHT, precision="amp_fp16"), case(LIGHT, runtime="best"))
    assert [one.batch for one in plan.cases] == [32, 32, 32]
    assert len(plan.notes) == 4
    assert {(one.runtime, one.precision) for one in asked} == {("eager", "fp32"), ("eager", "amp_fp16")}


def test_a_batch_that_is_also_listed_is_measured_once(asked: list[Case]) -> None:
    plan = resolved(case(LIGHT, batch=1, batch_search=""), case(LIGHT, batch=32, batch_search=""), case(LIGHT))
    assert [one.batch for one in plan.cases] == [1, 32]


def test_nothing_to_search_is_the_same_plan(asked: list[Case]) -> None:
    before = prepared(case(LIGHT, batch_search=""))
    assert resolve_batches(before, Worker(), Path("results"), MeasureOptions(), silent) is before
    assert asked == []


def test_records_of_another_machine_answer_no_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two machines may share a folder of results."""
    known = case(LIGHT, batch=32, batch_search="")
    elsewhere = replace(_record(known), environment=Environment("card-2", "other", "sw"))
    Writer(tmp_path / "card-2.jsonl", prepared(known).plan).append(elsewhere)
    monkeypatch.setattr(tune, "measure_rounds", lambda *_: None)
    assert tune.measured(prepared(known), [known], tmp_path, Worker(), MeasureOptions(), silent) == {known: []}
    own = replace(elsewhere, environment=HERE)
    Writer(tmp_path / "card-1.jsonl", prepared(known).plan).append(own)
    assert tune.measured(prepared(known), [known], tmp_path, Worker(), MeasureOptions(), silent) == {known: [own]}


def test_what_classifies_is_searched_by_the_time_of_its_artefact(asked: list[Case]) -> None:
    plan = resolved(case(LIGHT, mode="accuracy", data="photos-1a2b3c4d"))
    assert [(one.mode, one.batch, one.data) for one in plan.cases] == [("accuracy", 32, "photos-1a2b3c4d")]
    assert {(one.mode, one.data) for one in asked} == {("inference", "")}

"""The search, on a machine with given speeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from scalebench.execute import search as search_module
from scalebench.execute.offering import refusal
from scalebench.execute.search import SCREENING, SELECTING, SearchGoal, configurations, search
from scalebench.record import Environment, Record
from scalebench.suite.case import Case
from scalebench.suite.protocol import PROTOCOLS

BASE = Case("resnet18", 64, threads=4)
HERE = Environment("here", "hw", "sw")
SPEED = {"eager": 1.0, "compile": 1.5, "onnxruntime": 2.0, "openvino": 4.0}
"""Images per second of one thread in fp32."""


@pytest.fixture(autouse=True)
def everything_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        search_module,
        "refusal",
        lambda case: (result := refusal(case)) and (result if "offered" in result[0] else None),
    )


class FakeMeasurer:
    """Returns records with given speeds, and stores the measured cases."""

    def __init__(self, change: Callable[[Case], dict[str, Any] | str] = lambda _: {}) -> None:
        self.measured: list[Case] = []
        self._change = change

    def measure(self, cases: Sequence[Case]) -> Mapping[Case, Sequence[Record]]:
        self.measured += cases
        return {case: [self._record(case, n) for n in range(case.protocol.rounds)] for case in cases}

    def _record(self, case: Case, number: int) -> Record:
        change = self._change(case)
        if isinstance(change, str):
            return Record("t", case, number, change, "", HERE)  # type: ignore[arg-type]
        rate = SPEED[case.runtime] * case.threads * case.instances * (2 if case.precision == "int8" else 1)
        facts = {"latency_s": case.batch * case.instances / rate, "throughput_ips": rate, "memory_bytes": 100}
        return Record("t", case, number, "ok", "", HERE, facts={**facts, **change})


def test_the_fastest_configuration_is_found() -> None:
    result = search(BASE, 4, SearchGoal(), FakeMeasurer().measure)
    assert result.best is not None
    assert (result.best.runtime, result.best.precision) == ("openvino", "int8")
    assert result.best.batch == BASE.batch
    assert "cuda_graph" in " ".join(result.refused)
    assert any("emulated" in why for why in result.refused.values())


def test_a_wrong_configuration_never_wins() -> None:
    """What is outside its bound is tried, stored, and out."""
    measurer = FakeMeasurer(lambda case: "wrong" if case.precision == "int8" else {})
    result = search(BASE, 4, SearchGoal(), measurer.measure)
    assert result.best is not None
    assert result.best.runtime == "openvino"
    assert result.best.precision != "int8"
    assert any(record.outcome == "wrong" for record in result.tried)


def test_limits_are_met() -> None:
    """A configuration that needs too much memory is out, however fast; where none meets the goal there is no best."""
    greedy = FakeMeasurer(lambda case: {"memory_bytes": 1000} if case.runtime == "openvino" else {})
    result = search(BASE, 4, SearchGoal(memory_bytes=500), greedy.measure)
    assert result.best is not None
    assert result.best.runtime == "onnxruntime"
    assert search(BASE, 4, SearchGoal(latency_s=1e-9), FakeMeasurer().measure).best is None


def test_stages_have_rounds_of_their_own() -> None:
    """No stage's method equals another's or a protocol's, alone or by turns, so that their rounds are never pooled."""
    measurer = FakeMeasurer()
    search(BASE, 4, SearchGoal(batches=True, copies=True), measurer.measure)
    assert {case.protocol for case in measurer.measured} == {SCREENING, SELECTING}
    by_turns, alone = list(PROTOCOLS.values()), [protocol.alone() for protocol in PROTOCOLS.values()]
    methods = [Case("a", 1, protocol=p).method_key for p in (SCREENING, SELECTING, *alone)]
    assert len(set(methods)) == len(methods)
    assert not {Case("a", 1, protocol=p).method_key for p in by_turns} & set(methods)


def test_batches_grow_until_they_do_not_fit() -> None:
    """Out of memory ends the growth and is a record; the largest batch that ran is named, and each is tried once."""
    measurer = FakeMeasurer(lambda case: "oom" if case.batch > 8 else {"throughput_ips": 100.0 * case.batch})
    result = search(BASE, 4, SearchGoal("throughput_ips", batches=True), measurer.measure)
    assert result.largest is not None
    assert result.largest.batch == 8
    assert result.best is not None
    assert result.best.batch == 8
    assert [record.case.batch for record in result.tried if record.outcome == "oom"] == [16]


def test_a_batch_that_brings_nothing_ends_the_growth() -> None:
    result = search(BASE, 4, SearchGoal("throughput_ips", batches=True), FakeMeasurer().measure)
    assert result.largest is not None
    assert result.largest.batch == 4


def test_copies_share_out_the_cores() -> None:
    """Every divisor of the cores is tried, with threads to match; what copies reach together can win."""
    measurer = FakeMeasurer(lambda case: {"throughput_ips": 1e6} if case.instances == 4 else {})
    result = search(BASE, 4, SearchGoal("throughput_ips", copies=True), measurer.measure)
    assert result.best is not None
    assert (result.best.instances, result.best.threads, result.best.affinity) == (4, 1, "pinned")
    assert {(case.instances, case.threads) for case in measurer.measured} == {(1, 4), (2, 2), (4, 1)}


def test_compiling_is_left_to_what_eager_did_best() -> None:
    """It takes a minute each: two configurations are compiled, not every one."""
    measurer = FakeMeasurer(
        lambda case: {"latency_s": 0.01} if case.precision == "amp_bf16" and case.runtime == "eager" else {}
    )
    search(BASE, 4, SearchGoal(), measurer.measure)
    compiled = {(case.precision, case.layout) for case in measurer.measured if case.runtime == "compile"}
    assert {precision for precision, _ in compiled} == {"amp_bf16"}
    assert len(compiled) == 2


def test_configurations_have_the_same_model_and_batch() -> None:
    cases, _ = configurations(BASE)
    plain = {"runtime": "eager", "precision": "fp32", "layout": "contiguous"}
    assert {replace(case, **plain) for case in cases} == {BASE}
    assert len(set(cases)) == len(cases)

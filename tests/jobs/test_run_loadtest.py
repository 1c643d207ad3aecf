"""A load test: where service times come from, and one tiny run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scalebench.errors import StoreError, UnknownNameError
from scalebench.execute.load_generator import Load
from scalebench.jobs.loadtest import ServedModel, run_loadtest
from scalebench.jobs.named_cases import plan_without_suite
from scalebench.jobs.service_times import batch_sizes, curves_of, stored_rounds
from scalebench.procure.load_check import ServiceLevel
from scalebench.procure.simulate import Search
from scalebench.record import Environment, Record
from scalebench.store.jsonl import Writer, read_results
from scalebench.suite.case import Case

HERE = Environment("epyc-1", "h", "s")
CASE = Case("resnet18", 64, threads=2)
BRIEF = Search(requests=200, replications=2, steps=4)


def record(case: Case, laps: list[float], number: int = 0, machine: str = "epyc-1", **more: object) -> Record:
    environment = replace(HERE, machine=machine)
    fields = {"outcome": "ok", "samples": {"latency_s": laps}, "facts": {"latency_s": laps[0]}, **more}
    return Record("serving", case, number, started="", environment=environment, **fields)  # type: ignore[arg-type]


def test_sizes_double_up_to_the_largest_batch() -> None:
    assert batch_sizes(1) == [1]
    assert batch_sizes(6) == [1, 2, 4, 6]
    assert batch_sizes(8) == [1, 2, 4, 8]


def test_service_times_come_from_rounds_of_this_machine_run_this_way(tmp_path: Path) -> None:
    two = replace(CASE, batch=2)
    others = [
        record(replace(CASE, threads=1), [9.0]), record(replace(CASE, runtime="openvino"), [9.0]),
        record(CASE, [9.0], machine="xeon-2"), record(replace(CASE, resolution=96), [9.0]),
        record(two, [9.0], 3, outcome="failed", ending="exit"),
    ]  # fmt: skip
    alike = [record(CASE, [0.1, 0.2]), record(CASE, [0.3], 1), record(two, [0.4])]
    writer = Writer(tmp_path / "a.jsonl", plan_without_suite("serving", "", [CASE], 1, "h"))
    for each in (*others, *alike):
        writer.append(each)
    assert curves_of(stored_rounds([tmp_path], CASE, HERE)) == {1: [0.1, 0.2, 0.3], 2: [0.4]}
    with pytest.raises(StoreError, match="no records of resnet50") as caught:
        stored_rounds([tmp_path], replace(CASE, model="resnet50"), HERE)
    assert "nothing of this model" in caught.value.hint


def test_doubtful_rounds_count_only_where_there_are_no_others() -> None:
    bad = ("cpu_contended: 0.5",)
    assert curves_of([record(CASE, [0.1]), record(CASE, [0.5], 1, notes=bad)]) == {1: [0.1]}
    assert curves_of([record(CASE, [0.5], 1, notes=bad)]) == {1: [0.5]}


def test_runs_are_stored_beside_records_and_in_no_frame(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "a.jsonl", plan_without_suite("loadtest", "", [CASE], 1, "h"))
    writer.keep({"run": {"rate": 20.0}})
    writer.append(record(CASE, [0.1]))
    results = read_results([writer.path])
    assert results.loads == ({"run": {"rate": 20.0}},)
    assert len(results.records) == 1
    assert results.problems == ()


def test_a_tiny_load_test(tmp_path: Path, warm: None) -> None:
    """From service times to the record of the runs, with a real model and server."""
    model = ServedModel("mobilenetv3_small_050@32", "eager", "fp32", 1, "cpu", 2, 0.0)
    outcome = run_loadtest(model, ServiceLevel(5.0, 50), Load((50.0, 100.0), 15, 1), BRIEF, [], tmp_path)
    assert outcome.rule.batch == 2
    assert 0 < outcome.simulated.value <= outcome.server.saturation
    assert outcome.test is not None
    assert outcome.gap is not None
    assert [result.rate for result in outcome.test.rates] == [50, 100]
    (file,) = tmp_path.glob("*.jsonl")
    stored = read_results([file])
    assert stored.problems == ()
    assert {(r.case.batch, r.outcome) for r in stored.records} == {(1, "ok"), (2, "ok")}
    assert sorted(load["run"]["rate"] for load in stored.loads) == [50, 100]
    assert stored.loads[0]["environment"]["machine"] == outcome.machine
    served = [
        dict(zip(stored.loads[0]["columns"], request, strict=True)) for request in stored.loads[0]["run"]["requests"]
    ]
    assert len(served) == 15
    assert max(request["batch"] for request in served) <= 2


def test_an_unknown_runtime_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="no runtime 'egaer'") as caught:
        run_loadtest(
            ServedModel("resnet18@32", "egaer", "fp32", 1, "cpu", 2, 0.0),
            ServiceLevel(1.0),
            Load((), 10, 1),
            BRIEF,
            [],
            tmp_path,
        )
    assert "'eager'" in caught.value.hint

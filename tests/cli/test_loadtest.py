"""scalebench loadtest: options, where service times come from, what is printed, and one tiny run."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from scalebench.analysis.stats import Estimate
from scalebench.cli import serving
from scalebench.cli.loadtest import _rates, document, say
from scalebench.cli.output import plain
from scalebench.cli.serving import Outcome, Way, _sizes, curves_of, run_loadtest, stored_rounds
from scalebench.cli.side_by_side import plan_of
from scalebench.errors import StoreError, UnknownNameError
from scalebench.execute.client import Worker
from scalebench.execute.load_generator import Load
from scalebench.procure.gap import gap
from scalebench.procure.load_check import Rule, ServiceLevel, by_load
from scalebench.procure.simulate import Search, Server
from scalebench.record import Environment, Record
from scalebench.store.jsonl import Writer, read_results
from scalebench.suite.case import Case
from tests.procure.literal_runs import run

HERE = Environment("epyc-1", "h", "s")
CASE = Case("resnet18", 64, threads=2)
BRIEF = Search(requests=200, replications=2, steps=4)


def record(case: Case, laps: list[float], number: int = 0, machine: str = "epyc-1", **more: object) -> Record:
    environment = replace(HERE, machine=machine)
    fields = {"outcome": "ok", "samples": {"latency_s": laps}, "facts": {"latency_s": laps[0]}, **more}
    return Record("serving", case, number, started="", environment=environment, **fields)  # type: ignore[arg-type]


def outcome() -> Outcome:
    level, server = ServiceLevel(0.060), Server({1: [0.010] * 20}, cap=1)
    runs = [run(30, 0.016), run(60, 0.1)]
    test, simulated = by_load(runs, level), Estimate(80.0, 78.0, 82.0, 5)
    why = gap(server, simulated, runs, test, level, Search(requests=100, replications=2, steps=2))
    rule = Rule(1, 100.0, 0.010)
    return Outcome(CASE, "epyc-1", level, server, rule, simulated, test, why, ("a note",), Path("x.jsonl"))


def test_the_three_capacities_stand_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    say(outcome())
    said = capsys.readouterr().out
    for row in ("rule 2 t(b)", "simulation", "load test"):
        assert row in said
    assert "[30.0, 60.0]" in said
    assert "contention: under load a batch took" in said
    assert "a note" in said


def test_the_document_holds_every_number() -> None:
    found = json.loads(json.dumps(plain(document(outcome())), allow_nan=False))
    assert found["rule"]["images_per_s"] == 100
    assert found["simulation"] == {"value": 80.0, "low": 78.0, "high": 82.0, "n": 5, "exact": False}
    assert (found["load_test"]["low"], found["load_test"]["high"]) == (30, 60)
    assert [rate["kept"] for rate in found["load_test"]["rates"]] == [True, False]
    assert found["gap"]["slower"] == pytest.approx(2)
    assert len(found["words"]) == 5


def test_nothing_to_test_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    nothing = replace(outcome(), rule=Rule(0, 0.0, float("nan")), simulated=Estimate(0, 0, 0, 5), test=None, why=None)
    say(nothing)
    said = capsys.readouterr()
    assert "no batch keeps it" in said.out
    assert "nothing keeps the service level" in said.err
    assert document(nothing)["load_test"] is None


def test_rates_are_a_list() -> None:
    assert _rates("") == ()
    assert _rates("20, 30.5,20") == (20.0, 30.5)
    for wrong in ("fast", "0", "-3", "10;20", "inf"):
        with pytest.raises(typer.BadParameter, match="20,30,40"):
            _rates(wrong)


def test_sizes_double_up_to_the_largest_batch() -> None:
    assert _sizes(1) == [1]
    assert _sizes(6) == [1, 2, 4, 6]
    assert _sizes(8) == [1, 2, 4, 8]


def test_service_times_come_from_rounds_of_this_machine_run_this_way(tmp_path: Path) -> None:
    two = replace(CASE, batch=2)
    others = [
        record(replace(CASE, threads=1), [9.0]), record(replace(CASE, runtime="openvino"), [9.0]),
        record(CASE, [9.0], machine="xeon-2"), record(replace(CASE, resolution=96), [9.0]),
        record(two, [9.0], 3, outcome="failed", ending="exit"),
    ]  # fmt: skip
    alike = [record(CASE, [0.1, 0.2]), record(CASE, [0.3], 1), record(two, [0.4])]
    writer = Writer(tmp_path / "a.jsonl", plan_of("serving", "", [CASE], 1, "h"))
    for one in (*others, *alike):
        writer.append(one)
    assert curves_of(stored_rounds([tmp_path], CASE, HERE)) == {1: [0.1, 0.2, 0.3], 2: [0.4]}
    with pytest.raises(StoreError, match="no records of resnet50") as caught:
        stored_rounds([tmp_path], replace(CASE, model="resnet50"), HERE)
    assert "nothing of this model" in caught.value.hint


def test_doubtful_rounds_count_only_where_there_are_no_others() -> None:
    bad = ("cpu_contended: 0.5",)
    assert curves_of([record(CASE, [0.1]), record(CASE, [0.5], 1, notes=bad)]) == {1: [0.1]}
    assert curves_of([record(CASE, [0.5], 1, notes=bad)]) == {1: [0.5]}


def test_runs_are_stored_beside_records_and_in_no_frame(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "a.jsonl", plan_of("loadtest", "", [CASE], 1, "h"))
    writer.keep({"run": {"rate": 20.0}})
    writer.append(record(CASE, [0.1]))
    found = read_results([writer.path])
    assert found.loads == ({"run": {"rate": 20.0}},)
    assert len(found.records) == 1
    assert found.problems == ()


def test_a_tiny_load_test(tmp_path: Path, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """From service times to the record of the runs, with a real model and server."""
    monkeypatch.setattr(serving, "Worker", lambda **_: nullcontext(worker))  # starting another takes five seconds
    way = Way("mobilenetv3_small_050@32", "eager", "fp32", 1, "cpu", 2, 0.0)
    found = run_loadtest(way, ServiceLevel(5.0, 50), Load((50.0, 100.0), 15, 1), BRIEF, [], tmp_path)
    assert found.rule.batch == 2
    assert 0 < found.simulated.value <= found.server.saturation
    assert found.test is not None
    assert found.why is not None
    assert [rated.rate for rated in found.test.rates] == [50, 100]
    (file,) = tmp_path.glob("*.jsonl")
    stored = read_results([file])
    assert stored.problems == ()
    assert {(r.case.batch, r.outcome) for r in stored.records} == {(1, "ok"), (2, "ok")}
    assert sorted(load["run"]["rate"] for load in stored.loads) == [50, 100]
    assert stored.loads[0]["environment"]["machine"] == found.machine
    served = [dict(zip(stored.loads[0]["columns"], one, strict=True)) for one in stored.loads[0]["run"]["requests"]]
    assert len(served) == 15
    assert max(one["batch"] for one in served) <= 2


def test_an_unknown_runtime_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="no runtime 'egaer'") as caught:
        run_loadtest(
            Way("resnet18@32", "egaer", "fp32", 1, "cpu", 2, 0.0),
            ServiceLevel(1.0),
            Load((), 10, 1),
            BRIEF,
            [],
            tmp_path,
        )
    assert "'eager'" in caught.value.hint

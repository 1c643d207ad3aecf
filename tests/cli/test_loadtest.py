"""scalebench loadtest: options, and what is printed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from scalebench.analysis.stats import Estimate
from scalebench.cli.loadtest import _rates, document, print_outcome
from scalebench.cli.output import plain
from scalebench.jobs.loadtest import LoadTestOutcome
from scalebench.procure.gap import gap
from scalebench.procure.load_check import Rule, ServiceLevel, by_load
from scalebench.procure.simulate import Search, Server
from scalebench.suite.case import Case
from tests.procure.literal_runs import run

CASE = Case("resnet18", 64, threads=2)


def outcome() -> LoadTestOutcome:
    level, server = ServiceLevel(0.060), Server({1: [0.010] * 20}, cap=1)
    runs = [run(30, 0.016), run(60, 0.1)]
    test, simulated = by_load(runs, level), Estimate(80.0, 78.0, 82.0, 5)
    causes = gap(server, simulated, runs, test, level, Search(requests=100, replications=2, steps=2))
    rule = Rule(1, 100.0, 0.010)
    return LoadTestOutcome(CASE, "epyc-1", level, server, rule, simulated, ("a note",), test, causes, Path("x.jsonl"))


def test_the_three_capacities_stand_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    print_outcome(outcome())
    printed = capsys.readouterr().out
    for row in ("bound 2 t(b), deterministic", "simulation", "load test"):
        assert row in printed
    assert "[30.0, 60.0]" in printed
    assert "contention: under load a batch took" in printed
    assert "a note" in printed


def test_the_document_holds_every_number() -> None:
    content = json.loads(json.dumps(plain(document(outcome())), allow_nan=False))
    assert content["rule"]["images_per_s"] == 100
    assert content["simulation"] == {
        "value": 80.0,
        "low": 78.0,
        "high": 82.0,
        "n": 5,
        "exact": False,
        "freedom": None,
        "pairing": None,
    }
    assert (content["load_test"]["low"], content["load_test"]["high"]) == (30, 60)
    assert [rate["kept"] for rate in content["load_test"]["rates"]] == [True, False]
    assert content["gap"]["slower"] == pytest.approx(2)
    assert len(content["words"]) == 5


def test_nothing_to_test_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    nothing = replace(outcome(), rule=Rule(0, 0.0, float("nan")), simulated=Estimate(0, 0, 0, 5), test=None, gap=None)
    print_outcome(nothing)
    printed = capsys.readouterr()
    assert "no batch meets the level" in printed.out
    assert "No batch meets the service level, so no load was tested" in printed.err
    assert document(nothing)["load_test"] is None


def test_rates_are_a_list() -> None:
    assert _rates("") == ()
    assert _rates("20, 30.5,20") == (20.0, 30.5)
    for wrong in ("fast", "0", "-3", "10;20", "inf"):
        with pytest.raises(typer.BadParameter, match="20,30,40"):
            _rates(wrong)

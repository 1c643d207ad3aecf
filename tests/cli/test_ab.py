"""scalebench ab as a user types it: what is refused, and what is stored and printed."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from scalebench.cli.ab import ab
from scalebench.store.jsonl import read_results
from scalebench.suite.protocol import PROTOCOLS, Protocol

TINY = Protocol(
    rounds=2,
    warmup_s=0.01,
    warmup_max_s=0.1,
    chunk_s=0.02,
    chunk_max_s=0.2,
    min_iterations=3,
    turns=4,
    turn_s=0.01,
    timeout_s=60,
)


@pytest.mark.parametrize("arguments", [["a", "b", "--json", "--markdown"], ["a", "b", "--rounds", "1"]])
def test_bad_input_is_refused_before_anything_is_started(arguments: list[str], tmp_path: Path) -> None:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(ab)
    done = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_ab_measures_stores_and_prints(warm: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the command line to the file and back, with rounds as short as they can be."""
    monkeypatch.setitem(PROTOCOLS, "quick", TINY)
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(ab)
    arguments = ["resnet18@64", "resnet34@64", "--protocol", "quick", "--rounds", "2", "--threads", "1", "--json"]
    done = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path)], catch_exceptions=False)
    document = json.loads(done.stdout)
    row = document["rows"][0]
    assert (row["a"]["model"], row["b"]["model"]) == ("resnet18", "resnet34")
    assert row["ratio"]["value"] > 0
    assert done.exit_code in (0, 1)
    results = read_results([Path(document["file"])])
    assert [case.model for case in results.plans[0].cases] == ["resnet18", "resnet34"]
    assert {record.suite for record in results.records} == {"ab-a", "ab-b"}
    used = [r for r in results.records if r.suite == "ab-a"]
    assert len(used) >= 2
    assert all(math.isfinite(r.facts["latency_s"]) for r in used if r.outcome == "ok")

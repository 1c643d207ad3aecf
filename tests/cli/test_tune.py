"""tune on a real small model, with two ways to choose from."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scalebench.cli import app
from scalebench.execute import search as tuning
from scalebench.store.jsonl import read_results, result_files
from scalebench.suite.device_kinds import CPU, KINDS
from scalebench.suite.offers import Offer
from scalebench.suite.protocol import PROTOCOLS

TWO = replace(CPU, runtimes={"eager": frozenset({"fp32", "bf16"})})


@pytest.fixture
def two_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eager in fp32 and bf16, with short rounds: the whole search takes minutes."""
    short = {"warmup_s": 0.01, "warmup_max_s": 0.1, "chunk_s": 0.02, "chunk_max_s": 0.2}
    monkeypatch.setitem(PROTOCOLS, "quick", replace(PROTOCOLS["quick"], turns=4, turn_s=0.01, **short))
    screening = replace(tuning.SCREENING, **short)
    monkeypatch.setattr(tuning, "SCREENING", screening)
    monkeypatch.setattr("scalebench.cli.tune.SCREENING", screening)
    monkeypatch.setattr(tuning, "SELECTING", replace(tuning.SELECTING, **short))
    monkeypatch.setattr(tuning, "OFFERS", {"eager": Offer(frozenset({"contiguous"}))})
    monkeypatch.setitem(KINDS, "cpu", TWO)


@pytest.mark.usefixtures("two_ways", "warm")
def test_the_reported_rounds_did_not_choose(tmp_path: Path) -> None:
    """Every round of the search is stored, as a suite of its own; what is reported comes from fresh ones."""
    out = CliRunner().invoke(app, ["tune", "resnet18@32", "--threads", "1", "--results", str(tmp_path), "--json"])
    assert out.exit_code == 0, out.output
    document = json.loads(out.stdout)
    assert {row["way"].split(", ")[1] for row in document["screened"]} == {"fp32 eager", "bf16 eager"}
    assert document["best"] in document["fresh"]
    assert {row["way"].split(", ")[1] for row in document["fresh"]} == {"fp32 eager", "bf16 eager"}
    assert {row["n"] for row in document["fresh"]} == {3, 4}, "the reference stands twice in the third heat"
    folder = tmp_path / "tune-resnet18-32"
    short, final = (
        [r for r in read_results(result_files([place])).records if r.case.mode != "count"]
        for place in (tmp_path / "tune-resnet18-32-search", folder)
    )
    searched, fresh = ({r.case.method_key for r in records} for records in (short, final))
    assert searched
    assert fresh
    assert not searched & fresh
    assert not any(r.heat for r in short)
    precisions_by_heat: dict[str, list[str]] = {}
    for record in final:
        precisions_by_heat.setdefault(record.heat, []).append(record.case.precision)
    assert [set(own) for own in precisions_by_heat.values()] == [{"bf16", "fp32"}] * 3
    plain = document["fresh"][-1]
    assert (plain["speedup"], plain["speedup_low"], plain["speedup_high"]) == (1.0, 1.0, 1.0)

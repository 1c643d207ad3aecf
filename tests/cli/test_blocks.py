"""scalebench blocks: what is printed and what the JSON document holds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scalebench.analysis.part_times import break_down
from scalebench.cli.blocks import Measured, _print, document
from scalebench.cli.output import plain
from scalebench.record import Environment
from scalebench.suite.case import Case
from scalebench.suite.kinds import BETWEEN


def part(kind: str, stage: str, seconds: float, macs: int) -> dict[str, Any]:
    return {
        "kind": kind, "stage": stage, "params": 1, "macs": macs, "activations": 2, "bytes": 100, "seconds": seconds,
    }  # fmt: skip


def measured(rounds: int, peak: float | None = None, spread: float = 0.01) -> Measured:
    facts = [
        {
            "parts": [
                part("stem", "stem", 0.002 * slower, 1000),
                part("se", "stage 1", 0.0012 * slower, 10),
                part("depthwise_3x3", "stage 1", 0.004 * slower, 90),
                part(BETWEEN, BETWEEN, 0.0008 * slower, 0),
            ],
            "whole_s": 0.008 * slower, "with_hooks_s": 0.009, "hook_overhead_s": 2e-6, "pass_spread": spread,
        }
        for slower in (1.0, 1.01, 0.99)[:rounds]
    ]  # fmt: skip
    return Measured(Case("efficientnet_b0", 224, 4, threads=2), Environment("epyc-1", "h", "s"), facts, peak)


def test_the_document_names_units_and_loses_nothing() -> None:
    what = measured(3, peak=1e9)
    found = json.loads(json.dumps(plain(document(what, break_down(what.rounds, 4, what.peak_flops))), allow_nan=False))
    assert {key: found[key] for key in ("model", "resolution", "batch", "threads", "machine", "rounds")} == {
        "model": "efficientnet_b0", "resolution": 224, "batch": 4, "threads": 2, "machine": "epyc-1", "rounds": 3,
    }  # fmt: skip
    assert [row["kind"] for row in found["kinds"]] == ["stem", "depthwise_3x3", "se", BETWEEN]
    assert [row["stage"] for row in found["stages"]] == ["stem", "stage 1", BETWEEN]
    assert sum(row["time_s"]["value"] for row in found["kinds"]) == pytest.approx(found["whole_s"]["value"])
    stem, *_, between = found["kinds"]
    assert stem["intensity_flop_per_byte"] == 80
    assert stem["peak_share"] == pytest.approx(8000 / 0.002 / 1e9, rel=0.01)
    assert between["peak_share"] is None


def test_people_read_tables_and_two_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    what = measured(1)
    _print(what, break_down(what.rounds, 4, what.peak_flops))
    said = capsys.readouterr().out
    assert "depthwise 3x3" in said
    assert "between modules" in said
    assert "hooks add 2.00 us to a part" in said
    assert "no fp32 peak is kept" in said
    assert "doubtful" not in said
    assert said.splitlines()[-2:] == [
        "Squeeze-and-excitation: 0.9 % of the MACs, 15 % of the time.",
        "Depthwise convolutions: 8.2 % of the MACs, 50 % of the time.",
    ]


def test_passes_that_differ_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    what = measured(3, peak=1e9, spread=0.4)
    _print(what, break_down(what.rounds, 4, what.peak_flops))
    said = capsys.readouterr().out
    assert "doubtful: passes of one round differed by 40 %" in said
    assert "no fp32 peak" not in said

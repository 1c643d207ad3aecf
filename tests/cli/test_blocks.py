"""scalebench blocks: what is printed and what the JSON document holds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scalebench.analysis.part_times import break_down
from scalebench.cli.blocks import document, print_blocks
from scalebench.cli.output import plain
from scalebench.jobs.blocks import MeasuredBlocks
from scalebench.record import Environment
from scalebench.suite.case import Case
from scalebench.suite.kinds import BETWEEN


def part(kind: str, stage: str, seconds: float, macs: int) -> dict[str, Any]:
    return {
        "kind": kind, "stage": stage, "params": 1, "macs": macs, "activations": 2, "bytes": 100, "seconds": seconds,
    }  # fmt: skip


def measured(rounds: int, peak: float | None = None, spread: float = 0.01) -> MeasuredBlocks:
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
    case, environment = Case("efficientnet_b0", 224, 4, threads=2), Environment("epyc-1", "h", "s")
    return MeasuredBlocks(case, environment, rounds, peak, break_down(facts, 4, peak))


def test_the_document_names_units_and_loses_nothing() -> None:
    content = json.loads(json.dumps(plain(document(measured(3, peak=1e9))), allow_nan=False))
    assert {key: content[key] for key in ("model", "resolution", "batch", "threads", "machine", "rounds")} == {
        "model": "efficientnet_b0", "resolution": 224, "batch": 4, "threads": 2, "machine": "epyc-1", "rounds": 3,
    }  # fmt: skip
    assert [row["kind"] for row in content["kinds"]] == ["stem", "depthwise_3x3", "se", BETWEEN]
    assert [row["stage"] for row in content["stages"]] == ["stem", "stage 1", BETWEEN]
    assert sum(row["time_s"]["value"] for row in content["kinds"]) == pytest.approx(content["whole_s"]["value"])
    stem, *_, between = content["kinds"]
    assert stem["intensity_flop_per_byte"] == 80
    assert stem["peak_share"] == pytest.approx(8000 / 0.002 / 1e9, rel=0.01)
    assert between["peak_share"] is None


def test_people_read_tables_and_two_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    print_blocks(measured(1))
    printed = capsys.readouterr().out
    assert "depthwise 3x3" in printed
    assert "between modules" in printed
    assert "hooks add 2.00 us to a part" in printed
    assert "no fp32 peak is stored" in printed
    assert "doubtful" not in printed
    assert printed.splitlines()[-2:] == [
        "Squeeze-and-excitation: 0.9 % of the MACs, 15 % of the time.",
        "Depthwise convolutions: 8.2 % of the MACs, 50 % of the time.",
    ]


def test_passes_that_differ_are_reported(capsys: pytest.CaptureFixture[str]) -> None:
    print_blocks(measured(3, peak=1e9, spread=0.4))
    printed = capsys.readouterr().out
    assert "doubtful: passes of one round differed by 40 %" in printed
    assert "no fp32 peak" not in printed

"""Rounds of timed parts put together: shares, intervals, sentences."""

from __future__ import annotations

import math
from typing import Any

import pytest

from scalebench.analysis.part_times import break_down, sentences
from scalebench.suite.kinds import BETWEEN


def part(kind: str, stage: str, seconds: float, macs: int = 0, bytes_: int = 100) -> dict[str, Any]:
    return {
        "kind": kind, "stage": stage, "params": 1, "macs": macs, "activations": 2, "bytes": bytes_, "seconds": seconds,
    }  # fmt: skip


def facts(slower: float = 1.0) -> dict[str, Any]:
    parts = [
        part("stem", "stem", 1.0 * slower, macs=100),
        part("norm", "stem", 0.5 * slower),
        part("depthwise_5x5", "stage 1", 2.0 * slower, macs=50),
        part("depthwise_3x3", "stage 2", 2.0 * slower, macs=50),
        part("se", "stage 2", 1.0 * slower, macs=2),
        part("head", "head", 2.0 * slower, macs=798),
        part(BETWEEN, BETWEEN, 1.5 * slower, bytes_=0),
    ]
    return {
        "parts": parts,
        "whole_s": 10.0 * slower,
        "with_hooks_s": 11.0 * slower,
        "hook_overhead_s": 1e-6,
        "pass_spread": 0.01 * slower,
    }


def test_rows_of_both_tables_sum_up() -> None:
    found = break_down([facts(), facts(1.1), facts(0.95)], batch=1)
    for rows in (found.kinds, found.stages):
        assert sum(row.seconds.value for row in rows) == pytest.approx(found.whole.value)
        assert sum(row.time_share for row in rows) == pytest.approx(1)
        assert sum(row.macs_share for row in rows) == pytest.approx(1)
        assert sum(row.macs for row in rows) == 1000
        assert all(row.seconds.low < row.seconds.value < row.seconds.high for row in rows)


def test_order() -> None:
    found = break_down([facts()], batch=1)
    assert [row.key for row in found.kinds] == [
        "stem", "depthwise_3x3", "depthwise_5x5", "se", "norm", "head", BETWEEN,
    ]  # fmt: skip
    assert found.spread == 0.01
    assert [row.key for row in found.stages] == ["stem", "stage 1", "stage 2", "head", BETWEEN]


def test_rates_are_of_the_whole_batch() -> None:
    stem, *_, norm, head, between = break_down([facts()], batch=4, peak_flops=6400.0).kinds
    assert stem.intensity == 2 * 100 * 4 / 100
    assert stem.peak_share == pytest.approx(800 / 1.0 / 6400)
    assert head.peak_share == pytest.approx(2 * 798 * 4 / 2.0 / 6400)
    assert norm.intensity == 0
    assert math.isnan(norm.peak_share)
    assert math.isnan(between.intensity)
    assert all(math.isnan(row.peak_share) for row in break_down([facts()], batch=1).kinds)


def test_one_round_has_no_interval() -> None:
    found = break_down([facts()], batch=1)
    assert all(math.isnan(row.seconds.low) for row in found.kinds)
    assert found.kinds[-1].seconds.value == pytest.approx(1.5)


def test_sentences_join_depthwise_kernels() -> None:
    assert sentences(break_down([facts()], batch=1)) == [
        "Squeeze-and-excitation: 0.2 % of the MACs, 10 % of the time.",
        "Depthwise convolutions: 10 % of the MACs, 40 % of the time.",
    ]


def test_without_them_what_stands_out_most_is_named() -> None:
    plain = facts()
    plain["parts"] = [row for row in plain["parts"] if row["kind"] not in ("se", "depthwise_3x3", "depthwise_5x5")]
    assert sentences(break_down([plain], batch=1)) == [
        "Normalisation: 0.0 % of the MACs, 5.0 % of the time.",
        "Stem: 11 % of the MACs, 10 % of the time.",
    ]

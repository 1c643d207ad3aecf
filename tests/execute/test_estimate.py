"""Estimates follow the protocol's bounds."""

from __future__ import annotations

import pytest

from scalebench.execute.estimate import estimate, peak_bytes, round_seconds
from scalebench.suite.case import Case
from scalebench.suite.protocol import Protocol

P = Protocol(turns=0, warmup_s=1, warmup_max_s=10, chunk_s=1, chunk_max_s=5, min_iterations=10)


def test_a_tiny_model_costs_the_phases_least_time() -> None:
    assert round_seconds(Case("m", 32, protocol=P), 1000) == pytest.approx(1 + 1 + 1 + 1, abs=0.01)


def test_a_huge_model_costs_a_few_passes() -> None:
    once = 60.0
    seconds = round_seconds(Case("m", 32, protocol=P, threads=1), int(once * 15e9))
    assert seconds == pytest.approx(1 + 2 * once + once + 10 / 3 * once + once)


def test_activations_take_the_batch_and_weights_do_not() -> None:
    facts = {"peak_bytes_inference": 150, "weight_bytes": 100, "macs": 1}
    assert peak_bytes(Case("m", 32, batch=4), facts) == 100 + 4 * 50


def test_cases_without_a_count_are_left_out() -> None:
    case = Case("m", 32, protocol=P)
    assert estimate([case], {case.counted(): {"error": "no"}}).seconds == 0


def test_a_known_pass_takes_the_place_of_the_assumed_rate() -> None:
    """Of two cases one is known to take 2 s a pass: 1 + 2 + 2 + 4 + 20 / 3 + 2 s."""
    known, unknown = Case("a", 32, protocol=P), Case("b", 32, protocol=P)
    facts = {case.counted(): {"macs": 1000, "weight_bytes": 4} for case in (known, unknown)}
    total = estimate([known, unknown], facts, {known: 2.0}.get)
    assert total.seconds == pytest.approx(round_seconds(unknown, 1000) + 1 + 4 + 4 + 20 / 3 + 2)
    assert total.predicted == 0.5
    assert estimate([known, unknown], facts).predicted == 0.0


def test_by_turns_a_round_costs_its_turns() -> None:
    """Twelve turns of an untimed pass and 0.05 s; passes of a minute take two turns of one pass, and one before."""
    turned = Protocol(turns=12, turn_s=0.05, heat_s=4.0)
    assert round_seconds(Case("m", 32, protocol=turned), 1000) == pytest.approx(0.3 + 12 * 0.05, abs=0.01)
    assert round_seconds(Case("m", 32, protocol=turned), 1000, 60.0) == pytest.approx(0.3 + 60 + 2 * 60)

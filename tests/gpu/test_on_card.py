"""Rounds on a real card, skipped where torch sees none; ``tests/gpu/check_card.py`` runs them with all the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scalebench.errors import MachineError
from scalebench.execute.abba import describe
from scalebench.execute.client import Worker
from scalebench.execute.one_round import run_round
from scalebench.record import Environment, Record
from scalebench.suite.case import Case
from scalebench.suite.protocol import Protocol

WEIGHTS = 4 * 11_689_512
"""Of ResNet-18 in fp32."""
SHORT = Protocol(
    rounds=1, warmup_s=0.2, warmup_cuda_s=0.2, warmup_max_s=1.0, chunk_s=0.1, chunk_max_s=0.5, min_iterations=6,
    timeout_s=60, turns=0,
)  # fmt: skip
MACHINE = Environment("card", "hw", "sw")


@pytest.fixture(scope="module")
def card(worker: Worker) -> str:
    """The device that ``auto`` means."""
    try:
        device, _ = describe(worker, "auto")
    except MachineError as error:
        pytest.skip(error.message)
    if device == "cpu":
        pytest.skip("torch sees no accelerator")
    return device


@pytest.fixture
def case(card: str) -> Case:
    case = Case("resnet18", 64, batch=8, device=card, protocol=SHORT)
    if not case.kind.fork:
        pytest.skip("rounds start in fresh interpreters there")
    return case


def measured(worker: Worker, case: Case) -> Record:
    return run_round(worker, "card", case, 0, MACHINE)


def test_a_forked_round_measures_time_and_memory(worker: Worker, case: Case) -> None:
    record = measured(worker, case)
    assert record.outcome == "ok", record.error
    facts = record.facts
    assert WEIGHTS < facts["allocated_bytes"] <= facts["memory_bytes"]
    assert facts["process_bytes"] is None or facts["process_bytes"] >= facts["memory_bytes"]
    assert 0 < facts["issue_s"] <= 1.1 * facts["latency_s"]


@pytest.mark.parametrize("precision", ["tf32", "fp16", "bf16", "amp_fp16", "amp_bf16"])
def test_precisions_are_verified(worker: Worker, case: Case, precision: str) -> None:
    """A card that lacks one says so; it never computes in another."""
    if precision not in case.kind.runtimes["eager"]:
        pytest.skip(f"not offered on {case.device}")
    record = measured(worker, replace(case, precision=precision, layout="channels_last"))
    if record.ending == "error(MachineError)":
        pytest.skip(str(record.error))
    assert record.facts["verified"] == "ok", record.error
    assert record.facts["mean_error"] > 1e-6, "it was computed in fp32"


def test_a_graph_gives_the_eager_outputs(worker: Worker, case: Case) -> None:
    if "cuda_graph" not in case.kind.runtimes:
        pytest.skip("this kind has no graphs")
    record = measured(worker, replace(case, runtime="cuda_graph"))
    assert record.facts["verified"] == "ok", record.error


def test_out_of_memory_ends_one_round_only(worker: Worker, case: Case) -> None:
    """Two million images of 224 pixels take 1.2 TB."""
    too_large = measured(worker, replace(case, resolution=224, batch=2_000_000))
    assert too_large.ending == "oom_device", too_large.error
    assert measured(worker, case).outcome == "ok"

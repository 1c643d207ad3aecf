"""Input cases, measured for real in a process of their own."""

from __future__ import annotations

from dataclasses import asdict, replace
from statistics import median
from typing import Any

import pytest

from scalebench.errors import MachineError
from scalebench.execute.client import Worker
from scalebench.measure import pipeline
from scalebench.suite.case import INPUT, Case
from scalebench.suite.protocol import Protocol

FAST = Protocol(
    rounds=1, warmup_s=0.01, warmup_max_s=0.1, chunk_s=0.05, chunk_max_s=20.0, min_iterations=4, timeout_s=60
)
CASE = Case("pillow", 64, mode=INPUT, camera="320x240", protocol=FAST)


def measured(worker: Worker, case: Case) -> dict[str, Any]:
    ending = worker.run({"do": "measure", "case": asdict(case)}, 60)
    assert ending.error is None, ending
    answer: dict[str, Any] = ending.answers[0]
    return answer


def test_a_round_times_each_step_and_the_whole(worker: Worker) -> None:
    answer = measured(worker, CASE)
    facts, samples = answer["facts"], answer["samples"]
    steps = [samples[name] for name in pipeline.STEPS]
    assert len(samples["latency_s"]) >= 4
    for whole, *parts in zip(samples["latency_s"], *steps, strict=True):
        assert whole == pytest.approx(sum(parts))
        assert min(parts) > 0
    assert facts["latency_s"] == median(samples["latency_s"])
    assert facts["decode_s"] == median(samples["decode_s"])
    assert facts["throughput_ips"] == pytest.approx(facts["chunk_calls"] / samples["throughput_chunk_s"][0])


def test_a_round_says_how_large_the_photograph_is(worker: Worker) -> None:
    facts = measured(worker, CASE)["facts"]
    assert facts["jpeg_bytes_per_pixel"] == facts["jpeg_bytes"] / (320 * 240)
    assert 0.1 < facts["jpeg_bytes_per_pixel"] < 0.4


def test_a_round_is_watched(worker: Worker) -> None:
    telemetry = measured(worker, CASE)["telemetry"]
    assert telemetry["canary"]["before"]["matmul_s"] > 0
    assert telemetry["after"]


def test_processes_at_once_are_added_up(worker: Worker) -> None:
    answer = measured(worker, replace(CASE, instances=2))
    chunks = answer["samples"]["throughput_chunk_s"]
    assert len(chunks) == 2
    assert min(chunks) >= FAST.chunk_s
    ips, images = answer["facts"]["throughput_ips"], answer["facts"]["chunk_calls"]
    assert images / max(chunks) <= ips <= images / min(chunks)


def test_a_worker_that_dies_ends_the_round() -> None:
    """Nobody waits for ever for a process that was killed, and none is left behind."""
    import multiprocessing

    class Deadly:
        def decode(self, data: bytes, side: int) -> object:
            raise SystemExit(3)

        def resize(self, picture: object, side: int) -> object:
            raise AssertionError

    session = pipeline.InputSession(replace(CASE, instances=2), b"", Deadly())  # type: ignore[arg-type]
    with pytest.raises(MachineError, match="an input worker ended early"):
        pipeline.throughput(session)
    assert not multiprocessing.active_children()

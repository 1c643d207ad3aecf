"""Real small models through the probes, in a process of their own."""

from __future__ import annotations

from dataclasses import asdict, replace
from statistics import median
from typing import Any

import pytest
import torch

from scalebench.execute.client import Worker
from scalebench.suite.case import Case
from scalebench.suite.protocol import Protocol

FAST = Protocol(
    rounds=1, warmup_s=0.01, warmup_max_s=0.1, chunk_s=0.05, chunk_max_s=20.0, min_iterations=3, timeout_s=60
)
CASE = Case("resnet18", 64, threads=1, protocol=FAST)


def measured(worker: Worker, case: Case) -> dict[str, Any]:
    ending = worker.run({"do": "measure", "case": asdict(case)}, 60)
    assert ending.error is None, ending
    answer: dict[str, Any] = ending.answers[0]
    return answer


def test_a_round_delivers_samples_and_every_metric(worker: Worker) -> None:
    answer = measured(worker, CASE)
    assert len(answer["samples"]["latency_s"]) >= 3
    assert answer["facts"]["latency_s"] == median(answer["samples"]["latency_s"])
    assert answer["facts"]["throughput_ips"] > 0
    assert answer["facts"]["intraop_threads"] == 1
    assert answer["facts"]["allow_tf32"] is False
    assert sum(answer["samples"]["warmup_s"]) >= FAST.warmup_s


def test_throughput_is_images_over_its_own_chunk(worker: Worker) -> None:
    answer = measured(worker, replace(CASE, batch=4))
    (elapsed,) = answer["samples"]["throughput_chunk_s"]
    assert answer["facts"]["throughput_ips"] == pytest.approx(4 * answer["facts"]["chunk_calls"] / elapsed)


def test_memory_grows_with_the_batch_and_does_not_depend_on_what_ran_before(worker: Worker) -> None:
    """A large case before must not raise the peak of a small one: each is a process of its own."""
    cases = (CASE, replace(CASE, batch=32, resolution=128), CASE)
    before, large, after = (measured(worker, case)["facts"]["memory_bytes"] for case in cases)
    assert before > 40 * 2**20  # 46.8 MB of weights, some of them shared pages
    assert large - before > 32 * 3 * 128 * 128 * 4 * 3  # its three inputs alone
    assert after == pytest.approx(before, rel=0.25)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_cuda_round_has_issue_times() -> None:
    with Worker(fork=False) as fresh:
        answer = measured(fresh, replace(CASE, device="cuda:0"))
    assert 0 < answer["facts"]["issue_s"] < 1.1 * answer["facts"]["latency_s"]
    assert answer["facts"]["memory_bytes"] >= answer["facts"]["allocated_bytes"] > 0

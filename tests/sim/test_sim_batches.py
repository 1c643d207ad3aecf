"""Batches that a suite leaves open, searched on the simulated device until its memory ends or its kernels fill."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scalebench.execute.batch_search import best_batch, largest_batch
from scalebench.execute.client import Worker
from scalebench.execute.one_round import run_round
from scalebench.record import Environment, Record
from scalebench.suite.case import Case

CAPACITY = 4 * 5_440_000 + 16 * 2**20
"""The weights of ResNet-10, and 16 MiB for images and what the round takes beside them."""
MACHINE = Environment("test", "hw", "sw")
Simulate = Callable[..., None]


@pytest.fixture
def case(plugin: None) -> Case:
    return Case("resnet10t", 64, 64, device="sim:0", threads=1, batch_search="largest")


class Measurer:
    """Measures rounds, each once, as the journal of a run has them."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.records: dict[int, Record] = {}

    def __call__(self, case: Case) -> Record:
        if case.batch not in self.records:
            self.records[case.batch] = run_round(self._worker, "s", case, 0, MACHINE)
        return self.records[case.batch]


def test_the_largest_batch_is_found_by_running_out_of_memory(
    sim_worker: Worker, simulate: Simulate, case: Case
) -> None:
    """Every batch up to the answer runs, and the next one that was tried does not: less than a sixteenth is between."""
    simulate(capacity=CAPACITY)
    measure = Measurer(sim_worker)
    answer = largest_batch(case, measure)
    endings = {batch: record.ending for batch, record in measure.records.items()}
    assert set(endings.values()) == {"ok", "oom_device"}
    first_failing = min(batch for batch, ending in endings.items() if ending != "ok")
    assert 1 < answer.batch < first_failing <= answer.batch + max(1, answer.batch // 16)
    assert all((ending == "ok") == (batch <= answer.batch) for batch, ending in endings.items())
    assert answer.reason == f"resnet10t@64 runs at {answer.batch} and not at {first_failing} (oom_device)"


def test_the_best_batch_ends_where_memory_decides(sim_worker: Worker, simulate: Simulate, case: Case) -> None:
    """Kernels take as long for one image as for many, so that only memory ends the growth of throughput."""
    simulate(capacity=CAPACITY)
    measure = Measurer(sim_worker)
    answer = best_batch(case, case, measure)
    fits = [batch for batch, record in measure.records.items() if record.outcome == "ok"]
    assert answer.batch == max(fits)
    assert measure.records[2 * answer.batch].ending == "oom_device"

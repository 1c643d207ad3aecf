"""Copies at once: what they reach together, and what happens when one of them ends early."""

from __future__ import annotations

import os
import signal
from dataclasses import asdict, replace
from typing import Any

import pytest
import torch

from scalebench.errors import MachineError
from scalebench.execute.client import Worker
from scalebench.measure.copies import Copy, _combine, measure_copies
from scalebench.measure.session import Measurement, Session
from scalebench.suite.case import Case
from scalebench.suite.protocol import Protocol

FAST = Protocol(rounds=1, warmup_s=0.01, warmup_max_s=0.1, chunk_s=0.05, chunk_max_s=0.5, min_iterations=3)
CASE = Case("resnet18", 32, threads=1, protocol=FAST, instances=2)


def test_two_copies_are_timed_in_one_window(worker: Worker) -> None:
    """Throughput is that of both together; memory is that of both."""
    ending = worker.run({"do": "measure", "case": asdict(CASE)}, 120)
    assert ending.error is None, ending
    facts, one = ending.answers[0]["facts"], replace(CASE, instances=1)
    assert len(facts["copies_ips"]) == 2
    assert facts["throughput_ips"] == pytest.approx(sum(facts["copies_ips"]))
    assert len(ending.answers[0]["samples"]["latency_s"]) >= 6
    assert set(ending.answers[0]["telemetry"]) == {"canary", "gpu", "before", "after"}
    alone = worker.run({"do": "measure", "case": asdict(one)}, 120).answers[0]["facts"]
    assert facts["memory_bytes"] > 1.5 * alone["memory_bytes"]


def test_copies_share_what_was_made_for_the_first_time(worker: Worker) -> None:
    """Nothing is exported yet: it is done once, before there are copies, which may not start processes."""
    exported = replace(CASE, model="resnet10t", resolution=64, runtime="onnxruntime")
    ending = worker.run({"do": "measure", "case": asdict(exported)}, 120)
    assert ending.error is None, ending
    assert len(ending.answers[0]["facts"]["copies_ips"]) == 2
    assert ending.answers[0]["facts"]["prepare_s"] > 0


def _nothing(_: Session) -> Measurement:
    return Measurement()


def _raise(_: Session) -> Measurement:
    raise RuntimeError("no room")


def _die(_: Session) -> Measurement:
    os.kill(os.getpid(), signal.SIGKILL)
    return Measurement()


def _canary(_: torch.device) -> dict[str, float]:
    return {}


@pytest.mark.parametrize(("probe", "said"), [(_raise, "RuntimeError: no room"), (_die, "it was killed")])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_copy_that_ends_early_ends_the_round(probe: Any, said: str, when: str) -> None:
    """Before the window all copies have the probe, after it the first one; nobody waits for a copy that has gone."""
    before, after = (probe, _nothing) if when == "before" else (_nothing, probe)
    with pytest.raises(MachineError, match=said):
        measure_copies(CASE, None, before, after, _canary)


def test_copies_are_put_together() -> None:
    """Rates add up, laps take turns, and memory is unknown where one copy does not know its own."""
    facts = {"memory_bytes": 10, "process_bytes": None}
    one = Copy(Measurement(facts=facts), [1.0, 2.0, 3.0], 4, 2.0, ({}, {}), True, Measurement())
    two = replace(one, laps=[10.0], calls=2, before=Measurement(facts={"memory_bytes": 5, "process_bytes": 7}))
    found, _ = _combine(replace(CASE, batch=3), [one, two])
    assert found.samples["latency_s"] == [1.0, 10.0, 2.0, 3.0]
    assert found.facts["throughput_ips"] == pytest.approx(3 * 4 / 2 + 3 * 2 / 2)
    assert (found.facts["memory_bytes"], found.facts["process_bytes"]) == (15, None)

"""Copies at once: what they reach together, and what happens when one of them ends early."""

from __future__ import annotations

import os
import signal
import time
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from scalebench.errors import MachineError
from scalebench.execute.client import Worker
from scalebench.measure import copies
from scalebench.measure.clock import HostClock
from scalebench.measure.copies import Copy, Gates, _combine, measure_copies
from scalebench.measure.session import Measurement, Session
from scalebench.suite.case import Case
from scalebench.suite.protocol import Protocol

FAST = Protocol(rounds=1, warmup_s=0.01, warmup_max_s=0.1, chunk_s=0.05, chunk_max_s=20.0, min_iterations=3)
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


class QueueingDevice:
    """A device that works for 0.1 s on every pass, on a clock of its own; issuing a pass takes 1 ms."""

    def __init__(self) -> None:
        self.now = self.busy_until = 0.0

    def run(self) -> None:
        self.now += 0.001
        self.busy_until = max(self.busy_until, self.now) + 0.1

    def wait(self) -> None:
        self.now = max(self.now, self.busy_until)


@dataclass
class FinishesLater:
    """A shared count of copies: the others have finished when it has been asked so often."""

    asks: int = 50
    finished: int = 0

    def get_lock(self) -> Any:
        return nullcontext()

    @property
    def value(self) -> int:
        self.asks -= 1
        return self.finished if self.asks > 0 else 2

    @value.setter
    def value(self, finished: int) -> None:
        self.finished = finished


def test_a_copy_that_waits_for_the_others_leaves_nothing_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass of 0.1 s is 9.9 images/s, also where 48 passes were issued before the others had finished."""
    device = QueueingDevice()
    monkeypatch.setattr(time, "perf_counter", lambda: device.now)
    monkeypatch.setattr(time, "perf_counter_ns", lambda: round(device.now * 1e9))
    session: Any = SimpleNamespace(clock=HostClock(device.wait), run=device.run, describe=dict)
    monkeypatch.setattr(copies, "open_session", lambda *_: session)
    monkeypatch.setattr(copies, "warm", _nothing)
    monkeypatch.setattr(copies, "await_idle", lambda: True)
    others = FinishesLater(), FinishesLater()
    gates = Gates(2, SimpleNamespace(wait=int), SimpleNamespace(wait=int), others)
    case = replace(CASE, protocol=replace(FAST, chunk_s=1.0, chunk_max_s=5.0))
    measured = copies._measure_copy(1, case, None, gates, _nothing, _nothing)
    assert measured.calls / measured.elapsed_s == pytest.approx(1 / 0.101, rel=0.01)
    assert [copy.asks for copy in others] == [0, 0], "it loads the machine until both chunks of all are timed"


def test_copies_are_put_together() -> None:
    """Rates add up, laps take turns, and memory is unknown where one copy does not know its own."""
    facts = {"memory_bytes": 10, "process_bytes": None}
    one = Copy(Measurement(facts=facts), [1.0, 2.0, 3.0], 4, 2.0, ({}, {}), True, Measurement())
    two = replace(one, laps=[10.0], calls=2, before=Measurement(facts={"memory_bytes": 5, "process_bytes": 7}))
    found, _ = _combine(replace(CASE, batch=3), [one, two])
    assert found.samples["latency_s"] == [1.0, 10.0, 2.0, 3.0]
    assert found.facts["throughput_ips"] == pytest.approx(3 * 4 / 2 + 3 * 2 / 2)
    assert (found.facts["memory_bytes"], found.facts["process_bytes"]) == (15, None)

"""Probes on a clock that is told what to show."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, repeat
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from scalebench.errors import MachineError
from scalebench.measure.clock import HostClock
from scalebench.measure.latency import latency, throughput, warm
from scalebench.suite.case import Case
from scalebench.suite.protocol import Protocol

CASE = Case("resnet18", 64, batch=4, protocol=Protocol(warmup_s=0.1, chunk_s=1.0, min_iterations=3))


@dataclass
class ScriptedClock:
    """A clock whose laps are given; a chunk lasts as long as its laps together."""

    laps: Iterator[float]

    def lap(self, run: Callable[[], None]) -> float:
        return next(self.laps)

    def chunk(self, run: Callable[[], None], calls: int) -> float:
        return sum(next(self.laps) for _ in range(calls))


def session(*first: float, then: float = 0.25) -> Any:
    clock = ScriptedClock(chain(first, repeat(then)))
    return SimpleNamespace(case=CASE, clock=clock, device=torch.device("cpu"), run=lambda: None, iterations=None)


def test_the_first_two_laps_after_the_canary_are_nobodys() -> None:
    assert latency(session(9.0, 9.0)).samples == {"latency_s": [0.25] * 4}


def test_throughput_is_images_over_elapsed_time() -> None:
    """Four calls of a quarter second fill the second; the guess is not among them."""
    measurement = throughput(session(0.25, 0.5, 0.5))
    assert measurement.samples == {"throughput_chunk_s": [1.5]}
    assert measurement.facts == {"throughput_ips": 16 / 1.5, "chunk_calls": 4}


class OrdersOfOperators:
    """A GPU on a clock of its own: a pass has 60 operators, each issued in ``issue_s`` and executed in ``kernel_s``."""

    def __init__(self, issue_s: float, kernel_s: float) -> None:
        self.issue_s, self.kernel_s, self.now, self.busy_until = issue_s, kernel_s, 0.0, 0.0

    def run(self) -> None:
        for _ in range(60):
            self.now += self.issue_s
            self.busy_until = max(self.busy_until, self.now) + self.kernel_s

    def wait(self) -> None:
        self.now = max(self.now, self.busy_until)


@pytest.mark.parametrize(
    ("issue_s", "kernel_s", "lap_s", "noted"),
    [(50e-6, 10e-6, 60 * 50e-6 + 10e-6, True), (20e-6, 100e-6, 20e-6 + 60 * 100e-6, False)],
)
def test_launch_bound_is_a_matter_of_issuing(
    issue_s: float, kernel_s: float, lap_s: float, noted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events from before the first to after the last operator span 3.01 ms too, where the GPU works for 0.6 ms."""
    gpu = OrdersOfOperators(issue_s, kernel_s)
    monkeypatch.setattr(time, "perf_counter_ns", lambda: round(gpu.now * 1e9))
    timed_session = session()
    timed_session.case, timed_session.run = replace(CASE, device="cuda:0"), gpu.run
    timed_session.clock = HostClock(gpu.wait)
    measured = latency(timed_session)
    assert measured.facts["latency_s"] == pytest.approx(lap_s)
    assert measured.facts["issue_s"] == pytest.approx(60 * issue_s)
    assert bool(measured.notes) == noted


def test_on_a_cold_cache_it_is_overwritten_before_every_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the cache is written, outside the timed passes, and passes are never issued back to back."""
    diary: list[str] = []
    monkeypatch.setattr(torch.Tensor, "fill_", lambda buffer, _: diary.append(f"write {buffer.numel()}"))

    class Clock:
        def lap(self, run: Callable[[], None]) -> float:
            diary.append("lap")
            return 0.25

    cold: Any = session()
    cold.case, cold.clock = replace(CASE, cache="cold"), Clock()
    cold.accelerator = SimpleNamespace(cache_bytes=lambda: 1000)
    assert latency(cold).facts == {"latency_s": 0.25}
    assert throughput(cold).facts == {"throughput_ips": 16.0, "chunk_calls": 4}
    assert diary == ["write 2000", "lap"] * (2 + 4 + 1 + 4)


@pytest.mark.parametrize("probe", [warm, latency, throughput])
@pytest.mark.parametrize("good", [0, 1, 3])
def test_a_clock_that_goes_back_gives_no_number(probe: Callable[[Any], Any], good: int) -> None:
    """As when a virtual machine is moved to another host; wherever in the phase it happens."""
    with pytest.raises(MachineError, match="clock_went_back"):
        probe(session(*[0.01] * good, -5.0, then=-5.0))

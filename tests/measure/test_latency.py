"""Probes on a clock that is told what to show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, repeat
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from scalebench.errors import MachineError
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


@pytest.mark.parametrize("probe", [warm, latency, throughput])
@pytest.mark.parametrize("good", [0, 1, 3])
def test_a_clock_that_goes_back_gives_no_number(probe: Callable[[Any], Any], good: int) -> None:
    """As when a virtual machine is moved to another host; wherever in the phase it happens."""
    with pytest.raises(MachineError, match="clock_went_back"):
        probe(session(*[0.01] * good, -5.0, then=-5.0))

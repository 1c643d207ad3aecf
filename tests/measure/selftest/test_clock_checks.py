"""Checks of time, with clocks that are off by a known factor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import SimpleNamespace

import pytest
import torch

from scalebench.measure.accelerator import Accelerator
from scalebench.measure.selftest.bench import Bench
from scalebench.measure.selftest.clock_checks import clocks, fitting_batch, judge_pass, model_pass
from scalebench.suite.device_kinds import CPU, CUDA, MPS, DeviceKind

DEVICE = replace(CPU, on_host=False, events=True, canary_side=32, label="device", runtimes={})


@dataclass
class Clock:
    """Every call takes a millisecond by this clock, or ``factor`` times as long; issuing takes ``issue_s``."""

    factor: float = 1.0
    issue_s: float = 1e-4

    def chunk(self, run: Callable[[], object], calls: int) -> float:
        run()
        return 1e-3 * self.factor * calls

    def lap(self, run: Callable[[], object]) -> float:
        return self.chunk(run, 1)

    def issue(self, run: Callable[[], object]) -> float:
        run()
        return self.issue_s


def bench(
    kind: DeviceKind, host: Clock | None = None, events: Clock | None = None, threads: int = 2, window_s: float = 0.001
) -> Bench:
    made = Bench("cpu", threads, window_s)
    made.__dict__.update(
        accelerator=Accelerator(torch.device("cpu"), kind), host_clock=host or Clock(), device_clock=events or Clock()
    )
    return made


@pytest.mark.parametrize(
    ("factor", "verdict"),
    [(1.0, "pass"), (0.98, "pass"), (1.02, "pass"), (0.95, "fail"), (1.05, "fail"), (0.0, "fail")],
)
def test_a_clock_that_is_off_fails(factor: float, verdict: str) -> None:
    """Three per cent are allowed; 0 is an event that was never timed."""
    result = clocks(bench(DEVICE, events=Clock(factor)))
    assert result.verdict == verdict, result.finding
    assert result.figures["host_s"] == pytest.approx(0.05, rel=0.1), "the work is 50 ms long"


def test_the_cpu_has_one_clock_only() -> None:
    result = clocks(bench(CPU))
    assert (result.verdict, "only one" in result.finding) == ("not available", True)


@pytest.mark.parametrize(
    ("times", "verdict"),
    [
        ({"lap_s": 0.010, "issue_s": 0.002, "events_s": 0.0098, "graph_s": 0.0075}, "pass"),
        ({"lap_s": 0.010, "issue_s": 0.0099, "events_s": 0.0099}, "pass"),  # launch-bound, on a device without graphs
        ({"lap_s": 0.010, "issue_s": 0.002, "events_s": 0.0104}, "fail"),  # the host does not wait for all of it
        ({"lap_s": 0.010, "issue_s": 0.011}, "fail"),
        ({"lap_s": 0.010, "issue_s": 0.002, "events_s": 0.0098, "graph_s": 0.012}, "fail"),
    ],
)
def test_nothing_of_a_pass_takes_longer_than_the_pass(times: dict[str, float], verdict: str) -> None:
    assert judge_pass(**times).verdict == verdict


def test_a_host_clock_that_does_not_wait_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """It sees the issuing, a tenth of the pass, as the whole of it."""
    session = SimpleNamespace(run=lambda: None, once=lambda: None)
    monkeypatch.setattr(Bench, "session", lambda self, model, batch: session)
    check = model_pass("resnet18 batch 1")
    assert check(bench(DEVICE)).verdict == "pass"
    hasty = check(bench(DEVICE, host=Clock(factor=0.1)))
    assert hasty.verdict == "fail"
    assert "events 10.00" in hasty.finding


@pytest.mark.parametrize(
    ("kind", "threads", "model", "batch"),
    [
        (CUDA, 2, "resnet50", 256), (MPS, 2, "resnet50", 64), (CPU, 2, "resnet50", 4), (CPU, 64, "resnet50", 128),
        (CPU, 2, "efficientnet_b0", 64),
    ],
)  # fmt: skip
def test_large_batches_are_those_of_the_kinds_speed(kind: DeviceKind, threads: int, model: str, batch: int) -> None:
    """4.09 GMACs per image within a second, 0.39 of B0: 15 GMAC/s per core of a CPU, 500 of Apple's GPUs, else 2000."""
    assert fitting_batch(model, 256, bench(kind, threads=threads, window_s=1.0)) == batch


def test_a_smaller_batch_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []

    def session(_: Bench, model: str, batch: int) -> SimpleNamespace:
        batches.append(batch)
        return SimpleNamespace(run=lambda: None, once=lambda: None)

    monkeypatch.setattr(Bench, "session", session)
    result = model_pass("resnet50 batch 256")(bench(CPU, window_s=0.5))
    assert batches == [2]
    assert result.figures["batch"] == 2
    assert "batch 2 in place of 256" in result.finding

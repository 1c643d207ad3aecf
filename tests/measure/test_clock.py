"""The host clock counts calls and waits for the device on both sides."""

from __future__ import annotations

import time

import pytest
import torch

from scalebench.measure.accelerator import accelerator_of
from scalebench.measure.clock import EventClock, HostClock, device_clock, host_clock


def test_a_chunk_waits_before_and_after_all_calls() -> None:
    heard: list[str] = []
    elapsed = HostClock(lambda: heard.append("wait")).chunk(lambda: heard.append("run"), 3)
    assert heard == ["wait", "run", "run", "run", "wait"]
    assert elapsed > 0


def test_issuing_starts_on_an_idle_device_and_ends_before_it_is_idle_again(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []

    def read() -> int:
        heard.append("read")
        return 0

    monkeypatch.setattr(time, "perf_counter_ns", read)
    HostClock(lambda: heard.append("wait")).issue(lambda: heard.append("run"))
    assert heard == ["wait", "read", "run", "read", "wait"]


@pytest.mark.parametrize(("device", "clock"), [("cpu", HostClock), ("cuda:0", EventClock), ("mps:0", EventClock)])
def test_a_device_with_events_is_timed_by_them(device: str, clock: type) -> None:
    assert type(device_clock(accelerator_of(device))) is clock


def test_a_lap_is_one_call() -> None:
    heard: list[str] = []
    HostClock().lap(lambda: heard.append("run"))
    assert heard == ["run"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_events_and_host_agree_on_a_long_kernel() -> None:
    a = torch.randn(4096, 4096, device="cuda")

    def run() -> None:
        torch.mm(a, a)

    run()
    host, events = host_clock(a.device).chunk(run, 50), EventClock(accelerator_of(a.device)).chunk(run, 50)
    assert events == pytest.approx(host, rel=0.5)


def test_events_time_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recorded before the first call and after the last, read only once the second one has passed."""
    diary: list[str] = []

    class Event:
        def __init__(self, device: torch.device, enable_timing: bool) -> None:
            assert enable_timing
            assert device == torch.device("cuda:1")

        def record(self) -> None:
            diary.append("record")

        def synchronize(self) -> None:
            diary.append("wait")

        def elapsed_time(self, other: object) -> float:
            diary.append("read")
            return 3.0

    monkeypatch.setattr(torch, "Event", Event)
    clock = EventClock(accelerator_of("cuda:1"))
    assert clock.chunk(lambda: diary.append("call"), 2) == pytest.approx(0.003)
    assert diary == ["record", "call", "call", "record", "wait", "read"]

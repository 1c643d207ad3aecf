"""The host clock counts calls and waits for the device on both sides."""

from __future__ import annotations

import pytest
import torch

from scalebench.measure.clock import EventClock, HostClock, host_clock


def test_a_chunk_waits_before_and_after_all_calls() -> None:
    heard: list[str] = []
    elapsed = HostClock(lambda: heard.append("wait")).chunk(lambda: heard.append("run"), 3)
    assert heard == ["wait", "run", "run", "run", "wait"]
    assert elapsed > 0


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
    host, events = host_clock(a.device).chunk(run, 50), EventClock().chunk(run, 50)
    assert events == pytest.approx(host, rel=0.5)

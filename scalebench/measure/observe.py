"""Watches the machine while a round is timed: readings on both sides of the chunks, and the canary outside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Protocol, TypeVar

import torch

from scalebench.machine.telemetry import read
from scalebench.measure.canary import canary
from scalebench.measure.watch import watched

Found = TypeVar("Found")


class OnDevice(Protocol):
    """Something made ready to be timed."""

    @property
    def device(self) -> torch.device:
        """Where it runs."""
        ...


def observed(session: OnDevice, timed: Callable[[], Found]) -> tuple[Found, dict[str, Any]]:
    """Run the timed probes and say what was going on around them.

    Returns: what ``timed`` returned, and ``{"canary": {"before", "after"}, "before": reading, "after": reading,
        "gpu": what NVML saw during the chunks, or None}``.
    """
    first = canary(session.device)
    before = read()
    with watched(session.device) as gpu:
        found = timed()
    after = read()
    last = canary(session.device)
    return found, {
        "canary": {"before": first, "after": last},
        "before": asdict(before),
        "after": asdict(after),
        "gpu": gpu(),
    }

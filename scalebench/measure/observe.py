"""Telemetry of a round: readings of the machine before and after the timed chunks, and the canary outside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

import torch

from scalebench.machine.telemetry import read
from scalebench.measure.accelerator import accelerator_of
from scalebench.measure.canary import canary
from scalebench.measure.watch import watching

Result = TypeVar("Result")


def with_telemetry(device: torch.device, timed: Callable[[], Result]) -> tuple[Result, dict[str, Any]]:
    """Run the timed probes and record the state of the machine around them.

    Returns: what ``timed`` returned, and ``{"canary": {"before", "after"}, "before": reading, "after": reading,
        "gpu": summary of its counters of the chunks, or None}``.
    """
    first = canary(device)
    before = read()
    with watching(accelerator_of(device).readings()) as gpu_report:
        result = timed()
    after = read()
    last = canary(device)
    return result, {
        "canary": {"before": first, "after": last},
        "before": asdict(before),
        "after": asdict(after),
        "gpu": gpu_report(),
    }

"""Session: a case made ready to run, handed to every probe; and Measurement, what a probe gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from scalebench.measure.clock import Clock, host_clock
from scalebench.measure.memory import resident_bytes, settle, wake
from scalebench.measure.runtimes.base import Runtime
from scalebench.measure.runtimes.eager import Eager
from scalebench.model.build import build
from scalebench.suite.case import Case

RUNTIMES: dict[str, type[Runtime]] = {"eager": Eager}

_INPUTS = 3
"""Inputs are rotated, because a library may recognise the same one; randn, because zeros draw less power."""
_SEED = 20190528


@dataclass(frozen=True)
class Measurement:
    """What one probe found.

    Attributes:
        samples: raw samples by name, times in seconds.
        facts: single values by metric name, in SI units.
        notes: what it could not see, or found doubtful.
    """

    samples: Mapping[str, list[float]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Session:
    """A prepared case.

    Attributes:
        case: what is measured.
        run: one forward pass on the next input.
        clock: host clock that waits for the device.
        device: where it runs.
        resident_before: resident memory of the process before the model was built, bytes.
        description: facts about the runtime.
    """

    case: Case
    run: Callable[[], None]
    clock: Clock
    device: torch.device
    resident_before: int | None
    description: Mapping[str, Any]


def open_session(case: Case) -> Session:
    """Build the case's model with seeded random weights and its inputs, and prepare its runtime.

    Raises:
        BuildError, UnknownNameError: the model cannot be built.
        RuntimeError: torch's own, among them out of memory.
    """
    device = torch.device(case.device)
    torch.set_num_threads(case.threads)
    # torch's default runs "fp32" convolutions in TF32 on a GPU; here fp32 means fp32.
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.manual_seed(_SEED)
    wake(device)
    before = resident_bytes()
    model = build(case.variant, case.resolution).to(device)
    shape = (case.batch, 3, case.resolution, case.resolution)
    inputs = [torch.randn(shape, device=device) for _ in range(_INPUTS)]
    runtime = RUNTIMES[case.runtime]()
    run = runtime.prepare(model, inputs)
    settle()
    return Session(case, run, host_clock(device), device, before, runtime.describe())

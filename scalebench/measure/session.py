"""Session: a case made ready to run, handed to every probe; and Measurement, what a probe gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import nn

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
        telemetry: readings of the machine around the timed chunks; of a whole round only.
    """

    samples: Mapping[str, list[float]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    telemetry: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Session:
    """A prepared case.

    Attributes:
        case: what is measured.
        device: where it runs.
        clock: host clock that waits for the device.
        resident_before: resident memory of the process before the model was built, bytes.
        model, runtime: what runs, and how.
        first: the first input, batch x 3 x resolution x resolution.
        iterations: timed iterations asked for, or None for the protocol's own rule.
    """

    case: Case
    device: torch.device
    clock: Clock
    resident_before: int | None
    model: nn.Module
    runtime: Runtime
    first: torch.Tensor
    iterations: int | None = None

    @cached_property
    def once(self) -> Callable[[], None]:
        """One forward pass on the first input: what a user's process would hold, for memory."""
        return self.runtime.prepare(self.model, [self.first])

    @cached_property
    def run(self) -> Callable[[], None]:
        """One forward pass on the next of three inputs, which are made when this is first asked for."""
        others = [torch.randn_like(self.first) for _ in range(_INPUTS - 1)]
        return self.runtime.prepare(self.model, [self.first, *others])


def open_session(case: Case, iterations: int | None = None) -> Session:
    """Build the case's model with seeded random weights and its first input.

    Args:
        case: what to prepare.
        iterations: see ``Session``.

    Raises:
        BuildError, UnknownNameError: the model cannot be built.
        RuntimeError: torch's own, among them out of memory.
    """
    device = torch.device(case.device)
    if device.type == "cuda":
        torch.cuda.set_device(device)  # events are recorded on the current device's stream
    torch.set_num_threads(case.threads)
    # torch's default runs "fp32" convolutions in TF32 on a GPU; here fp32 means fp32.
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.manual_seed(_SEED)
    wake(device)
    before = resident_bytes()
    model = build(case.variant, case.resolution).to(device)
    first = torch.randn((case.batch, 3, case.resolution, case.resolution), device=device)
    settle()
    return Session(case, device, host_clock(device), before, model, RUNTIMES[case.runtime](), first, iterations)

"""Session: a case made ready to run, handed to every probe; and Measurement, what a probe gives back."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import cycle
from pathlib import Path
from typing import Any

import torch
from torch import nn

from scalebench.measure.clock import Clock, host_clock
from scalebench.measure.memory import resident_bytes, settle, wake
from scalebench.measure.runtimes.base import Forward, Runtime
from scalebench.measure.runtimes.selection import runtime_of
from scalebench.measure.runtimes.torchlike import set_tf32
from scalebench.measure.settling import load_statistics, settled
from scalebench.measure.training_steps import Steps
from scalebench.model.build import build
from scalebench.model.dense_heads import load
from scalebench.suite.case import Case
from scalebench.suite.refusals import is_reference

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
        model: what runs; None where the runtime has it in a file of its own.
        runtime: how it runs.
        made: facts of what had to be made beforehand.
        first: the first input, batch x 3 x resolution x resolution.
        iterations: timed iterations asked for, or None for the protocol's own rule.
    """

    case: Case
    device: torch.device
    clock: Clock
    resident_before: int | None
    model: nn.Module | None
    runtime: Runtime
    made: Mapping[str, Any]
    first: torch.Tensor
    iterations: int | None = None

    @cached_property
    def forward(self) -> Forward:
        """The runtime's forward pass."""
        return self.runtime.prepare(self.model, self.first)

    @cached_property
    def steps(self) -> Steps:
        """Training steps of the model."""
        assert self.model is not None  # noqa: S101 - runtimes that load a file offer no training
        return Steps(self.model, self.case)

    @property
    def work(self) -> Forward:
        """What the case times."""
        return self.steps if self.case.mode == "training" else self.forward

    @cached_property
    def once(self) -> Callable[[], None]:
        """The work on the first input: what a user's process would hold, for memory."""
        return self._over([self.first])

    @cached_property
    def run(self) -> Callable[[], None]:
        """The work on the next of three inputs, which are made when this is first asked for."""
        others = [torch.randn_like(self.first) for _ in range(_INPUTS - 1)]
        return self._over([self.first, *others])

    def _over(self, inputs: list[torch.Tensor]) -> Callable[[], None]:
        queue, work = cycle(inputs), self.work

        def run() -> None:
            work(next(queue))

        return run

    def describe(self) -> dict[str, Any]:
        """Facts on how it ran, once it has run."""
        return {**self.made, **self.runtime.describe()}


def open_session(case: Case, iterations: int | None = None) -> Session:
    """Build the case's model with seeded random weights and its first input.

    Args:
        case: what to prepare.
        iterations: see ``Session``.

    Raises:
        BuildError, UnknownNameError: the model cannot be built.
        RuntimeError: torch's own, among them out of memory.
    """
    statistics, runtime, made = beforehand(case)
    device = _use(case)
    wake(device)
    if runtime.needs_model:
        load(case.variant.task)
    before = resident_bytes()
    model = build_seeded(case, device, statistics) if runtime.needs_model else None
    first = _image(case, device)
    settle()
    return Session(case, device, host_clock(device), before, model, runtime, made, first, iterations)


def beforehand(case: Case) -> tuple[Path | None, Runtime, Mapping[str, Any]]:
    """Statistics, runtime and the facts of its making: what processes of their own make where it is not there yet."""
    statistics = settled(case, _plain) if _verified(case) else None
    return statistics, *runtime_of(case, example)


def example(case: Case) -> tuple[nn.Module, torch.Tensor]:
    """The very model and first input that a session of the case has."""
    statistics = settled(case, _plain)
    device = _use(case)
    return build_seeded(case, device, statistics), _image(case, device)


def _plain(case: Case) -> tuple[nn.Module, torch.Tensor]:
    device = _use(case)
    return build_seeded(case, device), _image(case, device)


def _verified(case: Case) -> bool:
    return case.mode == "inference" and not is_reference(case)


def _use(case: Case) -> torch.device:
    """Set this process up for the case."""
    device = torch.device(case.device)
    if device.type == "cuda":
        torch.cuda.set_device(device)  # events are recorded on the current device's stream
    torch.set_num_threads(case.threads)
    set_tf32(case)
    return device


def build_seeded(case: Case, device: torch.device, statistics: Path | None = None) -> nn.Module:
    """The case's model on its device, with the same random weights in every process.

    Args:
        case: what is built.
        device: where it lies.
        statistics: of its batch normalisation, see ``settling``; None leaves them fresh, where no number is looked at.
    """
    torch.manual_seed(_SEED)
    model = build(case.variant, case.resolution)
    if statistics is not None:
        load_statistics(model, statistics)
    return model.to(device)


def _image(case: Case, device: torch.device) -> torch.Tensor:
    torch.manual_seed(_SEED)
    return torch.randn((case.batch, 3, case.resolution, case.resolution), device=device)


def pin(case: Case, copy: int = 0) -> None:
    """Keep this process on cores of its own where the case asks for it; before any thread is started.

    Args:
        case: says how many threads a copy has.
        copy: which one this is; the cores of later ones lie behind those of the first.
    """
    if case.affinity == "pinned":
        cores = sorted(os.sched_getaffinity(0))
        first = copy * case.threads % len(cores)
        os.sched_setaffinity(0, cores[first : first + case.threads])

"""Session: a prepared case, the input of every probe; and Measurement, the result of a probe."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import cycle
from pathlib import Path
from typing import Any

import torch
from torch import nn

from scalebench.errors import MachineError
from scalebench.machine.gpu import Gpu
from scalebench.measure.accelerator import Accelerator, accelerator_of
from scalebench.measure.clock import HostClock, host_clock
from scalebench.measure.memory import resident_bytes, settle, wake
from scalebench.measure.reference import make_reference
from scalebench.measure.runtimes.base import Forward, Runtime
from scalebench.measure.runtimes.selection import runtime_of
from scalebench.measure.runtimes.torchlike import module_as_asked, set_tf32
from scalebench.measure.settling import load_settled, settled_file
from scalebench.measure.training_steps import Steps
from scalebench.model.build import build
from scalebench.model.dense_heads import load
from scalebench.model.own_python import imported
from scalebench.suite.case import Case
from scalebench.suite.own_files import channels_of, opened
from scalebench.suite.own_kinds import WEIGHTED
from scalebench.suite.refusals import is_reference

_INPUTS = 3
"""Inputs are rotated, because a library may recognise a repeated one; randn, because zeros draw less power."""
_SEED = 20190528


@dataclass(frozen=True)
class Measurement:
    """Result of one probe, or of a round.

    Attributes:
        samples: raw samples by name, times in seconds.
        facts: single values by metric name, in SI units.
        notes: flags: what could not be measured, or is doubtful.
        telemetry: readings of the machine around the timed chunks; of a round only.
    """

    samples: Mapping[str, list[float]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    telemetry: Mapping[str, Any] = field(default_factory=dict)


def merged(measurements: Iterable[Measurement], telemetry: Mapping[str, Any] | None = None) -> Measurement:
    """One measurement out of several; later ones win where names collide."""
    parts = list(measurements)
    return Measurement(
        samples={name: laps for part in parts for name, laps in part.samples.items()},
        facts={name: value for part in parts for name, value in part.facts.items()},
        notes=tuple(note for part in parts for note in part.notes),
        telemetry=telemetry or {},
    )


@dataclass(frozen=True)
class Session:
    """A prepared case.

    Attributes:
        case: model and configuration.
        device: of the case.
        clock: host clock that waits for the device.
        resident_before: resident memory of the process before the model was built, bytes.
        model: on its device; None where the runtime loads it from its own file.
        runtime: of the case.
        preparation: facts of exporting or compiling.
        first: the first input, batch x channels x resolution x resolution.
        iterations: timed iterations, or None for the protocol's own rule.
        used_before: memory in use on the card before this process used it, bytes; None where unknown.
    """

    case: Case
    device: torch.device
    clock: HostClock
    resident_before: int | None
    model: nn.Module | None
    runtime: Runtime
    preparation: Mapping[str, Any]
    first: torch.Tensor
    iterations: int | None = None
    used_before: int | None = None

    @cached_property
    def accelerator(self) -> Accelerator:
        """The case's device."""
        return accelerator_of(self.device)

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
        """The timed work: a training step or a forward pass."""
        return self.steps if self.case.mode == "training" else self.forward

    @cached_property
    def once(self) -> Callable[[], None]:
        """The work on the first input only, for memory: a user's process holds one input."""
        return self._rotating([self.first])

    @cached_property
    def run(self) -> Callable[[], None]:
        """The work on the next of three inputs, which are created at the first use."""
        others = [torch.randn_like(self.first) for _ in range(_INPUTS - 1)]
        return self._rotating([self.first, *others])

    def _rotating(self, inputs: list[torch.Tensor]) -> Callable[[], None]:
        queue, work = cycle(inputs), self.work

        def run() -> None:
            work(next(queue))

        return run

    def describe(self) -> dict[str, Any]:
        """Facts of preparation and runtime, once it has run."""
        return {**self.preparation, **self.runtime.describe()}


def open_session(case: Case, iterations: int | None = None) -> Session:
    """Build the case's model with seeded random weights and its first input.

    Raises:
        BuildError, UnknownNameError: the model cannot be built.
        RuntimeError: torch's own, among them out of memory.
    """
    settled, runtime, preparation = prepare_runtime(case)
    readings = accelerator_of(case.device).readings()
    used_before = readings.memory_used_bytes() if isinstance(readings, Gpu) else None
    device = _configure_process(case)
    wake(device)
    if runtime.needs_model:
        load_sources(case)
    before = resident_bytes()
    model = build_seeded(case, device, settled) if runtime.needs_model else None
    first = _image(case, device)
    settle()
    return Session(
        case, device, host_clock(device), before, model, runtime, preparation, first, iterations, used_before
    )


def prepare_runtime(case: Case) -> tuple[Path | None, Runtime, Mapping[str, Any]]:
    """Settled weights, runtime and facts of its preparation; what is not cached is made in processes of their own."""
    if case.mode != "inference" or is_reference(case):
        return None, *runtime_of(case, example)
    settled = _settled(case)
    make_reference(case, example)
    return settled, *runtime_of(case, example)


def load_sources(case: Case) -> None:
    """Import what builds the case's model, before its memory is measured."""
    load(case.variant.task)
    if case.variant.task == "python":
        imported(opened(case.model))


def _settled(case: Case) -> Path | None:
    """File of settled weights; None for models that bring weights of their own."""
    return None if case.variant.task in WEIGHTED else settled_file(case, _as_initialised)


def example(case: Case) -> tuple[nn.Module, torch.Tensor]:
    """Model and first input of a session of the case."""
    return _example(case, _settled(case))


def _as_initialised(case: Case) -> tuple[nn.Module, torch.Tensor]:
    return _example(case, None)


def _example(case: Case, settled: Path | None) -> tuple[nn.Module, torch.Tensor]:
    device = _configure_process(case)
    model = nn.Identity() if case.variant.task == "onnx" else build_seeded(case, device, settled)
    return model, _image(case, device)


def _configure_process(case: Case) -> torch.device:
    """Set device, threads and tf32 of this process for the case."""
    accelerator = accelerator_of(case.device)
    accelerator.select()
    if accelerator.lacks(case.precision):
        raise MachineError(f"{accelerator.name} has no {case.precision}, only an emulation", "leave it out of the grid")
    torch.set_num_threads(case.threads)
    set_tf32(case)
    torch.backends.cudnn.benchmark = case.cudnn_benchmark
    return accelerator.device


def build_seeded(case: Case, device: torch.device, settled: Path | None = None) -> nn.Module:
    """The case's model on ``device``, with the same random weights in every process.

    ``settled`` is the file of parameters and statistics that ``settling`` makes; None, where outputs are not compared,
    leaves them as the model initialises them. Weights are rounded to the case's precision on the host, as the device
    would, so that it never holds them in fp32 as well.
    """
    torch.manual_seed(_SEED)
    model = build(case.variant, case.resolution)
    if settled is not None:
        load_settled(model, settled)
    return module_as_asked(model, case).to(device)


def _image(case: Case, device: torch.device) -> torch.Tensor:
    torch.manual_seed(_SEED)
    return torch.randn((case.batch, channels_of(case.model), case.resolution, case.resolution), device=device)


def pin(case: Case, copy: int = 0) -> None:
    """Pin this process to its own cores if the case asks for it; must precede any thread.

    ``copy`` is the 0-based number of this copy; each takes the next cores.
    """
    if case.affinity == "pinned":
        cores = sorted(os.sched_getaffinity(0))
        first = copy * case.threads % len(cores)
        os.sched_setaffinity(0, cores[first : first + case.threads])

"""What doctor looks at: first all that can be read, then, while it holds the machine's lock, peaks and noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import typer

from scalebench.errors import MachineError, WorkerError
from scalebench.execute.abba import describe
from scalebench.execute.abilities import CAP_S, abilities, canary_series, kept, variation
from scalebench.execute.client import Worker
from scalebench.execute.lock import machine_lock
from scalebench.machine import checks
from scalebench.machine.ability import Ability
from scalebench.machine.checks import Check
from scalebench.machine.environment import collect, may_have_cuda, usable_cores
from scalebench.machine.nvml import Unavailable
from scalebench.machine.power import open_counters
from scalebench.machine.telemetry import between, read
from scalebench.record import Environment
from scalebench.store.floors import read_floor

BLOCKS = 10
"""Of the canary, half a second each: the coefficient of variation is then known to a quarter of itself."""


@dataclass(frozen=True)
class Findings:
    """What was found.

    Attributes:
        machines: by device.
        abilities: of devices whose peaks are known.
        checks: everything that was looked at.
    """

    machines: Mapping[str, Environment]
    abilities: Sequence[Ability]
    checks: Sequence[Check]

    @property
    def deciding(self) -> list[str]:
        """Names of what alone makes numbers from here untrustworthy."""
        return [check.name for check in self.checks if check.decides and check.state != "ok"]


Device = tuple[Ability | None, list[Check]]
"""What was found on one device."""


def examine(quick: bool) -> Findings:
    """Look at everything.

    Args:
        quick: measure nothing; peaks and noise floor as they are on disk. So it is as well where another run holds
            the machine's lock.

    Raises:
        StoreError: the stored noise floor is damaged.
        MachineError: the machine cannot be described.
    """
    with ExitStack() as stack:
        refusal = _lock(stack)
        first = [checks.alone(refusal), checks.load(), *_readable()]  # the worker's start would be a load of its own
        warm, fresh = stack.enter_context(Worker()), stack.enter_context(Worker(fork=False))
        machines = _machines(warm)
        if quick or refusal is not None:
            devices, stolen = [_known(environment, device) for device, environment in machines.items()], None
        else:
            before = read()
            devices = [_measured(warm if d == "cpu" else fresh, environment, d) for d, environment in machines.items()]
            stolen = between(before, read(), usable_cores()).steal_share
    known = [ability for ability, _ in devices if ability is not None]
    return Findings(
        machines, known, [*first, checks.steal(stolen), *(check for _, found in devices for check in found)]
    )


def measured_peaks() -> list[tuple[Environment, Ability]]:
    """Peaks of the CPU, and of the GPU that ``auto`` means: from disk, or measured now, 10 to 30 s.

    Raises:
        MachineError: another run holds the machine's lock.
        WorkerError: measuring ended early.
    """
    with machine_lock(), Worker() as warm, Worker(fork=False) as fresh:
        found = []
        for device, environment in _machines(warm).items():
            if kept(environment, device, usable_cores()) is None:
                _say_measuring(device)
            ability = abilities(warm if device == "cpu" else fresh, environment, device, usable_cores())
            found.append((environment, ability))
    return found


def _say_measuring(device: str) -> None:
    typer.echo(f"measuring the peaks of {device}: about {CAP_S[device.partition(':')[0]]:.0f} s", err=True)


def _lock(stack: ExitStack) -> tuple[str, str] | None:
    """Hold the machine's lock until the stack ends, or say why not: measuring would disturb whoever holds it."""
    try:
        stack.enter_context(machine_lock())
    except MachineError as error:
        return error.message, error.hint
    return None


def _machines(worker: Worker) -> dict[str, Environment]:
    """By device: the CPU, and the GPU that ``auto`` means. Starts torch only where there may be a GPU."""
    if not may_have_cuda():
        return {"cpu": collect("cpu")}
    return dict(describe(worker, word) for word in ("cpu", "auto"))


def _readable() -> list[Check]:
    return [
        checks.virtual(),
        checks.governor(),
        checks.clocks(),
        checks.group_limits(),
        checks.pressure(),
        checks.hardware_counters(),
        checks.memory_peak(),
        checks.energy("cpu", open_counters("cpu")),
        *_gpus(),
    ]


def _gpus() -> list[Check]:
    if not may_have_cuda():
        return [checks.no_gpu()]
    boards = checks.gpus()
    if isinstance(boards, Unavailable):
        return [checks.energy("cuda", boards)]
    return [
        check
        for index, board in enumerate(boards)
        for check in (checks.gpu(index, board), checks.energy(f"GPU {index}", open_counters("cuda", board)))
    ]


def _known(environment: Environment, device: str) -> Device:
    """As it is on disk."""
    ability = kept(environment, device, usable_cores())
    return ability, [*_said(ability), checks.canary(device, None, 0), _floor(environment, device)]


def _measured(worker: Worker, environment: Environment, device: str) -> Device:
    """Peaks that are not on disk, and the noise now; what fails is a finding too."""
    threads, noise, failed = usable_cores(), None, []
    ability = kept(environment, device, threads)
    try:
        if ability is None:
            _say_measuring(device)
            ability = abilities(worker, environment, device, threads)
        typer.echo(f"measuring the noise of {device}: about 5 s", err=True)
        noise = variation(canary_series(worker, device, threads, BLOCKS))
    except WorkerError as error:
        failed = [checks.failed(device, error.message, error.hint)]
    return ability, [*_said(ability), *failed, checks.canary(device, noise, BLOCKS), _floor(environment, device)]


def _said(ability: Ability | None) -> list[Check]:
    return [] if ability is None else [checks.peaks(ability)]


def _floor(environment: Environment, device: str) -> Check:
    found = read_floor(environment.hw_key)
    return checks.floor(device, found.floor, found.n, found.when) if found else checks.floor(device, None)

"""What this machine is and can measure: all that can be read; then, holding the machine's lock, its peaks and noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from scalebench.errors import MachineError, WorkerError
from scalebench.execute.abba import describe
from scalebench.execute.abilities import abilities, canary_series, kept, variation
from scalebench.execute.client import Worker
from scalebench.execute.events import Listener, Note, PeaksStarted, silent
from scalebench.execute.lock import machine_lock
from scalebench.machine import checks
from scalebench.machine.ability import Ability
from scalebench.machine.accelerators import Accelerators, find_accelerators
from scalebench.machine.amd_gpu import all_amd
from scalebench.machine.checks import Check
from scalebench.machine.environment import collect, usable_cores
from scalebench.machine.gpu import Unavailable
from scalebench.machine.kernel import refuse_windows
from scalebench.machine.nvml import all_nvml
from scalebench.machine.power import open_counters
from scalebench.machine.telemetry import between, read
from scalebench.record import Environment
from scalebench.store.floors import read_floor
from scalebench.suite.device_kinds import AUTO, CPU, CUDA, ROCM, DeviceKind, kind_of

CANARY_BLOCKS = 10
"""Half a second each: the coefficient of variation is then known to a quarter of itself."""


@dataclass(frozen=True)
class MachineExamination:
    """What this machine is and can measure: environments by device, the peaks that are known, all checks."""

    machines: Mapping[str, Environment]
    abilities: Sequence[Ability]
    checks: Sequence[Check]

    @property
    def deciding(self) -> list[str]:
        """Names of failed checks that alone make measurements untrustworthy."""
        return [check.name for check in self.checks if check.decides and check.state != "ok"]


_LISTERS = {CUDA.telemetry: all_nvml, ROCM.telemetry: all_amd}
"""Library of counters -> all boards that it knows."""

DeviceExamination = tuple[Ability | None, list[Check]]


def examine(quick: bool = False, announce: Listener = silent) -> MachineExamination:
    """Check everything that matters for measurements on this machine.

    ``quick``, or another run that holds the machine's lock: measure nothing, report peaks and noise floor as stored.

    Raises:
        StoreError: the stored noise floor is damaged.
        MachineError: the machine cannot be described, or this is Windows.
    """
    refuse_windows()  # below, a lock that another run holds is a finding, and no reason to stop
    with ExitStack() as stack:
        refusal = _try_lock(stack)
        first = [checks.alone(refusal), checks.load(), *_readable()]  # the worker's start would be a load of its own
        warm, fresh = stack.enter_context(Worker()), stack.enter_context(Worker(fork=False))
        stored_only = quick or refusal is not None
        devices, machines, before = [], _machines(warm), read()
        for device, environment in machines.items():
            worker = None if stored_only else warm if kind_of(device).fork else fresh
            devices.append(examine_device(worker, environment, device, announce))
        stolen = None if stored_only else between(before, read(), usable_cores()).steal_share
    peaks = [ability for ability, _ in devices if ability is not None]
    of_devices = [check for _, device_checks in devices for check in device_checks]
    return MachineExamination(machines, peaks, [*first, checks.steal(stolen), *of_devices])


def measure_peaks(announce: Listener = silent) -> list[tuple[Environment, Ability]]:
    """Peaks of the CPU, and of the GPU that ``auto`` means: stored ones, or measured now, 10 to 30 s.

    Raises:
        MachineError: another run holds the machine's lock.
        WorkerError: measuring ended early.
    """
    with machine_lock(), Worker() as warm, Worker(fork=False) as fresh:
        return [
            (
                environment,
                peaks_of(warm if kind_of(device).fork else fresh, environment, device, usable_cores(), announce),
            )
            for device, environment in _machines(warm).items()
        ]


def peaks_of(worker: Worker, environment: Environment, device: str, threads: int, announce: Listener) -> Ability:
    """Stored peaks of a device, or peaks measured now, which is announced.

    Raises:
        WorkerError: measuring ended early.
    """
    if kept(environment, device, threads) is None:
        announce(PeaksStarted(device, threads))
    return abilities(worker, environment, device, threads)


def _try_lock(stack: ExitStack) -> tuple[str, str] | None:
    """Hold the machine's lock until the stack ends; message and hint where another run holds it."""
    try:
        stack.enter_context(machine_lock())
    except MachineError as error:
        return error.message, error.hint
    return None


def _machines(worker: Worker) -> dict[str, Environment]:
    """Environments of the CPU and of the device that ``auto`` means. Starts torch only where there may be another."""
    if not find_accelerators().ask_torch:
        return {CPU.name: collect(CPU.name)}
    return dict(describe(worker, word) for word in (CPU.name, AUTO))


def _readable() -> list[Check]:
    return [
        checks.virtual(), checks.governor(), checks.clocks(), checks.group_limits(), checks.pressure(),
        checks.hardware_counters(), checks.memory_peak(), checks.energy(CPU.name, open_counters(CPU.name)),
        *_gpus(find_accelerators()),
    ]  # fmt: skip


def _gpus(found: Accelerators) -> list[Check]:
    """Checks of every kind of GPU in the machine, whether torch can use it or not."""
    rows = [check for kind in found.seen for check in (_boards(kind) if kind in found.usable else [])]
    rows += [checks.unusable(kind.label, found.why_none(kind)) for kind in found.seen if kind not in found.usable]
    return rows or [checks.no_gpu()]


def _boards(kind: DeviceKind) -> list[Check]:
    lister = _LISTERS.get(kind.telemetry)
    boards = lister() if lister else Unavailable("no_library", f"{kind.label}: read while torch uses the device")
    if isinstance(boards, Unavailable):
        return [checks.energy(kind.name, boards)]
    return [
        check
        for index, board in enumerate(boards)
        for check in (checks.gpu(index, board), checks.energy(f"GPU {index}", open_counters(kind.name, board)))
    ]


def examine_device(
    worker: Worker | None, environment: Environment, device: str, announce: Listener
) -> DeviceExamination:
    """Peaks and noise of a device; without a ``worker`` only what is stored. A failure to measure is a check."""
    threads, noise, failures = usable_cores(), None, []
    ability, floor = kept(environment, device, threads), read_floor(environment.hw_key)
    if worker is not None:
        try:
            ability = peaks_of(worker, environment, device, threads, announce)
            announce(Note(f"measuring the noise of {device}: about 5 s"))
            noise = variation(canary_series(worker, device, threads, CANARY_BLOCKS))
        except WorkerError as error:
            failures = [checks.failed(device, error.message, error.hint)]
    return ability, [
        *([checks.peaks(ability)] if ability else []),
        *failures,
        checks.canary(device, noise, CANARY_BLOCKS),
        checks.floor(device, floor.floor, floor.basis, floor.when) if floor else checks.floor(device, None),
    ]

"""Concurrent copies of one model: k processes that share the machine, all timed in the same window.

The sum of their rates is the node's capacity; k times the rate of one copy is not, because copies compete for cores,
caches and bandwidth. A copy that has timed its chunk keeps working, untimed, until all have.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, zip_longest
from multiprocessing.connection import Connection, wait
from statistics import median
from typing import Any

import torch

from scalebench.errors import MachineError
from scalebench.machine.limits import die_with_parent
from scalebench.machine.telemetry import read
from scalebench.measure.canary import await_idle
from scalebench.measure.latency import no_collection, warm
from scalebench.measure.sampling import timed, window
from scalebench.measure.session import Measurement, Session, merged, open_session, pin, prepare_runtime
from scalebench.suite.case import Case

Probe = Callable[[Session], Measurement]
_POLL_S = 0.05
_ENDING_S = 5.0
"""Time in which a copy that has sent its results frees its memory and ends, at most."""
_SUMMED = ("memory_bytes", "process_bytes", "allocated_bytes")


@dataclass(frozen=True)
class Gates:
    """Synchronisation of the copies.

    Attributes:
        number: of copies.
        warm: barrier of all copies and their parent after warm-up.
        start: barrier of all copies before the throughput chunk.
        timed: numbers of copies that have timed their latency chunk and their throughput chunk.
    """

    number: int
    warm: Any
    start: Any
    timed: tuple[Any, Any]


@dataclass(frozen=True)
class Copy:
    """Results of one copy: probes before and after, laps, throughput chunk; ``idle``: its threads slept by then."""

    before: Measurement
    laps: list[float]
    calls: int
    elapsed_s: float
    readings: tuple[dict[str, Any], dict[str, Any]]
    idle: bool
    after: Measurement


def measure_copies(
    case: Case, iterations: int | None, before: Probe, after: Probe, canary: Callable[[torch.device], dict[str, float]]
) -> tuple[list[Measurement], dict[str, Any]]:
    """Measure ``case.instances`` copies in child processes. This process must not have used threads or devices before.

    Each copy runs the probe ``before`` first, and the first copy the probe ``after`` last. This process times the
    canary before the window, while all copies wait, and after they have ended.

    Returns: measurements to be merged, and the telemetry of the window.

    Raises:
        MachineError: a copy ended early.
    """
    prepare_runtime(case)  # once for all: daemonic copies cannot start processes
    context = multiprocessing.get_context("fork")
    number = case.instances
    timed_copies = context.Value("i", 0), context.Value("i", 0)
    gates = Gates(number, context.Barrier(number + 1), context.Barrier(number), timed_copies)
    copies: dict[Connection, Any] = {}
    try:
        for index in range(number):
            receiver, process = start_child(_run_copy, (index, case, iterations, gates, before, after))
            copies[receiver] = process
        device = torch.device(case.device)
        _await_warm(gates, copies)
        torch.set_num_threads(case.threads)
        first = canary(device)
        gates.warm.wait()
        results = _receive_all(copies)
        for process in copies.values():
            process.join(_ENDING_S)
        last = canary(device)
    finally:
        for process in copies.values():
            process.kill()
    first["idle"] = first["idle"] and all(copy.idle for copy in results)
    telemetry = {"canary": {"before": first, "after": last}, "gpu": None}
    telemetry |= dict(zip(("before", "after"), results[0].readings, strict=True))
    return _combine(case, results), telemetry


def start_child(target: Callable[..., None], args: tuple[Any, ...]) -> tuple[Connection, Any]:
    """Fork a daemonic process that calls ``target(*args, sender)``; the receiving end of its pipe, and the process."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=target, args=(*args, sender), daemon=True)
    process.start()
    sender.close()  # so that receiving ends when the child does
    return receiver, process


def receive(receiver: Any, name: str) -> Any:
    """What the child ``name`` sends.

    Raises:
        MachineError: it sent an error message, or ended without sending.
    """
    try:
        answer = receiver.recv()
    except EOFError:
        answer = "it was killed or failed"
    if isinstance(answer, str):
        raise MachineError(f"{name} ended early: {answer}")
    return answer


def _run_copy(
    index: int, case: Case, iterations: int | None, gates: Gates, before: Probe, after: Probe, sender: Connection
) -> None:
    die_with_parent()
    try:
        sender.send(_measure_copy(index, case, iterations, gates, before, after))
    except BaseException as error:
        sender.send(f"{type(error).__name__}: {error}")
        raise


def _measure_copy(index: int, case: Case, iterations: int | None, gates: Gates, before: Probe, after: Probe) -> Copy:
    pin(case, index)
    session = open_session(case, iterations)
    early = [before(session), warm(session)]
    idle = await_idle()  # the canary runs in the parent
    gates.warm.wait()  # the canary runs while all wait
    gates.warm.wait()
    start = asdict(read())

    def lap() -> float:
        """A pass that is waited for: passes that only queue up on a device would run into the next chunk."""
        return session.clock.lap(session.run)

    with no_collection():
        laps = timed(lap, case.protocol, iterations)
        work_until_all(gates.timed[0], gates.number, lap)
        gates.start.wait()
        calls, elapsed = window(lap, case.protocol.chunk_s)
        work_until_all(gates.timed[1], gates.number, lap)
    end = asdict(read())
    late = after(session) if index == 0 else Measurement()
    described = Measurement(facts=session.describe())
    return Copy(merged([described, *early]), laps, calls, elapsed, (start, end), idle, late)


def work_until_all(finished: Any, number: int, run: Callable[[], object]) -> None:
    """Count this process as finished, and keep the machine loaded until all ``number`` have finished."""
    with finished.get_lock():
        finished.value += 1
    while finished.value < number:
        run()


def _await_warm(gates: Gates, copies: Mapping[Connection, Any]) -> None:
    """Wait until all copies are warm.

    Raises:
        MachineError: one has ended instead.
    """
    while gates.warm.n_waiting < gates.number:
        for receiver in wait(list(copies), timeout=_POLL_S):  # only a failed copy sends anything before the start
            receive(receiver, "a copy")
    gates.warm.wait()


def _receive_all(copies: Mapping[Connection, Any]) -> list[Copy]:
    """Results of the copies, in their order.

    Raises:
        MachineError: one has ended early; the others would wait for it.
    """
    results: dict[Any, Copy] = {}
    while len(results) < len(copies):
        for receiver in wait([receiver for receiver in copies if receiver not in results]):
            results[receiver] = receive(receiver, "a copy")
    return [results[receiver] for receiver in copies]


def _combine(case: Case, copies: Sequence[Copy]) -> list[Measurement]:
    """One measurement: laps of all copies interleaved, sums of images and memory; and the probe after the window."""
    laps = [lap for turn in zip_longest(*(copy.laps for copy in copies)) for lap in turn if lap is not None]
    rates = [copy.calls * case.batch / copy.elapsed_s for copy in copies]
    facts: dict[str, Any] = {**copies[0].before.facts, "latency_s": median(laps), "throughput_ips": sum(rates)}
    for name in _SUMMED:
        values = [copy.before.facts.get(name) for copy in copies]
        if name in facts:
            facts[name] = None if None in values else sum(value for value in values if value is not None)
    facts |= {"chunk_calls": sum(copy.calls for copy in copies), "copies_ips": rates}
    notes = tuple(dict.fromkeys(chain.from_iterable(copy.before.notes for copy in copies)))
    samples = {"latency_s": laps, "throughput_chunk_s": [copy.elapsed_s for copy in copies]}
    return [Measurement(samples, facts, notes), copies[0].after]

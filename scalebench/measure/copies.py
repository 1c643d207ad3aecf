"""Copies of one model at once: k processes that share the machine, all timed in the same window.

Node capacity is what they reach together. One copy times k is not: copies compete for cores, caches and bandwidth.
A copy that has timed its chunk goes on working, untimed, until the last one has.
"""

from __future__ import annotations

import multiprocessing
import time
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
from scalebench.measure.latency import no_collection, warm
from scalebench.measure.sampling import forward, timed
from scalebench.measure.session import Measurement, Session, beforehand, open_session, pin
from scalebench.suite.case import Case

Probe = Callable[[Session], Measurement]
_LOOK_S = 0.05
_SUMS = ("memory_bytes", "process_bytes", "allocated_bytes")


@dataclass(frozen=True)
class Gates:
    """Where copies wait for each other.

    Attributes:
        number: of copies.
        warm: all of them, and who started them, once warm-up is over.
        start: all of them, before the throughput chunk.
        timed: how many have timed their latency chunk, and how many their throughput chunk.
    """

    number: int
    warm: Any
    start: Any
    timed: tuple[Any, Any]


@dataclass(frozen=True)
class Copy:
    """What one copy found: the probes before and after, seconds of each pass, and its throughput chunk."""

    before: Measurement
    laps: list[float]
    calls: int
    elapsed_s: float
    readings: tuple[dict[str, Any], dict[str, Any]]
    after: Measurement


def measure_copies(
    case: Case, iterations: int | None, before: Probe, after: Probe, canary: Callable[[torch.device], dict[str, float]]
) -> tuple[list[Measurement], dict[str, Any]]:
    """Measure ``case.instances`` copies in this process's children; this one has used no thread and no device yet.

    Args:
        case: what each of them runs.
        iterations: of the latency chunk, or None for the protocol's own rule.
        before: probe of each copy before anything is timed.
        after: probe of the first copy, once all have ended.
        canary: timed by this process on both sides of the window, while the copies wait or have gone.

    Returns: measurements to be merged, and the telemetry of the window.

    Raises:
        MachineError: a copy ended early.
    """
    beforehand(case)  # once for all; a copy may not start a process of its own
    context = multiprocessing.get_context("fork")
    number = case.instances
    gates = Gates(number, context.Barrier(number + 1), context.Barrier(number), (_counter(context), _counter(context)))
    copies: dict[Connection, Any] = {}
    try:
        for at in range(number):
            listen, tell = context.Pipe(duplex=False)
            copies[listen] = context.Process(
                target=_copy, args=(at, case, iterations, gates, before, after, tell), daemon=True
            )
            copies[listen].start()
            tell.close()  # so that reading ends where the copy does
        device = torch.device(case.device)
        _await_warm(gates, copies)
        torch.set_num_threads(case.threads)
        first = canary(device)
        gates.warm.wait()
        found = _gathered(copies)
        last = canary(device)
    finally:
        for process in copies.values():
            process.kill()
    telemetry = {"canary": {"before": first, "after": last}, "gpu": None}
    telemetry |= dict(zip(("before", "after"), found[0].readings, strict=True))
    return _together(case, found), telemetry


def _counter(context: Any) -> Any:
    return context.Value("i", 0)


def _copy(
    at: int, case: Case, iterations: int | None, gates: Gates, before: Probe, after: Probe, tell: Connection
) -> None:
    die_with_parent()
    try:
        tell.send(_measured(at, case, iterations, gates, before, after))
    except BaseException as error:
        tell.send(f"{type(error).__name__}: {error}")
        raise


def _measured(at: int, case: Case, iterations: int | None, gates: Gates, before: Probe, after: Probe) -> Copy:
    pin(case, at)
    session = open_session(case, iterations)
    early = [before(session), warm(session)]
    gates.warm.wait()  # the canary runs while all wait
    gates.warm.wait()
    start = asdict(read())
    with no_collection():
        laps = timed(lambda: session.clock.lap(session.run), case.protocol, iterations)
        _until_all(gates.timed[0], gates.number, session)
        gates.start.wait()
        calls, elapsed = _chunk(session)
        _until_all(gates.timed[1], gates.number, session)
    end = asdict(read())
    late = after(session) if at == 0 else Measurement()
    described = Measurement(facts=session.describe())
    return Copy(_joined([described, *early]), laps, calls, elapsed, (start, end), late)


def _chunk(session: Session) -> tuple[int, float]:
    """Passes issued in one window of time, and its length in seconds."""
    calls, started = 0, time.perf_counter()
    while True:
        session.clock.lap(session.run)
        calls += 1
        elapsed = forward(time.perf_counter() - started)
        if elapsed >= session.case.protocol.chunk_s:
            return calls, elapsed


def _until_all(counter: Any, number: int, session: Session) -> None:
    with counter.get_lock():
        counter.value += 1
    while counter.value < number:
        session.run()


def _await_warm(gates: Gates, copies: Mapping[Connection, Any]) -> None:
    """Wait until all copies are warm.

    Raises:
        MachineError: one has ended instead.
    """
    while gates.warm.n_waiting < gates.number:
        for listen in wait(list(copies), timeout=_LOOK_S):  # none has anything to say yet, but that it failed
            _heard(listen)
    gates.warm.wait()


def _gathered(copies: Mapping[Connection, Any]) -> list[Copy]:
    """What each copy found, in their order.

    Raises:
        MachineError: one has ended early; the others would wait for it.
    """
    found: dict[Any, Copy] = {}
    while len(found) < len(copies):
        for listen in wait([listen for listen in copies if listen not in found]):
            found[listen] = _heard(listen)
    return [found[listen] for listen in copies]


def _heard(listen: Any) -> Copy:
    try:
        found = listen.recv()
    except EOFError:
        found = "it was killed"
    if not isinstance(found, Copy):
        raise MachineError(f"a copy ended early: {found}")
    return found


def _joined(found: Sequence[Measurement]) -> Measurement:
    facts = {name: value for one in found for name, value in one.facts.items()}
    return Measurement(facts=facts, notes=tuple(note for one in found for note in one.notes))


def _together(case: Case, found: Sequence[Copy]) -> list[Measurement]:
    """One measurement of all: laps of all copies in turn, images of all, memory of all."""
    laps = [lap for turn in zip_longest(*(copy.laps for copy in found)) for lap in turn if lap is not None]
    rates = [copy.calls * case.batch / copy.elapsed_s for copy in found]
    facts: dict[str, Any] = {**found[0].before.facts, "latency_s": median(laps), "throughput_ips": sum(rates)}
    for name in _SUMS:
        values = [copy.before.facts.get(name) for copy in found]
        if name in facts:
            facts[name] = None if None in values else sum(value for value in values if value is not None)
    facts |= {"chunk_calls": sum(copy.calls for copy in found), "copies_ips": rates}
    notes = tuple(dict.fromkeys(chain.from_iterable(copy.before.notes for copy in found)))
    samples = {"latency_s": laps, "throughput_chunk_s": [copy.elapsed_s for copy in found]}
    return [Measurement(samples, facts, notes), found[0].after]

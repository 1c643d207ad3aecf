"""Warm-up, latency and throughput probes. Latency and throughput are never derived from each other."""

from __future__ import annotations

import gc
import math
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from scalebench.errors import MachineError
from scalebench.measure.clock import EventClock
from scalebench.measure.sampling import calls_for, checked_lap, timed, warm_up
from scalebench.measure.session import Measurement, Session

_LAUNCH_BOUND = 1.1
"""Ratio of host to device time above which a model is launch bound."""
_SETTLING_LAPS = 2
"""Untimed laps that fill the caches again, after the canary."""


def warm(session: Session) -> Measurement:
    """Forward passes until their time has settled."""
    warmup = warm_up(lambda: session.clock.lap(session.run), session.case.protocol, session.case.device)
    return Measurement({"warmup_s": warmup.laps}, notes=warmup.notes)


def latency(session: Session) -> Measurement:
    """Synchronised forward passes, timed one by one.

    On a GPU a second chunk is timed with events; the note ``launch_bound`` means that host time exceeds device time.
    """
    protocol = session.case.protocol
    for _ in range(_SETTLING_LAPS):
        session.clock.lap(session.run)
    with no_collection():
        samples = {"latency_s": timed(lambda: session.clock.lap(session.run), protocol, session.iterations)}
        if session.accelerator.kind.events:
            events = EventClock(session.accelerator)
            samples["latency_device_s"] = timed(lambda: events.lap(session.run), protocol, session.iterations)
    facts = {name: median(laps) for name, laps in samples.items()}
    ratio = facts["latency_s"] / facts.get("latency_device_s", math.inf)
    notes = (f"launch_bound: host time is {ratio:.2f} times the device time",) if ratio > _LAUNCH_BOUND else ()
    return Measurement(samples, facts, notes)


def throughput(session: Session) -> Measurement:
    """Forward passes issued back to back with one wait at the end; images over elapsed seconds."""
    calls = calls_for(checked_lap(session.clock.lap(session.run)), session.case.protocol)
    with no_collection():
        elapsed = checked_lap(session.clock.chunk(session.run, calls))
    if not elapsed:
        raise MachineError("clock_went_back: a chunk took no time")
    images = calls * session.case.batch
    return Measurement({"throughput_chunk_s": [elapsed]}, {"throughput_ips": images / elapsed, "chunk_calls": calls})


@contextmanager
def no_collection() -> Iterator[None]:
    """Collect garbage first, and switch the collector off within the block."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()

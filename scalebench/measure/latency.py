"""Warm-up, latency and throughput probes: latency and throughput are never derived from each other."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from scalebench.errors import MachineError
from scalebench.measure.clock import EventClock
from scalebench.measure.sampling import calls_for, forward, timed, warm_up
from scalebench.measure.session import Measurement, Session

_LAUNCH_BOUND = 1.1
"""Host time over device time above which a model is said to wait for its launches."""
_SETTLING_LAPS = 2
"""The canary before the chunk has emptied the caches of the model; these laps fill them again."""


def warm(session: Session) -> Measurement:
    """Forward passes until their time has settled."""
    found = warm_up(lambda: session.clock.lap(session.run), session.case.protocol, session.case.device)
    notes = () if found.settled else ("warmup_unsettled",)
    return Measurement({"warmup_s": found.laps}, notes=notes)


def latency(session: Session) -> Measurement:
    """Synchronised forward passes, timed one by one.

    On CUDA a second chunk is timed with events; ``launch_bound`` says that the host's clock saw more.
    """
    protocol = session.case.protocol
    for _ in range(_SETTLING_LAPS):
        session.clock.lap(session.run)
    with no_collection():
        samples = {"latency_s": timed(lambda: session.clock.lap(session.run), protocol, session.iterations)}
        if session.device.type == "cuda":
            events = EventClock()
            samples["latency_device_s"] = timed(lambda: events.lap(session.run), protocol, session.iterations)
    facts = {name: median(laps) for name, laps in samples.items()}
    notes = []
    if "latency_device_s" in facts and facts["latency_s"] > _LAUNCH_BOUND * facts["latency_device_s"]:
        notes.append(f"launch_bound: host {facts['latency_s'] / facts['latency_device_s']:.2f} times the device's time")
    return Measurement(samples, facts, tuple(notes))


def throughput(session: Session) -> Measurement:
    """Forward passes issued back to back with one wait at the end; images over elapsed seconds."""
    calls = calls_for(forward(session.clock.lap(session.run)), session.case.protocol)
    with no_collection():
        elapsed = forward(session.clock.chunk(session.run, calls))
    if not elapsed:
        raise MachineError("clock_went_back: a chunk took no time")
    images = calls * session.case.batch
    return Measurement({"throughput_chunk_s": [elapsed]}, {"throughput_ips": images / elapsed, "chunk_calls": calls})


@contextmanager
def no_collection() -> Iterator[None]:
    """Collect garbage before, and none during, what is timed."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()

"""Latency and throughput probes: separate measurements, never derived from each other."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from scalebench.measure.clock import EventClock
from scalebench.measure.sampling import calls_for, timed, warm_up
from scalebench.measure.session import Measurement, Session

_LAUNCH_BOUND = 1.1
"""Host time over device time above which a model is said to wait for its launches."""


def latency(session: Session) -> Measurement:
    """Warm up, then time synchronised forward passes one by one.

    On CUDA a second chunk is timed with events; ``launch_bound`` says that the host's clock saw more.
    """
    protocol = session.case.protocol
    warmup = warm_up(lambda: session.clock.lap(session.run), protocol)
    with _no_collection():
        laps = timed(lambda: session.clock.lap(session.run), protocol)
        samples = {"warmup_s": warmup.laps, "latency_s": laps}
        if session.device.type == "cuda":
            events = EventClock()
            samples["latency_device_s"] = timed(lambda: events.lap(session.run), protocol)
    facts = {"latency_s": median(laps)}
    notes = [] if warmup.settled else ["warmup_unsettled"]
    if "latency_device_s" in samples:
        facts["latency_device_s"] = median(samples["latency_device_s"])
        if facts["latency_s"] > _LAUNCH_BOUND * facts["latency_device_s"]:
            notes.append("launch_bound")
    return Measurement(samples, facts, tuple(notes))


def throughput(session: Session) -> Measurement:
    """Forward passes issued back to back with one wait at the end; images over elapsed seconds."""
    guess = session.clock.lap(session.run)
    calls = calls_for(guess, session.case.protocol)
    with _no_collection():
        elapsed = session.clock.chunk(session.run, calls)
    images = calls * session.case.batch
    return Measurement({"throughput_chunk_s": [elapsed]}, {"throughput_ips": images / elapsed, "chunk_calls": calls})


@contextmanager
def _no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()

"""Warm-up, latency and throughput probes. Latency and throughput are never derived from each other."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from scalebench.errors import MachineError
from scalebench.measure.cold_cache import lap_of
from scalebench.measure.sampling import calls_for, checked_lap, timed, warm_up
from scalebench.measure.session import Measurement, Session

_LAUNCH_BOUND = 0.9
"""Share of a pass that the host spends issuing it, above which the device waits for the host."""
_ISSUES = 10
_SETTLING_LAPS = 2
"""Untimed laps that fill the caches again, after the canary."""


def warm(session: Session) -> Measurement:
    """Forward passes until their time has settled."""
    warmup = warm_up(lambda: session.clock.lap(session.run), session.case.protocol, session.case.device)
    return Measurement({"warmup_s": warmup.laps}, notes=warmup.notes)


def latency(session: Session) -> Measurement:
    """Synchronised forward passes, timed one by one.

    On a GPU ``issue_s`` is the median time until the host has issued a pass. The note ``launch_bound`` means that this
    takes nearly the whole pass: the device finishes each operator before the next one arrives. Events cannot show it,
    because they span the gaps between operators.
    """
    protocol, lap = session.case.protocol, lap_of(session)
    for _ in range(_SETTLING_LAPS):
        lap()
    with no_collection():
        samples = {"latency_s": timed(lap, protocol, session.iterations)}
        issues = [] if session.case.kind.on_host else [session.clock.issue(session.run) for _ in range(_ISSUES)]
    facts = {"latency_s": median(samples["latency_s"])}
    if not issues:
        return Measurement(samples, facts)
    facts["issue_s"] = median(issues)
    share = facts["issue_s"] / facts["latency_s"]
    notes = (f"launch_bound: issuing takes {share:.0%} of a pass",) if share > _LAUNCH_BOUND else ()
    return Measurement(samples, facts, notes)


def throughput(session: Session) -> Measurement:
    """Forward passes issued back to back with one wait at the end; images over elapsed seconds.

    On a cold cache passes are timed one by one, and their times added.
    """
    lap = lap_of(session)
    calls = calls_for(checked_lap(lap()), session.case.protocol)
    with no_collection():
        if session.case.cache == "cold":
            elapsed = sum(checked_lap(lap()) for _ in range(calls))
        else:
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

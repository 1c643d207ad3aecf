"""What the canary says of a round, beside the canaries of other rounds.

Figures marked "observed" are from 1491 rounds on a virtual machine with 2 cores: each round's latency against the
median of its case, and its canaries against the median of their file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from scalebench.flags import word_of
from scalebench.record import Record
from scalebench.suite.case import Case
from scalebench.suite.device_kinds import DeviceKind

PRODUCT_DISTURBED = 0.20
"""Before and after. One slow canary alone says little: the model took its usual time in 3 of 5."""
COPY_DRIFT, COPY_DISTURBED = 0.20, 0.50
"""Before and after, to the same side: one copy alone says nothing, because each gets other memory pages.

Observed on two threads: of 290 rounds whose copies were over 20 % faster, 41 % were slower than their case by over
10 %; of 645 with copies between 20 % faster and 50 % slower, 8 %; of 6 whose copies were over 50 % slower, 33 %. A fast
copy probably means that the host has moved the two virtual cores apart: each has a path to memory of its own, and
they share no cache. That placement is as legitimate as the other, so it warns: setting its rounds aside would report
one placement only.
"""
CANARIES = 4
"""Least number of canary times for a median."""
_WORDS = ("host_drift", "host_disturbed")


@dataclass(frozen=True)
class Canaries:
    """Times of the canary beside one round, and the usual ones.

    Attributes:
        before, after: ``matmul_s`` and ``copy_s`` before and after the chunk, seconds.
        usual: medians of both over the stored rounds, seconds.
    """

    before: Mapping[str, float]
    after: Mapping[str, float]
    usual: Mapping[str, float]


def canary_notes(canaries: Canaries, kind: DeviceKind) -> Iterator[str]:
    """``host_disturbed`` or ``host_drift`` with all deviations, or nothing."""
    product, copy = (
        [reading[name] / canaries.usual[name] - 1 for reading in (canaries.before, canaries.after)]
        for name in ("matmul_s", "copy_s")
    )
    detail = "; ".join(
        f"{name} {deviations[0]:+.1%} before, {deviations[1]:+.1%} after"
        for name, deviations in (("product", product), ("copy", copy))
    )
    if min(product) > PRODUCT_DISTURBED or min(copy) > COPY_DISTURBED:
        yield f"host_disturbed: {detail}"
    elif max(map(abs, product)) > kind.drift or min(copy) > COPY_DRIFT or max(copy) < -COPY_DRIFT:
        yield f"host_drift: {detail}"


def is_idle(record: Record) -> bool:
    """Whether the process was idle when its canaries began; then they are comparable between runtimes.

    Procedures before 0.2.0 did not wait for that: on two threads ONNX Runtime's workers doubled the product's time.
    """
    readings = readings_of(record)
    return bool(readings) and all(reading.get("idle") for reading in readings)


def readings_of(record: Record) -> list[Mapping[str, float]]:
    """The canaries before and after the chunk; empty for a round without telemetry."""
    return list(record.telemetry.get("canary", {}).values())


def usual_canary(case: Case, records: Iterable[Record]) -> dict[str, float] | None:
    """Median canary of idle processes on the case's device and threads, seconds; None from fewer than four."""
    return _medians(
        [r for r in records if (r.case.device, r.case.threads) == (case.device, case.threads) and is_idle(r)]
    )


def judged_again(records: Sequence[Record]) -> list[Record]:
    """Same records; those whose canary was taken beside the runtime's own threads are judged within their runtime.

    Their notes of the time compared them with other runtimes. The reference is the median over all such rounds of the
    same suite, machine, software, device, threads, copies and runtime.
    """
    groups: dict[tuple[Any, ...], list[Record]] = {}
    for record in records:
        if readings_of(record) and not is_idle(record):
            groups.setdefault(_surroundings(record), []).append(record)
    usual = {key: _medians(group) for key, group in groups.items()}
    return [
        _judged(record, usual[_surroundings(record)]) if readings_of(record) and not is_idle(record) else record
        for record in records
    ]


def _surroundings(record: Record) -> tuple[Any, ...]:
    case, environment = record.case, record.environment
    machine = (record.suite, environment.hw_key, environment.sw_key)
    return *machine, case.device, case.threads, case.instances, case.runtime, case.precision == "tf32"


def _medians(records: Sequence[Record]) -> dict[str, float] | None:
    readings = [reading for record in records for reading in readings_of(record)]
    if len(readings) < CANARIES:
        return None
    return {name: median(reading[name] for reading in readings) for name in ("matmul_s", "copy_s")}


def _judged(record: Record, usual: Mapping[str, float] | None) -> Record:
    notes = [note for note in record.notes if word_of(note) not in _WORDS]
    if usual is not None:
        canary = record.telemetry["canary"]
        notes += canary_notes(Canaries(canary["before"], canary["after"], usual), record.case.kind)
    return replace(record, notes=tuple(notes), telemetry={**record.telemetry, "usual_canary": usual})

"""Which checks watched a round. A round that a check did not watch is not undisturbed: nobody looked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scalebench.machine.canaries import readings_of
from scalebench.record import Record
from scalebench.suite.refusals import is_reference


@dataclass(frozen=True)
class Watch:
    """One check of rounds.

    Attributes:
        name: what it looks for.
        flags: it raises; empty where it ends a round instead.
        applies: whether a round calls for it.
        ran: whether the data for it is in the record.
    """

    name: str
    flags: tuple[str, ...]
    ran: Callable[[Record], bool]
    applies: Callable[[Record], bool] = lambda _: True


def _read(*names: str) -> Callable[[Record], bool]:
    """Whether both readings around the chunk have these values."""

    def ran(record: Record) -> bool:
        readings = [record.telemetry.get(moment) or {} for moment in ("before", "after")]
        return all(reading.get(name) is not None for reading in readings for name in names)

    return ran


def _canary_ran(record: Record) -> bool:
    """Whether the canary had a reference; a reading beside spinning workers has one only within its runtime."""
    return bool(record.telemetry.get("usual_canary")) and bool(readings_of(record))


def _gpu_ran(record: Record) -> bool:
    gpu = record.telemetry.get("gpu") or {"unavailable": ""}
    return "unavailable" not in gpu


def _to_verify(record: Record) -> bool:
    return record.case.mode == "inference" and not is_reference(record.case)


VERIFICATION = "verification"
WATCHES = (
    Watch("contention for cores", ("cpu_contended", "involuntary_switches"), _read("cpu_s", "involuntary_switches")),
    Watch("stolen time", ("steal", "steal_heavy"), _read("steal_s")),
    Watch("CPU pressure", ("cpu_pressure",), _read("pressure_s")),
    Watch("CPU quota", ("cgroup_throttled",), _read("throttled_periods")),
    Watch("clock of the cores", ("clock_drop",), _read("clock_hz")),
    Watch("swapping", ("swapping",), _read("swapped_pages")),
    Watch("tasks before the round", ("busy_at_start",), lambda r: r.telemetry.get("load_before") is not None),
    Watch("canary", ("host_drift", "host_disturbed"), _canary_ran),
    Watch("GPU", ("throttled", "gpu_clock_low", "gpu_shared"), _gpu_ran, lambda r: not r.case.kind.on_host),
    Watch("energy counter", ("energy_inconsistent",), lambda r: r.facts.get("energy_status") == "ok",
          lambda r: bool(r.case.protocol.energy_s)),
    Watch(VERIFICATION, (), lambda r: r.facts.get("relative_error") is not None, _to_verify),
)  # fmt: skip
DISTURBANCE = tuple(watch.name for watch in WATCHES[:9])
"""Checks for something that disturbs the times."""


def watches_of(record: Record) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Checks that watched the round, and those that it calls for and that did not run."""
    ran = {watch.name: watch.ran(record) for watch in WATCHES if watch.applies(record)}
    return tuple(name for name in ran if ran[name]), tuple(name for name in ran if not ran[name])


def is_watched(checks: tuple[str, ...]) -> bool:
    """Whether any of these checks looks for a disturbance of the times."""
    return any(name in DISTURBANCE for name in checks)

"""Our own records from another place: read, brought to the current schema, checked, and told apart from known ones."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from scalebench.errors import StoreError
from scalebench.machine.ability import Ability
from scalebench.record import Record
from scalebench.store.imports import refuse_existing
from scalebench.store.jsonl import Results, Writer, finite, read_results
from scalebench.suite.plan import Plan

_EQUAL = 1e-9


@dataclass(frozen=True)
class Arrived:
    """One file of records from elsewhere.

    Attributes:
        path: the file.
        plan: its newest plan.
        records: those that are new here, at the current schema; machines keep their labels.
        abilities: measured peaks of its machines.
        remarks: what was left out, in words.
        copies: records of the file that are here already.
    """

    path: Path
    plan: Plan
    records: tuple[Record, ...]
    abilities: tuple[Ability, ...] = ()
    remarks: tuple[str, ...] = ()
    copies: int = 0

    @property
    def machines(self) -> tuple[str, ...]:
        """Labels of the machines that measured; none for a file of counts."""
        return tuple(dict.fromkeys(r.environment.machine for r in self.records if r.environment.hw_key))


@dataclass
class Known:
    """Records that have been seen, so that a second copy is left out."""

    seen: set[str] = field(default_factory=set)

    def is_new(self, record: Record) -> bool:
        """Whether this round has not been seen; it has been from now on."""
        environment = record.environment
        place = (record.suite, record.case.key, environment.hw_key, environment.sw_key, record.round, record.started)
        name = repr(place)
        new = name not in self.seen
        self.seen.add(name)
        return new


def read_arrived(path: Path, known: Known) -> Arrived:
    """Read a results file of any schema.

    Args:
        path: the file.
        known: what is here already; grows.

    Raises:
        StoreError: it cannot be read, has no plan, or was written by a newer scalebench.
    """
    found = read_results([path])
    if not found.plans:
        raise StoreError(f"{path}: it does not start with a plan", "pass the file that scalebench run wrote, whole")
    kept, remarks, copies = [], list(found.problems), 0
    for record in found.records:
        fault = _fault(record)
        if fault:
            remarks.append(f"{path.name}: {record.case.label}, round {record.round}: {fault}; left out")
        elif known.is_new(record):
            kept.append(record)
        else:
            copies += 1
    if copies:
        remarks.append(f"{path.name}: {copies} records are here already; left out")
    return Arrived(path, found.plans[-1], tuple(kept), found.abilities, tuple(remarks), copies)


def known_of(results: Iterable[Results]) -> Known:
    """What stored results hold."""
    known = Known()
    for one in results:
        for record in one.records:
            known.is_new(record)
    return known


def write_arrived(arrived: Sequence[Arrived], folder: Path) -> list[Path | None]:
    """Write what is new of each file as ``folder/<suite>/<name of the file>``; None where nothing is.

    Raises:
        StoreError: one of the files is there already, or cannot be written; the former before anything is written.
    """
    files = [_target(one, folder) for one in arrived]
    refuse_existing([file for file in files if file is not None])
    for one, file in zip(arrived, files, strict=True):
        if file is not None:
            writer = Writer(file, one.plan)
            writer.begin()
            writer.extend(one.records)
            for ability in one.abilities:
                writer.note(ability)
    return files


def _target(arrived: Arrived, folder: Path) -> Path | None:
    """A file without records is a newer plan of its suite, unless its records are here already."""
    file = folder / arrived.plan.suite / f"{arrived.path.stem}.jsonl"
    if arrived.records or not (arrived.copies or file.exists()):
        return file
    return None


def _fault(record: Record) -> str:
    """What a record says that cannot be; empty where nothing is wrong."""
    for name in ("latency_s", "throughput_ips"):
        value = record.facts.get(name)
        if value is not None and not (finite(value) and value > 0):
            return f"{name} is {value}"
    laps, latency = record.samples.get("latency_s"), record.facts.get("latency_s")
    if laps and latency is not None and not math.isclose(median(laps), latency, rel_tol=_EQUAL):
        return f"latency_s {latency:g} is not the median of its {len(laps)} samples, {median(laps):g}"
    return ""

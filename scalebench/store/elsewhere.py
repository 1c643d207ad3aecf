"""Our own records from another place: read, brought to the current schema, checked, and told apart from known ones."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from scalebench.errors import StoreError
from scalebench.machine.ability import Ability
from scalebench.record import Record
from scalebench.store.jsonl import Writer, finite, read_results
from scalebench.store.published_tables import refuse_existing
from scalebench.suite.suite_plan import Plan

_EQUAL = 1e-9
Round = tuple[str, str, str, str, int, str]
"""Suite, case, hardware, software, number and start of a round."""


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


def round_of(record: Record) -> Round:
    """What makes a record the same round as another, whichever file it is in."""
    environment = record.environment
    return record.suite, record.case.key, environment.hw_key, environment.sw_key, record.round, record.started


def read_arrivals(paths: Iterable[Path], stored: Iterable[Record] = ()) -> tuple[Arrived, ...]:
    """Read results files of any schema, one after the other; a round that came before is left out and said.

    Args:
        paths: the files.
        stored: records that are here already.

    Raises:
        StoreError: a file cannot be read, has no plan, or was written by a newer scalebench.
    """
    known = {round_of(record) for record in stored}
    arrived = []
    for path in paths:
        arrived.append(_read(path, known))
        known.update(round_of(record) for record in arrived[-1].records)
    return tuple(arrived)


def _read(path: Path, known: Container[Round]) -> Arrived:
    found = read_results([path])
    if not found.plans:
        raise StoreError(f"{path}: it does not start with a plan", "pass the file that scalebench run wrote, whole")
    kept: dict[Round, Record] = {}
    remarks, copies = list(found.problems), 0
    for record in found.records:
        fault, this = _fault(record), round_of(record)
        if fault:
            remarks.append(f"{path.name}: {record.case.label}, round {record.round}: {fault}; left out")
        elif this in known or this in kept:
            copies += 1
        else:
            kept[this] = record
    if copies:
        remarks.append(f"{path.name}: {copies} records are here already; left out")
    return Arrived(path, found.plans[-1], tuple(kept.values()), found.abilities, tuple(remarks), copies)


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

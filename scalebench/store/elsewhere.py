"""Import of scalebench records: read, upgraded to the current schema, checked, and compared with stored ones."""

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
    """One imported file of records.

    Attributes:
        path: the file.
        plan: its newest plan.
        records: those that are not stored yet, at the current schema; machines keep their labels.
        abilities: measured peaks of its machines.
        remarks: what was left out, as sentences.
        copies: records of the file that are already stored.
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
    """Identity of a record's round: equal for copies in different files."""
    environment = record.environment
    return record.suite, record.case.key, environment.hw_key, environment.sw_key, record.round, record.started


def read_arrivals(paths: Iterable[Path], stored: Iterable[Record] = ()) -> tuple[Arrived, ...]:
    """Read results files of any schema, one after the other; copies of earlier rounds are left out, with a remark.

    Args:
        paths: the files.
        stored: records that are already stored.

    Raises:
        StoreError: a file cannot be read, has no plan, or was written by a newer scalebench.
    """
    stored_rounds = {round_of(record) for record in stored}
    arrived = []
    for path in paths:
        arrived.append(_read(path, stored_rounds))
        stored_rounds.update(round_of(record) for record in arrived[-1].records)
    return tuple(arrived)


def _read(path: Path, stored_rounds: Container[Round]) -> Arrived:
    results = read_results([path])
    if not results.plans:
        raise StoreError(f"{path}: it does not start with a plan", "pass the complete file that scalebench run wrote")
    new: dict[Round, Record] = {}
    remarks, copies = list(results.problems), 0
    for record in results.records:
        fault, identity = _fault(record), round_of(record)
        if fault:
            remarks.append(f"{path.name}: {record.case.label}, round {record.round}: {fault}; left out")
        elif identity in stored_rounds or identity in new:
            copies += 1
        else:
            new[identity] = record
    if copies:
        remarks.append(f"{path.name}: {copies} records are already stored; left out")
    return Arrived(path, results.plans[-1], tuple(new.values()), results.abilities, tuple(remarks), copies)


def write_arrived(arrived: Sequence[Arrived], folder: Path) -> list[Path | None]:
    """Write the new records of each file as ``folder/<suite>/<name of the file>``; None where there are none.

    Raises:
        StoreError: one of the files exists (then nothing is written), or cannot be written.
    """
    files = [_target(source, folder) for source in arrived]
    refuse_existing([file for file in files if file is not None])
    for source, file in zip(arrived, files, strict=True):
        if file is not None:
            writer = Writer(file, source.plan)
            writer.begin()
            writer.extend(source.records)
            for ability in source.abilities:
                writer.note(ability)
    return files


def _target(arrived: Arrived, folder: Path) -> Path | None:
    """A file without records is a newer plan of its suite, unless its records are already stored."""
    file = folder / arrived.plan.suite / f"{arrived.path.stem}.jsonl"
    if arrived.records or not (arrived.copies or file.exists()):
        return file
    return None


def _fault(record: Record) -> str:
    """What is impossible in a record; empty where nothing is wrong."""
    for name in ("latency_s", "throughput_ips"):
        value = record.facts.get(name)
        if value is not None and not (finite(value) and value > 0):
            return f"{name} is {value}"
    laps, latency = record.samples.get("latency_s"), record.facts.get("latency_s")
    if laps and latency is not None and not math.isclose(median(laps), latency, rel_tol=_EQUAL):
        return f"latency_s {latency:g} is not the median of its {len(laps)} samples, {median(laps):g}"
    return ""

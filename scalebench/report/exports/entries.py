"""What is exported: an entry per case and machine that has a time, and the cases that have none, with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import pandas as pd

from scalebench.analysis.stats import Estimate, of_rounds
from scalebench.analysis.way import WAY
from scalebench.record import Environment
from scalebench.report.findings import Findings
from scalebench.suite.case import Case


@dataclass(frozen=True)
class ExportEntry:
    """A case on a machine.

    Attributes:
        name: model, resolution and configuration; unique within an export.
        case: what was measured.
        machine: its label.
        environment: the machine and its software.
        medians: latency of each round that enters the estimate, seconds per batch.
        latency, throughput, memory: estimates with 95 % intervals, in s, images per s and bytes; NaN if not measured.
        macs: counted, per image; None where the model was not counted.
        flags: doubts, each with the number of rounds that have it.
    """

    name: str
    case: Case
    machine: str
    environment: Environment
    medians: tuple[float, ...]
    latency: Estimate
    throughput: Estimate
    memory: Estimate
    macs: int | None
    flags: tuple[str, ...]

    @property
    def extra_info(self) -> dict[str, Any]:
        """What a format's free field holds; numbers in SI units, None where there is none."""
        return {
            "case": asdict(self.case), "unit": "s", "n": self.latency.n, "value": self.latency.value,
            "low": number(self.latency.low), "high": number(self.latency.high), "macs": self.macs,
            "memory_bytes": number(self.memory.value), "machine": self.machine, "flags": list(self.flags),
        }  # fmt: skip


@dataclass(frozen=True)
class NotExported:
    """A case without a time."""

    name: str
    machine: str
    ending: str
    why: str

    def __str__(self) -> str:
        return f"{self.name} on {self.machine}: {self.ending}{f': {self.why}' if self.why else ''}"


@dataclass(frozen=True)
class Export:
    """Content of an export.

    Attributes:
        suite: name of the suite.
        entries: cases with a time.
        not_exported: cases without one.
        newest: start of the newest exported round, ISO 8601; empty where imported tables do not give it.
    """

    suite: str
    entries: tuple[ExportEntry, ...]
    not_exported: tuple[NotExported, ...]
    newest: str


def number(value: float) -> float | None:
    """The value; None where it is NaN, which JSON cannot hold."""
    return None if pd.isna(value) else float(value)


def collect(findings: Findings) -> Export:
    """Entries of every case with a latency, and why the others have none."""
    entries, timeless = [], []
    for entry in _rows(findings):
        if entry.latency.n:
            entries.append(entry)
        else:
            timeless.append(NotExported(entry.name, entry.machine, "ok", "it has no latency"))
    analysis = findings.analysis
    without = [
        *(NotExported(case_name(f.case), f.machine, f.ending, f.why) for f in analysis.failures),
        *(NotExported(case_name(case), "any machine", "not measured", "") for case in analysis.missing),
        *(NotExported(case_name(row.record.case), row.record.environment.machine, row.record.ending, "it is not timed")
          for row in analysis.accuracies),
        *timeless,
    ]  # fmt: skip
    used = analysis.rounds[analysis.rounds["used"].astype(bool)]
    exported = set(zip(used["case"], used["hw_key"], used["sw_key"], strict=True))
    started = [
        record.started
        for record in findings.stored.records
        if (record.case.key, record.environment.hw_key, record.environment.sw_key) in exported
    ]
    return Export(analysis.plan.suite, _with_unique_names(entries), tuple(without), max(started, default=""))


def case_name(case: Case) -> str:
    """``resnet50@224, batch 1, fp32 eager, cpu, 2 threads``."""
    return f"{case.model}@{case.resolution}, {case.configuration}"


def _rows(findings: Findings) -> Iterator[ExportEntry]:
    analysis = findings.analysis
    cases = {record.case.key: record.case for record in findings.stored.records}
    used_rounds = analysis.rounds[analysis.rounds["used"].astype(bool)]
    medians = {place: own.dropna() for place, own in used_rounds.groupby(["machine", "case"])["latency_s"]}
    for row in (*analysis.cases.to_dict("records"), *analysis.besides.to_dict("records")):
        case, used = cases[row["case"]], analysis.used[tuple(row[name] for name in WAY)]
        latency, throughput, memory = (
            of_rounds(used.of(case.model, case.resolution, metric))
            for metric in ("latency_s", "throughput_ips", "memory_bytes")
        )
        macs, notes = number(row["macs"]), row["notes"]
        yield ExportEntry(
            case_name(case), case, row["machine"], analysis.machines[row["machine"]],
            tuple(map(float, medians.get((row["machine"], row["case"]), ()))), latency, throughput, memory,
            None if macs is None else round(macs), tuple(notes.split("; ")) if notes else (),
        )  # fmt: skip


def _with_unique_names(entries: list[ExportEntry]) -> tuple[ExportEntry, ...]:
    """Names with the machine where there are several, and with the case's key where only the protocol differs."""
    if len({entry.machine for entry in entries}) > 1:
        entries = [replace(entry, name=f"{entry.name}, on {entry.machine}") for entry in entries]
    counts = Counter(entry.name for entry in entries)
    return tuple(
        replace(entry, name=f"{entry.name}, {entry.case.key}") if counts[entry.name] > 1 else entry for entry in entries
    )

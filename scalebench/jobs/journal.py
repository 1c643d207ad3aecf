"""The file that a run writes: its plan, the counts that are new, then a line per round."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from scalebench.execute.planner import Prepared
from scalebench.machine.environment import software_versions
from scalebench.record import Environment, Record
from scalebench.store.jsonl import Results, Writer
from scalebench.suite.case import COUNT, Case

_ON_PAPER = "on-paper"
_STAMP = "%Y%m%dT%H%M%S.%fZ"


def open_journal(prepared: Prepared, stored: Results, folder: Path) -> Writer:
    """A writer for this run. The plan and the counts are stored at once, where they differ from what is stored.

    Raises:
        StoreError: the folder cannot be written.
    """
    plan = prepared.plan
    journal = Writer(result_file(folder, next(iter(prepared.machines.values())).machine), plan)
    if plan not in stored.plans[-1:]:
        journal.begin()
    counted = {record.case: record for record in stored.records if record.case.mode == COUNT}
    for case in plan.counts:
        record = count_record(plan.suite, case, prepared.facts[case])
        earlier = counted.get(case)
        if earlier is None or (earlier.facts, earlier.error) != (record.facts, record.error):
            journal.append(record)
    return journal


def result_file(folder: Path, machine: str) -> Path:
    """A new file, named later than all others: files are read by name, and a clock may have been set back."""
    stamps = [datetime.now(timezone.utc)]
    for file in folder.glob("*.jsonl"):
        with contextlib.suppress(ValueError):  # a file that somebody has renamed
            earlier = datetime.strptime(file.name.partition("-")[0], _STAMP).replace(tzinfo=timezone.utc)
            stamps.append(earlier + timedelta(microseconds=1))
    return folder / f"{max(stamps).strftime(_STAMP)}-{machine}.jsonl"


def count_record(suite: str, case: Case, facts: Mapping[str, Any]) -> Record:
    """A count as a record: on paper, on no machine."""
    versions = software_versions()
    environment = Environment(_ON_PAPER, "", "", software={name: versions[name] for name in ("torch", "timm")})
    problem = facts.get("error")
    error = {"type": "BuildError", "message": problem} if problem else None
    return Record(
        suite, case, 0, "failed" if problem else "ok", datetime.now(timezone.utc).isoformat(timespec="seconds"),
        environment, facts={} if problem else facts, error=error, ending="error(BuildError)" if problem else "ok",
    )  # fmt: skip

"""One suite on one machine: what is stored, what is missing, and the run that closes the gap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from scalebench.execute.client import Worker
from scalebench.execute.events import Listener
from scalebench.execute.planner import Prepared
from scalebench.execute.schedule import Round, interleave, missing_rounds, run_rounds
from scalebench.machine.environment import software_versions
from scalebench.record import Environment, Record
from scalebench.store.jsonl import Results, Writer, read_results, result_files
from scalebench.suite.case import COUNT, Case

_PAPER = "on-paper"


class Campaign:
    """The rounds of a prepared suite in its results folder.

    Args:
        prepared: plan, counted facts and machines.
        folder: ``results/<suite>``.
        seed: of the order of the rounds.
        retry_failed: measure failed cases again.
    """

    def __init__(self, prepared: Prepared, folder: Path, seed: int = 0, retry_failed: bool = False) -> None:
        self._prepared = replace(prepared, plan=replace(prepared.plan, seed=seed))
        self._folder = folder
        self._seed = seed
        self._retry_failed = retry_failed

    def stored(self) -> Results:
        """Everything the folder holds."""
        files = result_files([self._folder]) if any(self._folder.glob("*.jsonl")) else []
        return read_results(files)

    def missing(self) -> list[Round]:
        """Rounds this machine still has to make, in the order it will make them."""
        plan = self._prepared.plan
        rounds = missing_rounds(
            plan.cases, plan.rounds, self.stored().records, self._prepared.machines, self._retry_failed
        )
        return interleave(rounds, self._seed)

    def set_aside(self) -> None:
        """Rename this machine's result files to ``*.old``, so that nothing counts as measured."""
        for machine in self._prepared.machines.values():
            for file in self._folder.glob(f"*-{machine.machine}.jsonl"):
                file.rename(file.with_name(f"{file.name}.old"))

    def run(self, worker: Worker, listen: Listener) -> None:
        """Store the plan and the counts where they are new, then measure every missing round.

        Args:
            worker: the warm server for cases on the CPU; CUDA cases get a fresh interpreter each.
            listen: hears what is going on.

        Raises:
            StoreError: a record could not be written; the run stops there.
        """
        rounds = self.missing()
        writer = self._writer()
        self._store_paper(writer)
        if not rounds:
            return
        with Worker(fork=False) as fresh:
            run_rounds(
                rounds, self._prepared.plan.suite, self._prepared.machines, writer.append, listen,
                lambda device: worker if device == "cpu" else fresh,
            )  # fmt: skip

    def _writer(self) -> Writer:
        now = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S.%fZ")
        machine = next(iter(self._prepared.machines.values())).machine
        return Writer(self._folder / f"{now}-{machine}.jsonl", self._prepared.plan)

    def _store_paper(self, writer: Writer) -> None:
        stored = self.stored()
        if self._prepared.plan not in stored.plans[-1:]:
            writer.begin()
        counted = {record.case: record for record in stored.records if record.case.mode == COUNT}
        for case in self._prepared.plan.counts:
            record = count_record(self._prepared.plan.suite, case, self._prepared.facts[case])
            before = counted.get(case)
            if before is None or (before.facts, before.error) != (record.facts, record.error):
                writer.append(record)


def count_record(suite: str, case: Case, facts: Mapping[str, Any]) -> Record:
    """A count as a record: on paper, on no machine."""
    versions = software_versions()
    environment = Environment(_PAPER, "", "", software={name: versions[name] for name in ("torch", "timm")})
    problem = facts.get("error")
    error = {"type": "BuildError", "message": problem} if problem else None
    return Record(
        suite, case, 0, "failed" if problem else "ok", datetime.now(timezone.utc).isoformat(timespec="seconds"),
        environment, facts={} if problem else facts, error=error,
    )  # fmt: skip

"""What earlier runs of a suite left on disk, read once: records, open cases, what rounds cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scalebench.analysis.stopping import counted_rounds, iterations, standing
from scalebench.execute.estimate import Costs, case_seconds
from scalebench.execute.planner import Prepared
from scalebench.execute.schedule import RecordsByCase, RoundNeed, records_by_case
from scalebench.record import Record
from scalebench.store.jsonl import Results, read_results, result_files
from scalebench.suite.case import Case


@dataclass(frozen=True)
class SuiteHistory:
    """Earlier rounds of a suite on these machines, and the rounds of this run as they are made.

    Attributes:
        stored: everything the folder held when it was read, of whatever machine.
        records: records of these machines by key of their case, in the order they were made; a run adds its own.
        costs: expected seconds of a round; learns as a run goes on.
    """

    stored: Results
    records: RecordsByCase
    costs: Costs

    def open_cases(self, cases: Iterable[Case]) -> dict[Case, RoundNeed]:
        """Cases that need more rounds, with what they need."""
        needs = {case: next_round(case, self.records.get(case.key, [])) for case in cases}
        return {case: need for case, need in needs.items() if need is not None}


def read_history(prepared: Prepared, folder: Path, retry_failed: bool = False) -> SuiteHistory:
    """Read the results folder of a suite.

    Args:
        prepared: plan, counts and machines.
        folder: ``results/<suite>``; need not exist.
        retry_failed: forget rounds that failed, so that their cases are open again.

    Raises:
        StoreError: a file that cannot be read.
    """
    stored = read_folder(folder)
    records = records_by_case(stored.records, prepared.machines, retry_failed)
    costs = Costs({case: case_seconds(case, prepared.facts) for case in prepared.plan.cases})
    for case in prepared.plan.cases:
        for record in records.get(case.key, ()):
            if record.outcome == "ok":
                costs.learn(case, record.wall_s)
    return SuiteHistory(stored, records, costs)


def read_folder(folder: Path) -> Results:
    """Results of a folder that may be empty or missing."""
    return read_results(result_files([folder]) if any(folder.glob("*.jsonl")) else [])


def next_round(case: Case, records: Sequence[Record]) -> RoundNeed | None:
    """What the next round of ``case`` is to be; None where the stop rule ends it."""
    if standing(records, case.protocol, case.device) != "open":
        return None
    missing = max(1, case.protocol.rounds - len(counted_rounds(records)))
    return RoundNeed(missing, iterations(records) if case.protocol.adaptive else None)

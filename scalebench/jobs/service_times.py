"""Service times of a model by batch: measured in rounds, or taken from stored records of this machine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from scalebench.analysis.stopping import counted_rounds
from scalebench.errors import StoreError, WorkerError
from scalebench.execute.abba import RoundRunner, run_once
from scalebench.execute.events import Listener
from scalebench.procure.load_check import ServiceLevel, by_rule
from scalebench.procure.simulate import Curves
from scalebench.record import Environment, Record
from scalebench.store.jsonl import Writer, read_results, result_files
from scalebench.suite.case import Case

ROUNDS = 3
"""Of each batch."""
_LARGEST = 64


def batch_sizes(largest: int | None) -> list[int]:
    """1, 2, 4... up to the largest batch, which is always one of them."""
    top = largest or _LARGEST
    return sorted({top, *(1 << power for power in range(top.bit_length()))})


def measured_rounds(
    case: Case, largest: int | None, level: ServiceLevel, bench: RoundRunner, writer: Writer, announce: Listener
) -> list[Record]:
    """Measure batch by batch; without a ``largest``, up to the first batch that takes more than half the level.

    Raises:
        WorkerError: a batch that is needed cannot be run.
    """
    records: list[Record] = []
    for size in batch_sizes(largest):
        sized = replace(case, batch=size, protocol=case.protocol.alone())  # a busy server does not pause for others
        rounds = run_once([sized], ROUNDS, bench, writer.append, announce)
        records += rounds
        if not curves_of(rounds):
            if largest or size == 1:
                raise WorkerError(f"{sized.label}: {(rounds[-1].error or {}).get('message', rounds[-1].ending)}")
            break
        if not largest and not by_rule(curves_of(rounds), level).batch:
            break
    return records


def stored_rounds(paths: Sequence[Path], case: Case, environment: Environment) -> list[Record]:
    """Rounds of every batch of ``case`` on this machine, in the same configuration.

    Raises:
        StoreError: there are none that ended well.
    """
    records = read_results(result_files(paths)).records
    usable = [
        record
        for record in records
        if record.environment.machine == environment.machine
        and replace(record.case, batch=case.batch, protocol=case.protocol) == case
        and record.outcome == "ok"
    ]
    if not usable:
        others = sorted({r.case.label for r in records if r.case.model == case.model})[:3]
        hint = f"of this model they hold {'; '.join(others)}" if others else "they hold nothing of this model"
        raise StoreError(f"no records of {case.label}, {case.threads} threads, on {environment.machine}", hint)
    return usable


def curves_of(records: Iterable[Record]) -> Curves:
    """Service times of the rounds that count, by batch; of every round that ended well where all are doubtful."""
    by_case: defaultdict[Case, list[Record]] = defaultdict(list)
    for record in records:
        by_case[record.case].append(record)
    curves: defaultdict[int, list[float]] = defaultdict(list)
    for case, rounds in by_case.items():
        for record in counted_rounds(rounds) or [record for record in rounds if record.outcome == "ok"]:
            curves[case.batch] += record.samples["latency_s"]
    return dict(curves)

"""One side of a comparison: the rounds of each case on each machine, never pooled across machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from scalebench.analysis.stopping import counted_rounds
from scalebench.flags import is_bad, word_of
from scalebench.record import Environment, Record
from scalebench.store.jsonl import finite
from scalebench.suite.case import COUNT, Case


@dataclass(frozen=True)
class Side:
    """Rounds of one case on one machine."""

    case: Case
    environment: Environment
    rounds: tuple[Record, ...]  # those that enter the estimates
    ending: str = "ok"  # how the last round ended, where none succeeded

    @property
    def label(self) -> str:
        """Case and machine."""
        return f"{self.case.label} on {self.environment.machine}"

    def values(self, metric: str) -> tuple[float, ...]:
        """The metric in each round that has it."""
        values = [record.facts.get(metric, 0.0) for record in self.rounds]
        return tuple(value for value in values if finite(value) and value > 0)

    @property
    def doubts(self) -> tuple[str, ...]:
        """Bad flags of the rounds, each once."""
        return tuple(dict.fromkeys(word_of(note) for record in self.rounds for note in record.notes if is_bad([note])))

    @property
    def canaries(self) -> tuple[float, ...]:
        """Times of the canary's matmul per round, the mean of before and after, seconds."""
        readings = (record.telemetry.get("canary", {}).values() for record in self.rounds)
        return tuple(fmean(reading["matmul_s"] for reading in both) for both in readings if both)


def side_of(records: Sequence[Record]) -> Side:
    """A side from the records of one case on one machine, at least one."""
    last = records[-1]
    good = [record for record in records if record.outcome == "ok"]
    used = counted_rounds(records) or good  # doubtful rounds are better than none, and stay flagged
    return Side(last.case, last.environment, tuple(used), "ok" if good else last.ending)


def sides(records: Sequence[Record]) -> tuple[dict[str, list[Side]], tuple[str, ...]]:
    """Sides by hardware key, and notes on what was left out: rounds under older software of the same machine."""
    by_machine: dict[str, list[Record]] = {}
    for record in records:
        if record.case.mode != COUNT:
            by_machine.setdefault(record.environment.hw_key, []).append(record)
    by_hardware, notes = {}, []
    for hw_key, own in by_machine.items():
        newest = max(own, key=lambda record: record.started).environment
        by_case: dict[str, list[Record]] = {}
        for record in own:
            if record.environment.sw_key == newest.sw_key:
                by_case.setdefault(record.case.key, []).append(record)
        by_hardware[hw_key] = [side_of(rounds) for rounds in by_case.values()]
        old = len(own) - sum(map(len, by_case.values()))
        if old:
            notes.append(f"{old} rounds under older software on {newest.machine} were left out")
    return by_hardware, tuple(notes)

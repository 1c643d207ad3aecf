"""What predictions start from: measured cases of result files, with the counts that the files lack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scalebench.analysis.predict.answer import Predictor
from scalebench.analysis.predict.cases import Key, MeasuredCase, Place, Work, facts_of, seen_cases
from scalebench.cli.output import paper_progress
from scalebench.execute.client import Worker
from scalebench.execute.counting import Paper
from scalebench.execute.planner import count_all
from scalebench.record import Record
from scalebench.store.jsonl import Results
from scalebench.suite.case import COUNT, MODELS, Case

IMPORTED = "imported"
"""Begins the machine of records that came from published tables, whose counts are the tables' own."""


@dataclass(frozen=True)
class Knowledge:
    """Everything predictions are made from.

    Attributes:
        results: the result files.
        facts: counted facts by model and resolution, operators by kind among them where they were counted.
        cases: measured cases by place.
    """

    results: Results
    facts: Mapping[Key, Mapping[str, Any]]
    cases: Mapping[Place, Sequence[MeasuredCase]]

    def predictor(self, place: Place) -> Predictor:
        """Predicts at one place."""
        return Predictor(place, self.cases, self.results.abilities, _memory_limit(self.results.records, place))

    def work(self, key: Key, batch: int) -> Work:
        """A counted pass."""
        return Work(*key, batch, self.facts[key])


def know(
    results: Results, worker: Worker, asked: Iterable[Key] = (), wanted: Mapping[str, Any] | None = None
) -> Knowledge:
    """Read the cases, and count anew what was counted without kinds of operators.

    What cannot be counted keeps the facts that it has; imported tables keep their totals.

    Args:
        results: the result files.
        worker: counts.
        asked: models that predictions are asked for; counted in any case.
        wanted: fields of the measured cases that matter, so that no others are counted anew.
    """
    facts: dict[Key, Mapping[str, Any]] = {**facts_of(results.records)}
    own = {(r.case.model, r.case.resolution) for r in results.records if _ours(r, wanted or {})}
    missing = [key for key in dict.fromkeys((*sorted(own), *asked)) if not facts.get(key, {}).get("operators")]
    if missing:
        with paper_progress() as progress:
            modes = {Case(*key, mode=COUNT, device="meta"): ("inference",) for key in missing}
            for case, found in count_all(modes, Paper(worker), progress).items():
                if "error" not in found:
                    facts[case.model, case.resolution] = {**facts.get((case.model, case.resolution), {}), **found}
    return Knowledge(results, facts, seen_cases(results.records, facts))


def _ours(record: Record, wanted: Mapping[str, Any]) -> bool:
    imported = record.environment.machine.startswith(IMPORTED)
    fits = all(getattr(record.case, name) == value for name, value in wanted.items())
    return record.case.mode in MODELS and fits and not imported


def _memory_limit(records: Iterable[Record], place: Place) -> float | None:
    """Memory of the device, bytes; None where it is not known."""
    name = place.machine.partition("/")[0]
    found = next((r.environment.hardware for r in records if r.environment.machine == name), {})
    gib = found.get("memory", {}).get("gib") if place.device == "cpu" else found.get("gpu_memory_gib")
    return None if gib is None else float(gib) * 2**30

"""What records at hand say of a plan's cases before they are measured: for its estimate, and for what to measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scalebench.analysis.predict.cases import MeasuredCase, Place, Work, facts_of, seen_cases
from scalebench.cli.knowing import Knowledge
from scalebench.cli.loading import load_all
from scalebench.errors import StoreError
from scalebench.execute.planner import Prepared
from scalebench.store.jsonl import Results
from scalebench.suite.case import MODELS, Case

HERE = "results"
"""Folder that is looked into where none is named."""


@dataclass(frozen=True)
class Foreseen:
    """Seconds of a pass with the ends of its 90 % interval; those of what was measured are the value itself."""

    value: float
    low: float
    high: float


def records_at_hand(names: Sequence[str]) -> Results | None:
    """Results named, or those of the working folder where there are any.

    Raises:
        StoreError: a name that leads nowhere.
    """
    if names:
        return load_all(names)
    if not Path(HERE).is_dir():
        return None
    try:
        return load_all([HERE])
    except StoreError:  # nobody asked for them: a plan needs no records
        return None


def knowledge_for(prepared: Prepared, results: Results | None) -> Knowledge:
    """Cases of the machines that the plan is for, and the counts of the plan; nothing is counted anew."""
    keys = {machine.hw_key for machine in prepared.machines.values()}
    records = [] if results is None else list(results.records)
    own = [r for r in records if r.case.mode in MODELS and r.environment.hw_key in keys]
    counted = {(case.model, case.resolution): found for case, found in prepared.facts.items() if "macs" in found}
    facts = {**facts_of(records), **counted}
    return Knowledge(results or Results((), (), (), ()), facts, seen_cases(own, facts))


def place_of(case: Case, prepared: Prepared, cases: Mapping[Place, Sequence[MeasuredCase]]) -> Place:
    """Where a case of the plan would be measured; of several softwares of the machine the one with most cases."""
    machine = prepared.machines[case.device]
    names = [n for n in Place.__dataclass_fields__ if n != "machine"]
    place = Place(machine.machine, **{name: getattr(case, name) for name in names})
    alike = [p for p in cases if _without_software(p) == place]
    return max(alike, key=lambda p: len(cases[p]), default=place)


def _without_software(place: Place) -> Place:
    values = {name: getattr(place, name) for name in Place.__dataclass_fields__}
    return Place(**{**values, "machine": place.machine.partition("/")[0]})


def foresee(prepared: Prepared, knowledge: Knowledge) -> dict[Case, Foreseen]:
    """Passes of the plan's cases, as far as they were measured or can be predicted."""
    found: dict[Case, Foreseen] = {}
    predictors = {place: knowledge.predictor(place) for place in knowledge.cases}
    for case in prepared.plan.cases:
        key = case.model, case.resolution
        predictor = predictors.get(place_of(case, prepared, knowledge.cases)) if case.mode in MODELS else None
        if predictor is None or "macs" not in knowledge.facts.get(key, {}):
            continue
        answer = predictor.answer(Work(*key, case.batch, knowledge.facts[key]))
        if answer.measured is not None:
            found[case] = Foreseen(*[answer.measured.latency_s] * 3)
        elif answer.latency is not None and answer.latency.low > 0:
            found[case] = Foreseen(answer.latency.value, answer.latency.low, answer.latency.high)
    return found

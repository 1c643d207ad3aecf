"""What a suite will cost, estimated from records of this machine before anything is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from scalebench.errors import StoreError
from scalebench.execute.client import Worker
from scalebench.execute.estimate import RunEstimate, estimate
from scalebench.execute.events import Listener, silent
from scalebench.execute.planner import Prepared
from scalebench.jobs.prepare import prepare_suite
from scalebench.record import Record
from scalebench.store.jsonl import Results, read_results, result_files
from scalebench.suite.case import CLASSIFYING, MODELS, Case

if TYPE_CHECKING:  # they take two seconds to import, and serve only where something was measured
    from scalebench.analysis.predict.cases import MeasuredCase, Place
    from scalebench.jobs.predict import PredictionData

NO_RESULTS = Results((), (), (), ())


@dataclass(frozen=True)
class PlannedSuite:
    """A prepared suite with what records say about it.

    Attributes:
        prepared: plan, counts and machines.
        results: records to predict from.
        passes: seconds of a pass and the ends of its 90 % interval, where it was measured (then all are the same) or
            can be predicted.
    """

    prepared: Prepared
    results: Results
    passes: Mapping[Case, tuple[float, float, float]]

    @cached_property
    def data(self) -> PredictionData:
        """Measured cases of these machines."""
        from scalebench.analysis.predict.cases import facts_of, seen_cases
        from scalebench.jobs.predict import PredictionData

        counts = self.prepared.facts.items()
        counted = {(case.model, case.resolution): facts for case, facts in counts if "macs" in facts}
        facts = {**facts_of(self.results.records), **counted}
        return PredictionData(self.results, facts, seen_cases(_measured(self.prepared, self.results), facts))

    @cached_property
    def places(self) -> Mapping[Case, Place]:
        """Where each case would be measured."""
        machines = self.prepared.machines
        cases = self.prepared.plan.cases
        return {case: _place_of(case, machines[case.device].machine, self.data.cases) for case in cases}

    def estimates(self) -> list[RunEstimate]:
        """Cost of all rounds: expected, and at the low and the high ends of the predictions."""
        plan = self.prepared.plan
        rounds = [case for case in plan.cases for _ in range(1 if case.mode in CLASSIFYING else plan.rounds)]
        ends = [{case: seconds[end] for case, seconds in self.passes.items()} for end in range(3)]
        return [estimate(rounds, self.prepared.facts, seconds.get) for seconds in ends]


def plan_suite(
    suite: Path, *, protocol: str | None = None, records: Sequence[str] = (), announce: Listener = silent
) -> PlannedSuite:
    """Prepare a suite, and predict its passes from records: files or folders, by default ``results/``.

    Models that only claims need are not counted.

    Raises:
        StoreError: a name in ``records`` that does not exist.
        SuiteError: whatever is wrong with the suite.
    """
    with Worker() as worker:
        prepared = prepare_suite(suite, worker, protocol=protocol, for_claims=False, announce=announce)
    return predict_passes(prepared, find_records(records))


def find_records(names: Sequence[str]) -> Results:
    """Results named, or those of ``results/``, which may be missing.

    Raises:
        StoreError: a name that does not exist.
    """
    try:
        return read_results(result_files(map(Path, names or ["results"])))
    except StoreError:
        if names:
            raise
        return NO_RESULTS


def predict_passes(prepared: Prepared, results: Results) -> PlannedSuite:
    """Predict the plan's passes from measured cases of its machines and its own counts; nothing is counted again."""
    passes: dict[Case, tuple[float, float, float]] = {}
    planned = PlannedSuite(prepared, results, passes)
    if not _measured(prepared, results):
        return planned
    from scalebench.analysis.predict.cases import Work

    facts = planned.data.facts
    predictors = {place: planned.data.predictor(place) for place in planned.data.cases}
    for case, place in planned.places.items():
        key = case.model, case.resolution
        if case.mode not in MODELS or place not in predictors or "macs" not in facts.get(key, {}):
            continue
        answer = predictors[place].answer(Work(*key, case.batch, facts[key]))
        if answer.measured is not None:
            passes[case] = (answer.measured.latency_s,) * 3
        elif answer.latency is not None and answer.latency.low > 0:
            passes[case] = answer.latency.value, answer.latency.low, answer.latency.high
    return planned


def _measured(prepared: Prepared, results: Results) -> list[Record]:
    """Records of models on the plan's machines."""
    hardware = {machine.hw_key for machine in prepared.machines.values()}
    return [r for r in results.records if r.case.mode in MODELS and r.environment.hw_key in hardware]


def _place_of(case: Case, machine: str, cases: Mapping[Place, Sequence[MeasuredCase]]) -> Place:
    """Where a case is measured; of several software versions of the machine (``name/...``) the one with most cases."""
    from scalebench.analysis.predict.cases import Place

    names = [name for name in Place.__dataclass_fields__ if name != "machine"]
    settings = [getattr(case, name) for name in names]
    same = [place for place in cases if [getattr(place, name) for name in names] == settings]
    same = [place for place in same if place.machine.partition("/")[0] == machine]
    return max(same, key=lambda place: len(cases[place]), default=Place(machine, *settings))

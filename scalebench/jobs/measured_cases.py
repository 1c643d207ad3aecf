"""Named models measured in one configuration, by turns: estimates and ratios, for callers that judge them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scalebench.analysis.decisions import PairQuestion
from scalebench.analysis.pooling import pooled, sample
from scalebench.analysis.rounds import name_machines, with_standing
from scalebench.analysis.stats import Estimate, of_rounds, ratio, unknown
from scalebench.errors import SuiteError, did_you_mean
from scalebench.execute.abba import describe
from scalebench.execute.client import Worker
from scalebench.execute.counting import Paper
from scalebench.execute.events import Listener, silent
from scalebench.execute.lock import machine_lock
from scalebench.execute.planner import Prepared, count_all
from scalebench.jobs.measure_rounds import MeasureOptions
from scalebench.jobs.named_cases import base_case, plan_without_suite, resolve_cases
from scalebench.jobs.questions import MARGIN
from scalebench.jobs.tune import measured
from scalebench.metrics import MEASURED
from scalebench.record import Record
from scalebench.store.frame import rounds_frame
from scalebench.suite.case import AXES, Case
from scalebench.suite.suite_grid import DeviceGrid


@dataclass(frozen=True)
class CaseOptions:
    """What is measured, and where it is stored.

    Attributes:
        names: ``MODEL[@RES]``.
        suite: name that the records get, and their folder below ``results``.
        batch, device, threads, protocol: as on the command line.
        settings: other axes of a suite's grid, such as ``runtime``, ``precision`` and ``layout``.
        results: folder of all results; what it holds already is not measured again.
    """

    names: Sequence[str]
    suite: str
    batch: int = 1
    device: str = "auto"
    threads: int | None = None
    protocol: str = "standard"
    settings: Mapping[str, Any] = field(default_factory=dict)
    results: Path = Path("results")


@dataclass(frozen=True)
class EstimatedCase:
    """One case: its rounds, its counts, and every measured metric with its interval (NaN where it was not measured)."""

    case: Case
    records: Sequence[Record]
    facts: Mapping[str, Any]
    estimates: Mapping[str, Estimate]

    @property
    def failure(self) -> Record | None:
        """The newest round, where none succeeded."""
        return None if any(record.outcome == "ok" for record in self.records) else self.records[-1]


@dataclass(frozen=True)
class EstimatedCases:
    """Cases in the order of their names, and by (over, under) the ratios of their latencies, turn by turn."""

    cases: tuple[EstimatedCase, ...]
    ratios: Mapping[tuple[Case, Case], Estimate]


def measure_cases(options: CaseOptions, announce: Listener = silent) -> EstimatedCases:
    """Measure what is missing; several cases take turns until their ratios are decided, where the protocol allows that.

    Raises:
        SuiteError: no model, or a setting that no case has.
        ScalebenchError: no such model or device, or the machine is taken.
    """
    if not options.names:
        raise SuiteError("no model is named", "such as resnet18@224")
    settings = _checked(options.settings)
    with machine_lock(), Worker() as worker:
        device, environment = describe(worker, options.device, announce)
        base = replace(base_case(device, options.batch, options.threads, options.protocol), **settings)
        cases = resolve_cases(options.names, base, worker, announce)
        facts = count_all({case.counted(): ("inference",) for case in cases}, Paper(worker), announce)
        plan = plan_without_suite(options.suite, options.suite, cases, base.protocol.rounds, environment.hw_key)
        plan = replace(plan, counts=tuple(dict.fromkeys(case.counted() for case in cases)))
        pairs = [PairQuestion(a, b, MARGIN) for a, b in combinations(cases, 2) if a.by_turns and b.by_turns]
        records = measured(
            Prepared(plan, facts, {device: environment}), cases, options.results / options.suite, worker,
            MeasureOptions(peaks=False), announce, pairs,
        )  # fmt: skip
    return _estimated(records, {case: facts[case.counted()] for case in cases})


def _checked(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings, as a suite's grid would take them."""
    try:
        DeviceGrid.model_validate({name: [value] for name, value in settings.items()})
    except ValidationError as error:
        problem = error.errors()[0]
        name = str(problem["loc"][0])
        raise SuiteError(f"{name}: {problem['msg']}", did_you_mean(name, AXES)) from None
    for name, value in settings.items():
        if value in (*AXES[name].searches, "best"):
            raise SuiteError(f"{name}: {value} is searched, and here one configuration is measured", "name its value")
    return settings


def _estimated(records: Mapping[Case, Sequence[Record]], facts: Mapping[Case, Mapping[str, Any]]) -> EstimatedCases:
    every = [record for own in records.values() for record in own]
    rounds = with_standing(name_machines(rounds_frame(every)), every)
    rounds = rounds[rounds["used"]]
    shared = pooled(rounds, MEASURED)
    samples = {
        metric: {key: sample(own, metric, shared) for key, own in rounds.groupby("case", sort=False)}
        for metric in MEASURED
    }
    cases = tuple(
        EstimatedCase(case, own, facts[case], {
            metric: of_rounds(by_case[case.key]) if case.key in by_case else unknown()
            for metric, by_case in samples.items()
        })
        for case, own in records.items()
    )  # fmt: skip
    latencies = samples["latency_s"]
    ratios = {
        (a, b): ratio(latencies[a.key], latencies[b.key])
        for a in records for b in records if a != b and {a.key, b.key} <= latencies.keys()
    }  # fmt: skip
    return EstimatedCases(cases, ratios)

"""Predicts latency and memory of cases that were not measured, from records, and how far off such predictions are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from scalebench.analysis.predict.answer import CasePrediction, Predictor
from scalebench.analysis.predict.cases import Key, MeasuredCase, Place, Work, facts_of, seen_cases
from scalebench.analysis.predict.cross_validation import ErrorRow, evaluate
from scalebench.errors import BuildError, StoreError
from scalebench.execute.client import Worker
from scalebench.execute.counting import Paper
from scalebench.execute.events import Listener, silent
from scalebench.execute.planner import catalogue, count_all
from scalebench.jobs.named_cases import COUNTING, expand_names
from scalebench.record import Record
from scalebench.store.jsonl import Results
from scalebench.suite.case import MODELS, Case
from scalebench.suite.device_kinds import kind_of
from scalebench.suite.own_selection import written_names
from scalebench.suite.variant import parse_at

IMPORTED = "imported"
"""Prefix of the machines of imported tables; their counts are the tables' own."""


@dataclass(frozen=True)
class PredictionData:
    """What predictions are made from.

    Attributes:
        results: the result files.
        facts: counts by model and resolution, with operators by kind where those were counted.
        cases: measured cases by place.
    """

    results: Results
    facts: Mapping[Key, Mapping[str, Any]]
    cases: Mapping[Place, Sequence[MeasuredCase]]

    def predictor(self, place: Place) -> Predictor:
        """Predictor of one place."""
        return Predictor(place, self.cases, self.results.abilities, _memory_limit(self.results.records, place))


def predict_cases(
    names: Sequence[str], results: Results, *, batch: int = 1, runtime: str = "eager", precision: str = "fp32",
    machine: str = "*", announce: Listener = silent,
) -> list[CasePrediction]:  # fmt: skip
    """Predict inference of each model on each machine; a case that was measured is given as measured.

    Args:
        names: names, variants or globs, each with ``@RES`` or at its native resolution.
        results: records to predict from.
        batch, runtime, precision: of the cases; must have been measured together.
        machine: glob; only machines whose name matches.
        announce: hears how far counting is.

    Raises:
        BuildError: a model cannot be counted.
        StoreError: nothing was measured in this setting; the hint says what was.
    """
    setting = {"mode": "inference", "batch": batch, "runtime": runtime, "precision": precision}
    with Worker() as worker:
        models = _resolve(names, results, worker)
        data = read_data(results, worker, models, setting, announce)
    for model, resolution in models:
        if "macs" not in data.facts.get((model, resolution), {}):
            raise BuildError(f"{model}@{resolution} cannot be counted", f"scalebench count {model}@{resolution}")
    works = [Work(*key, batch, data.facts[key]) for key in models]
    predictors = [data.predictor(place) for place in _places(data, setting, machine)]
    return [predictor.answer(work) for predictor in predictors for work in works]


def evaluate_predictions(results: Results, announce: Listener = silent) -> list[ErrorRow]:
    """Errors of predictions of measured cases that were left out."""
    with Worker() as worker:
        return evaluate(read_data(results, worker, announce=announce).cases)


def _resolve(names: Sequence[str], results: Results, worker: Worker) -> list[Key]:
    """Models and resolutions of names; torch starts only for globs, native resolutions and what was not counted."""
    names = written_names(names, lambda: catalogue(Paper(worker)))
    if not any(mark in name for name in names for mark in "*?"):
        variants = [parse_at(name) for name in names]
        models = [(variant.name, size) for variant, size in variants if size is not None]
        counts = facts_of(results.records)
        if len(models) == len(variants) and all(counts.get(key, {}).get("operators") for key in models):
            return list(dict.fromkeys(models))
    return [(case.model, case.resolution) for case in expand_names(names, catalogue(Paper(worker)), COUNTING)]


def read_data(
    results: Results, worker: Worker, models: Iterable[Key] = (), setting: Mapping[str, Any] | None = None,
    announce: Listener = silent,
) -> PredictionData:  # fmt: skip
    """Measured cases, with models whose operators were not counted by kind counted again.

    What cannot be counted keeps its facts, and imported tables keep their totals.

    Args:
        results: the result files.
        worker: counts.
        models: counted too, whether measured or not.
        setting: fields of the measured cases that matter; models of other cases are not counted again.
        announce: hears how far counting is.
    """
    facts: dict[Key, Mapping[str, Any]] = {**facts_of(results.records)}
    own = [r.case for r in results.records if not r.environment.machine.startswith(IMPORTED)]
    measured = {(case.model, case.resolution) for case in own if _fits(case, setting or {})}
    missing = [key for key in dict.fromkeys((*sorted(measured), *models)) if not facts.get(key, {}).get("operators")]
    to_count = {replace(COUNTING, model=key[0], resolution=key[1]): ("inference",) for key in missing}
    for case, counts in count_all(to_count, Paper(worker), announce).items():
        if "error" not in counts:
            key = case.model, case.resolution
            facts[key] = {**facts.get(key, {}), **counts}
    return PredictionData(results, facts, seen_cases(results.records, facts))


def _fits(case: Case | Place, setting: Mapping[str, Any]) -> bool:
    return case.mode in MODELS and all(getattr(case, name) == value for name, value in setting.items())


def _places(data: PredictionData, setting: Mapping[str, Any], machine: str) -> list[Place]:
    """Places with measured cases of this setting; a StoreError says where there are none."""
    fitting = [place for place in data.cases if fnmatchcase(place.machine, machine) and _fits(place, setting)]
    if not fitting:
        measured = "; ".join(f"{place.machine}: {place.label}" for place in list(data.cases)[:8])
        text = ", ".join(f"{name} {value}" for name, value in setting.items())
        hint = f"another precision, runtime or batch is not predicted from these; measured: {measured or 'nothing'}"
        raise StoreError(f"nothing was measured with {text}", hint)
    return fitting


def _memory_limit(records: Iterable[Record], place: Place) -> float | None:
    """Memory of the device, bytes; None where it is not known."""
    name = place.machine.partition("/")[0]
    hardware = next((r.environment.hardware for r in records if r.environment.machine == name), {})
    gib = hardware.get("memory", {}).get("gib") if kind_of(place.device).on_host else hardware.get("gpu_memory_gib")
    return None if gib is None else float(gib) * 2**30

"""What the records of a training study say: accuracy of each variant, paired differences, a verdict for each test."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from scalebench.analysis.holm import holm
from scalebench.analysis.seeds_and_images import p_of_none, two_way
from scalebench.analysis.stats import Estimate
from scalebench.analysis.training_verdicts import OWN, SHARED, AxisComparison, StudyVerdict, judged
from scalebench.record import Environment, Record
from scalebench.suite.case import TRAINING_STUDY
from scalebench.suite.suite_plan import Group, Plan
from scalebench.suite.training_runs import case_of, members, own_rate, rates_by_success, study_group
from scalebench.suite.training_study import BASE, COMPOUND, TrainingRun, TrainingStudy


@dataclass(frozen=True)
class TrainedVariant:
    """One variant with one recipe.

    Attributes:
        method, model, resolution, macs: of the variant.
        recipe, rate: and its learning rate.
        seeds, diverged: number of networks that were tested, and how many of them diverged.
        accuracy: by test.
        gain: over the base, by test; empty for the base.
        recall: by test and class, means over seeds.
        train_s, inference_s: seconds per image on one core, medians over seeds.
        losses: training loss by epoch, means over the seeds that did not end in infinity.
    """

    method: str
    model: str
    resolution: int
    macs: int
    recipe: str
    rate: float
    seeds: int
    diverged: int
    accuracy: Mapping[str, Estimate]
    gain: Mapping[str, Estimate]
    recall: Mapping[str, Mapping[str, float]]
    train_s: float
    inference_s: float
    losses: tuple[float, ...] = ()


@dataclass(frozen=True)
class TrainingResults:
    """What a study came to.

    Attributes:
        study, group: as planned.
        environment: the machine.
        variants: of both recipes.
        verdicts: of both recipes, each test once.
        validated: share of the validation images by run of the base.
        longer: gain of depth by the epochs of the check, and compound less that depth, by test; empty without a check.
        failed: runs without a network, by outcome.
        tested: number of networks.
    """

    study: TrainingStudy
    group: Group
    environment: Environment
    variants: tuple[TrainedVariant, ...]
    verdicts: tuple[StudyVerdict, ...]
    validated: Mapping[float, float]
    longer: Mapping[str, tuple[Estimate, AxisComparison]] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)
    tested: int = 0

    def of(self, recipe: str) -> tuple[StudyVerdict, ...]:
        """Verdicts of one recipe."""
        return tuple(verdict for verdict in self.verdicts if verdict.recipe == recipe)

    def content(self) -> dict[str, Any]:
        """Plain content of the report's JSON: shares between 0 and 1, seconds."""
        verdicts = [
            {"test": verdict.test, "recipe": verdict.recipe, "verdict": verdict.word, "best": verdict.best,
             "why": verdict.why, "base": asdict(verdict.base),
             "comparisons": [{**asdict(c), "winner": c.winner} for c in verdict.comparisons]}
            for verdict in self.verdicts
        ]  # fmt: skip
        return {
            "study": asdict(self.study), "variants": [asdict(variant) for variant in self.variants],
            "verdicts": verdicts, "validated": {f"{rate:g}": share for rate, share in self.validated.items()},
            "longer": {
                test: {"gain": asdict(gain), "against_compound": asdict(c)} for test, (gain, c) in self.longer.items()
            },
            "failed": dict(self.failed),
        }  # fmt: skip


def training_results(plan: Plan, records: Iterable[Record]) -> TrainingResults | None:
    """Results of the machine with most runs; None where the suite has no study or nothing has been tested."""
    study = plan.study
    if study is None:
        return None
    group = study_group(plan.groups)
    methods, by_machine = members(group), dict[tuple[str, str], dict[TrainingRun, Record]]()
    for record in (record for record in records if record.case.mode == TRAINING_STUDY):
        run = TrainingRun(**record.facts["run"])
        if run.method in methods and record.case == case_of(study, group, run, record.case.device):
            machine = record.environment.hw_key, record.environment.sw_key
            by_machine.setdefault(machine, {})[run] = record
    runs = max(by_machine.values(), key=len, default={})
    tested = {run: record for run, record in runs.items() if record.facts.get("correct")}
    failed: Counter[str] = Counter(record.outcome for run, record in runs.items() if run not in tested)
    return _Tested(study, group, tested).results(failed) if tested else None


@dataclass(frozen=True)
class _Tested:
    """Tested networks by run."""

    study: TrainingStudy
    group: Group
    records: Mapping[TrainingRun, Record]

    @property
    def validated(self) -> dict[TrainingRun, float]:
        return {run: float(record.facts["validation"]) for run, record in self.records.items()}

    @property
    def environment(self) -> Environment:
        return next(iter(self.records.values())).environment

    def results(self, failed: Mapping[str, int]) -> TrainingResults:
        best = rates_by_success(self.study, self.validated)
        if not best:
            return TrainingResults(self.study, self.group, self.environment, (), (), {}, {}, failed, len(self.records))
        methods = list(members(self.group))
        shared = dict.fromkeys(methods, best[0])
        own = {method: own_rate(self.study, self.validated, method) for method in methods}
        recipes: dict[str, dict[str, float]] = {SHARED: shared}
        if all(rate is not None for rate in own.values()):
            recipes[OWN] = {method: rate for method, rate in own.items() if rate is not None}
        longer = self.longer(shared)
        return TrainingResults(
            self.study, self.group, self.environment,
            tuple(v for recipe, rates in recipes.items() for v in self.variants(recipe, rates)),
            tuple(v for recipe, rates in recipes.items() for v in self.verdicts(recipe, rates, longer)),
            {rate: self.validated[TrainingRun(BASE, rate, 0, self.study.epochs)] for rate in best}, longer, failed,
            len(self.records),
        )  # fmt: skip

    def runs(self, method: str, rate: float, times: int = 1) -> dict[int, Record]:
        """Records by seed."""
        runs = (TrainingRun(method, rate, seed, self.study.epochs * times) for seed in range(self.study.seeds))
        return {run.seed: self.records[run] for run in runs if run in self.records}

    def variants(self, recipe: str, rates: Mapping[str, float]) -> Iterable[TrainedVariant]:
        base = self.runs(BASE, rates[BASE])
        for method, member in members(self.group).items():
            records = self.runs(method, rates[method])
            if not records:
                continue
            every = list(records.values())
            tests = every[0].facts["correct"]
            gain = {test: _difference(records, base, test)[0] for test in tests} if method != BASE else {}
            yield TrainedVariant(
                method, self.group.model(member), member.resolution, member.macs, recipe, rates[method], len(every),
                sum(record.outcome != "ok" for record in every), {test: _accuracy(every, test) for test in tests}, gain,
                {test: _recall(every, test) for test in tests},
                train_s=_median(every, "train_s"), inference_s=_median(every, "inference_s"), losses=_losses(every),
            )  # fmt: skip

    def verdicts(
        self, recipe: str, rates: Mapping[str, float], longer: Mapping[str, tuple[Estimate, AxisComparison]]
    ) -> Iterable[StudyVerdict]:
        base, compound = (list(self.runs(method, rates[method]).values()) for method in (BASE, COMPOUND))
        axes = {method: self.runs(method, rates[method]) for method in rates if method not in (BASE, COMPOUND)}
        if not base or not compound:
            return
        for test in base[0].facts["correct"]:
            raw = [
                AxisComparison(method, *_difference(self.runs(COMPOUND, rates[COMPOUND]), records, test))
                for method, records in axes.items()
                if records
            ]
            adjusted = holm([one.p for one in raw])
            comparisons = tuple(replace(one, p_holm=p) for one, p in zip(raw, adjusted, strict=True))
            complete = all(len(records) == len(compound) for records in axes.values())
            yield judged(test, recipe, _accuracy(base, test), comparisons, longer.get(test), complete)

    def longer(self, rates: Mapping[str, float]) -> dict[str, tuple[Estimate, AxisComparison]]:
        times = self.study.depth_epochs
        if not times or "depth" not in rates:
            return {}
        once, more = (self.runs("depth", rates["depth"], n) for n in (1, times))
        compound = self.runs(COMPOUND, rates[COMPOUND])
        if not (set(once) & set(more)) or not set(compound) & set(more):
            return {}
        tests = next(iter(more.values())).facts["correct"]
        pairs = {test: (_difference(more, once, test)[0], _difference(compound, more, test)) for test in tests}
        return {test: (gain, AxisComparison("depth", *pair, p_holm=pair[1])) for test, (gain, pair) in pairs.items()}


def correctness(record: Record, test: str) -> npt.NDArray[np.float64]:
    """1 for each test image that was classified correctly, else 0."""
    packed = np.frombuffer(bytes.fromhex(record.facts["correct"][test]), np.uint8)
    return np.unpackbits(packed)[: record.facts["images"][test]].astype(float)


def _groups(record: Record, test: str) -> npt.NDArray[np.int64]:
    groups = record.facts.get("groups", {}).get(test)
    return np.asarray(range(record.facts["images"][test]) if groups is None else groups, np.int64)


def _accuracy(records: Sequence[Record], test: str) -> Estimate:
    return two_way(np.stack([correctness(record, test) for record in records]), _groups(records[0], test))


def _difference(over: Mapping[int, Record], under: Mapping[int, Record], test: str) -> tuple[Estimate, float]:
    """Share of right answers of one variant less that of another, on the seeds that both have; and its p."""
    seeds = sorted(set(over) & set(under))
    if not seeds:
        return Estimate(math.nan, math.nan, math.nan, 0), 1.0
    steps = np.stack([correctness(over[seed], test) - correctness(under[seed], test) for seed in seeds])
    groups = _groups(over[seeds[0]], test)
    return two_way(steps, groups), p_of_none(steps, groups)


def _median(records: Sequence[Record], fact: str) -> float:
    return float(np.median([record.facts[fact] for record in records]))


def _losses(records: Sequence[Record]) -> tuple[float, ...]:
    curves = [record.samples["loss"] for record in records if None not in record.samples["loss"]]
    return tuple(np.mean(curves, axis=0).tolist()) if curves else ()


def _recall(records: Sequence[Record], test: str) -> dict[str, float]:
    """Share of each class's images that are recognised, the mean over the networks."""
    names = records[0].facts["data"]["classes"]
    shares = np.array([record.facts["recall"][test] for record in records], float)
    return dict(zip(names, shares.mean(axis=0).tolist(), strict=False))

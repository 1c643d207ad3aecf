"""analyse(plan, records): what reports and claims are made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

import pandas as pd

from scalebench import published
from scalebench.analysis.accuracy_fronts import accuracy_at_cost, fronts
from scalebench.analysis.exponents import axis_exponents, multiplier_exponents, resolution_exponents
from scalebench.analysis.input_pipeline import feeding, inputs
from scalebench.analysis.matched import compare_groups, counted_ratios, explained
from scalebench.analysis.measured_accuracy import AccuracyRow, accuracy_rows
from scalebench.analysis.memory_views import memory_gap
from scalebench.analysis.part_times import parts_frame
from scalebench.analysis.pooling import Pooled, pooled
from scalebench.analysis.printed_counts import recount
from scalebench.analysis.roofline import COLUMNS as PLACED
from scalebench.analysis.roofline import roofline
from scalebench.analysis.rounds import name_machines, with_standing
from scalebench.analysis.speedups import optimised
from scalebench.analysis.study import Study, study
from scalebench.analysis.summary import summarise
from scalebench.analysis.training_results import TrainingResults, training_results
from scalebench.analysis.used_rounds import Configuration, UsedRounds, by_way
from scalebench.analysis.within_limits import fitting
from scalebench.machine.ability import Ability
from scalebench.metrics import MEASURED
from scalebench.record import Environment, Record
from scalebench.store.frame import counted_here, counts_frame, rounds_frame
from scalebench.suite.case import CLASSIFYING, COUNT, MODELS, TRAINING_STUDY, Case
from scalebench.suite.suite_plan import Plan


@dataclass(frozen=True)
class Failure:
    """A case that has no number, and why."""

    case: Case
    machine: str
    outcome: str
    why: str
    ending: str


@dataclass(frozen=True)
class Analysis:
    """What the records of one suite show. Frames are described where they are made."""

    plan: Plan
    machines: dict[str, Environment]  # by their unique label
    rounds: pd.DataFrame  # one row per measured round, see ``store.frame.rounds_frame`` and ``rounds.with_standing``
    cases: pd.DataFrame  # cases that ran a whole model, see ``summary.summarise``
    counts: pd.DataFrame  # counted facts, one row per model and resolution
    exponents: pd.DataFrame  # see ``exponents.COLUMNS``
    groups: pd.DataFrame  # see ``matched.compare_groups``
    failures: tuple[Failure, ...]
    missing: tuple[Case, ...]  # cases of the plan that no machine has measured
    memory: pd.DataFrame = field(default_factory=pd.DataFrame)  # see ``memory_views.memory_gap``
    roofline: pd.DataFrame = field(default_factory=pd.DataFrame)  # ``cases`` with the columns of ``roofline.Placed``
    abilities: tuple[Ability, ...] = ()  # measured peaks of the machines, oldest first
    short: tuple[Case, ...] = ()  # cases of the plan with fewer good rounds than planned
    left_out: int = 0  # measured records of cases that are no longer in the suite
    counted_groups: pd.DataFrame = field(default_factory=pd.DataFrame)  # see ``matched.counted_ratios``
    explained: pd.DataFrame = field(default_factory=pd.DataFrame)  # see ``matched.explained``
    recount: pd.DataFrame = field(default_factory=pd.DataFrame)  # see ``printed_counts.recount``
    accuracy: pd.DataFrame = field(default_factory=pd.DataFrame)  # see ``accuracy_fronts.accuracy_at_cost``
    fronts: pd.DataFrame = field(default_factory=pd.DataFrame)  # see ``accuracy_fronts.fronts``
    study: Study = field(default_factory=Study)  # empty until ``with_study``
    besides: pd.DataFrame = field(default_factory=pd.DataFrame)  # as ``cases``: parts of models, the input pipeline
    optimised: pd.DataFrame = field(default_factory=pd.DataFrame)  # see ``speedups.optimised``
    fitting: pd.DataFrame = field(default_factory=pd.DataFrame)  # see ``within_limits.fitting``; empty without limits
    inputs: pd.DataFrame = field(default_factory=pd.DataFrame)  # see ``input_pipeline.inputs``
    feeding: pd.DataFrame = field(default_factory=pd.DataFrame)  # see ``input_pipeline.feeding``
    parts: pd.DataFrame = field(default_factory=pd.DataFrame)  # see ``part_times.parts_frame``
    sessions: Mapping[str, int] = field(default_factory=dict)  # number of sessions of each machine
    pooled: Pooled = field(default_factory=Pooled)  # what the cases of a machine share
    accuracies: tuple[AccuracyRow, ...] = ()  # of labelled images classified here
    training: TrainingResults | None = None  # of networks trained from scratch

    @cached_property
    def own_counts(self) -> pd.DataFrame:
        """``counts`` without imported tables: claims are decided by what was counted here."""
        return counted_here(self.counts)

    @cached_property
    def facts(self) -> dict[tuple[str, int], dict[str, Any]]:
        """Rows of ``own_counts`` by model and resolution."""
        rows = [{str(name): value for name, value in row.items()} for row in self.own_counts.to_dict("records")]
        return {(row["model"], row["resolution"]): row for row in rows}

    @cached_property
    def used(self) -> dict[Configuration, UsedRounds]:
        """Rounds that enter the estimates, by values of ``WAY``."""
        return by_way(self.rounds, self.pooled)


def analyse(
    plan: Plan, records: Sequence[Record], elsewhere: Sequence[Case] = (), abilities: Sequence[Ability] = ()
) -> Analysis:
    """Analyse the records of one suite.

    Args:
        plan: of the suite.
        records: counts and rounds, from any number of machines.
        elsewhere: further cases, from other machines' plans of the suite.
        abilities: peaks of the machines, oldest first.
    """
    planned = {_anywhere(case) for case in (*plan.cases, *elsewhere)}
    classified = {(r.environment.hw_key, r.case.key): r for r in records if r.case.mode in CLASSIFYING}
    training = training_results(plan, records)
    records = [record for record in records if record.case.mode not in (*CLASSIFYING, TRAINING_STUDY)]
    every, records = records, [r for r in records if r.case.mode == COUNT or _anywhere(r.case) in planned]
    measured = [record for record in records if record.case.mode != COUNT]
    rounds = with_standing(name_machines(rounds_frame(records)), measured)
    shared = pooled(rounds, MEASURED)
    every_case = summarise(rounds, shared)
    whole = every_case["mode"].isin(MODELS)
    cases = every_case[whole]
    machines, prepared = _machines(records, rounds, training), inputs(rounds, shared)
    counts = counts_frame(records)
    exponents = [resolution_exponents(cases), multiplier_exponents(cases), axis_exponents(cases, plan.groups)]
    recorded = {_anywhere(record.case) for record in (*records, *classified.values())}
    good = rounds[rounds["used"]].groupby(["case", "machine"]).size().groupby("case").min()
    groups, counted = compare_groups(by_way(rounds, shared), plan.groups), counted_ratios(counts, plan.groups)
    accuracy = accuracy_at_cost(cases, counts, (*published.models(), *published.variants()))
    return Analysis(
        plan=plan,
        machines=machines,
        rounds=rounds,
        cases=cases,
        counts=counts,
        exponents=pd.concat([e for e in exponents if len(e)] or exponents[:1], ignore_index=True),
        groups=groups,
        failures=_failures(records, rounds, classified.values()),
        missing=tuple(case for case in plan.cases if _anywhere(case) not in recorded),
        memory=memory_gap(cases),
        roofline=cases.join(roofline(cases, counts, abilities)[list(PLACED)]),
        abilities=tuple(abilities),
        short=tuple(case for case in plan.cases if 0 < good.get(case.key, 0) < plan.rounds),
        left_out=len(every) - len(records),
        counted_groups=counted,
        explained=explained(groups, counted),
        recount=recount(counted_here(counts)),
        accuracy=accuracy,
        fronts=fronts(accuracy),
        besides=every_case[~whole],
        optimised=optimised(rounds, cases, shared),
        fitting=fitting(cases, plan.limits, plan.scene) if plan.limits else pd.DataFrame(),
        inputs=prepared,
        feeding=feeding(prepared, cases, rounds, machines, shared),
        parts=parts_frame(rounds, measured),
        sessions={str(m): int(n) for m, n in rounds[rounds["used"]].groupby("machine")["session"].nunique().items()},
        pooled=shared,
        accuracies=tuple(accuracy_rows(list(classified.values()))),
        training=training,
    )


def with_study(analysis: Analysis) -> Analysis:
    """The same with its study, which takes seconds of resampling and which no verdict needs."""
    return replace(analysis, study=study(analysis.cases, analysis.rounds))


@lru_cache(maxsize=1 << 16)  # several records are of one case
def _anywhere(case: Case) -> Case:
    """The case without what differs between machines, and without how often it is repeated."""
    return replace(case, device="", threads=0, protocol=replace(case.protocol, turns=0).phases())


def _machines(
    records: Sequence[Record], rounds: pd.DataFrame, training: TrainingResults | None
) -> dict[str, Environment]:
    if rounds.empty and training is not None:
        return {training.environment.machine: training.environment}
    by_keys = {(r.environment.hw_key, r.environment.sw_key): r.environment for r in records if r.case.mode != COUNT}
    labels = rounds.drop_duplicates(["machine"])
    columns = (labels[name].astype(str) for name in ("machine", "hw_key", "sw_key"))
    return {machine: by_keys[hw_key, sw_key] for machine, hw_key, sw_key in zip(*columns, strict=True)}


def _failure(record: Record, place: str) -> Failure:
    message = (record.error or {}).get("message", "")
    return Failure(record.case, place, record.outcome, message, record.ending or record.outcome)


def _failures(records: Sequence[Record], rounds: pd.DataFrame, classified: Iterable[Record]) -> tuple[Failure, ...]:
    """Cases of which no round, count or classification succeeded; each once."""
    machines = iter(rounds["machine"])
    measured = [(r, next(machines)) for r in records if r.case.mode != COUNT]
    places = [*measured, *((r, "on paper") for r in records if r.case.mode == COUNT)]
    good = {(r.case.key, place) for r, place in places if r.outcome == "ok"}
    # Of several failed rounds the newest is shown: the cause may have changed since the first.
    bad = {(r.case.key, place): _failure(r, place) for r, place in places if (r.case.key, place) not in good}
    return (*bad.values(), *(_failure(r, r.environment.machine) for r in classified if r.outcome != "ok"))

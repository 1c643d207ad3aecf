"""analyse(plan, records): everything the report and the claims start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from scalebench import published
from scalebench.analysis.accuracy_fronts import accuracy_at_cost, fronts
from scalebench.analysis.exponents import axis_exponents, multiplier_exponents, resolution_exponents
from scalebench.analysis.frontier import pareto
from scalebench.analysis.input_pipeline import feeding, inputs
from scalebench.analysis.matched import compare_groups, counted_ratios, explained
from scalebench.analysis.memory_views import memory_gap
from scalebench.analysis.part_times import parts_frame
from scalebench.analysis.printed_counts import recount
from scalebench.analysis.roofline import COLUMNS as PLACED
from scalebench.analysis.roofline import roofline
from scalebench.analysis.rounds import name_machines, with_standing
from scalebench.analysis.speedups import optimised
from scalebench.analysis.study import Study, study
from scalebench.analysis.summary import summarise
from scalebench.analysis.way import WAY
from scalebench.analysis.within_limits import fitting
from scalebench.machine.ability import Ability
from scalebench.record import Environment, Record
from scalebench.store.frame import counted_here, counts_frame, rounds_frame
from scalebench.suite.case import COUNT, MODELS, Case
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
    """What the records of one suite say.

    Attributes:
        plan: what was asked for.
        machines: by their unique label.
        rounds: one row per measured round, see ``store.frame.rounds_frame``.
        cases: one row per machine and case that ran a whole model, see ``summary.summarise``; ``front`` marks the
            Pareto front of counted MACs per image against latency, within one way of running.
        counts: counted facts, one row per model and resolution.
        exponents: see ``scaling.COLUMNS``.
        groups: see ``matched.COLUMNS``.
        failures: cases that did not end well.
        missing: cases of the plan that no machine has measured yet.
        roofline: ``cases`` with the columns of ``roofline.Placed``.
        abilities: measured peaks of the machines, oldest first.
        memory: measured, whole-process and static memory, see ``memory.memory_gap``.
        short: cases of the plan with fewer good rounds than asked for.
        left_out: measured records of cases that are no longer in the suite.
        counted_groups: see ``matched.counted_ratios``.
        explained: see ``matched.explained``.
        recount: see ``recount.recount``.
        accuracy: see ``accuracy.accuracy_at_cost``.
        fronts: see ``accuracy.fronts``.
        study: what predicts time; empty until ``with_study``.
        optimised: see ``optimised.optimised``.
        fitting: see ``fitting.fitting``; empty where the suite sets no limits.
        besides: as ``cases``, of those that ran no whole model: a model's parts, the input pipeline.
        inputs: see ``inputs.inputs``.
        feeding: see ``inputs.feeding``.
        parts: where the cost of models goes, see ``parts.parts_frame``.
    """

    plan: Plan
    machines: dict[str, Environment]
    rounds: pd.DataFrame
    cases: pd.DataFrame
    counts: pd.DataFrame
    exponents: pd.DataFrame
    groups: pd.DataFrame
    failures: tuple[Failure, ...]
    missing: tuple[Case, ...]
    memory: pd.DataFrame = field(default_factory=pd.DataFrame)
    roofline: pd.DataFrame = field(default_factory=pd.DataFrame)
    abilities: tuple[Ability, ...] = ()
    short: tuple[Case, ...] = ()
    left_out: int = 0
    counted_groups: pd.DataFrame = field(default_factory=pd.DataFrame)
    explained: pd.DataFrame = field(default_factory=pd.DataFrame)
    recount: pd.DataFrame = field(default_factory=pd.DataFrame)
    accuracy: pd.DataFrame = field(default_factory=pd.DataFrame)
    fronts: pd.DataFrame = field(default_factory=pd.DataFrame)
    study: Study = field(default_factory=Study)
    besides: pd.DataFrame = field(default_factory=pd.DataFrame)
    optimised: pd.DataFrame = field(default_factory=pd.DataFrame)
    fitting: pd.DataFrame = field(default_factory=pd.DataFrame)
    inputs: pd.DataFrame = field(default_factory=pd.DataFrame)
    feeding: pd.DataFrame = field(default_factory=pd.DataFrame)
    parts: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def own_counts(self) -> pd.DataFrame:
        """``counts`` less what was read in a table: claims are decided by what was counted here."""
        return counted_here(self.counts)


def analyse(
    plan: Plan, records: Sequence[Record], elsewhere: Sequence[Case] = (), abilities: Sequence[Ability] = ()
) -> Analysis:
    """Analyse the records of one suite.

    Args:
        plan: the suite's plan, newest first choice.
        records: counts and rounds, from any number of machines.
        elsewhere: cases that other machines' plans of the suite have beside these.
        abilities: peaks of the machines, oldest first.
    """
    wanted = {_anywhere(case) for case in (*plan.cases, *elsewhere)}
    every, records = records, [r for r in records if r.case.mode == COUNT or _anywhere(r.case) in wanted]
    measured = [record for record in records if record.case.mode != COUNT]
    rounds = with_standing(name_machines(rounds_frame(records)), measured)
    every_case = summarise(rounds)
    whole = every_case["mode"].isin(MODELS)
    cases = every_case[whole]
    machines, prepared = _machines(records, rounds), inputs(rounds)
    counts = counts_frame(records)
    exponents = [resolution_exponents(cases), multiplier_exponents(cases), axis_exponents(cases, plan.groups)]
    seen = {_anywhere(record.case) for record in records}
    good = rounds[rounds["used"]].groupby(["case", "machine"]).size().groupby("case").min()
    groups, counted = compare_groups(rounds, plan.groups), counted_ratios(counts, plan.groups)
    accuracy = accuracy_at_cost(cases, counts, (*published.models(), *published.variants()))
    return Analysis(
        plan=plan,
        machines=machines,
        rounds=rounds,
        cases=cases.assign(front=_front(cases)),
        counts=counts,
        exponents=pd.concat([e for e in exponents if len(e)] or exponents[:1], ignore_index=True),
        groups=groups,
        failures=_failures(records, rounds),
        missing=tuple(case for case in plan.cases if _anywhere(case) not in seen),
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
        optimised=optimised(rounds, cases),
        fitting=fitting(cases, plan.limits, plan.scene) if plan.limits else pd.DataFrame(),
        inputs=prepared,
        feeding=feeding(prepared, cases, rounds, machines),
        parts=parts_frame(rounds, measured),
    )


def with_study(analysis: Analysis) -> Analysis:
    """The same with its study, which takes seconds of resampling and which verdicts do without."""
    return replace(analysis, study=study(analysis.cases, analysis.rounds))


def _anywhere(case: Case) -> Case:
    """The case without what differs between machines, and without how often it is repeated."""
    return replace(case, device="", threads=0, protocol=case.protocol.phases())


def _front(cases: pd.DataFrame) -> pd.Series:
    front = pd.Series(False, index=cases.index)
    for _, group in cases.groupby(WAY, sort=False):
        front.loc[group.index] = pareto(group, cost="latency_s", gain="macs")
    return front


def _machines(records: Sequence[Record], rounds: pd.DataFrame) -> dict[str, Environment]:
    by_keys = {(r.environment.hw_key, r.environment.sw_key): r.environment for r in records if r.case.mode != COUNT}
    labels = rounds.drop_duplicates(["machine"])
    columns = (labels[name].astype(str) for name in ("machine", "hw_key", "sw_key"))
    return {machine: by_keys[hw_key, sw_key] for machine, hw_key, sw_key in zip(*columns, strict=True)}


def _failures(records: Sequence[Record], rounds: pd.DataFrame) -> tuple[Failure, ...]:
    """Cases without a number: those whose every round, or whose count, ended badly; each once."""
    measured = [r for r in records if r.case.mode != COUNT]
    places = [
        *zip(measured, rounds["machine"], strict=True),
        *((r, "on paper") for r in records if r.case.mode == COUNT),
    ]
    good = {(r.case.key, place) for r, place in places if r.outcome == "ok"}
    # Of several rounds that ended badly the newest tells: what was wrong may have been tried again.
    bad = {
        (r.case.key, place): Failure(
            r.case, place, r.outcome, (r.error or {}).get("message", ""), r.ending or r.outcome
        )
        for r, place in places
        if (r.case.key, place) not in good
    }
    return tuple(bad.values())

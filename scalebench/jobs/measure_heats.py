"""Measures by turns what is missing of a prepared suite, and goes on where a question is open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from scalebench.execute.client import Worker
from scalebench.execute.events import Listener, QuestionsDecided, silent
from scalebench.execute.heat_blocks import Room
from scalebench.execute.heat_sweeps import Agenda, HeatCallbacks, run_heats
from scalebench.execute.memory_guard import MemoryGuard
from scalebench.execute.offering import refusal
from scalebench.execute.one_heat import HeatMember, run_heat
from scalebench.execute.one_round import skipped_round
from scalebench.execute.planner import Prepared
from scalebench.execute.schedule import TimeBudget
from scalebench.jobs.history import SuiteHistory, next_round
from scalebench.machine.canaries import usual_canary
from scalebench.record import Record
from scalebench.suite.case import Case
from scalebench.suite.device_kinds import CPU

if TYPE_CHECKING:
    from scalebench.analysis.decisions import PairQuestion
    from scalebench.jobs.questions import Found

_USUAL_REFERENCE = ("resnet50", 224)
_FEWEST = 2
"""Rounds that an interval takes."""
_NAMED = 3
"""Open comparisons that an announcement names."""


@dataclass(frozen=True)
class HeatOptions:
    """How heats are made: ``seed`` of their order, ``limit_bytes`` of a process, ``free_bytes`` for all of a heat."""

    seed: int
    limit_bytes: int | None
    free_bytes: float | None


def measure_heats(
    prepared: Prepared,
    questions: Sequence[PairQuestion],
    history: SuiteHistory,
    sink: Callable[[Record], None],
    worker: Worker,
    memory: MemoryGuard,
    options: HeatOptions,
    budget: TimeBudget,
    announce: Listener,
) -> None:
    """Measure by turns until every case has its rounds and every question is decided, or the time is over."""
    cases = [case for case in prepared.plan.cases if case.by_turns]
    environment, suite = prepared.machines[CPU.name], prepared.plan.suite

    def measure(members: Sequence[tuple[Case, int]], seed: int) -> list[Record]:
        earlier = list(chain.from_iterable(history.records.values()))
        heat = [HeatMember(case, number, usual_canary(case, earlier)) for case, number in members]
        return run_heat(worker, suite, heat, environment, options.limit_bytes, seed)

    def refuse(case: Case, number: int) -> Record | None:
        reason = refusal(case)
        return (
            memory.refuse(case, number)
            if reason is None
            else skipped_round(suite, case, number, environment, *reason, {})
        )

    callbacks = HeatCallbacks(
        measure=measure,
        agenda=lambda: next_sweep(cases, questions, history, announce),
        sink=sink,
        listen=announce,
        refuse=refuse,
        learn=memory.learn,
        room=Room(lambda case: memory.need(case) or 0, options.free_bytes, history.costs.of),
        refresh=worker.close,
    )
    run_heats(history.records, reference_of(cases, history.costs.of), callbacks, options.seed, budget)


def reference_of(cases: Sequence[Case], cost: Callable[[Case], float]) -> Case | None:
    """The case that stands in every heat: the first ResNet-50 at 224 pixels, else the cheapest; None below two."""
    if len(cases) < 2:
        return None
    usual = [case for case in cases if (case.model, case.resolution) == _USUAL_REFERENCE]
    return min(usual or cases, key=cost)


def next_sweep(
    cases: Sequence[Case], questions: Sequence[PairQuestion], history: SuiteHistory, announce: Listener = silent
) -> Agenda:
    """What the next sweep measures; nothing where every case has its rounds and no question that may go on is open.

    A short budget is to decide the questions. So the least rounds of cases that are compared come first; then those
    rounds of the others that an interval takes; then what is left of these together with what is still open.
    """
    needs = {case: next_round(case, history.records.get(case.key, ())) for case in cases}
    rounds = {case: need.rounds for case, need in needs.items() if need is not None}
    pairs = tuple((question.over, question.under) for question in questions)
    compared = {case: rounds[case] for pair in pairs for case in pair if case in rounds}
    without_interval = {case: n for case, n in rounds.items() if len(history.records.get(case.key, ())) < _FEWEST}
    if compared or (questions and without_interval):
        return Agenda(compared or without_interval, pairs)
    found: Found = {}
    if questions:
        from scalebench.jobs.questions import look  # pandas and scipy, only where something is to be decided

        found = look(questions, history.records)
        announce(_announced(found))
    for question, (decided, _) in found.items():
        ends = (question.over, question.under)
        if decided == "open" and all(_may_go_on(history.records[case.key]) for case in ends):
            rounds |= dict.fromkeys(ends, 1)
    return Agenda(rounds, pairs)


def _may_go_on(records: Sequence[Record]) -> bool:
    """Whether a case may get a round beyond the least number."""
    protocol, good = records[-1].case.protocol, [record for record in records if record.outcome == "ok"]
    return (
        records[-1].outcome == "ok"
        and len(good) < protocol.most_rounds
        and sum(record.wall_s for record in good) < protocol.budget_s
    )


def _announced(found: Found) -> QuestionsDecided:
    decisions = [decided for decided, _ in found.values()]
    widths = {q: e.half_width for q, (decided, e) in found.items() if decided == "open"}
    widest = sorted(widths, key=widths.__getitem__, reverse=True)[:_NAMED]
    return QuestionsDecided(
        decisions.count("different"), decisions.count("equal"), decisions.count("open"),
        tuple(f"{q.over.label} over {q.under.label} {widths[q]:.0%}" for q in widest),
    )  # fmt: skip

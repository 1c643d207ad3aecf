"""Measures what is missing of a prepared suite, round after round."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from scalebench.errors import WorkerError
from scalebench.execute.client import Worker
from scalebench.execute.estimate import Costs, static_parts
from scalebench.execute.events import Event, GivenUp, Listener, PeaksStarted, RoundEnded, RoundsPlanned
from scalebench.execute.memory_guard import MemoryGuard
from scalebench.execute.offering import refusal
from scalebench.execute.one_round import RoundOptions, run_round, skipped_round
from scalebench.execute.planner import Prepared
from scalebench.execute.schedule import RoundCallbacks, RoundNeed, TimeBudget, run_sweeps
from scalebench.jobs.classify_images import classify_round
from scalebench.jobs.examine import peaks_of
from scalebench.jobs.history import SuiteHistory, next_round
from scalebench.jobs.measure_heats import HeatOptions, measure_heats, next_sweep
from scalebench.machine.canaries import usual_canary
from scalebench.machine.limits import LIMIT_SHARE, free_memory
from scalebench.record import Record
from scalebench.store.jsonl import Writer
from scalebench.suite.case import CLASSIFYING, INPUT, Case
from scalebench.suite.device_kinds import CPU, kind_of

if TYPE_CHECKING:
    from scalebench.analysis.decisions import PairQuestion


@dataclass(frozen=True)
class MeasureOptions:
    """How rounds are made.

    Attributes:
        seed: of their order.
        retry_failed: measure failed cases again.
        budget_s: time for the rounds, seconds; None is the suite's own, or without end.
        limit_bytes: memory a case may take; None is nine tenths of what is free.
        predict: whether cases that are predicted not to fit are skipped.
        peaks: whether the machine's peaks are measured where they are not known.
    """

    seed: int = 0
    retry_failed: bool = False
    budget_s: float | None = None
    limit_bytes: int | None = None
    predict: bool = True
    peaks: bool = True


def measure_rounds(
    prepared: Prepared,
    history: SuiteHistory,
    journal: Writer,
    worker: Worker,
    options: MeasureOptions,
    announce: Listener,
    questions: Sequence[PairQuestion] = (),
) -> None:
    """Measure until every case is done or the time is over. Every round is stored before the next one begins.

    Args:
        prepared: plan, counts and machines.
        history: earlier rounds; the new ones are added.
        journal: stores records.
        worker: the warm server; rounds on a device that cannot be used after a fork get a fresh interpreter each.
        options: seed and limits.
        announce: hears what is going on.
        questions: comparisons that are to be decided, where the protocol allows more rounds.

    Raises:
        StoreError: a record could not be written; the run stops there.
    """
    open_cases = history.open_cases(prepared.plan.cases)
    by_turns = [case for case in prepared.plan.cases if case.by_turns]
    if not open_cases and not next_sweep(by_turns, questions, history).rounds:
        return
    announce(_planned(prepared, open_cases, history.costs))
    with Worker(fork=False) as fresh:

        def worker_of(device: str) -> Worker:
            return worker if kind_of(device).fork else fresh

        if options.peaks:
            _store_peaks(prepared, open_cases, history, worker_of, journal, announce)
        budget = TimeBudget(options.budget_s or prepared.plan.budget_s).started()
        hear = _with_time_left(announce, open_cases, history.costs)
        memory = _memory_guard(prepared, history, options)
        callbacks = RoundCallbacks(
            measure=_measurer(prepared, history, worker_of, options, hear),
            need=next_round,
            cost=history.costs.of,
            sink=journal.append,
            listen=hear,
            refuse=_refuser(prepared, memory),
            learn=memory.learn,
            refresh=worker.close,
        )
        alone = [case for case in prepared.plan.cases if not case.by_turns]
        run_sweeps(alone, history.records, callbacks, options.seed, budget)
        if by_turns:
            how = HeatOptions(options.seed, options.limit_bytes, _free_bytes(prepared, CPU.name, options))
            measure_heats(prepared, questions, history, journal.append, worker, memory, how, budget, hear)


def _planned(prepared: Prepared, open_cases: Mapping[Case, RoundNeed], costs: Costs) -> RoundsPlanned:
    return RoundsPlanned(
        prepared.plan.suite,
        sum(need.rounds for need in open_cases.values()),
        len(open_cases),
        tuple(machine.machine for machine in prepared.machines.values()),
        sum(need.rounds * costs.of(case) for case, need in open_cases.items()),
    )


def _store_peaks(
    prepared: Prepared,
    cases: Iterable[Case],
    history: SuiteHistory,
    worker_of: Callable[[str], Worker],
    journal: Writer,
    announce: Listener,
) -> None:
    """Peaks of every device and number of threads, from disk or measured now; without them there is no roofline."""
    timed = {(case.device, case.threads) for case in cases if case.mode not in CLASSIFYING}
    for device, threads in sorted(timed):
        try:
            ability = peaks_of(worker_of(device), prepared.machines[device], device, threads, announce)
        except WorkerError as error:  # the rounds do not need the peaks
            announce(PeaksStarted(device, threads, error.message))
            continue
        if ability not in history.stored.abilities:
            journal.note(ability)


def _measurer(
    prepared: Prepared,
    history: SuiteHistory,
    worker_of: Callable[[str], Worker],
    options: MeasureOptions,
    announce: Listener,
) -> Callable[[Case, int, RoundNeed], Record]:
    suite, machines = prepared.plan.suite, prepared.machines

    def measure(case: Case, number: int, need: RoundNeed) -> Record:
        if case.mode in CLASSIFYING:
            return classify_round(worker_of(case.device), suite, case, number, machines[case.device], announce)
        usual = usual_canary(case, chain.from_iterable(history.records.values()))
        how = RoundOptions(need.iterations, options.limit_bytes, usual)
        return run_round(worker_of(case.device), suite, case, number, machines[case.device], how)

    return measure


def _refuser(prepared: Prepared, memory: MemoryGuard) -> Callable[[Case, int], Record | None]:
    """What cannot run here at all is refused before its memory is predicted, which would be that of another case."""

    def refuse(case: Case, number: int) -> Record | None:
        card = prepared.cards.get(case.device)
        reason = refusal(case, card.lacks if card else frozenset())
        if reason is None:
            return memory.refuse(case, number)
        return skipped_round(prepared.plan.suite, case, number, prepared.machines[case.device], *reason, {})

    return refuse


def _with_time_left(announce: Listener, open_cases: Mapping[Case, RoundNeed], costs: Costs) -> Listener:
    """Learns what rounds cost, and adds the expected time that is left to what is announced."""
    rounds = {case: need.rounds for case, need in open_cases.items()}

    def hear(event: Event) -> None:
        if isinstance(event, RoundEnded):
            case, ok = event.record.case, event.record.outcome == "ok"
            if ok:
                costs.learn(case, event.record.wall_s)
            rounds[case] = max(0, rounds.get(case, 0) - 1) if ok else 0
            event = replace(event, left_s=sum(n * costs.of(case) for case, n in rounds.items() if n))
        elif isinstance(event, GivenUp):
            rounds.update(dict.fromkeys(event.cases, 0))
        announce(event)

    return hear


def _memory_guard(prepared: Prepared, history: SuiteHistory, options: MeasureOptions) -> MemoryGuard:
    suite, machines, facts = prepared.plan.suite, prepared.machines, prepared.facts

    def skip(case: Case, number: int, ending: str, reason: str, numbers: Mapping[str, Any]) -> Record:
        return skipped_round(suite, case, number, machines[case.device], ending, reason, numbers)

    def static(case: Case) -> tuple[int, int] | None:
        return None if case.mode == INPUT else static_parts(case, facts[case.counted()])

    guard = MemoryGuard(static, lambda device: _free_bytes(prepared, device, options), skip, options.predict)
    for record in chain.from_iterable(history.records.values()):
        guard.learn(record)
    return guard


def _free_bytes(prepared: Prepared, device: str, options: MeasureOptions) -> int | None:
    """Memory that a case on ``device`` may take, bytes; None where it is not known."""
    if options.limit_bytes is not None:
        return options.limit_bytes
    if not kind_of(device).on_host:
        card = prepared.cards.get(device)
        return None if card is None else card.free_bytes
    return int(LIMIT_SHARE * free_memory())

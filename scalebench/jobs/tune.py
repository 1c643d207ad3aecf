"""The best configuration for a model on this machine: a search, then fresh rounds; every round is stored."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from scalebench.analysis.stopping import counted_rounds
from scalebench.execute.abba import describe
from scalebench.execute.client import Worker
from scalebench.execute.counting import Paper
from scalebench.execute.events import Listener, silent
from scalebench.execute.lock import machine_lock
from scalebench.execute.planner import Prepared, count_all
from scalebench.execute.search import Measure, SearchGoal, SearchResult, search
from scalebench.jobs.history import read_history
from scalebench.jobs.journal import open_journal
from scalebench.jobs.measure_rounds import MeasureOptions, measure_rounds
from scalebench.jobs.named_cases import base_case, plan_without_suite, resolve_cases
from scalebench.machine.environment import usable_cores
from scalebench.record import Record
from scalebench.suite.case import Case
from scalebench.suite.labelled_images import timed_case
from scalebench.suite.protocol import PROTOCOLS, Protocol

if TYPE_CHECKING:
    from scalebench.analysis.decisions import PairQuestion


@dataclass(frozen=True)
class TuneOptions:
    """What is tuned: model with its resolution, batch, threads (None: every usable core), device, final protocol."""

    name: str
    batch: int = 1
    threads: int | None = None
    device: str = "auto"
    protocol: str = "quick"
    results: Path = Path("results")


@dataclass(frozen=True)
class Tuned:
    """What tuning came to.

    Attributes:
        search: the search, whose rounds chose.
        fresh: rounds made afterwards, by configuration: the best ones first, plain eager fp32 last.
        folder: of the fresh rounds; those of the search lie in ``<folder>-search``.
    """

    search: SearchResult
    fresh: Mapping[Case, Sequence[Record]]
    folder: Path


def tune_model(options: TuneOptions, goal: SearchGoal, announce: Listener = silent) -> Tuned:
    """Search, then measure the best configurations and the plain one afresh.

    Raises:
        ScalebenchError: no such model or device, or the machine is taken.
    """
    measure = MeasureOptions(peaks=False)
    with machine_lock(), Worker() as worker:
        prepared, plain = _prepare(options, worker, announce)
        folder = options.results / prepared.plan.suite
        result = find_best(prepared, plain, goal, worker, options.results, measure, announce)
        finalists = _finalists(result, plain, PROTOCOLS[options.protocol])
        fresh = measured(prepared, finalists, folder, worker, measure, announce, against_last(finalists))
        return Tuned(result, fresh, folder)


def resolve_best(
    prepared: Prepared, worker: Worker, results: Path, options: MeasureOptions, announce: Listener
) -> Prepared:
    """The same plan with every case of ``runtime: best`` replaced by the fastest configuration for its model and batch.

    Where no configuration works the case runs in eager fp32, and its failure says why. Two cases may come to the same.
    """
    cases: dict[Case, None] = {}
    for case in prepared.plan.cases:
        if case.runtime == "best":
            plain = replace(timed_case(case), runtime="eager", precision="fp32", layout="contiguous", data="")
            result = find_best(prepared, plain, SearchGoal(), worker, results, options, announce)
            cases[replace(result.best or plain, protocol=case.protocol, mode=case.mode, data=case.data)] = None
        else:
            cases[case] = None
    return replace(prepared, plan=replace(prepared.plan, cases=tuple(cases)))


def find_best(
    prepared: Prepared,
    base: Case,
    goal: SearchGoal,
    worker: Worker,
    results: Path,
    options: MeasureOptions,
    announce: Listener,
) -> SearchResult:
    """Search for the best configuration of ``base``; every round is kept as a suite of its own, ``<suite>-search``.

    Args:
        prepared: with the counts of the model.
        base: model, resolution, batch, device, threads.
        goal: objective and limits.
        worker: the warm server.
        results: folder of all results.
        options: seed and limits of the rounds.
        announce: hears the rounds.
    """
    return search(base, usable_cores(), goal, searcher(prepared, worker, results, options, announce))


def searcher(prepared: Prepared, worker: Worker, results: Path, options: MeasureOptions, announce: Listener) -> Measure:
    """Measures what a search asks for, as the suite ``<suite>-search``."""
    suite = f"{prepared.plan.suite}-search"
    named = replace(prepared, plan=replace(prepared.plan, suite=suite, claims=()))

    def ask(cases: Sequence[Case]) -> Mapping[Case, Sequence[Record]]:
        return measured(named, cases, results / suite, worker, options, announce)

    return ask


def measured(
    prepared: Prepared,
    cases: Sequence[Case],
    folder: Path,
    worker: Worker,
    options: MeasureOptions,
    announce: Listener,
    questions: Sequence[PairQuestion] = (),
) -> dict[Case, list[Record]]:
    """Measure what is missing of ``cases``, and give this machine's rounds that count; where none does, all of them.

    ``questions`` are the comparisons that are to be decided, where the protocol allows more rounds.
    """
    rounds = cases[0].protocol.rounds if cases else prepared.plan.rounds
    prepared = replace(prepared, plan=replace(prepared.plan, cases=tuple(cases), rounds=rounds))
    history = read_history(prepared, folder, options.retry_failed)
    journal = open_journal(prepared, history.stored, folder)
    measure_rounds(prepared, history, journal, worker, options, announce, questions)
    records = {case: history.records.get(case.key, []) for case in cases}
    return {case: list(counted_rounds(rounds_made)) or rounds_made for case, rounds_made in records.items()}


def against_last(finalists: Sequence[Case]) -> tuple[PairQuestion, ...]:
    """The comparisons that tuning reports: those that take turns stand in one heat with the last, plain case."""
    from scalebench.analysis.decisions import PairQuestion  # scipy, not before anything is refused or measured
    from scalebench.jobs.questions import MARGIN

    *others, plain = finalists
    return tuple(PairQuestion(case, plain, MARGIN) for case in others if case.by_turns and plain.by_turns)


def _prepare(options: TuneOptions, worker: Worker, announce: Listener) -> tuple[Prepared, Case]:
    """The counted model and its plain configuration, under the name of a suite of its own."""
    device, environment = describe(worker, options.device, announce)
    like = base_case(device, options.batch, options.threads, "quick")
    (plain,) = resolve_cases([options.name], like, worker)
    facts = count_all({plain.counted(): ("inference",)}, Paper(worker))
    suite = "tune-" + re.sub(r"[^a-z0-9]+", "-", f"{plain.model}-{plain.resolution}".lower()).strip("-")
    title = f"Best configuration of {plain.model}@{plain.resolution}"
    plan = plan_without_suite(suite, title, [plain], 1, environment.hw_key)
    return Prepared(replace(plan, counts=(plain.counted(),)), facts, {device: environment}), plain


def _finalists(result: SearchResult, plain: Case, protocol: Protocol) -> list[Case]:
    """The best, the best at the batch asked for, the next ones, and last the plain case that all are compared with."""
    chosen = [case for case in (result.best, result.fixed, *result.others) if case is not None]
    cases = dict.fromkeys(replace(case, protocol=protocol) for case in chosen)
    plain = replace(plain, protocol=protocol)
    return [*(case for case in cases if case != plain), plain]

"""What tune and ``runtime: best`` share: a search whose every round is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from scalebench.analysis.stopping import counted_rounds
from scalebench.cli.campaign import Campaign, Options
from scalebench.execute.client import Worker
from scalebench.execute.estimate import Costs
from scalebench.execute.events import Listener
from scalebench.execute.planner import Prepared
from scalebench.execute.schedule import Wish
from scalebench.execute.search import SearchGoal, SearchResult, search
from scalebench.machine.environment import usable_cores
from scalebench.record import Record
from scalebench.suite.case import Case

Watch = Callable[[Prepared, Mapping[Case, Wish], Costs], AbstractContextManager[Listener]]


def campaign_over(prepared: Prepared, cases: Sequence[Case], folder: Path, options: Options) -> Campaign:
    """The rounds of ``cases``, with the counts and machines of ``prepared``."""
    rounds = cases[0].protocol.rounds if cases else prepared.plan.rounds
    plan = replace(prepared.plan, cases=tuple(cases), rounds=rounds)
    return Campaign(replace(prepared, plan=plan), folder, options)


def measured(campaign: Campaign, cases: Sequence[Case], worker: Worker, watch: Watch) -> dict[Case, list[Record]]:
    """Make the rounds that are missing, and give those that count by case; where none does, all of them."""
    with watch(campaign.prepared, campaign.open(), campaign.costs) as listen:
        campaign.run(worker, listen)
    found: dict[Case, list[Record]] = {case: [] for case in cases}
    by_key = {case.key: case for case in cases}
    for record in campaign.stored().records:
        if record.case.key in by_key:
            found[by_key[record.case.key]].append(record)
    return {case: list(counted_rounds(records)) or records for case, records in found.items()}


def find_best(
    prepared: Prepared, base: Case, terms: SearchGoal, worker: Worker, results: Path, options: Options, watch: Watch
) -> SearchResult:
    """Search for the best way to run ``base``; every round is kept as a suite of its own, ``<suite>-search``.

    Args:
        prepared: with the counts of the model.
        base: model, resolution, batch, device, threads.
        terms: objective and limits.
        worker: the warm server.
        results: folder of all results.
        options: seed and limits of the rounds.
        watch: shows progress.
    """

    suite = f"{prepared.plan.suite}-search"
    named = replace(prepared, plan=replace(prepared.plan, suite=suite, claims=()))

    def ask(cases: Sequence[Case]) -> Mapping[Case, Sequence[Record]]:
        return measured(campaign_over(named, cases, results / suite, options), cases, worker, watch)

    return search(base, usable_cores(), terms, ask)


def with_best(prepared: Prepared, worker: Worker, results: Path, options: Options, watch: Watch) -> Prepared:
    """The same plan with every case of ``runtime: best`` replaced by the fastest way found for its model and batch.

    Where no way works the case runs in eager fp32, and its failure says why. Two cases may come to the same way.
    """
    cases: dict[Case, None] = {}
    for case in prepared.plan.cases:
        if case.runtime != "best":
            cases[case] = None
            continue
        plain = replace(case, runtime="eager", precision="fp32", layout="contiguous")
        found = find_best(prepared, plain, SearchGoal(), worker, results, options, watch)
        cases[replace(found.best or plain, protocol=case.protocol)] = None
    return replace(prepared, plan=replace(prepared.plan, cases=tuple(cases)))

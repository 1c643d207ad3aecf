"""One suite on this machine, from its file to its page."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from scalebench.claims.registry import select_claims, with_file
from scalebench.errors import StoreError
from scalebench.execute.client import Worker
from scalebench.execute.events import Listener, Note, silent
from scalebench.execute.lock import machine_lock
from scalebench.execute.planner import Prepared
from scalebench.jobs.history import SuiteHistory, read_folder, read_history
from scalebench.jobs.journal import open_journal
from scalebench.jobs.measure_rounds import MeasureOptions, measure_rounds
from scalebench.jobs.open_batches import resolve_batches
from scalebench.jobs.page_options import PageOptions, is_current, page_digest
from scalebench.jobs.prepare import prepare_suite
from scalebench.jobs.train_study import StudyRuns, stored_runs, train_study
from scalebench.jobs.tune import resolve_best
from scalebench.store.jsonl import Results
from scalebench.store.previous import set_aside
from scalebench.suite.suite_plan import Plan

if TYPE_CHECKING:
    from scalebench.analysis.decisions import PairQuestion
    from scalebench.report.findings import Findings


@dataclass(frozen=True)
class RunOptions:
    """How a suite is run.

    Attributes:
        results: folder of the result files; each suite has its own below.
        measure: how rounds are made.
        protocol: name of the protocol in place of the suite's own.
        energy: also measure energy.
        keep_host: store the host's name instead of its hash.
        fresh: start over; earlier files of this machine are kept as ``*.old``.
        live: write the page again and again between rounds.
    """

    results: Path = Path("results")
    measure: MeasureOptions = MeasureOptions()
    protocol: str | None = None
    energy: bool = False
    keep_host: bool = False
    fresh: bool = False
    live: bool = False


@dataclass(frozen=True)
class RunResult:
    """What a run came to.

    Attributes:
        stored: everything in the suite's results folder.
        page: None where nothing was measured.
        open_cases: cases that still need rounds, and training runs that are left.
        stopped: whether the user stopped it.
        find: analyses what is stored; None where nothing was measured.
    """

    stored: Results
    page: Path | None
    open_cases: int
    stopped: bool
    find: Callable[[], Findings] | None = None

    @cached_property
    def findings(self) -> Findings | None:
        """What the records show; analysed only now where the page was there already."""
        return self.find and self.find()

    def _repr_html_(self) -> str:
        return "nothing was measured" if self.findings is None else self.findings._repr_html_()


def run_suite(suite: Path, options: RunOptions, page: PageOptions, announce: Listener = silent) -> RunResult:
    """Plan a suite, measure what is missing, analyse, judge its claims and write its page, unless it is there already.

    Ctrl-C ends the measuring, not the job: what is stored is still reported.

    Raises:
        ScalebenchError: the suite cannot be used, the machine is taken, a folder cannot be written.
    """
    # The lock comes first: counting on every core would disturb another run's rounds.
    with machine_lock(), Worker() as worker:
        prepared = prepare_suite(
            suite, worker, protocol=options.protocol, energy=options.energy, keep_host=options.keep_host,
            registry=with_file(page.claims), seed=options.measure.seed, announce=announce,
        )  # fmt: skip
        _refuse_unwritable(page.folder)
        prepared = resolve_batches(prepared, worker, options.results, options.measure, announce)
        prepared = resolve_best(prepared, worker, options.results, options.measure, announce)
        folder = options.results / prepared.plan.suite
        if options.fresh:
            _set_aside(folder, prepared)
        history = read_history(prepared, folder, options.measure.retry_failed)
        journal = open_journal(prepared, history.stored, folder)
        runs = _study_runs(prepared, history, options.measure.retry_failed)
        hear = _live(folder, prepared, page, announce) if options.live else announce
        try:
            questions = _questions(prepared, page)
            measure_rounds(prepared, history, journal, worker, options.measure, hear, questions)
            if runs is not None:
                worker.close()  # the study's own workers need its memory
                train_study(runs, journal, options.measure, hear)
            stopped = False
        except KeyboardInterrupt:
            announce(Note("stopped; every finished round is kept"))
            stopped = True
    open_cases = len(history.open_cases(prepared.plan.cases)) + (0 if runs is None else len(runs.open_runs))
    stored = read_folder(folder)
    if not stored.records:
        return RunResult(stored, None, open_cases, stopped)
    digest = page_digest(stored, prepared.plan, page)
    written = page.folder / f"{prepared.plan.suite}.html"
    if is_current(written, digest):
        return RunResult(stored, written, open_cases, stopped, partial(_analysed, stored, page, prepared.plan))
    from scalebench.jobs.publish import publish  # matplotlib and scipy: not before anything is refused or measured

    written, findings = publish(stored, page, prepared.plan, made_from=digest)
    return RunResult(stored, written, open_cases, stopped, lambda: findings)


def _study_runs(prepared: Prepared, history: SuiteHistory, retry_failed: bool) -> StudyRuns | None:
    """The runs of the suite's training study; None where it has none."""
    if prepared.plan.study is None:
        return None
    device, environment = next(iter(prepared.machines.items()))
    return stored_runs(prepared.plan, history.stored.records, device, environment, retry_failed)


def _analysed(stored: Results, page: PageOptions, plan: Plan) -> Findings:
    from scalebench.jobs.publish import analysed  # matplotlib and scipy, as above

    return analysed(stored, page, plan)


def _questions(prepared: Prepared, page: PageOptions) -> tuple[PairQuestion, ...]:
    """What the run is to decide; empty where its protocol makes a fixed number of rounds."""
    plan = prepared.plan
    if not any(case.by_turns and case.protocol.adaptive for case in plan.cases):
        return ()
    from scalebench.jobs.questions import questions_of  # pandas and scipy, as above

    return questions_of(plan, select_claims(plan.claims, with_file(page.claims)))


def _set_aside(folder: Path, prepared: Prepared) -> None:
    """Put these machines' result files out of the way, so that nothing counts as measured."""
    for machine in prepared.machines.values():
        set_aside(folder, machine.machine)


def _live(folder: Path, prepared: Prepared, page: PageOptions, announce: Listener) -> Listener:
    from scalebench.jobs.live_page import LivePage  # loads matplotlib, as above

    return LivePage(partial(read_folder, folder), prepared.plan, page, announce).hear


def _refuse_unwritable(folder: Path) -> None:
    """Else it would be found out after hours of measuring."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}", "--reports names another folder") from None

"""Makes the training runs that a study needs: several at once, each resumable, each stored as it ends."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from scalebench.errors import StoreError
from scalebench.execute.client import Ending, Worker
from scalebench.execute.events import Counted, Listener, Note, RoundEnded, RoundsPlanned, RoundStarted
from scalebench.execute.one_round import explain, outcome_of
from scalebench.jobs.measure_rounds import MeasureOptions
from scalebench.machine.environment import usable_cores
from scalebench.record import Environment, Record
from scalebench.store.jsonl import Writer
from scalebench.suite.case import TRAINING_STUDY, Case
from scalebench.suite.device_kinds import kind_of
from scalebench.suite.suite_plan import Plan
from scalebench.suite.training_runs import case_of, expected_s, foreseen_runs, members, needed_runs, study_group
from scalebench.suite.training_study import TrainingRun
from scalebench.units import duration
from scalebench.userdirs import cache_folder

_TIMEOUT_S = 7 * 24 * 3600.0
_MOST_AT_ONCE = 8
Progress = Callable[[int, Any], None]
Train = Callable[[dict[str, Any], Progress], Ending]
"""Sends a job to a worker; see ``worker.JOBS``."""


@dataclass
class StudyRuns:
    """Runs of a study on one device: those that are stored, and those that are still needed.

    Attributes:
        plan: with a study.
        device, environment: where it is trained.
        records: of finished runs.
    """

    plan: Plan
    device: str
    environment: Environment
    records: dict[TrainingRun, Record]

    def __post_init__(self) -> None:
        assert self.plan.study is not None  # noqa: S101 - the caller has looked
        self.study = self.plan.study
        self.group = study_group(self.plan.groups)
        self.methods = tuple(members(self.group))

    @property
    def open_runs(self) -> list[TrainingRun]:
        """Runs that are still needed, as far as the finished ones decide that."""
        validated = {run: record.facts.get("validation", math.nan) for run, record in self.records.items()}
        return [run for run in needed_runs(self.study, self.methods, validated) if run not in self.records]

    def case(self, run: TrainingRun) -> Case:
        """The case whose round a run is."""
        return case_of(self.study, self.group, run, self.device)

    def expected_s(self, run: TrainingRun) -> float:
        """Seconds of a run on one core, at the pace of the finished ones."""
        own = [r for r in self.records if r.method == run.method and "train_s" in self.records[r].facts]
        if own:
            return float(self.records[own[-1]].facts["train_s"]) * self.study.images * run.epochs
        return expected_s(self.study, self.group, run)


def stored_runs(
    plan: Plan, records: Sequence[Record], device: str, environment: Environment, retry_failed: bool
) -> StudyRuns:
    """The runs of a study that are stored; with ``retry_failed`` those without a network are open again."""
    runs = StudyRuns(plan, device, environment, {})
    machine = environment.hw_key, environment.sw_key
    for record in records:
        if record.case.mode != TRAINING_STUDY or (record.environment.hw_key, record.environment.sw_key) != machine:
            continue
        run = TrainingRun(**record.facts["run"])
        if (
            run.method in runs.methods
            and record.case == runs.case(run)
            and (record.facts.get("correct") or not retry_failed)
        ):
            runs.records[run] = record
    return runs


def train_study(
    runs: StudyRuns, journal: Writer, options: MeasureOptions, announce: Listener, trainers: Sequence[Train] = ()
) -> None:
    """Make runs until none is needed or the time is over; adds to ``runs.records``.

    Args:
        runs: of the study.
        journal: stores records.
        options: time and memory.
        announce: hears what is going on.
        trainers: one per process; None starts workers, on a CPU one for each core.

    Raises:
        StoreError: the images cannot be read, or a record not be written.
    """
    if not runs.open_runs:
        return
    if trainers:
        _train_all(runs, trainers, journal, options, announce)
        return
    kind = kind_of(runs.device)
    workers = [Worker(kind.fork) for _ in range(at_once(runs.device))]
    try:
        _load_images(runs, workers[0], announce)
        _train_all(runs, [_trainer(worker) for worker in workers], journal, options, announce)
    finally:
        for worker in workers:
            worker.close()
    if not runs.open_runs:
        shutil.rmtree(runs.study.cache, ignore_errors=True)


def at_once(device: str) -> int:
    """Processes that train at once: on a CPU one for each core, with one thread."""
    return min(usable_cores(), _MOST_AT_ONCE) if kind_of(device).on_host else 1


def foreseen(plan: Plan, device: str) -> tuple[tuple[int, float], tuple[int, float]]:
    """Fewest and most runs of the plan's study, each with the seconds that they take at an assumed rate."""
    runs = StudyRuns(plan, device, Environment("", "", ""), {})
    counts = (foreseen_runs(runs.study, runs.methods, switching) for switching in (False, True))
    few, many = ((len(every), sum(map(runs.expected_s, every)) / at_once(device)) for every in counts)
    return few, many


def _trainer(worker: Worker) -> Train:
    return lambda job, progress: worker.run(job, _TIMEOUT_S, progress)


def _load_images(runs: StudyRuns, worker: Worker, announce: Listener) -> None:
    """Draw the images before several processes want them."""
    announce(Note(f"images {runs.study.data}: loading, or drawing them once"))
    case = runs.case(runs.open_runs[0])
    ending = worker.run({"do": "train", "case": asdict(case), "study": asdict(runs.study)}, _TIMEOUT_S)
    if not ending.answers:
        raise StoreError(f"the images of the study cannot be used: {ending.reason}")


def _train_all(
    runs: StudyRuns, trainers: Sequence[Train], journal: Writer, options: MeasureOptions, announce: Listener
) -> None:
    budget_s = options.budget_s or runs.plan.budget_s
    deadline = math.inf if budget_s is None else time.monotonic() + budget_s
    idle: SimpleQueue[Train] = SimpleQueue()
    for trainer in trainers:
        idle.put(trainer)
    running: dict[Future[Record], TrainingRun] = {}
    done = 0
    _announce_plan(runs, len(trainers), announce)

    def make(run: TrainingRun) -> Record:
        trainer = idle.get()
        try:
            return _record(runs, run, trainer, options, announce)
        finally:
            idle.put(trainer)

    pool = ThreadPoolExecutor(len(trainers))
    try:
        while True:
            waiting = [run for run in runs.open_runs if run not in running.values()]
            fitting = [run for run in waiting if time.monotonic() + runs.expected_s(run) < deadline]
            for run in fitting[: len(trainers) - len(running)]:
                announce(RoundStarted(runs.case(run), done, done + len(waiting) + len(running)))
                running[pool.submit(make, run)] = run
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                run, record = running.pop(future), future.result()
                journal.append(record)
                runs.records[run] = record
                _checkpoint(runs, run).unlink(missing_ok=True)
                done += 1
                left = runs.open_runs
                left_s = sum(map(runs.expected_s, left)) / len(trainers)
                announce(RoundEnded(record, done, done + len(left), left_s or None))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    if runs.open_runs and budget_s is not None:
        announce(Note(f"no more training within {duration(budget_s)}: at least {len(runs.open_runs)} runs are left"))


def _announce_plan(runs: StudyRuns, at_once: int, announce: Listener) -> None:
    left = runs.open_runs
    announce(RoundsPlanned(
        runs.plan.suite, len(left), len({runs.case(run) for run in left}), (runs.environment.machine,),
        sum(map(runs.expected_s, left)) / at_once,
    ))  # fmt: skip


def _checkpoint(runs: StudyRuns, run: TrainingRun) -> Path:
    return cache_folder("training") / f"{runs.case(run).key}-{run.seed}.pt"


def _record(runs: StudyRuns, run: TrainingRun, trainer: Train, options: MeasureOptions, announce: Listener) -> Record:
    """The record of a run; one that diverges is ``failed``, with its tests."""
    case, started = runs.case(run), datetime.now(timezone.utc).isoformat(timespec="seconds")

    def progress(_: int, answer: Mapping[str, Any]) -> None:
        if "epoch" in answer:
            announce(Counted(f"training {case.model}@{case.resolution}, seed {run.seed}", answer["epoch"], run.epochs))

    job = {
        "do": "train", "case": asdict(case), "study": asdict(runs.study), "run": asdict(run),
        "checkpoint": str(_checkpoint(runs, run)), "limit_bytes": options.limit_bytes,
    }  # fmt: skip
    ending = trainer(job, progress)
    outcome, detail = outcome_of(ending, case.device)
    facts: dict[str, Any] = {"run": asdict(run), "macs": members(runs.group)[run.method].macs}
    record = Record(
        runs.plan.suite, case, run.seed, outcome, started, runs.environment, facts=facts, wall_s=ending.wall_s,
        ending=detail,
    )  # fmt: skip
    if outcome != "ok":
        return replace(record, error=explain(ending, _TIMEOUT_S))
    result = dict(ending.answers[max(ending.answers)])
    losses = result.pop("losses")
    record = replace(record, samples={"loss": losses}, facts=facts | result)
    reason = _divergence(losses, len(result["data"]["classes"]))
    if not reason:
        return record
    return replace(record, outcome="failed", ending="diverged", error={"type": "Diverged", "message": reason})


def _divergence(losses: Sequence[float | None], classes: int) -> str:
    """Why a run counts as diverged; empty where it does not."""
    if None in losses:
        return f"the loss of epoch {losses.index(None) + 1} is not finite"
    last = losses[-1]
    if last is not None and last >= math.log(classes):
        return f"the loss after {len(losses)} epochs is that of guessing, {last:.2f}"
    return ""

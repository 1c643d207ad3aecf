"""What a suite on this machine still misses, in one process with a warm worker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scalebench.execute.client import Worker
from scalebench.execute.events import Event, GivenUp, Listener, RoundEnded, RoundsPlanned, silent
from scalebench.execute.planner import Prepared
from scalebench.execute.schedule import RoundNeed
from scalebench.jobs.history import SuiteHistory, read_history
from scalebench.jobs.journal import open_journal
from scalebench.jobs.measure_rounds import MeasureOptions, measure_rounds
from scalebench.jobs.prepare import prepare_suite
from scalebench.store.previous import set_aside
from scalebench.suite.case import COUNT, Case

FAST = MeasureOptions(peaks=False)
TINY = Path(__file__).parent.parent / "fixtures" / "tiny.yaml"


@pytest.fixture(scope="module")
def prepared(worker: Worker) -> Prepared:
    return prepare_suite(TINY, worker)


def small(prepared: Prepared, rounds: int = 1) -> Prepared:
    """Two cases and one round are enough here."""
    cases = [replace(c, protocol=replace(c.protocol, rounds=rounds)) for c in prepared.plan.cases[:2]]
    return replace(prepared, plan=replace(prepared.plan, cases=tuple(cases), rounds=rounds))


def measure(
    prepared: Prepared, worker: Worker, folder: Path, options: MeasureOptions = FAST, announce: Listener = silent
) -> SuiteHistory:
    """History, journal, rounds; what is on disk afterwards."""
    history = read_history(prepared, folder, options.retry_failed)
    measure_rounds(prepared, history, open_journal(prepared, history.stored, folder), worker, options, announce)
    return read_history(prepared, folder)


def open_cases(prepared: Prepared, folder: Path, retry_failed: bool = False) -> dict[Case, RoundNeed]:
    return read_history(prepared, folder, retry_failed).open_cases(prepared.plan.cases)


def test_counts_are_records_and_stored_once(prepared: Prepared, worker: Worker, tmp_path: Path) -> None:
    measure(small(prepared), worker, tmp_path)
    history = measure(small(prepared), worker, tmp_path)
    counts = [r for r in history.stored.records if r.case.mode == COUNT]
    assert [r.case for r in counts] == list(prepared.plan.counts)
    assert all(r.facts["macs"] > 0 for r in counts)


def test_a_torn_last_line_costs_one_round(prepared: Prepared, worker: Worker, tmp_path: Path) -> None:
    measure(small(prepared), worker, tmp_path)
    assert open_cases(small(prepared), tmp_path) == {}
    (file,) = tmp_path.glob("*.jsonl")
    file.write_bytes(file.read_bytes()[:-40])
    history = read_history(small(prepared), tmp_path)
    assert len(history.open_cases(small(prepared).plan.cases)) == 1
    assert "ends in half a line" in history.stored.problems[0]


def test_set_aside_everything_is_open_again(prepared: Prepared, worker: Worker, tmp_path: Path) -> None:
    measure(small(prepared), worker, tmp_path)
    for machine in prepared.machines.values():
        set_aside(tmp_path, machine.machine)
    assert len(open_cases(small(prepared), tmp_path)) == 2
    assert len(list(tmp_path.glob("*.jsonl.old"))) == 1
    assert not list(tmp_path.glob("*.jsonl"))


def test_a_changed_plan_is_stored_although_nothing_is_left_to_measure(
    prepared: Prepared, worker: Worker, tmp_path: Path
) -> None:
    measure(small(prepared), worker, tmp_path)
    renamed = replace(small(prepared), plan=replace(small(prepared).plan, title="another title"))
    assert measure(renamed, worker, tmp_path).stored.plans[-1].title == "another title"


def test_more_rounds_keep_the_earlier_ones(prepared: Prepared, worker: Worker, tmp_path: Path) -> None:
    measure(small(prepared), worker, tmp_path)
    assert [need.rounds for need in open_cases(small(prepared, rounds=3), tmp_path).values()] == [2, 2]


def test_what_is_predicted_not_to_fit_is_a_record_and_not_tried_again(
    prepared: Prepared, worker: Worker, tmp_path: Path
) -> None:
    """With a limit below any process both cases are skipped with the numbers; the next run measures nothing."""
    history = measure(small(prepared), worker, tmp_path, replace(FAST, limit_bytes=2**20))
    rounds = [r for r in history.stored.records if r.case.mode != COUNT]
    assert [(r.outcome, r.ending) for r in rounds] == [("skipped", "skipped_predicted_oom")] * 2
    assert all(r.facts["predicted_bytes"] > r.facts["free_bytes"] == 2**20 for r in rounds)
    assert open_cases(small(prepared), tmp_path) == {}
    assert len(open_cases(small(prepared), tmp_path, retry_failed=True)) == 2


def test_a_limit_that_is_too_small_makes_the_child_run_out_of_memory(
    prepared: Prepared, worker: Worker, tmp_path: Path
) -> None:
    """Without the prediction the limit is the child's: its allocation fails, and the record says whose memory."""
    history = measure(small(prepared), worker, tmp_path, replace(FAST, limit_bytes=4 * 2**20, predict=False))
    rounds = [r for r in history.stored.records if r.case.mode != COUNT]
    assert {(r.outcome, r.ending) for r in rounds} == {("oom", "oom_host")}


def test_a_budget_that_holds_nothing_measures_nothing_and_is_reported(
    prepared: Prepared, worker: Worker, tmp_path: Path
) -> None:
    events: list[Event] = []
    measure(small(prepared), worker, tmp_path, replace(FAST, budget_s=0.001), events.append)
    planned, given_up = events
    assert isinstance(planned, RoundsPlanned)
    assert (planned.rounds, planned.cases) == (2, 2)
    assert isinstance(given_up, GivenUp)
    assert set(given_up.cases) == set(open_cases(small(prepared), tmp_path))


def test_the_time_left_falls_to_nothing(prepared: Prepared, worker: Worker, tmp_path: Path) -> None:
    events: list[Event] = []
    measure(small(prepared, rounds=2), worker, tmp_path, FAST, events.append)
    left = [event.left_s for event in events if isinstance(event, RoundEnded)]
    assert len(left) >= 4
    assert left[0] is not None
    assert left[0] > 0
    assert left[-1] == 0

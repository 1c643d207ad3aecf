"""Which rounds are missing, in which order, and what an interruption leaves."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.execute.client import Ending, Worker
from scalebench.execute.events import Event, RoundEnded, RoundStarted
from scalebench.execute.schedule import interleave, missing_rounds, run_rounds
from scalebench.record import Environment, Record
from scalebench.suite.case import Case

HERE = Environment("here", "hw", "sw")
MACHINES = {"cpu": HERE}
CASES = [Case("resnet18", size) for size in (64, 96, 128)]


class FakeWorker(Worker):
    """Answers at once; cases at 96 pixels fail."""

    def run(self, job: dict[str, Any], timeout_s: float, on_answer: Any = None) -> Ending:
        if job["case"]["resolution"] == 96:
            return Ending(error={"type": "RuntimeError", "message": "no", "hint": "", "kind": "failed"})
        return Ending(answers={0: {"samples": {}, "facts": {"latency_s": 0.1}, "notes": []}})


class StopError(Exception):
    pass


def record(case: Case, number: int, outcome: Any = "ok", environment: Environment = HERE) -> Record:
    return Record("s", case, number, outcome, "", environment)


def test_everything_is_missing_at_first() -> None:
    assert Counter(missing_rounds(CASES, 2, [], MACHINES)) == Counter((c, n) for c in CASES for n in (0, 1))


def test_a_finished_suite_has_nothing_missing() -> None:
    stored = [record(c, n) for c in CASES for n in (0, 1)]
    assert missing_rounds(CASES, 2, stored, MACHINES) == []


def test_records_of_another_machine_or_other_software_do_not_count() -> None:
    elsewhere = [
        record(CASES[0], 0, environment=e) for e in (Environment("x", "hw2", "sw"), Environment("y", "hw", "v2"))
    ]
    assert len(missing_rounds(CASES, 1, elsewhere, MACHINES)) == 3


def test_a_failed_case_is_not_started_again_unless_asked() -> None:
    stored = [record(CASES[0], 0, "oom")]
    assert CASES[0] not in [case for case, _ in missing_rounds(CASES, 3, stored, MACHINES)]
    assert (CASES[0], 0) in missing_rounds(CASES, 3, stored, MACHINES, retry_failed=True)


@given(st.integers(1, 6), st.integers(0, 2**32), st.sets(st.integers(0, 17)))
def test_interleaving_finishes_each_sweep_first_and_loses_nothing(rounds: int, seed: int, dropped: set[int]) -> None:
    wanted = missing_rounds(CASES, rounds, [], MACHINES)
    wanted = [item for index, item in enumerate(wanted) if index not in dropped]
    order = interleave(wanted, seed)
    assert Counter(order) == Counter(wanted)
    assert [number for _, number in order] == sorted(number for _, number in wanted)
    assert interleave(wanted, seed) == order


@given(st.lists(st.integers(0, 5), max_size=8), st.integers(1, 4))
def test_resuming_after_any_interruptions_makes_each_round_once(stops: list[int], rounds: int) -> None:
    """Stop after any number of records, any number of times: in the end every case has exactly its rounds."""
    cases = [case for case in CASES if case.resolution != 96]
    stored: list[Record] = []
    for stop in [*stops, 1000]:
        left = stop

        def sink(found: Record) -> None:
            nonlocal left
            if left == 0:
                raise StopError
            left -= 1
            stored.append(found)

        try:
            order = interleave(missing_rounds(cases, rounds, stored, MACHINES), 1)
            run_rounds(order, "s", MACHINES, sink, lambda _: None, lambda _: FakeWorker())
        except StopError:
            continue
    assert Counter(r.case for r in stored) == dict.fromkeys(cases, rounds)


def test_a_failed_case_loses_its_remaining_rounds_and_the_rest_go_on() -> None:
    stored: list[Record] = []
    heard: list[Event] = []
    order = interleave(missing_rounds(CASES, 3, [], MACHINES), 0)
    run_rounds(order, "s", MACHINES, stored.append, heard.append, lambda _: FakeWorker())
    outcomes = Counter((r.case.resolution, r.outcome) for r in stored)
    assert outcomes == {(64, "ok"): 3, (128, "ok"): 3, (96, "failed"): 1}
    last = heard[-1]
    assert isinstance(last, RoundEnded)
    assert last.done == last.total == 7


def test_a_record_is_stored_before_anybody_hears_of_it() -> None:
    order: list[str] = []

    def hear(event: Event) -> None:
        order.append("started" if isinstance(event, RoundStarted) else "ended")

    run_rounds([(CASES[0], 0)], "s", MACHINES, lambda _: order.append("stored"), hear, lambda _: FakeWorker())
    assert order == ["started", "stored", "ended"]


def test_a_sink_that_fails_stops_the_run() -> None:
    def full(_: Record) -> None:
        raise StopError

    with pytest.raises(StopError):
        run_rounds([(CASES[0], 0)], "s", MACHINES, full, lambda _: None, lambda _: FakeWorker())

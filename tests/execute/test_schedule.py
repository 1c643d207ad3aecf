"""The sweeps: order, catching up, skipping, budgets, and what an interruption leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.execute.events import Event, GivenUp, RoundEnded, RoundStarted
from scalebench.execute.memory_guard import MemoryGuard
from scalebench.execute.one_round import skipped_round
from scalebench.execute.schedule import (
    RESTART_SWEEPS,
    RecordsByCase,
    RoundCallbacks,
    RoundNeed,
    TimeBudget,
    over_budget,
    records_by_case,
    run_sweeps,
    sweep_order,
)
from scalebench.record import Environment, Record
from scalebench.suite.case import Case

HERE = Environment("here", "hw", "sw")
MACHINES = {"cpu": HERE}
CASES = [Case("resnet18", size) for size in (64, 96, 128)]


class StopError(Exception):
    pass


def record(case: Case, number: int, outcome: Any = "ok", environment: Environment = HERE) -> Record:
    return Record("s", case, number, outcome, "", environment, wall_s=1.0)


def skip(case: Case, number: int, ending: str, why: str, facts: Any) -> Record:
    return skipped_round("s", case, number, HERE, ending, why, facts)


def fixed(rounds: int) -> Callable[[Case, Sequence[Record]], RoundNeed | None]:
    """Cases want a fixed number of rounds, and none after one that ended badly."""

    def wish(_: Case, made: Sequence[Record]) -> RoundNeed | None:
        done = len(made) >= rounds or (made and made[-1].outcome != "ok")
        return None if done else RoundNeed(rounds - len(made))

    return wish


@dataclass
class FakeLoop:
    """Callbacks that measure at once and record what they receive, with a clock of one second a round."""

    wish: Callable[[Case, Sequence[Record]], RoundNeed | None]
    fails: dict[int, str] = field(default_factory=dict)
    stop_after: int | None = None
    free: int | None = None
    stored: list[Record] = field(default_factory=list)
    heard: list[Event] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    now: float = 0.0
    seconds: Callable[[Case], float] = lambda _: 1.0

    def measure(self, case: Case, number: int, _: RoundNeed) -> Record:
        if self.stop_after is not None and len(self.stored) >= self.stop_after:
            raise StopError
        self.now += self.seconds(case)
        return record(case, number, self.fails.get(case.resolution, "ok"))

    def sink(self, found: Record) -> None:
        self.log.append("stored")
        self.stored.append(found)

    def listen(self, event: Event) -> None:
        self.log.append(type(event).__name__)
        self.heard.append(event)

    def callbacks(self) -> RoundCallbacks:
        memory = MemoryGuard(lambda case: (100 * 2**20, case.resolution * 2**20), lambda _: self.free, skip)
        return RoundCallbacks(
            self.measure,
            self.wish,
            self.seconds,
            self.sink,
            self.listen,
            memory.refuse,
            memory.learn,
            lambda: self.log.append("refresh"),
        )

    def run(
        self, cases: Sequence[Case] = CASES, made: RecordsByCase | None = None, seconds: float | None = None
    ) -> None:
        run_sweeps(cases, {} if made is None else made, self.callbacks(), 1, TimeBudget(seconds, lambda: self.now))


def test_every_case_gets_its_rounds_sweep_by_sweep() -> None:
    loop = FakeLoop(fixed(3))
    loop.run()
    assert Counter(r.case for r in loop.stored) == dict.fromkeys(CASES, 3)
    sweeps = [loop.stored[i : i + 3] for i in (0, 3, 6)]
    assert all({r.case for r in sweep} == set(CASES) for sweep in sweeps)
    assert [r.round for r in loop.stored] == [0] * 3 + [1] * 3 + [2] * 3


def test_each_sweep_has_an_order_of_its_own_and_the_seed_repeats_it() -> None:
    cases = [Case("resnet18", 64 + 32 * i) for i in range(8)]
    first, again = FakeLoop(fixed(4)), FakeLoop(fixed(4))
    first.run(cases)
    again.run(cases)
    orders = [tuple(r.case for r in first.stored[i : i + 8]) for i in (0, 8, 16, 24)]
    assert len(set(orders)) > 1
    assert [r.case for r in first.stored] == [r.case for r in again.stored]
    assert sweep_order(cases, {}, 1) != sweep_order(cases, {}, 2)


def test_only_open_cases_are_in_later_sweeps() -> None:
    """A case that has converged is left alone; one that is still wide goes on by itself."""

    def wish(case: Case, made: Sequence[Record]) -> RoundNeed | None:
        return RoundNeed(1) if len(made) < (6 if case.resolution == 96 else 2) else None

    loop = FakeLoop(wish)
    loop.run()
    assert Counter(r.case.resolution for r in loop.stored) == {64: 2, 96: 6, 128: 2}


@given(st.lists(st.integers(0, 5), max_size=8), st.integers(1, 4))
def test_resuming_after_any_interruptions_makes_each_round_once(stops: list[int], rounds: int) -> None:
    """Stop after any number of records, any number of times: in the end every case has exactly its rounds."""
    stored: list[Record] = []
    for stop in [*stops, 1000]:
        loop = FakeLoop(fixed(rounds), stop_after=stop)
        try:
            loop.run(made=records_by_case(stored, MACHINES))
        except StopError:
            stored += loop.stored
            continue
        stored += loop.stored
    assert Counter(r.case for r in stored) == dict.fromkeys(CASES, rounds)
    assert Counter((r.case, r.round) for r in stored).most_common(1)[0][1] == 1


def test_cases_an_interruption_left_behind_catch_up_first() -> None:
    loop = FakeLoop(fixed(2))
    loop.run(made=records_by_case([record(CASES[0], 0), record(CASES[1], 0)], MACHINES))
    assert loop.stored[0].case == CASES[2]


def test_records_of_another_machine_or_other_software_do_not_count() -> None:
    elsewhere = [
        record(CASES[0], 0, environment=e) for e in (Environment("x", "hw2", "sw"), Environment("y", "hw", "v2"))
    ]
    assert records_by_case(elsewhere, MACHINES) == {}


def test_failed_rounds_are_forgotten_only_when_asked() -> None:
    stored = [record(CASES[0], 0, "oom")]
    assert records_by_case(stored, MACHINES)[CASES[0].key] == stored
    assert records_by_case(stored, MACHINES, retry_failed=True) == {}


def test_a_failed_case_loses_its_remaining_rounds_and_the_rest_go_on() -> None:
    loop = FakeLoop(fixed(3), fails={96: "failed"})
    loop.run()
    outcomes = Counter((r.case.resolution, r.outcome) for r in loop.stored)
    assert outcomes == {(64, "ok"): 3, (128, "ok"): 3, (96, "failed"): 1}
    last = loop.heard[-1]
    assert isinstance(last, RoundEnded)
    assert last.done == last.total == 7


def test_a_record_is_stored_before_anybody_hears_of_it() -> None:
    loop = FakeLoop(fixed(1))
    loop.run(CASES[:1])
    assert loop.log == ["RoundStarted", "stored", "RoundEnded"]


def test_a_sink_that_fails_stops_the_run() -> None:
    loop = FakeLoop(fixed(1))

    def full(_: Record) -> None:
        raise StopError

    with pytest.raises(StopError):
        run_sweeps(CASES, {}, replace(loop.callbacks(), sink=full))


def test_the_server_is_started_anew_every_few_sweeps() -> None:
    loop = FakeLoop(fixed(2 * RESTART_SWEEPS + 1))
    loop.run(CASES[:1])
    assert loop.log.count("refresh") == 2


def test_a_case_that_ran_out_of_memory_keeps_larger_ones_from_starting() -> None:
    """The smaller one is still measured; the larger ones are records that say why they were not started."""
    loop = FakeLoop(fixed(2), fails={96: "oom"})
    loop.run([*CASES, Case("resnet18", 160), Case("resnet50", 160)])
    last = {(r.case.model, r.case.resolution): r for r in loop.stored}
    assert last["resnet18", 64].outcome == last["resnet50", 160].outcome == "ok"
    for larger in (last["resnet18", 128], last["resnet18", 160]):
        assert larger.ending == "skipped_known_oom"
        assert "96 pixels" in str(larger.error)


def test_a_case_predicted_not_to_fit_is_a_record_with_the_numbers() -> None:
    loop = FakeLoop(fixed(1), free=(335 + 100 + 2 * 100) * 2**20)
    loop.run()
    skipped = [r for r in loop.stored if r.outcome == "skipped"]
    assert [(r.case.resolution, r.ending) for r in skipped] == [(128, "skipped_predicted_oom")]
    assert skipped[0].facts["predicted_bytes"] == (335 + 100 + 2 * 128) * 2**20 > skipped[0].facts["free_bytes"]


def test_prediction_can_be_overruled() -> None:
    memory = MemoryGuard(lambda _: (2**40, 2**40), lambda _: 1, skip, predict=False)
    assert memory.refuse(CASES[0], 0) is None


def test_a_budget_gives_up_the_dearest_cases_and_says_so() -> None:
    """Seven seconds hold three rounds of the cases that cost one, not of the one that costs three."""
    loop = FakeLoop(fixed(3), seconds=lambda case: 3.0 if case.resolution == 128 else 1.0)
    loop.run(seconds=7.0)
    assert Counter(r.case.resolution for r in loop.stored) == {64: 3, 96: 3}
    given_up = [event for event in loop.heard if isinstance(event, GivenUp)]
    assert [event.cases for event in given_up] == [(CASES[2],)]
    assert given_up[0].seconds == 7.0


@given(st.floats(0, 60), st.lists(st.floats(0.1, 9), min_size=3, max_size=3))
def test_a_run_never_starts_a_round_that_would_end_after_its_time(seconds: float, costs: list[float]) -> None:
    price = dict(zip(CASES, costs, strict=True))
    loop = FakeLoop(fixed(4), seconds=lambda case: price[case])
    loop.run(seconds=seconds)
    assert loop.now <= seconds + 1e-6
    assert len([e for e in loop.heard if isinstance(e, RoundStarted)]) == len(loop.stored)


def test_what_fits_is_chosen_cheapest_first() -> None:
    needs = {case: RoundNeed(2) for case in CASES}
    price = dict(zip(CASES, (5.0, 1.0, 2.0), strict=True))
    assert over_budget(needs, price.__getitem__, 6.0) == [CASES[0]]
    assert over_budget(needs, price.__getitem__, 100.0) == []
    assert over_budget(needs, price.__getitem__, 0.0) == [CASES[1], CASES[2], CASES[0]]

"""The loop over heats: until nothing is open, within the budget, and nothing lost on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from scalebench.execute.events import Event, GivenUp, HeatStarted, RoundEnded
from scalebench.execute.heat_blocks import Room
from scalebench.execute.heat_sweeps import Agenda, HeatCallbacks, run_heats
from scalebench.execute.memory_guard import MemoryGuard
from scalebench.execute.one_round import skipped_round
from scalebench.execute.schedule import RESTART_SWEEPS, RecordsByCase, TimeBudget
from scalebench.record import Environment, Record
from scalebench.suite.case import Case

HERE = Environment("here", "hw", "sw")
CASES = [Case("resnet18", size) for size in range(64, 74)]


class StopError(Exception):
    pass


@dataclass
class FakeHeats:
    """A second per round; each case wants so many rounds."""

    wanted: dict[Case, int]
    failing: Case | None = None
    stop_after: int | None = None
    records: RecordsByCase = field(default_factory=dict)
    stored: list[Record] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    heats: list[list[Case]] = field(default_factory=list)
    refreshed: int = 0
    now: float = 0.0

    def measure(self, members: Sequence[tuple[Case, int]], seed: int) -> list[Record]:
        if self.stop_after is not None and len(self.heats) >= self.stop_after:
            raise StopError
        self.heats.append([case for case, _ in members])
        self.now += len(members)
        outcomes: dict[bool, Any] = {True: "crashed", False: "ok"}
        return [Record("s", c, number, outcomes[c == self.failing], "", HERE, wall_s=1.0) for c, number in members]

    def agenda(self) -> Agenda:
        rounds = {}
        for case, wanted in self.wanted.items():
            own = self.records.get(case.key, [])
            if not (own and own[-1].outcome != "ok") and len(own) < wanted:
                rounds[case] = wanted - len(own)
        return Agenda(rounds)

    def refresh(self) -> None:
        self.refreshed += 1

    def run(self, reference: Case | None = None, seconds: float | None = None, free: int | None = None) -> None:
        def skip(case: Case, number: int, ending: str, why: str, facts: Any) -> Record:
            return skipped_round("s", case, number, HERE, ending, why, facts)

        static: Callable[[Case], tuple[int, int]] = lambda case: (case.resolution * 2**30, 0)  # noqa: E731
        memory = MemoryGuard(static, lambda device: free, skip)
        room = Room(lambda case: 0, None, lambda case: 1.0)
        calls = HeatCallbacks(
            self.measure,
            self.agenda,
            self.stored.append,
            self.events.append,
            memory.refuse,
            memory.learn,
            room,
            self.refresh,
        )
        run_heats(self.records, reference, calls, budget=TimeBudget(seconds, lambda: self.now))


def rounds(loop: FakeHeats) -> Counter[Case]:
    return Counter(record.case for record in loop.stored)


def test_every_case_gets_its_rounds_and_the_reference_one_per_heat() -> None:
    loop = FakeHeats(dict.fromkeys(CASES, 3))
    loop.run(reference=CASES[0])
    assert {rounds(loop)[case] for case in CASES[1:]} == {3}
    assert rounds(loop)[CASES[0]] == len(loop.heats) + 2 == 8
    assert all(CASES[0] in heat for heat in loop.heats)


def test_the_reference_stands_twice_in_every_third_heat_with_numbers_of_its_own() -> None:
    loop = FakeHeats(dict.fromkeys(CASES, 3))
    loop.run(reference=CASES[0])
    assert [heat.count(CASES[0]) for heat in loop.heats] == [1, 1, 2, 1, 1, 2]
    numbers = [record.round for record in loop.stored if record.case == CASES[0]]
    assert numbers == list(range(8))


def test_only_open_cases_are_measured_further() -> None:
    loop = FakeHeats({**dict.fromkeys(CASES, 1), CASES[3]: 4})
    loop.run()
    assert rounds(loop) == {**dict.fromkeys(CASES, 1), CASES[3]: 4}


def test_a_member_that_fails_ends_alone() -> None:
    loop = FakeHeats(dict.fromkeys(CASES, 3), failing=CASES[5])
    loop.run()
    assert rounds(loop) == {**dict.fromkeys(CASES, 3), CASES[5]: 1}
    ended = [event for event in loop.events if isinstance(event, RoundEnded)]
    assert ended[-1].done == ended[-1].total == 28


def test_a_heat_that_would_end_after_the_budget_is_not_begun() -> None:
    """Ten cases in two heats of a sweep: 12 s hold the first sweep of 10 s and no heat of the second one."""
    loop = FakeHeats(dict.fromkeys(CASES, 3))
    loop.run(seconds=11.0)
    assert loop.now == 10.0
    assert isinstance(loop.events[-1], GivenUp)
    assert set(loop.events[-1].cases) == set(CASES)


def test_what_will_not_fit_is_a_record_and_the_others_are_measured() -> None:
    loop = FakeHeats(dict.fromkeys(CASES, 1))
    loop.run(free=70 * 2**30)
    outcomes = Counter(record.ending for record in loop.stored)
    assert outcomes == {"skipped_predicted_oom": 4, "": 6}
    assert len([event for event in loop.events if isinstance(event, HeatStarted)]) == 2


def test_stopped_in_the_middle_every_finished_heat_is_stored() -> None:
    loop = FakeHeats(dict.fromkeys(CASES, 3), stop_after=3)
    with pytest.raises(StopError):
        loop.run()
    assert len(loop.stored) == sum(map(len, loop.heats))
    again = FakeHeats(dict.fromkeys(CASES, 3), records=loop.records)
    again.run()
    assert {len(own) for own in again.records.values()} == {3}


def test_the_server_is_renewed_every_few_sweeps() -> None:
    loop = FakeHeats({CASES[0]: 2 * RESTART_SWEEPS + 1})
    loop.run()
    assert loop.refreshed == 2

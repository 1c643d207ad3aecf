"""The order of paired rounds, what is stored of them, and where they end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.errors import MachineError, WorkerError
from scalebench.execute.abba import Duel, PairCallbacks, RoundRunner, describe, run_once, run_pairs
from scalebench.execute.client import Ending, Worker
from scalebench.execute.events import Event, HeatStarted, RoundEnded, RoundStarted
from scalebench.execute.schedule import RESTART_SWEEPS
from scalebench.record import Environment, Record
from scalebench.suite.case import Case
from scalebench.suite.protocol import Protocol

HERE = Environment("here", "hw", "sw")
ALONE = Protocol(turns=0)
A, B, C = (Case(name, 64, protocol=ALONE) for name in ("a", "b", "c"))
TURN_A, TURN_B, TURN_C = (Case(name, 64) for name in ("a", "b", "c"))


class FakeWorker(Worker):
    """Fails at once. Remembers what it was asked, and how often it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.closed = 0

    def run(self, job: dict[str, Any], timeout_s: float, on_answer: Any = None) -> Ending:
        self.asked += [case["model"] for case in job.get("cases", [job.get("case")])]
        return Ending(error={"type": "RuntimeError", "message": "no", "hint": "", "kind": "failed"})

    def close(self) -> None:
        self.closed += 1


class FakeRunner(RoundRunner):
    """Measures at once; case ``c`` fails. Heats are numbered by their seed."""

    def measure(self, case: Case, number: int, made: Any = ()) -> Record:
        return Record(self.suite, case, number, "failed" if case.model == "c" else "ok", "", self.environment)

    def measure_heat(self, cases: Sequence[Case], number: int, earlier: Any, seed: int) -> list[Record]:
        return [replace(self.measure(case, number), heat=f"heat {seed}") for case in cases]


def runner(suite: str) -> FakeRunner:
    return FakeRunner(suite, HERE, FakeWorker(), FakeWorker())


def until(rounds: int) -> Callable[[Duel], bool]:
    return lambda duel: len(duel) < rounds and all(r.outcome == "ok" for pair in duel for r in pair)


@pytest.fixture
def stored() -> list[Record]:
    return []


@pytest.fixture
def heard() -> list[Event]:
    return []


@pytest.fixture
def callbacks(stored: list[Record], heard: list[Event]) -> Callable[[int], PairCallbacks]:
    def make(rounds: int) -> PairCallbacks:
        return PairCallbacks((runner("ab-a"), runner("ab-b")), until(rounds), stored.append, heard.append)

    return make


def test_rounds_go_abba_baab(callbacks: Callable[[int], PairCallbacks], stored: list[Record]) -> None:
    made = run_pairs([(A, B)], 8, callbacks(8))
    assert "".join(record.case.model for record in stored) == "abbabaababbabaab"
    assert [(a.case, b.case, a.round, b.round) for a, b in made[0]] == [(A, B, n, n) for n in range(8)]
    assert {(r.case.model, r.suite) for r in stored} == {("a", "ab-a"), ("b", "ab-b")}


def test_a_steady_drift_adds_to_neither_side(callbacks: Callable[[int], PairCallbacks], stored: list[Record]) -> None:
    """Over four pairs the positions of A and of B in the run add up to the same."""
    run_pairs([(A, B)], 4, callbacks(4))
    places = {name: sum(at for at, record in enumerate(stored) if record.case.model == name) for name in "ab"}
    assert places["a"] == places["b"]


@given(st.integers(1, 6), st.integers(0, 99))
def test_duels_take_turns_and_pairs_stay_together(rounds: int, seed: int) -> None:
    """Every sweep makes one pair of each duel; the two rounds of a pair are neighbours."""
    stored: list[Record] = []
    duels = [tuple(Case(f"{name}{i}", 64, protocol=ALONE) for name in "ab") for i in range(3)]
    run_pairs(
        duels, rounds, PairCallbacks((runner("x"), runner("x")), until(rounds), stored.append, lambda _: None), seed
    )
    pairs = [stored[at : at + 2] for at in range(0, len(stored), 2)]
    assert all(x.case.model[1:] == y.case.model[1:] and x.round == y.round for x, y in pairs)
    assert [x.round for x, _ in pairs] == sorted(x.round for x, _ in pairs)
    assert Counter(r.case for r in stored) == dict.fromkeys((case for duel in duels for case in duel), rounds)


def test_a_failed_duel_ends_and_the_others_go_on(
    callbacks: Callable[[int], PairCallbacks], stored: list[Record]
) -> None:
    made = run_pairs([(A, C), (A, B)], 3, callbacks(3))
    assert [len(duel) for duel in made] == [1, 3]
    assert Counter(r.outcome for r in stored) == {"ok": 7, "failed": 1}


def test_progress_ends_at_its_total(callbacks: Callable[[int], PairCallbacks], heard: list[Event]) -> None:
    run_pairs([(A, C), (A, B)], 3, callbacks(3))
    ended = [event for event in heard if isinstance(event, RoundEnded)]
    assert [event.done for event in ended] == list(range(1, 9))
    assert (ended[0].total, ended[-1].total) == (12, 8)
    assert sum(isinstance(event, RoundStarted) for event in heard) == 8


def test_servers_are_renewed(callbacks: Callable[[int], PairCallbacks]) -> None:
    """One address layout for all rounds of a side would be a bias of that side."""
    calls = callbacks(2 * RESTART_SWEEPS + 1)
    run_pairs([(A, B)], 2 * RESTART_SWEEPS + 1, calls)
    assert [runner.warm.closed for runner in calls.runners] == [2, 2]  # type: ignore[attr-defined]


def test_only_a_device_that_bears_no_fork_gets_a_fresh_interpreter_per_round() -> None:
    """A server that has only imported torch may be forked before the first use of CUDA; Apple's GPUs may not."""
    warm, fresh = FakeWorker(), FakeWorker()
    side = RoundRunner("ab-a", HERE, warm, fresh)
    made = [side.measure(Case("a", 64, device="mps:0"), 0), side.measure(replace(B, device="cuda:0"), 1)]
    assert (fresh.asked, warm.asked) == (["a"], ["b"])
    assert [(r.suite, r.round, r.outcome, r.environment) for r in made] == [("ab-a", n, "failed", HERE) for n in (0, 1)]


def test_members_of_a_duel_take_turns_in_one_heat(
    callbacks: Callable[[int], PairCallbacks], stored: list[Record], heard: list[Event]
) -> None:
    """Every pair is a heat of both cases, of one case twice too; each side keeps its name."""
    duels = run_pairs([(TURN_A, TURN_B), (TURN_A, TURN_A)], 3, callbacks(3), seed=1)
    for duel, cases in zip(duels, ((TURN_A, TURN_B), (TURN_A, TURN_A)), strict=True):
        assert [(a.case, b.case, a.round, b.round) for a, b in duel] == [(*cases, n, n) for n in range(3)]
        assert all(a.heat == b.heat and (a.suite, b.suite) == ("ab-a", "ab-b") for a, b in duel)
    assert len({record.heat for record in stored}) == 6
    assert sum(isinstance(event, HeatStarted) for event in heard) == 6
    assert [event.done for event in heard if isinstance(event, RoundEnded)] == list(range(1, 13))


def test_a_heat_with_a_member_that_fails_ends_the_duel(
    callbacks: Callable[[int], PairCallbacks], stored: list[Record]
) -> None:
    made = run_pairs([(TURN_A, TURN_C), (TURN_A, TURN_B)], 3, callbacks(3))
    assert [len(duel) for duel in made] == [1, 3]
    assert Counter(r.outcome for r in stored) == {"ok": 7, "failed": 1}


def test_a_heat_is_one_job_of_the_warm_server() -> None:
    warm, fresh = FakeWorker(), FakeWorker()
    made = RoundRunner("ab-a", HERE, warm, fresh).measure_heat([TURN_A, TURN_B], 2, [], seed=7)
    assert (warm.asked, fresh.asked) == (["a", "b"], [])
    assert [(r.case, r.round, r.outcome) for r in made] == [(TURN_A, 2, "failed"), (TURN_B, 2, "failed")]


def test_one_run_measures_in_heats_what_a_suite_would(stored: list[Record], heard: list[Event]) -> None:
    """Ten cases that take turns are two heats of a sweep, of at most eight; copies have the machine to themselves."""
    cases = [*(Case("a", size) for size in range(64, 74)), Case("a", 64, instances=2)]
    made = run_once(cases, 2, runner("aa"), stored.append, heard.append)
    assert Counter(r.case for r in made) == dict.fromkeys(cases, 2)
    heats = [len(event.cases) for event in heard if isinstance(event, HeatStarted)]
    assert heats == [8, 2, 8, 2]
    assert [event.case.instances for event in heard if isinstance(event, RoundStarted)] == [2, 2]
    assert len({r.heat for r in made if r.case.by_turns}) == 4
    assert heard[-1] == RoundEnded(made[-1], 22, 22)


def test_one_run_makes_every_round_in_shuffled_sweeps(stored: list[Record], heard: list[Event]) -> None:
    """Failures are records, and do not stop the rest."""
    made = run_once([A, B, C], 4, runner("aa"), stored.append, heard.append, seed=3)
    assert made == stored
    assert [r.round for r in made] == [n for n in range(4) for _ in range(3)]
    assert Counter(r.case for r in made) == {A: 4, B: 4, C: 4}
    assert len({"".join(r.case.model for r in made if r.round == n) for n in range(4)}) > 1
    assert heard[-1] == RoundEnded(made[-1], 12, 12)


class Describing(Worker):
    def __init__(self, ending: Ending) -> None:
        super().__init__()
        self._ending = ending

    def run(self, job: dict[str, Any], timeout_s: float, on_answer: Any = None) -> Ending:
        return self._ending


def test_a_machine_is_described_by_its_own_interpreter() -> None:
    notes: list[Any] = []
    described = {"machine": "m", "hw_key": "h", "sw_key": "s", "hardware": {}, "software": {"torch": "3"}}
    device, found = describe(
        Describing(Ending({0: {"device": "cpu", "reason": "no GPU", "environment": described}})), "auto", notes.append
    )
    assert (device, found.software["torch"]) == ("cpu", "3")
    assert [note.text for note in notes] == ["device auto is cpu: no GPU"]


def test_a_machine_that_does_not_answer_is_refused() -> None:
    said = {"type": "MachineError", "message": "cuda:7 is not there", "hint": "use cpu", "kind": "failed"}
    with pytest.raises(MachineError, match="cuda:7"):
        describe(Describing(Ending(error=said)), "cuda:7")
    with pytest.raises(MachineError, match="last words"):
        describe(Describing(Ending(stderr="last words")), "cpu")
    foreign = {"device": "cpu", "environment": {"name": "of another version"}}
    with pytest.raises(WorkerError, match="incompatible"):
        describe(Describing(Ending({0: foreign})), "cpu")


def test_the_other_interpreter_is_the_one_that_runs(tmp_path: Path) -> None:
    """The worker is started by the interpreter named, here one that leaves a mark and no answer."""
    mark, python = tmp_path / "mark", tmp_path / "python"
    python.write_text(f'#!/bin/sh\ntouch "{mark}"\nexit 3\n')
    python.chmod(0o755)
    with Worker(python=str(python)) as worker, pytest.raises(WorkerError, match="did not start"):
        worker.run({"do": "environment", "devices": ["cpu"]}, 60)
    assert mark.exists()

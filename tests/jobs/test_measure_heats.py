"""What is handed to the heats, and what never gets there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scalebench.analysis.decisions import PairQuestion
from scalebench.execute.estimate import Costs
from scalebench.execute.memory_guard import MemoryGuard
from scalebench.execute.one_heat import HeatMember
from scalebench.execute.planner import Prepared
from scalebench.execute.schedule import TimeBudget
from scalebench.jobs import measure_heats as module
from scalebench.jobs.history import SuiteHistory
from scalebench.jobs.measure_heats import HeatOptions, measure_heats, next_sweep, reference_of
from scalebench.record import Environment, Record
from scalebench.store.jsonl import Results
from scalebench.suite.case import Case
from scalebench.suite.protocol import Protocol
from scalebench.suite.suite_plan import Plan

HERE = Environment("here", "hw", "sw")
CASES = tuple(Case(f"net{n}", 64, protocol=Protocol(rounds=2)) for n in range(3))


def test_what_is_not_installed_is_skipped_and_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def heat(worker: Any, suite: str, members: list[HeatMember], *rest: Any) -> list[Record]:
        return [Record(suite, member.case, member.number, "ok", "", HERE) for member in members]

    def refusal(case: Case) -> tuple[str, str] | None:
        return ("skipped_not_installed", "no such runtime") if case == CASES[1] else None

    monkeypatch.setattr(module, "run_heat", heat)
    monkeypatch.setattr(module, "refusal", refusal)
    history = SuiteHistory(Results((), (), (), ()), {}, Costs({}))
    prepared = Prepared(Plan("s", "", "", CASES, (), (), (), 2), {}, {"cpu": HERE})
    memory = MemoryGuard(lambda case: None, lambda device: None, lambda *skipped: pytest.fail("memory is unknown"))
    stored: list[Record] = []
    worker: Any = type("Idle", (), {"close": lambda self: None})()
    measure_heats(
        prepared, (), history, stored.append, worker, memory, HeatOptions(0, None, None), TimeBudget(), lambda _: None
    )
    endings = {case: [r.ending or r.outcome for r in stored if r.case == case] for case in CASES}
    assert endings[CASES[1]] == ["skipped_not_installed"]
    assert set(endings[CASES[0]] + endings[CASES[2]]) == {"ok"}


def test_the_reference_is_the_first_resnet50_else_the_cheapest() -> None:
    usual = Case("resnet50", 224)
    assert reference_of([*CASES, usual], lambda case: 9.0) == usual
    assert reference_of(CASES, {CASES[0]: 3.0, CASES[1]: 1.0, CASES[2]: 2.0}.__getitem__) == CASES[1]
    assert reference_of(CASES[:1], lambda case: 1.0) is None


def test_what_is_compared_comes_first_and_a_decided_question_asks_for_nothing_more() -> None:
    """Of three cases two are compared: they get both rounds before the third gets one; 1 s and 2 s are different."""
    history = SuiteHistory(Results((), (), (), ()), {}, Costs({}))
    question = PairQuestion(CASES[1], CASES[0], 0.05)
    assert set(next_sweep(CASES, [question], history).rounds) == {CASES[0], CASES[1]}
    for case, seconds in ((CASES[0], 1.0), (CASES[1], 2.0)):
        history.records[case.key] = [
            Record("s", case, number, "ok", "", HERE, {"latency_s": [seconds] * 3}, {"latency_s": seconds},
                   heat=f"heat-{number}", turns=(0, 1, 2))
            for number in range(2)
        ]  # fmt: skip
    assert set(next_sweep(CASES, [question], history).rounds) == {CASES[2]}
    history.records[CASES[2].key] = history.records[CASES[0].key]
    assert next_sweep(CASES, [question], history).rounds == {}


def test_an_open_question_waits_until_the_others_have_intervals() -> None:
    """1.0 and 1.01 s with laps that spread are open after two of at most four heats."""
    cases = [replace(case, protocol=Protocol(rounds=2, max_rounds=4)) for case in CASES]
    question = PairQuestion(cases[1], cases[0], 0.001)
    history = SuiteHistory(Results((), (), (), ()), {}, Costs({}))

    def rounds_of(case: Case, *seconds: float) -> None:
        history.records[case.key] = [
            Record("s", case, number, "ok", "", HERE, {"latency_s": [lap] * 3}, {"latency_s": lap},
                   heat=f"heat-{number}", turns=(0, 1, 2))
            for number, lap in enumerate(seconds)
        ]  # fmt: skip

    rounds_of(cases[0], 1.0, 1.0)
    rounds_of(cases[1], 1.01, 0.98)
    assert set(next_sweep(cases, [question], history).rounds) == {cases[2]}
    rounds_of(cases[2], 5.0)
    assert set(next_sweep(cases, [question], history).rounds) == {cases[2]}
    rounds_of(cases[2], 5.0, 5.1)
    assert set(next_sweep(cases, [question], history).rounds) == {cases[0], cases[1]}

"""A/B: which sides there are, what is refused, and what the rounds lead to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from scalebench.errors import MachineError, SuiteError
from scalebench.execute.abba import RoundRunner
from scalebench.execute.events import silent
from scalebench.jobs.pairs import HEATS, PAIRS, PairOptions, duels_of, find_interpreter, measure_and_compare, rounds_of
from scalebench.record import Record
from scalebench.suite.case import Case
from scalebench.suite.protocol import Protocol

ALONE = Protocol(turns=0)


def test_two_models_are_a_and_b() -> None:
    cases, options = [Case("a", 64), Case("b", 64)], PairOptions(["a", "b"])
    assert duels_of(cases, options) == [(cases[0], cases[1])]


def test_settings_of_b_apply_to_every_model() -> None:
    cases = [Case("a", 64, threads=1), Case("b", 64, threads=1)]
    duels = duels_of(cases, PairOptions(["a", "b"], threads_b=2, batch_b=8))
    assert [(a.threads, b.threads, a.batch, b.batch, a.model == b.model) for a, b in duels] == [(1, 2, 1, 8, True)] * 2


def test_another_interpreter_measures_the_same_cases() -> None:
    """Alone: the processes of a heat are forked from one server."""
    options = PairOptions(["a"], python="python3")
    assert duels_of([Case("a", 64)], options) == [(Case("a", 64, protocol=ALONE), Case("a", 64, protocol=ALONE))]


@pytest.mark.parametrize(("names", "message"), [(["a"], "the same"), (["a", "a"], "the same"), (["a", "b", "c"], "3 ")])
def test_what_has_no_two_sides_is_refused(names: list[str], message: str) -> None:
    with pytest.raises(SuiteError, match=message) as refused:
        PairOptions(names)
    assert "--python" in refused.value.hint


def test_two_names_of_one_case_are_refused() -> None:
    with pytest.raises(SuiteError, match="the same"):
        duels_of([Case("a", 224)], PairOptions(["a", "a@224"]))


def test_an_interpreter_is_found_and_not_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The link of a virtual environment is what makes it one."""
    real, link = tmp_path / "real", tmp_path / "python"
    real.write_text("#!/bin/sh\n")
    real.chmod(0o755)
    link.symlink_to(real)
    monkeypatch.chdir(tmp_path)
    assert find_interpreter("./python") == str(tmp_path / "python")
    with pytest.raises(MachineError, match="can be started"):
        find_interpreter(str(tmp_path / "nowhere"))


def test_a_slower_side_is_found(bench: Callable[[str], RoundRunner]) -> None:
    stored: list[Record] = []
    duels = [(Case(m, 64, protocol=ALONE),) * 2 for m in ("slow", "equal")]
    options = PairOptions(["slow", "equal"], rounds=6)
    comparison = measure_and_compare(duels, (bench("ab-a"), bench("ab-b")), options, stored.append, silent)
    assert [row.a.model for row in comparison.worse] == ["slow"]
    assert [row.verdict for row in comparison.rows] == ["worse", "same"]
    assert len(stored) == 2 * 2 * 6


def test_screening_measures_only_the_suspicious_again(bench: Callable[[str], RoundRunner]) -> None:
    """Four pairs of everything, then six fresh ones of the slow case, stored under names of their own."""
    stored: list[Record] = []
    duels = [(Case(m, 64, protocol=ALONE),) * 2 for m in ("equal", "slow")]
    options = PairOptions(["equal", "slow"], rounds=6, screen=True)
    comparison = measure_and_compare(duels, (bench("ab-a"), bench("ab-b")), options, stored.append, silent)
    assert Counter((record.suite, record.case.model) for record in stored) == {
        ("ab-a-screen", "equal"): 4,
        ("ab-b-screen", "equal"): 4,
        ("ab-a-screen", "slow"): 4,
        ("ab-b-screen", "slow"): 4,
        ("ab-a", "slow"): 6,
        ("ab-b", "slow"): 6,
    }
    assert [(row.a.model, row.before.n) for row in comparison.rows] == [("slow", 6), ("equal", 4)]
    assert [row.a.model for row in comparison.worse] == ["slow"]


def test_heats_end_where_the_answer_is_plain(bench: Callable[[str], RoundRunner]) -> None:
    """20 % slower and equal are plain after three heats; ratios of 0.6 to 1.4 stay open until the last one."""
    stored: list[Record] = []
    duels = [(Case(m, 64), Case(m, 64)) for m in ("slow", "equal", "noisy")]
    options = PairOptions(["slow", "equal", "noisy"], threads_b=1, rounds=8)
    comparison = measure_and_compare(duels, (bench("ab-a"), bench("ab-b")), options, stored.append, silent)
    assert [row.verdict for row in comparison.rows] == ["worse", "same", "inconclusive"]
    assert Counter(record.case.model for record in stored) == {"slow": 6, "equal": 6, "noisy": 16}
    assert [row.a.model for row in comparison.worse] == ["slow"]
    assert {record.suite for record in stored} == {"ab-a", "ab-b"}


def test_a_screening_in_heats_is_four_of_each(bench: Callable[[str], RoundRunner]) -> None:
    stored: list[Record] = []
    duels = [(Case(m, 64), Case(m, 64)) for m in ("equal", "slow")]
    options = PairOptions(["equal", "slow"], threads_b=1, screen=True)
    comparison = measure_and_compare(duels, (bench("ab-a"), bench("ab-b")), options, stored.append, silent)
    assert Counter((record.suite, record.case.model) for record in stored) == {
        ("ab-a-screen", "equal"): 4, ("ab-b-screen", "equal"): 4, ("ab-a-screen", "slow"): 4,
        ("ab-b-screen", "slow"): 4, ("ab-a", "slow"): 3, ("ab-b", "slow"): 3,
    }  # fmt: skip
    assert [row.a.model for row in comparison.worse] == ["slow"]


def test_how_many_there_may_be() -> None:
    by_turns, alone = (Case("a", 64), Case("b", 64)), (Case("a", 64, protocol=ALONE), Case("b", 64, protocol=ALONE))
    usual, seven = PairOptions(["a", "b"]), PairOptions(["a", "b"], rounds=7)
    assert [rounds_of([duel], usual) for duel in (by_turns, alone)] == [HEATS, PAIRS]
    assert [rounds_of([duel], seven) for duel in (by_turns, alone)] == [7, 7]

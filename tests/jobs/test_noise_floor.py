"""A/A: two runs, and the floor that is stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scalebench.errors import MachineError
from scalebench.execute.abba import RoundRunner
from scalebench.execute.events import silent
from scalebench.jobs.noise_floor import MIN_CASES, store_floor, two_runs
from scalebench.record import Environment
from scalebench.store.floors import read_floor
from scalebench.store.jsonl import read_results
from scalebench.suite.case import Case

HERE = Environment("epyc-1", "abc123", "s1")


def test_two_runs_have_a_file_each(bench: Callable[[str], RoundRunner], tmp_path: Path) -> None:
    cases = [Case(name, 64) for name in "abc"]
    first, second = two_runs(cases, 3, bench("aa"), tmp_path, silent, 0)
    stored = [read_results([file]) for file in sorted(tmp_path.iterdir())]
    assert [list(results.records) for results in stored] == [first, second]
    assert [results.plans[0].title for results in stored] == ["A/A, run 1 of 2", "A/A, run 2 of 2"]
    assert len(first) == 9


def test_a_floor_is_stored_when_enough_cases_are_behind_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    few, enough = ({f"c{n}": n / 100 for n in range(1, count + 1)} for count in (MIN_CASES - 1, MIN_CASES))
    assert store_floor(few, HERE).file is None
    assert read_floor("abc123") is None
    measured = store_floor(enough, HERE)
    assert measured.file is not None
    assert read_floor("abc123") == measured.floor
    assert (measured.floor.floor, measured.floor.n) == (0.04, MIN_CASES)


def test_no_case_makes_no_floor() -> None:
    with pytest.raises(MachineError, match="no case"):
        store_floor({}, HERE)

"""A/A: two runs, and the floor that is stored."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from scalebench.errors import MachineError
from scalebench.execute.abba import RoundRunner
from scalebench.execute.events import silent
from scalebench.jobs.noise_floor import MIN_CASES, same_runs, store_floor
from scalebench.record import Environment
from scalebench.store.floors import read_floor
from scalebench.store.jsonl import read_results
from scalebench.suite.case import Case

HERE = Environment("epyc-1", "abc123", "s1")


def test_runs_have_a_file_each(bench: Callable[[str], RoundRunner], tmp_path: Path) -> None:
    cases = [Case(name, 64) for name in "abc"]
    runs = same_runs(cases, 3, 3, bench("aa"), tmp_path, silent, 0)
    stored = [read_results([file]) for file in sorted(tmp_path.iterdir())]
    assert [list(results.records) for results in stored] == runs
    assert [results.plans[0].title for results in stored] == ["A/A, run 1 of 3", "A/A, run 2 of 3", "A/A, run 3 of 3"]
    assert len(runs[0]) == 9


def test_a_floor_is_stored_when_enough_cases_are_behind_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    steps = {"c1": 0.045, "c2": -0.08, "c3": 0.1, "c4": -0.24}
    enough = {label: [1.0, math.exp(step)] for label, step in steps.items()}
    few = dict(list(enough.items())[: MIN_CASES - 1])
    assert store_floor(few, HERE).file is None
    assert read_floor("abc123") is None
    measured = store_floor(enough, HERE)
    assert measured.file is not None
    assert read_floor("abc123") == measured.floor
    assert measured.floor.floor == pytest.approx(0.2702, rel=1e-3)
    assert (measured.floor.n, measured.floor.freedom) == (4, 4)
    assert measured.floor.basis == "95 % interval 16.2 to 77.6 %, 4 degrees of freedom"
    assert measured.differences == pytest.approx({label: abs(step) for label, step in steps.items()})


def test_no_case_makes_no_floor() -> None:
    with pytest.raises(MachineError, match="no case"):
        store_floor({}, HERE)

"""Answers on paper are asked for once, then read from disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scalebench.errors import BuildError, UnreachableError, WorkerError
from scalebench.execute.client import Ending, Worker
from scalebench.execute.counting import Paper, unwrap


class Counter(Worker):
    """Answers every question with its number, and counts how many it was asked."""

    asked = 0

    def run(self, job: dict[str, Any], timeout_s: float, on_answer: Any = None) -> Ending:
        for index, question in enumerate(job["questions"]):
            type(self).asked += 1
            on_answer(index, {"ok": question["x"]})
        return Ending()


class Silent(Worker):
    def run(self, job: dict[str, Any], timeout_s: float, on_answer: Any = None) -> Ending:
        return Ending(exit=-9, stderr="killed")


def test_only_new_questions_reach_the_worker(tmp_path: Path) -> None:
    Counter.asked = 0
    paper = Paper(Counter(), tmp_path)
    assert paper.ask([{"ask": "a", "x": 1}, {"ask": "a", "x": 2}]) == [{"ok": 1}, {"ok": 2}]
    again = Paper(Counter(), tmp_path).ask([{"ask": "a", "x": 2}, {"ask": "a", "x": 3}, {"ask": "a", "x": 1}])
    assert again == [{"ok": 2}, {"ok": 3}, {"ok": 1}]
    assert Counter.asked == 3


def test_a_damaged_answer_is_asked_for_again(tmp_path: Path) -> None:
    Counter.asked = 0
    Paper(Counter(), tmp_path).ask([{"ask": "a", "x": 1}])
    for file in tmp_path.iterdir():
        file.write_text('{"ok": ')
    assert Paper(Counter(), tmp_path).ask([{"ask": "a", "x": 1}]) == [{"ok": 1}]
    assert Counter.asked == 2


def test_a_cache_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert Paper(Counter(), tmp_path / "file" / "below").ask([{"ask": "a", "x": 1}]) == [{"ok": 1}]


def test_progress_hears_every_answer(tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    Paper(Counter(), tmp_path).ask([{"ask": "a", "x": i} for i in range(2)], lambda d, t: heard.append((d, t)))
    assert heard == [(0, 2), (1, 2), (2, 2)]


def test_a_worker_that_dies_is_an_error_and_not_a_missing_answer(tmp_path: Path) -> None:
    with pytest.raises(WorkerError, match="killed"):
        Paper(Silent(), tmp_path).ask([{"ask": "a"}])


def test_errors_come_back_as_themselves() -> None:
    with pytest.raises(UnreachableError, match="too far"):
        unwrap({"error": {"type": "UnreachableError", "message": "too far", "hint": ""}})
    with pytest.raises(BuildError):
        unwrap({"error": {"type": "Odd", "message": "m", "hint": ""}})

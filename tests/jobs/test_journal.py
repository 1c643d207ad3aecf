"""The file a run writes, without measuring anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from scalebench.execute.planner import Prepared
from scalebench.jobs.history import read_folder
from scalebench.jobs.journal import open_journal
from scalebench.record import Environment
from scalebench.suite.suite_plan import Plan

PLAN = Plan("s", "old", "", (), (), (), (), 1)
OLD = Prepared(PLAN, {}, {"cpu": Environment("m", "h", "s")})
NEW = replace(OLD, plan=replace(PLAN, title="new"))


def test_a_clock_that_was_set_back_hides_no_plan(tmp_path: Path) -> None:
    """The newest plan is the last one, and is not stored again, though an older file has a later time in its name."""
    open_journal(OLD, read_folder(tmp_path), tmp_path)
    (file,) = tmp_path.iterdir()
    file.rename(tmp_path / "29990101T000000.000000Z-m.jsonl")
    for _ in range(2):
        open_journal(NEW, read_folder(tmp_path), tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    assert read_folder(tmp_path).plans[-1].title == "new"


def test_nothing_is_written_where_nothing_is_new(tmp_path: Path) -> None:
    open_journal(OLD, read_folder(tmp_path), tmp_path)
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    open_journal(OLD, read_folder(tmp_path), tmp_path)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before

"""Files that a fresh start puts out of the way."""

from __future__ import annotations

from pathlib import Path

from scalebench.store.previous import previous_files, set_aside


def _names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_only_this_machines_files_are_set_aside_and_nothing_is_lost(tmp_path: Path) -> None:
    for name in ("1-cpu-a.jsonl", "2-cpu-a.jsonl", "1-cpu-b.jsonl"):
        (tmp_path / name).write_text(name)
    set_aside(tmp_path, "cpu-a")
    assert _names(tmp_path) == ["1-cpu-a.jsonl.old", "1-cpu-b.jsonl", "2-cpu-a.jsonl.old"]
    assert [file.name for file in previous_files([tmp_path / "1-cpu-b.jsonl"])] == [
        "1-cpu-a.jsonl.old", "2-cpu-a.jsonl.old",
    ]  # fmt: skip


def test_the_run_before_is_the_newest_one_set_aside(tmp_path: Path) -> None:
    (tmp_path / "1-cpu-a.jsonl").write_text("first")
    set_aside(tmp_path, "cpu-a")
    (tmp_path / "2-cpu-a.jsonl").write_text("second")
    set_aside(tmp_path, "cpu-a")
    assert _names(tmp_path) == ["1-cpu-a.jsonl.older", "2-cpu-a.jsonl.old"]


def test_a_fresh_start_that_measured_nothing_does_not_age_the_run_before(tmp_path: Path) -> None:
    (tmp_path / "1-cpu-a.jsonl.old").write_text("first")
    set_aside(tmp_path, "cpu-a")
    assert _names(tmp_path) == ["1-cpu-a.jsonl.old"]

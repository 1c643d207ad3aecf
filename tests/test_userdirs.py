"""Where files of the user's own lie, and what happens where they cannot."""

from pathlib import Path

import pytest

from scalebench.userdirs import cache_folder, data_folder, write_cache


def test_folders_follow_the_platforms_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert tmp_path / "cache" in cache_folder("peaks").parents
    assert tmp_path / "data" in data_folder("floors").parents


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "peaks").write_text("a file where the folder should be")
    write_cache(tmp_path / "peaks" / "a.json", "{}")
    write_cache(tmp_path / "b.json", "{}")
    assert (tmp_path / "b.json").read_text() == "{}"

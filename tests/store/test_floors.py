"""Noise floors on disk."""

import math
from pathlib import Path

import pytest

from scalebench.errors import StoreError
from scalebench.store.floors import Floor, read_floor, write_floor

FLOOR = Floor(0.031, 4, "2026-11-24T00:00:00+00:00", "epyc-1", ("resnet18@128", "resnet50@96"))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = write_floor("abc123", FLOOR, tmp_path / "floors")
    assert file.name == "abc123.json"
    assert read_floor("abc123", tmp_path / "floors") == FLOOR
    assert list(file.parent.iterdir()) == [file]


def test_a_floor_of_version_0_1_is_read(tmp_path: Path) -> None:
    text = '{"floor": 0.24, "n": 4, "when": "2026-11-24T00:00:00+00:00", "machine": "epyc-1", "cases": ["a", "b"]}'
    (tmp_path / "abc.json").write_text(text)
    floor = read_floor("abc", tmp_path)
    assert floor is not None
    assert (floor.floor, floor.freedom, floor.basis) == (0.24, None, "largest of 4 differences")


def test_a_new_floor_takes_the_old_ones_place(tmp_path: Path) -> None:
    write_floor("abc", FLOOR, tmp_path)
    newer = Floor(0.01, 8, "2027", "epyc-1", ())
    write_floor("abc", newer, tmp_path)
    assert read_floor("abc", tmp_path) == newer


def test_a_machine_that_was_never_measured_has_none(tmp_path: Path) -> None:
    assert read_floor("abc", tmp_path) is None
    assert read_floor("abc", tmp_path / "nowhere") is None


@pytest.mark.parametrize("key", ["", "../secrets", "a/b", "a b"])
def test_a_key_from_a_foreign_file_names_no_other_file(key: str, tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{}")
    assert read_floor(key, tmp_path / "floors") is None
    with pytest.raises(StoreError, match="not a hardware key"):
        write_floor(key, FLOOR, tmp_path / "floors")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"floor": -1, "n": 1, "when": "", "machine": "", "cases": []}', '{"cases": [], "x": 1}']
)
def test_a_damaged_floor_is_said_with_its_file(text: str, tmp_path: Path) -> None:
    (tmp_path / "abc.json").write_text(text)
    with pytest.raises(StoreError, match=r"abc\.json is not a noise floor") as refused:
        read_floor("abc", tmp_path)
    assert "aa" in refused.value.hint


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "floors").write_text("a file")
    with pytest.raises(StoreError, match="cannot be written"):
        write_floor("abc", FLOOR, tmp_path / "floors")


@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf])
def test_nonsense_is_no_floor(value: float) -> None:
    with pytest.raises(ValueError, match="a floor of"):
        Floor(value, 4, "", "", ())

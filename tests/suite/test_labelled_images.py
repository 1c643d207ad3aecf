"""Folders of labelled images: what is read, how it is divided, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from scalebench.errors import StoreError
from scalebench.suite.case import Case
from scalebench.suite.labelled_images import kept, list_images, timed_case


def fill(folder: Path, names: list[str], size: int = 10) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x" * size)
    return folder


def cars(number: int) -> list[str]:
    return [f"{'dent' if car % 2 else 'none'}/car{car}_{photo}.jpg" for car in range(number) for photo in range(3)]


def test_classes_in_order_and_other_files_left_alone(tmp_path: Path) -> None:
    data = list_images(fill(tmp_path, ["dent/a.jpg", "chip/b.PNG", "chip/notes.txt", ".git/c.jpg"]), 1.0)
    assert data.classes == ("chip", "dent")
    assert [(image.path, image.label) for image in data.test] == [("chip/b.PNG", 0), ("dent/a.jpg", 1)]
    assert data.train == ()


def test_photographs_of_one_car_stay_on_one_side(tmp_path: Path) -> None:
    data = list_images(fill(tmp_path, cars(60)), 0.3, r"car\d+")
    sides = [{image.group for image in part} for part in (data.train, data.test)]
    assert not sides[0] & sides[1]
    assert len(sides[0] | sides[1]) == 60
    assert 8 <= len(sides[1]) <= 28  # 30 % of 60, at random


def test_an_image_stays_on_its_side_when_others_come(tmp_path: Path) -> None:
    before = {image.path for image in list_images(fill(tmp_path, cars(20)), 0.3).test}
    after = {image.path for image in list_images(fill(tmp_path, cars(40)), 0.3).test}
    assert before == {path for path in after if path in set(cars(20))}


def test_the_name_stands_for_images_division_and_sizes(tmp_path: Path) -> None:
    folder = fill(tmp_path / "My Photos", cars(20))
    names = {list_images(folder, 0.3).name, list_images(folder, 0.3, seed=1).name, list_images(folder, 0.4).name}
    assert len(names) == 3
    assert all(name.startswith("my-photos-") for name in names)
    assert list_images(folder, 0.3).name in names
    (folder / cars(20)[0]).write_bytes(b"changed")
    assert list_images(folder, 0.3).name not in names


def test_parts_of_its_own_are_kept(tmp_path: Path) -> None:
    data = list_images(fill(tmp_path, ["train/a/1.jpg", "train/b/2.jpg", "val/a/3.jpg", "val/b/4.jpg"]), 0.3)
    assert [image.path for image in data.train] == ["train/a/1.jpg", "train/b/2.jpg"]
    assert [image.path for image in data.test] == ["val/a/3.jpg", "val/b/4.jpg"]


@pytest.mark.parametrize(
    ("names", "group", "message"),
    [
        (["a/1.jpg"], None, "1 classes"),
        (["a/1.txt", "b/2.txt"], None, "no test image"),
        (["a/1.jpg", "b/2.jpg", "c/notes.txt", "d/notes.txt"], None, "no image of c, d"),
        (["a/1.jpg", "b/2.jpg"], "car(", "not a regular expression"),
        (["a/1.jpg", "b/2.jpg"], r"car\d+", r"finds nothing in a/1\.jpg"),
        (["train/a/car1.jpg", "train/b/car2.jpg", "test/a/car1.jpg"], r"car\d+", "car1.*test images"),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, names: list[str], group: str | None, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        list_images(fill(tmp_path, names), 1.0, group)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not a folder"):
        list_images(tmp_path / "nowhere", 1.0)


def test_the_list_is_kept_under_its_name(tmp_path: Path) -> None:
    data = list_images(fill(tmp_path, cars(20)), 0.3, r"car\d+")
    data.keep()
    assert kept(data.name) == data
    with pytest.raises(StoreError, match="is not there"):
        kept("nothing-00000000")


def test_only_int8_depends_on_the_images() -> None:
    case = Case("resnet18", 64, mode="probe", data="photos-1a2b3c4d")
    assert (timed_case(case).mode, timed_case(case).data) == ("inference", "")
    assert timed_case(Case("resnet18", 64, mode="accuracy", precision="int8", data="p-1")).data == "p-1"

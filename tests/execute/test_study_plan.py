"""The study that a suite asks for, on synthetic images or on a folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from scalebench.errors import SuiteError
from scalebench.execute.study_plan import study_of
from scalebench.suite.labelled_images import kept
from scalebench.suite.load import SuiteFile, load_suite
from scalebench.suite.study_folder import study_parts
from scalebench.suite.training_study import BUDGETS, Damage, TrainingStudy
from tests.analysis.literal_study import group_of

GROUPS = [group_of("width", "resolution", "compound")]


def suite(tmp_path: Path, study: str, mode: str = "training_study") -> SuiteFile:
    file = tmp_path / "suite.yaml"
    file.write_text(f"schema: 1\nname: s\nmodels: [{{timm: [resnet18]}}]\ngrid: {{mode: [{mode}]}}\n{study}")
    return load_suite(file)


def study(tmp_path: Path, keys: str) -> TrainingStudy:
    resolved = study_of(suite(tmp_path, f"study: {{{keys}}}\n"), GROUPS)
    assert resolved is not None
    return resolved


def test_a_budget_and_what_replaces_it(tmp_path: Path) -> None:
    resolved = study(tmp_path, "budget: smoke, epochs: 7, scratch_widths: [4, 1]")
    assert (resolved.epochs, resolved.images, resolved.seeds) == (7, BUDGETS["smoke"].images, BUDGETS["smoke"].seeds)
    assert resolved.damage == Damage(scratch_widths=(1.0, 4.0))
    assert study_of(suite(tmp_path, "", "inference"), GROUPS) is None


def test_a_folder_is_divided_by_whole_groups(tmp_path: Path) -> None:
    """120 photographs of 40 cars; the widest variant of the group takes 128 pixels."""
    for name in ("dent", "none"):
        for number in range(60):
            file = tmp_path / "photos" / name / f"car{number // 3}-{name}-{number}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8)).save(file)
    resolved = study(tmp_path, "folder: photos, group: 'car\\d+-[a-z]+', images: 50")
    assert (resolved.damage, resolved.side, resolved.data) == (None, 128, resolved.folder)
    parts = study_parts(kept(resolved.folder), resolved)
    groups = {name: {image.group for image in images} for name, images in parts.items()}
    assert not groups["train"] & groups["test"]
    assert not groups["train"] & groups["validation"]
    assert not groups["validation"] & groups["test"]
    assert {name: len(images) for name, images in parts.items()} == {
        "train": resolved.images, "validation": resolved.validation, "test": resolved.test,
    }  # fmt: skip
    assert resolved.images == 50
    assert {image.label for image in parts["train"]} == {0, 1}


@pytest.mark.parametrize(
    ("study_key", "mode", "message"),
    [
        ("study: {}\n", "inference", "grid.mode|study"),
        ("study: {folder: missing}\n", "training_study", "is not a folder"),
        ("study: {group: x}\n", "training_study", "group goes with folder"),
        ("study: {budget: huge}\n", "training_study", "smoke"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, study_key: str, mode: str, message: str) -> None:
    with pytest.raises(SuiteError, match=message):
        study_of(suite(tmp_path, study_key, mode), GROUPS)

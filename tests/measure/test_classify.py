"""Outputs of artefacts on labelled images, and which output stands for a class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scalebench.errors import BuildError
from scalebench.measure import classify as module
from scalebench.measure.classify import classify
from scalebench.suite.case import Case
from scalebench.suite.labelled_images import list_images


def photographs(folder: Path, classes: list[str], each: int = 3) -> Path:
    rng = np.random.default_rng(2)
    for name in classes:
        (folder / name).mkdir(parents=True)
        for number in range(each):
            Image.fromarray(rng.integers(0, 255, (32, 32, 3), np.uint8)).save(folder / name / f"{number}.png")
    return folder


def test_outputs_are_those_of_the_network_in_the_order_of_the_list(tmp_path: Path) -> None:
    """A batch of two and a batch of one give the same rows; an unreadable image gives NaN."""
    data = list_images(photographs(tmp_path / "images", ["a", "b"]), 1.0)
    (tmp_path / "images" / "a" / "1.png").write_bytes(b"")
    rows = []
    for batch in (1, 2):
        file = tmp_path / f"{batch}.npy"
        case = Case("test_resnet", 32, batch=batch, mode="probe", data=data.name)
        answers = list(classify(case, data, {"test": str(file)}))
        assert answers[-1]["done"] == 6
        rows.append(np.load(file))
    assert rows[0].shape == (6, 1000)
    assert np.isnan(rows[0]).all(axis=1).tolist() == [False, True, False, False, False, False]
    assert rows[0] == pytest.approx(rows[1], abs=1e-4, nan_ok=True)
    assert len({tuple(row) for row in rows[0][[0, 2, 3, 4, 5]].round(3).tolist()}) == 5


def test_classes_by_order_or_by_imagenets_names() -> None:
    case = Case("resnet18", 64, mode="accuracy")
    assert module._targets(case, ("chip", "dent"), 2) == [0, 1]
    assert module._targets(case, ("n01440764", "n03763968"), 1000) == [0, 652]
    with pytest.raises(BuildError, match="1000 outputs, and the folder has 2 classes"):
        module._targets(case, ("chip", "dent"), 1000)
    assert module._targets(Case("resnet18", 64, mode="probe"), ("chip", "dent"), 1000) == [0, 1]

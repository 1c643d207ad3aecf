"""What classified images come to, from the outputs of a network."""

from __future__ import annotations

import numpy as np

from scalebench.execute.client import Ending
from scalebench.jobs.classify_images import _judged
from scalebench.record import Environment, Record
from scalebench.suite.case import Case
from scalebench.suite.labelled_images import LabelledImage, LabelledImages

IMAGES = tuple(LabelledImage(f"{name}.jpg", label, name) for label, name in enumerate("abc"))
DATA = LabelledImages("photos-1a2b3c4d", "/photos", ("a", "b", "c"), (), IMAGES)
CASE = Case("resnet18", 64, mode="accuracy", data=DATA.name)
RESULT = Record("accuracy", CASE, 0, "ok", "", Environment("m", "hw", "sw"), ending="ok")


def judged(outputs: np.ndarray, unreadable: list[str]) -> Record:
    answers = {0: {"done": 3, "unreadable": unreadable, "targets": [0, 1, 2]}}
    return _judged(RESULT, DATA, {"test": outputs}, Ending(answers))


def test_an_unreadable_image_is_left_out_and_named() -> None:
    outputs = np.eye(3)
    outputs[1] = np.nan
    record = judged(outputs, ["b.jpg: UnidentifiedImageError"])
    assert (record.outcome, record.facts["images"], record.facts["top1"]) == ("ok", 2, 1.0)
    assert record.notes == ("unreadable: b.jpg: UnidentifiedImageError",)


def test_outputs_that_are_not_finite_are_wrong_not_unreadable() -> None:
    """A network that overflows must not lose the images that it fails on."""
    outputs = np.eye(3)
    outputs[1, 1] = np.inf
    assert judged(outputs, []).outcome == "wrong"

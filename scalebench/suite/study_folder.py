"""A user's folder of images as the parts of a training study."""

from __future__ import annotations

from scalebench.suite.labelled_images import LabelledImage, LabelledImages, divided
from scalebench.suite.training_study import TrainingStudy

_VALIDATION_SHARE, _SEED = 0.2, 1
TEST_SHARE = 0.3
"""Of a folder without parts of its own."""


def study_parts(listed: LabelledImages, study: TrainingStudy) -> dict[str, tuple[LabelledImage, ...]]:
    """Training images, at most ``study.images`` of all classes, and validation and test images; by whole groups."""
    parts = divided(listed.train, _VALIDATION_SHARE, _SEED)
    train, most = parts["train"], study.images
    chosen = tuple(train[at * len(train) // most] for at in range(most)) if most < len(train) else train
    return {"train": chosen, "validation": parts["test"], "test": listed.test}

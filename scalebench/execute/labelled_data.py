"""Labelled images that a suite or command classifies, and whether its models can."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from scalebench.errors import BuildError, ScalebenchError, StoreError
from scalebench.execute.counting import Paper, unwrap
from scalebench.suite.case import ACCURACY, CLASSIFYING, PROBE, Case
from scalebench.suite.labelled_images import LabelledImages, list_images
from scalebench.suite.load import SuiteFile
from scalebench.suite.own_files import COLOURS, channels_of


def labelled_images(
    folder: Path, modes: Iterable[str], precisions: Iterable[str], test_share: float, group: str | None, seed: int
) -> LabelledImages:
    """List and keep the images of a folder; all are for tests where nothing is trained or calibrated.

    Args:
        folder, test_share, group, seed: as of ``list_images``.
        modes, precisions: what they are used in.

    Raises:
        StoreError: the images cannot be used.
    """
    trains = PROBE in modes or "int8" in precisions
    images = list_images(folder, test_share if trains else 1.0, group, seed)
    if trains and not images.train:
        hint = "int8 is calibrated on them, and a probe trained"
        raise StoreError(f"{folder} has no training image", hint, ("folder",))
    images.keep()
    return images


def images_of(file: SuiteFile) -> LabelledImages | None:
    """Images of a suite; None where it has no ``data``.

    Raises:
        SuiteError: they cannot be used; with file, line and key.
    """
    entry = file.suite.data
    if entry is None:
        return None
    modes, precisions = (
        [w for words in file.suite.values(axis).values() for w in words] for axis in ("mode", "precision")
    )
    folder = Path(file.path).parent / entry.folder
    try:
        return labelled_images(folder, modes, precisions, entry.test_share, entry.group, entry.seed)
    except StoreError as error:
        raise file.error(("data", *error.location), error.message, error.hint) from None


def unable(cases: Sequence[Case], classes: Sequence[str], paper: Paper) -> tuple[Case, ScalebenchError] | None:
    """The first case whose model cannot classify these images, and why; None where all can."""
    classifying = {case.counted(): case for case in cases if case.mode in CLASSIFYING}
    for case in classifying.values():
        if channels_of(case.model) != COLOURS:
            channels = f"{case.model} takes {channels_of(case.model)} channels"
            return case, BuildError(channels, "the images have three colours")
    own = {case.counted(): case for case in cases if case.mode == ACCURACY}
    questions = [{"ask": "targets", "model": c.model, "resolution": c.resolution, "classes": [*classes]} for c in own]
    for case, answer in zip(own.values(), paper.ask(questions), strict=True):
        try:
            unwrap(answer)
        except ScalebenchError as error:
            return case, error
    return None

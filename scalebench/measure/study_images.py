"""Images of a training study, loaded once: synthetic ones are drawn and kept in the cache folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from scalebench.errors import StoreError
from scalebench.measure.damage_images import TEST, TRAIN, VALIDATION, damage_images, parameters
from scalebench.suite.labelled_images import LabelledImage, kept
from scalebench.suite.study_folder import study_parts
from scalebench.suite.training_study import ALL, CLASSES, TrainingStudy
from scalebench.userdirs import cache_folder

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Part:
    """Images, n x 3 x side x side, their classes, and the groups that they belong to."""

    images: Images
    labels: Labels
    groups: Labels


@dataclass(frozen=True)
class StudyImages:
    """All images of a study.

    Attributes:
        train, validation: parts.
        tests: by name: the scratch width in pixels, or ``ALL``.
        classes: names.
        facts: what the record keeps of where they are from.
    """

    train: Part
    validation: Part
    tests: Mapping[str, Part]
    classes: tuple[str, ...]
    facts: Mapping[str, Any]


def load_images(study: TrainingStudy) -> StudyImages:
    """The images of a study.

    Raises:
        StoreError: an image of the user's folder cannot be read.
    """
    return _from_folder(study) if study.damage is None else _drawn(study)


def cached_images(study: TrainingStudy) -> Path:
    """Folder of the drawn images; they can be drawn again at any time."""
    return cache_folder("study") / study.data


def _drawn(study: TrainingStudy) -> StudyImages:
    damage = study.damage
    assert damage is not None  # noqa: S101 - the caller has looked
    sets = {"train": (TRAIN, study.images, None), "validation": (VALIDATION, study.validation, None)}
    widths = {f"{width:g} px": (TEST, study.test, width) for width in damage.scratch_widths}
    folder, parts = cached_images(study), {}
    for name, (part, count, width) in (sets | widths).items():
        pixels, labels = folder / f"{name}.npy", folder / f"{name}-labels.npy"
        if not (pixels.is_file() and labels.is_file()):
            drawn = damage_images(damage, part, count, width)
            for file, content in ((pixels, drawn[0]), (labels, drawn[1])):
                _write(file, content)
        parts[name] = Part(np.load(pixels, mmap_mode="r"), np.load(labels), np.arange(count))
    tests = {name: parts[name] for name in widths}
    return StudyImages(parts["train"], parts["validation"], tests, CLASSES, parameters(damage))


def _write(file: Path, content: npt.NDArray[Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    whole = file.with_name(f".{file.name}")
    np.save(whole.with_suffix(".part.npy"), content)
    whole.with_suffix(".part.npy").replace(file)


def _from_folder(study: TrainingStudy) -> StudyImages:
    listed = kept(study.folder)
    parts = {
        name: _read(Path(listed.folder), images, study.side) for name, images in study_parts(listed, study).items()
    }
    facts = {"folder": listed.name, "classes": list(listed.classes), "grouped": listed.grouped}
    return StudyImages(parts["train"], parts["validation"], {ALL: parts["test"]}, listed.classes, facts)


def _read(folder: Path, images: Sequence[LabelledImage], side: int) -> Part:
    """Each image resized so that its shorter side has ``side`` pixels, and the square in its middle."""
    from PIL import Image, ImageOps

    pixels = np.empty((len(images), 3, side, side), np.uint8)
    for row, image in zip(pixels, images, strict=True):
        try:
            with Image.open(folder / image.path) as file:
                square = ImageOps.fit(file.convert("RGB"), (side, side), Image.Resampling.BILINEAR)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:  # what Pillow raises
            raise StoreError(f"{folder / image.path} cannot be read: {error}", "move it out of the folder") from None
        row[:] = np.asarray(square).transpose(2, 0, 1)
    groups = np.unique(np.array([image.group for image in images]), return_inverse=True)[1]
    return Part(pixels, np.array([image.label for image in images], np.int64), groups)

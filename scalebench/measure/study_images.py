"""Images of a training study, loaded once: synthetic ones are drawn and kept in the cache folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from scalebench.errors import StoreError
from scalebench.measure.damage_images import TEST, TRAIN, VALIDATION, damage_image, damage_images, parameters
from scalebench.suite.labelled_images import LabelledImage, kept
from scalebench.suite.study_folder import study_parts
from scalebench.suite.training_study import ALL, CLASSES, SCRATCH, Damage, TrainingStudy

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ImageSet:
    """Images, n x 3 x side x side, their classes, and the groups that they belong to.

    ``own`` are the rows that differ from those of the first set of tests: scratches of another width; all of others.
    """

    images: Images
    labels: Labels
    groups: Labels
    own: Labels


@dataclass(frozen=True)
class StudyImages:
    """All images of a study.

    Attributes:
        train, validation: parts.
        tests: by name: the scratch width in pixels, or ``ALL``.
        classes: names.
        facts: what the record keeps of where they are from.
    """

    train: ImageSet
    validation: ImageSet
    tests: Mapping[str, ImageSet]
    classes: tuple[str, ...]
    facts: Mapping[str, Any]


def load_images(study: TrainingStudy) -> StudyImages:
    """The images of a study.

    Raises:
        StoreError: an image of the user's folder cannot be read.
    """
    return _from_folder(study) if study.damage is None else _drawn(study)


def _drawn(study: TrainingStudy) -> StudyImages:
    damage = study.damage
    assert damage is not None  # noqa: S101 - the caller has looked
    sets = {"train": (TRAIN, study.images, None), "validation": (VALIDATION, study.validation, None)}
    widths = {f"{width:g} px": (TEST, study.test, width) for width in damage.scratch_widths}
    folder, parts = study.cache, dict[str, ImageSet]()
    first = next(iter(widths))
    for name, (part, count, width) in (sets | widths).items():
        pixels, labels = folder / f"{name}.npy", folder / f"{name}-labels.npy"
        if not (pixels.is_file() and labels.is_file()):
            same = parts[first] if name in widths and name != first else None
            drawn = (
                damage_images(damage, part, count, width) if same is None else _redrawn(same, damage, float(width or 0))
            )
            for file, content in ((pixels, drawn[0]), (labels, drawn[1])):
                _write(file, content)
        own = np.load(labels)
        rows = np.flatnonzero(own == SCRATCH) if name in widths and name != first else np.arange(count)
        parts[name] = ImageSet(np.load(pixels, mmap_mode="r"), own, np.arange(count), rows)
    tests = {name: parts[name] for name in widths}
    return StudyImages(parts["train"], parts["validation"], tests, CLASSES, parameters(damage))


def _redrawn(part: ImageSet, damage: Damage, width: float) -> tuple[Images, Labels]:
    """The same tests with scratches of another width: other images do not depend on it."""
    images = np.array(part.images)
    for row in np.flatnonzero(part.labels == SCRATCH):
        images[row] = damage_image(damage, TEST, int(row), width)[0]
    return images, part.labels


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


def _read(folder: Path, images: Sequence[LabelledImage], side: int) -> ImageSet:
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
    labels = np.array([image.label for image in images], np.int64)
    return ImageSet(pixels, labels, groups, np.arange(len(images)))
